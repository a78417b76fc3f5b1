"""Samples that a model describes alike: the nearest ones in a latent itself, not on its map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.services import live
from dashboard.services.samples import source
from dashboard.services.stock import Checkpoint, DataProblem, table
from dmil_core.errors import DmilError


@dataclass(frozen=True)
class Neighbour:
    """A near sample, and how far away it is, in the unit of the latent."""

    sample: str
    truth: str
    distance: float


@dataclass(frozen=True)
class _Latents:
    ids: NDArray[np.str_]
    values: dict[str, NDArray[np.float32]]


def nearest(
    found: Checkpoint, sample: str, latent: str, split: str, count: int = 3
) -> list[Neighbour] | DataProblem:
    """The samples of a split (``all`` for every one) that are nearest in a latent, by Euclid."""
    held = _latents(str(found.folder), found.stamp, found)
    if isinstance(held, DataProblem):
        return held
    at = np.flatnonzero(held.ids == sample)
    if not len(at) or latent not in held.values:
        return DataProblem(f"There is no {latent} of the sample {sample}.")
    frame = table(found)
    values = held.values[latent]
    distance = np.sqrt(((values - values[at[0]]) ** 2).sum(axis=1, dtype=np.float64))
    distance[at[0]] = np.inf
    if split != "all":
        splits = frame["split"].reindex(held.ids).to_numpy()
        distance[splits != split] = np.inf
    order = np.argsort(distance, kind="stable")[:count]
    truth = frame["y"].reindex(held.ids).to_numpy()
    near = [i for i in order if np.isfinite(distance[i])]
    return [Neighbour(str(held.ids[i]), str(truth[i]), float(distance[i])) for i in near]


@st.cache_resource(max_entries=2, show_spinner="Reading the latents …")
def _latents(folder: str, key: str, _found: Checkpoint) -> _Latents | DataProblem:
    from dmil_core.predict import predict
    from dmil_core.project import latent_values

    data = source(_found)
    if isinstance(data, DataProblem):
        return data
    try:
        model, run = live.model(_found)
        told = predict(model, run.config.model, data, latents=True)
    except DmilError as error:
        return DataProblem(str(error))
    return _Latents(data.ids, {name: latent_values(told, name) for name in run.latents})
