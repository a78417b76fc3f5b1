"""Clusters of places on a latent map, and the neighbours of each.

Shapes: N places.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Places of the smallest cluster, and as a share of all.
FEWEST: Final = 10
SMALLEST: Final = 1 / 100
#: Share of all places that one cluster may hold.
MOST_IN_ONE: Final = 0.6


def clusters(places: NDArray[np.float64]) -> NDArray[np.int64]:
    """(N,) the cluster of each of (N, 2) places, from 0; -1 for none.

    HDBSCAN (Campello, Moulavi and Sander, 2013), which leaves out what lies between clusters. Where
    one cluster would hold most places, its densest parts (the leaves of the tree) take its place.
    """
    if len(places) < 3 * FEWEST:
        return np.full(len(places), -1)
    from sklearn.cluster import HDBSCAN
    from threadpoolctl import threadpool_limits

    def found(share: float, method: str) -> NDArray[np.int64]:
        smallest = max(FEWEST, round(len(places) * share))
        model = HDBSCAN(
            min_cluster_size=smallest, min_samples=FEWEST // 2,
            cluster_selection_method=method, copy=True,
        )  # fmt: skip
        # OpenMP waits for a core of its own for each thread: on a busy server that may be never.
        with threadpool_limits(1, "openmp"):
            return np.asarray(model.fit_predict(places), dtype=np.int64)

    result = found(SMALLEST, "eom")
    largest = np.bincount(result[result >= 0], minlength=1).max()
    return found(2 * SMALLEST, "leaf") if largest > MOST_IN_ONE * len(places) else result


def neighbours(places: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """(N, count + 1) positions of the places nearest to each of (N, 2) places, and its own.

    Of places that are equal any comes first.
    """
    from scipy.spatial import cKDTree

    return np.asarray(cKDTree(places).query(places, count + 1)[1], dtype=np.int64)
