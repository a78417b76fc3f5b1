"""The acceptance criteria of this project's studies, as ``make results`` wrote them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.services.store.catalog import log, stamp
from dmil_core.errors import DmilError
from dmil_core.experiments.targets import TARGETS_FILE, Study, Target, read_targets
from dmil_core.io.paths import results_root


def targets(study: Study) -> list[Target]:
    """The criteria of a study with their outcome; empty where none are recorded."""
    path = results_root() / TARGETS_FILE
    return _read(str(path), stamp([path])).get(study, [])


@st.cache_resource(max_entries=2, show_spinner=False)
def _read(file: str, key: str) -> dict[Study, list[Target]]:
    try:
        return read_targets(Path(file))
    except DmilError as error:
        log.warning("%s", error)
        return {}
