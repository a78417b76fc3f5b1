"""Models that are loaded to answer at once; pages that only read tables never wait for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.services.store.catalog import Checkpoint


def model(checkpoint: Checkpoint) -> Any:
    """The trained model of a checkpoint and its run."""
    return _model(str(checkpoint.folder), checkpoint.stamp)


def callable_model(checkpoint: Checkpoint) -> Any:
    """The same as a function of its inputs, as post-hoc analysis takes it."""
    from dmil_core.api import Model

    network, run = model(checkpoint)
    return Model(run, network)


@st.cache_resource(max_entries=6, show_spinner="Loading the model …")
def _model(folder: str, key: str) -> Any:
    from dmil_core.checkpoint import load_model

    return load_model(Path(folder))
