"""Whether groups of samples lie apart on a map: how many of a point's neighbours are its like.

Shapes: N samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.map.maps import Layout, points
from dashboard.services.sample.samples import COLUMNS
from dashboard.services.store.catalog import Checkpoint
from dmil_core.inference.places import neighbours

#: Points that count as neighbours, and fewest points that anything is said of.
NEIGHBOURS: Final = 10
FEWEST: Final = 40
#: Points that are looked at; of more, evenly spaced ones.
MOST: Final = 200_000


@dataclass(frozen=True)
class Separation:
    """Mean share of a point's `NEIGHBOURS` nearest points that are of its group.

    Attributes
    ----------
    share : the same on the map, 0 to 1.
    chance : what it would be if places had nothing to do with groups.
    """

    share: float
    chance: float

    @property
    def beyond_chance(self) -> float:
        """0 where groups are mixed as by chance, 1 where no two of them touch."""
        return (self.share - self.chance) / (1.0 - self.chance)


def of_groups(checkpoint: Checkpoint, on: Layout, colour: str, split: str) -> Separation | None:
    """The separation of the groups of a colour on a map; None where it groups nothing."""
    if colour not in ("class", "dominant", "interaction_type"):
        return None
    key = (str(checkpoint.folder), checkpoint.stamp, on.latent, on.mark, colour, split)
    return _of_groups(*key, checkpoint, on)


@st.cache_resource(max_entries=128, show_spinner=False)
def _of_groups(
    folder: str, key: str, latent: str, mark: str, colour: str, split: str,
    _checkpoint: Checkpoint, _on: Layout,
) -> Separation | None:  # fmt: skip
    rows = points(_checkpoint, _on, split)
    rows = rows.take(slice(None, None, -(-len(rows) // MOST) or 1))
    words = rows.words(COLUMNS[colour])
    return separation(_on.unit[_on.places_of(rows)], words.texts())


def separation(places: NDArray[np.float64], groups: NDArray[Any]) -> Separation | None:
    """The same of (N, 2) places and (N,) groups; None of fewer than `FEWEST` points, or of one
    group."""
    codes, names = pd.factorize(groups)
    if len(places) < FEWEST or len(names) < 2:
        return None
    near = neighbours(places, NEIGHBOURS)
    # Of points in one place any may come first.
    others = near != np.arange(len(places))[:, None]
    alike = (codes[near] == codes[:, None]) & others
    sizes = np.bincount(codes[codes >= 0]).astype(float)
    chance = float((sizes * (sizes - 1)).sum() / (len(places) * (len(places) - 1)))
    return Separation(float((alike.sum(axis=1) / others.sum(axis=1)).mean()), chance)
