"""Assign rows to train, val and test: by class, or by class without tearing groups apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dmil_core.schema import SPLITS

#: Shares of train, val and test.
SHARES = (0.65, 0.13, 0.22)


def stratified(labels: np.ndarray, seed: int) -> np.ndarray:
    """Return a split name per row (N,), every class cut in the same shares."""
    rng = np.random.default_rng(seed)
    split = np.empty(len(labels), dtype="<U5")
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        cuts = np.rint(np.cumsum(SHARES)[:2] * len(rows)).astype(int)
        for name, part in zip(SPLITS, np.split(rows, cuts), strict=True):
            split[part] = name
    return split


def grouped(labels: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Return a split name per row (N,), all rows of a group in one split.

    Groups are placed from the largest to the smallest, each where its classes stay furthest
    below their share, so that classes keep the shares as well as whole groups allow.
    """
    kinds, coded = np.unique(labels, return_inverse=True)
    names, member = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), len(kinds)))
    np.add.at(counts, (member, coded), 1)
    rng = np.random.default_rng(seed)
    share = np.outer(SHARES, counts.sum(axis=0))
    open_ = share.copy()
    chosen = np.empty(len(names), dtype="<U5")
    for group in np.lexsort((rng.random(len(names)), -counts.sum(axis=1))):
        left = ((open_ - counts[group]) / share) @ counts[group]
        part = int(np.argmax(left + 1e-9 * rng.random(3)))
        open_[part] -= counts[group]
        chosen[group] = SPLITS[part]
    return chosen[member]


def linked(keys: Sequence[np.ndarray], pairs: Sequence[tuple[int, int]] = ()) -> np.ndarray:
    """Return a group number per row (N,): rows with an equal key, and chains of such rows.

    ``keys`` are arrays (N, D), in each of which equal rows are linked; ``pairs`` are rows that are
    linked besides.
    """
    number = len(keys[0])
    links = [np.array(pairs, dtype=np.int64).reshape(-1, 2)]
    for key in keys:
        _, first, value = np.unique(key, axis=0, return_index=True, return_inverse=True)
        links.append(np.column_stack([first[value.ravel()], np.arange(number)]))
    a, b = np.concatenate(links).T
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(number, number))
    return connected_components(graph, directed=False)[1]
