"""Samples that a model describes alike: the nearest ones in a latent itself, not on its map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.services.sample.latents import latents
from dashboard.services.store.catalog import Checkpoint, DataProblem, table


@dataclass(frozen=True)
class Neighbour:
    """A near sample, and how far away it is, in the unit of the latent."""

    sample: str
    truth: str
    distance: float


def distances(
    values: NDArray[np.float32], sample_values: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(n,) Euclid's distance of rows (n, D) of a latent to one (D,)."""
    return np.sqrt(((values - sample_values) ** 2).sum(axis=1, dtype=np.float64))


def nearest(
    checkpoint: Checkpoint, sample: str, latent: str, split: str, count: int = 3
) -> list[Neighbour] | DataProblem:
    """The samples of a split (``all`` for every one) that are nearest in a latent, by Euclid."""
    stored = latents(checkpoint)
    if isinstance(stored, DataProblem):
        return stored
    at = np.flatnonzero(stored.ids == sample)
    if not len(at) or latent not in stored.values:
        return DataProblem(f"There is no {latent} of the sample {sample}.")
    frame = table(checkpoint)
    values = stored.values[latent]
    distance = distances(values, values[at[0]])
    distance[at[0]] = np.inf
    if split != "all":
        splits = frame["split"].reindex(stored.ids).to_numpy()
        distance[splits != split] = np.inf
    order = np.argsort(distance, kind="stable")[:count]
    truth = frame["y"].reindex(stored.ids).to_numpy()
    near = [i for i in order if np.isfinite(distance[i])]
    return [Neighbour(str(stored.ids[i]), str(truth[i]), float(distance[i])) for i in near]
