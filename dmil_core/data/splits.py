"""Other train/val/test splits of a data set, one for each seed, named ``emoji:split=3``.

Split 0 is the one the set comes with. Every other is drawn anew from its number, of the same sizes:

- rows without groups: the labels train, val and test of the rows of each class are permuted, so
  that every class has as many rows in each split as before;
- rows in groups: the labels of whole groups are permuted, so that every split has as many groups as
  before. Where the groups are many, random pairs of them are then exchanged while that brings the
  class counts of the splits nearer to what they were. With few groups, such as the ten persons of
  ``watch``, the number of rows of a split follows the groups.

A split depends on nothing but the rows and its number, so it is the same for all that is compared.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.data.synthetic import spec as options
from dmil_core.data.synthetic.spec import Option
from dmil_core.schema import SPLITS

MOST_SPLITS: Final = 10**9
#: The option of sets that are read from files.
OPTIONS: Final = (Option("split", 0, options.integer(0, MOST_SPLITS), "number of the split"),)
#: From this number of groups on, class counts are evened out by exchanges of groups.
MANY_GROUPS: Final = 100
_EXCHANGES: Final = 4000
#: Draws at most, where a class is missing in a split.
_DRAWS: Final = 40


def resplit(dataset: Dataset, number: int) -> Dataset:
    """The same rows with split ``number``; split 0 is the set itself.

    Parameters
    ----------
    dataset : a set with its own split, number 0.
    number : of the split, from 0.

    Raises
    ------
    ValueError
        If ``number`` is negative, or the set already has another split than its own.
    """
    if not 0 <= number <= MOST_SPLITS:
        raise ValueError(f"expected the number of a split from 0 to {MOST_SPLITS}, got {number}")
    if dataset.split_number:
        raise ValueError(f"{dataset.name} is a split already; start from the set as it is stored")
    if number == 0:
        return dataset
    own = np.array([SPLITS.index(name) for name in dataset.split.tolist()], dtype=np.int64)
    rng = np.random.default_rng([number, len(dataset)])
    if dataset.group is None:
        part = _permuted(own, dataset.y, rng)
    else:
        part = _grouped(own, dataset.y, dataset.group, rng)
    split = np.asarray(SPLITS)[part].astype(dataset.split.dtype)
    whole = "" if dataset.group is None else " Groups stay whole."
    card = replace(
        dataset.card,
        split_rule=f"Split {number}, drawn at random by class, of the sizes of the set's own "
        f"split.{whole} The set's own: {dataset.card.split_rule}",
        counts={name: int((split == name).sum()) for name in SPLITS},
        # The hash is of a file with another split in it.
        sha256="",
    )
    name = f"{dataset.name}:split={number}"
    return replace(dataset, name=name, card=card, split=split, split_number=number)


def _permuted(
    own: NDArray[np.int64], y: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Parts (N,) of rows without groups: those of each class in another order."""
    part = own.copy()
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        part[rows] = rng.permutation(own[rows])
    return part


def _grouped(
    own: NDArray[np.int64],
    y: NDArray[np.int64],
    group: NDArray[np.generic],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Parts (N,) of rows in groups: those of the groups in another order, then evened out."""
    _, first, member = np.unique(group, return_index=True, return_inverse=True)
    counts = np.zeros((len(first), y.max() + 1))
    np.add.at(counts, (member, y), 1)
    wanted = _sums(counts, own[first])
    for _ in range(_DRAWS):
        part = rng.permutation(own[first])
        if len(first) >= MANY_GROUPS:
            _even_out(part, counts, wanted, rng)
        if not ((_sums(counts, part) == 0) & (wanted > 0)).any():
            break
    return part[member]


def _sums(counts: NDArray[np.float64], part: NDArray[np.int64]) -> NDArray[np.float64]:
    """Class counts (3, K) of the parts, from those of the groups (G, K)."""
    result = np.zeros((len(SPLITS), counts.shape[1]))
    np.add.at(result, part, counts)
    return result


def _even_out(
    part: NDArray[np.int64],
    counts: NDArray[np.float64],
    wanted: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Exchange random pairs of groups, in place, where that brings class counts nearer to those
    wanted."""
    scale = np.maximum(wanted, 1)
    excess = _sums(counts, part) - wanted
    for a, b in rng.integers(len(part), size=(_EXCHANGES, 2)):
        here, there = part[a], part[b]
        if here == there:
            continue
        moved = counts[b] - counts[a]
        now = (excess[here] ** 2 / scale[here] + excess[there] ** 2 / scale[there]).sum()
        then = ((excess[here] + moved) ** 2 / scale[here]).sum()
        then += ((excess[there] - moved) ** 2 / scale[there]).sum()
        if then < now:
            part[a], part[b] = there, here
            excess[here] += moved
            excess[there] -= moved
