"""A data set of some of the classes or rows of another one, and who is seen and who is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.errors import DataError


def split_classes(classes: int, seed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two disjoint random halves of the class indices, seen and unseen, each in order.

    Of an odd number the seen half has one more.

    Raises
    ------
    DataError
        If there are fewer than four: each half has to be a choice between two.
    """
    if classes < 4:
        raise DataError(f"expected four classes or more to split into two halves, got {classes}")
    order = np.random.default_rng((seed, classes)).permutation(classes).tolist()
    half = (classes + 1) // 2
    return tuple(sorted(order[:half])), tuple(sorted(order[half:]))


def keep_classes(dataset: Dataset, classes: Sequence[int], name: str) -> Dataset:
    """The rows of some classes only, in file order; labels count these classes from 0.

    Splits, groups, ids and raw media stay those of the rows. The set is made in memory, so
    ``load_dataset`` does not know its name.

    Raises
    ------
    DataError
        If fewer than two classes are named, one twice, or one that there is not.
    """
    wanted = list(classes)
    if len(set(wanted)) != len(wanted) or len(wanted) < 2:
        raise DataError(f"expected two different classes or more, got {wanted}")
    if not set(wanted) <= set(range(len(dataset.classes))):
        raise DataError(
            f"{dataset.name}: expected classes from 0 to {len(dataset.classes) - 1}, got {wanted}"
        )
    rows = np.flatnonzero(np.isin(dataset.y, wanted))
    new_index = np.full(len(dataset.classes), -1)
    new_index[wanted] = np.arange(len(wanted))
    kept = keep_rows(dataset, rows, name)
    names = tuple(dataset.classes[c] for c in wanted)
    return replace(
        kept, card=replace(kept.card, classes=names), y=new_index[kept.y].astype(np.int64)
    )


def keep_rows(dataset: Dataset, rows: NDArray[np.int64], name: str) -> Dataset:
    """Some rows (n,) only, in the order given, with their splits, groups, ids and raw media.

    The set is made in memory, so ``load_dataset`` does not know its name.
    """
    return replace(
        dataset,
        name=name,
        # Counts and hash are of the whole file.
        card=replace(dataset.card, name=name, counts={}, sha256=""),
        x1=dataset.x1[rows],
        x2=dataset.x2[rows],
        x3=_of(dataset.x3, rows),
        y=dataset.y[rows],
        ids=dataset.ids[rows],
        split=dataset.split[rows],
        group=_of(dataset.group, rows),
        interaction_type=_of(dataset.interaction_type, rows),
        flags={k: v[rows] for k, v in dataset.flags.items()},
        media_index=tuple(rows if i is None else i[rows] for i in dataset.media_index),
        issues=(),
        file=None,
        labels=_of(dataset.labels, rows),
    )


def _of(array: NDArray[Any] | None, rows: NDArray[np.int64]) -> Any:
    return None if array is None else array[rows]
