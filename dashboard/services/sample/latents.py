"""The inner descriptions a model has of every sample, computed when a page first needs them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.sample.samples import source
from dashboard.services.store import loaded
from dashboard.services.store.catalog import Checkpoint, DataProblem, Projection, table
from dmil_core import schema
from dmil_core.errors import DmilError


@dataclass(frozen=True)
class Latents:
    """Ids (N,) in the data set's order, and each latent's values (N, size)."""

    ids: NDArray[np.str_]
    values: dict[str, NDArray[np.float32]]


def latents(checkpoint: Checkpoint) -> Latents | DataProblem:
    """Latents of every sample, or why they cannot be computed. Those of an external model stand in
    its table."""
    if checkpoint.run is not None and checkpoint.run.external:
        return _stored(str(checkpoint.folder), checkpoint.stamp, checkpoint)
    return _latents(str(checkpoint.folder), checkpoint.stamp, checkpoint)


@st.cache_resource(max_entries=2, show_spinner="Computing the latents …")
def _latents(folder: str, key: str, _checkpoint: Checkpoint) -> Latents | DataProblem:
    from dmil_core.inference.predict import predict
    from dmil_core.inference.projection import latent_values

    data = source(_checkpoint)
    if isinstance(data, DataProblem):
        return data
    try:
        model, run = loaded.model(_checkpoint)
        predictions = predict(model, run.config.model, data, latents=True)
    except DmilError as error:
        return DataProblem(str(error))
    return Latents(data.ids, {name: latent_values(predictions, name) for name in run.latents})


@st.cache_resource(max_entries=2, show_spinner=False)
def _stored(folder: str, key: str, _checkpoint: Checkpoint) -> Latents | DataProblem:
    from dmil_core.inference.projection import latent_values

    assert _checkpoint.run is not None
    try:
        frame = table(_checkpoint)
    except DmilError as error:
        return DataProblem(str(error))
    names = _checkpoint.run.latents
    ids = frame["id"].to_numpy(str)
    return Latents(ids, {name: latent_values(frame, name) for name in names})


def sketch(checkpoint: Checkpoint) -> Projection | DataProblem:
    """A PCA of every latent, for checkpoints whose map was never computed."""
    return _sketch(str(checkpoint.folder), checkpoint.stamp, checkpoint)


@st.cache_resource(max_entries=4, show_spinner="Computing a first map …")
def _sketch(folder: str, key: str, _checkpoint: Checkpoint) -> Projection | DataProblem:
    from dmil_core.inference.projection import embed, trustworthiness

    stored = latents(_checkpoint)
    if isinstance(stored, DataProblem):
        return stored
    columns: dict[str, NDArray[np.float32]] = {}
    trust: dict[str, float] = {}
    for name, values in stored.values.items():
        xy = embed(values, "pca")
        columns |= dict(zip(schema.projection(name), xy.T, strict=True))
        if np.isfinite(measured := trustworthiness(values, xy)):
            trust[name] = measured
    frame = pd.DataFrame(columns, index=pd.Index(stored.ids, name="id"))
    return Projection(frame, "pca", trust, len(frame), len(frame))
