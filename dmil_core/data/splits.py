"""Other train/val/test splits of a data set, one for each seed, named ``emoji:split=3``.

Split 0 is the one the set comes with. The validation rows are the same in every split: a learning
rate is chosen on them, and what they chose must not be tested on them. The other rows are dealt to
train and test anew from the split's number, in the same sizes:

- rows without groups: the labels train and test of the rows of each class are permuted, so that
  every class has as many rows in each split as before;
- rows in many groups: the labels of whole groups are permuted, so that every split has as many
  groups as before; random pairs of groups are then exchanged while that brings the class counts of
  the splits nearer to what they were;
- rows in few groups, such as the ten persons of ``watch``: the groups take turns at being tested,
  in random order, those of the set's own split first. The number of rows of a split follows the
  groups.

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
from dmil_core.errors import DataError
from dmil_core.schema import SPLITS

MOST_SPLITS: Final = 10**9
#: The option of sets that are read from files.
OPTIONS: Final = (Option("split", 0, options.integer(0, MOST_SPLITS), "number of the split"),)
#: From this number of groups on, class counts are evened out by exchanges of groups.
MANY_GROUPS: Final = 100
_EXCHANGES: Final = 4000
#: Draws at most, where a class is missing in a split.
_DRAWS: Final = 40


def split_number(spec: str) -> tuple[str, int]:
    """The path and the number of the split of ``path:split=N``; 0 without one.

    Raises
    ------
    ConfigError
        If the number is none.
    """
    path, sign, text = spec.rpartition(":split=")
    if not sign:
        return spec, 0
    return path, int(options.parse(f"data:split={text}", OPTIONS)["split"])


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
    DataError
        If a row has no class.
    """
    if not 0 <= number <= MOST_SPLITS:
        raise ValueError(f"expected the number of a split from 0 to {MOST_SPLITS}, got {number}")
    if dataset.split_number:
        raise ValueError(f"{dataset.name} is a split already; start from the set as it is stored")
    if number == 0:
        return dataset
    if (dataset.y < 0).any():
        raise DataError(
            f"{dataset.name} has rows without a class, so it cannot be split by class; use split 0"
        )
    own = np.array([SPLITS.index(name) for name in dataset.split.tolist()], dtype=np.int64)
    rng = np.random.default_rng([number, len(dataset)])
    part, free = own.copy(), np.flatnonzero(own != SPLITS.index("val"))
    if dataset.group is None:
        part[free] = _permuted(own[free], dataset.y[free], rng)
    else:
        part[free] = _grouped(own[free], dataset.y[free], dataset.group[free], number, rng)
    split = np.asarray(SPLITS)[part].astype(dataset.split.dtype)
    whole = "" if dataset.group is None else " Groups stay whole."
    card = replace(
        dataset.card,
        split_rule=f"Split {number}: train and test drawn at random by class, of the sizes of the "
        f"set's own split, whose validation rows are kept.{whole} The set's own: "
        f"{dataset.card.split_rule}",
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
    number: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Parts (N,) of rows in groups, for split ``number``."""
    _, first, member = np.unique(group, return_index=True, return_inverse=True)
    counts = np.zeros((len(first), y.max() + 1))
    np.add.at(counts, (member, y), 1)
    before = own[first]
    wanted = _sums(counts, before)

    def lacks_a_class(part: NDArray[np.int64]) -> bool:
        return bool(((_sums(counts, part) == 0) & (wanted > 0)).any())

    many = len(first) >= MANY_GROUPS
    if not many and not lacks_a_class(part := _in_turn(before, number)):
        return part[member]
    for _ in range(_DRAWS):
        part = rng.permutation(before)
        if many:
            _even_out(part, counts, wanted, rng)
        if not lacks_a_class(part):
            break
    return part[member]


def _in_turn(own: NDArray[np.int64], number: int) -> NDArray[np.int64]:
    """Parts (G,) of few groups: as many as before are tested, and none a second time before all of
    them were, as far as their number divides."""
    test, train = SPLITS.index("test"), SPLITS.index("train")
    tested = int((own == test).sum())
    turns = len(own) // max(tested, 1)
    turn, position = divmod(number, max(turns, 1))
    rng = np.random.default_rng([len(own), turn])
    others = rng.permutation(np.flatnonzero(own != test))
    order = np.concatenate([np.flatnonzero(own == test), others])
    if turn:
        order = rng.permutation(len(own))
    part = np.full(len(own), train)
    part[order[position * tested : (position + 1) * tested]] = test
    return part


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
