"""Models that are loaded to answer at once; pages that only read tables never wait for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.services.store.catalog import Checkpoint, DataProblem
from dmil_core.errors import DmilError


def model(checkpoint: Checkpoint) -> Any:
    """The trained model of a checkpoint and its run."""
    return _model(str(checkpoint.folder), checkpoint.stamp)


def callable_model(checkpoint: Checkpoint) -> Any:
    """The same as a function of its inputs, as post-hoc analysis takes it; of an external model
    that of its file.

    Raises
    ------
    DmilError
        If it cannot be loaded.
    """
    from dmil_core.api import Model

    if checkpoint.run is not None and checkpoint.run.external:
        return _external(str(checkpoint.folder), checkpoint.stamp)
    network, run = model(checkpoint)
    return Model(run, network)


def problem(checkpoint: Checkpoint) -> DataProblem | None:
    """Why an external model cannot be evaluated, such as a package that is not installed."""
    if checkpoint.run is None or not checkpoint.run.external:
        return None
    try:
        callable_model(checkpoint)
    except DmilError as error:
        return DataProblem(str(error))
    return None


@st.cache_resource(max_entries=4, show_spinner="Loading the model …")
def _external(folder: str, key: str) -> Any:
    from dmil_core.posthoc.kept import load_external

    return load_external(folder)


@st.cache_resource(max_entries=6, show_spinner="Loading the model …")
def _model(folder: str, key: str) -> Any:
    from dmil_core.checkpoint import load_model

    return load_model(Path(folder))
