"""A split for rows that come without one, and validation rows where a split has none.

Shapes: N rows, G groups, K classes.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.schema import SPLITS

#: Shares of train, val and test where the file has no split.
SPLIT_SHARES: Final = (0.7, 0.1, 0.2)
#: What a card says of a split that was made so.
SPLIT_RULE: Final = "Made on loading: 70/10/20 at random, seed 0."
VAL_RULE: Final = "Its own, with an eighth of the training rows as val, drawn on loading, seed 0."
#: Share of the training rows that become validation rows where there are none: 10 of 80.
_VAL_OF_TRAIN: Final = 1 / 8


def make_split(
    y: NDArray[Any], group: NDArray[Any] | None = None, seed: int = 0
) -> NDArray[np.str_]:
    """(N,) train/val/test in proportion 70/10/20, by class, or by whole groups.

    A class of three rows or more is in every split. Groups are never divided; each goes where the
    class counts then are nearest to the proportions.
    """
    rng = np.random.default_rng(seed)
    part = _by_class(y, rng) if group is None else _by_group(y, group, rng)
    return np.asarray(SPLITS)[part]


def with_validation(
    split: NDArray[Any], y: NDArray[Any], group: NDArray[Any] | None = None, seed: int = 0
) -> NDArray[np.str_] | None:
    """(N,) the same split, in which an eighth of the training rows are val; None where none can be.

    They are drawn at random within each class, or as whole groups; every class that train had stays
    in it.

    Parameters
    ----------
    split : (N,) train and test, without val.
    y : (N,) the class of each row.
    group : (N,) rows of one group stay together.
    """
    train = np.flatnonzero(split == "train")
    rng = np.random.default_rng(seed)
    if group is None:
        taken = _eighth_of_classes(y[train], rng)
    else:
        taken = _eighth_of_groups(y[train], group[train], rng)
    if not taken.any():
        return None
    result = split.astype("U5")
    result[train[taken]] = "val"
    return result


def _by_class(y: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    part = np.zeros(len(y), dtype=np.int64)
    for value in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == value))
        n = len(rows)
        test = max(round(SPLIT_SHARES[2] * n), int(n >= 2))
        val = max(round(SPLIT_SHARES[1] * n), int(n >= 3))
        part[rows[:test]] = 2
        part[rows[test : test + val]] = 1
    return part


def _by_group(y: NDArray[Any], group: NDArray[Any], rng: np.random.Generator) -> NDArray[np.int64]:
    counts, member = _class_counts(y, group)
    target = np.outer(SPLIT_SHARES, counts.sum(axis=0))
    filled = np.zeros_like(target)
    part = np.zeros(len(counts), dtype=np.int64)
    # Large groups first: the small ones then even out what is left. Ties are in random order.
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    for position, g in enumerate(order):
        error_now = (filled - target) ** 2
        error_then = (filled + counts[g] - target) ** 2
        # Relative to the target, or the small splits would always look nearly full.
        cost = ((error_then - error_now) / np.maximum(target, 1)).sum(axis=1)
        empty = filled.sum(axis=1) == 0
        if len(order) - position <= empty.sum():  # the last groups go where there is none yet
            cost[~empty] = np.inf
        part[g] = cost.argmin()
        filled[part[g]] += counts[g]
    return part[member]


def _class_counts(
    y: NDArray[Any], group: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(G, K) rows of each class in each group, and (N,) the group of each row."""
    _, label = np.unique(y, return_inverse=True)
    _, member = np.unique(group, return_inverse=True)
    counts = np.zeros((int(member.max(initial=-1)) + 1, int(label.max(initial=-1)) + 1))
    np.add.at(counts, (member, label), 1)
    return counts, member


def _eighth_of_classes(y: NDArray[Any], rng: np.random.Generator) -> NDArray[np.bool_]:
    taken = np.zeros(len(y), dtype=bool)
    for value in np.unique(y):
        rows = rng.permutation(np.flatnonzero(y == value))
        taken[rows[: max(round(_VAL_OF_TRAIN * len(rows)), int(len(rows) >= 2))]] = True
    return taken


def _eighth_of_groups(
    y: NDArray[Any], group: NDArray[Any], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Groups, in random order, that bring the classes of val nearer to an eighth of each."""
    counts, member = _class_counts(y, group)
    target = _VAL_OF_TRAIN * counts.sum(axis=0)
    filled, left = np.zeros_like(target), counts.sum(axis=0)
    chosen = np.zeros(len(counts), dtype=bool)
    order = rng.permutation(len(counts))
    spare = [g for g in order if (left - counts[g] > 0).all()]
    for g in spare:
        nearer = ((filled + counts[g] - target) ** 2).sum() < ((filled - target) ** 2).sum()
        if nearer and (left - counts[g] > 0).all():
            chosen[g] = True
            filled, left = filled + counts[g], left - counts[g]
    if not chosen.any() and spare:  # all are larger than an eighth: the smallest one
        chosen[min(spare, key=lambda g: counts[g].sum())] = True
    return chosen[member]
