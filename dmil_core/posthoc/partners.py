"""Partners: rows of a background set whose inputs stand in for those of a sample.

The value v(A) of a set A of inputs is the mean of f over partners, with the inputs in A the
sample's own and all others the partners'. Every measure of this room is made of such values:

- ``marginal`` partners are drawn whatever the sample is, each replaced input from another row, so
  that v is the mean over the product of the inputs' distributions;
- ``class`` partners are of the sample's class;
- ``near`` partners are, for each A, the rows whose inputs in A are nearest to the sample's. They
  keep to combinations that occur, where the other two leave the data's manifold; but then an input
  also speaks for those it depends on, so that even an additive f has interactions.

Partners are divided into ``GROUPS`` groups with no row in common, and every sample has as many of
each group. Means over the groups vary as the choice of the background set does, which is how
intervals cover it. Two samples rarely have the same partners: with the same for all, the noise of
their values has one sign for all samples, which makes an additive approximation look better than it
is (of XOR, 62.5 % right instead of 50).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dmil_core.errors import ConfigError, DataError
from dmil_core.partial_information.pmf import Floats

Ints = NDArray[np.int64]
#: Numbers of inputs, from 0.
Subset = tuple[int, ...]

Choice = Literal["marginal", "class", "near"]
CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)

GROUPS: Final = 20
FEWEST_INPUTS: Final = 2
MOST_INPUTS: Final = 4
#: Partners of a like answer are the nearest of so many times as many rows.
NEAREST: Final = 10
#: Random numbers drawn at a time.
_DRAWN_AT_ONCE: Final = 4_000_000


def proper_subsets(inputs: int) -> tuple[Subset, ...]:
    """All sets of inputs but the whole one, the empty one first."""
    return tuple(s for size in range(inputs) for s in combinations(range(inputs), size))


def cost(rows: int, inputs: int, partners: int = 100, background: int = 1000) -> int:
    """On how many rows ``explain`` evaluates f, at most, with marginal partners.

    Once on each sample, and once on each partner with all inputs replaced; for each sample and
    partner once for every set of inputs that may be kept, 2^M - 2 of M inputs; and, of two inputs,
    for each sample and input on its partners of a like answer.
    """
    each = min(_rounded(partners), max(background, 1))
    alike = 2 * like(rows, partners) if inputs == FEWEST_INPUTS else 0
    return rows * (1 + (2**inputs - 2) * each + alike) + background


def like(samples: int, partners: int = 100) -> int:
    """How many partners of a like answer a sample has: a tenth of the samples, but no more than
    ``partners``, and none where a tenth is fewer than one of each group."""
    return min(_rounded(partners), samples // NEAREST // GROUPS * GROUPS)


def _rounded(partners: int, groups: int = GROUPS) -> int:
    """As many of each group."""
    return groups * max(1, -(-partners // groups))


@dataclass(frozen=True)
class Plan:
    """Which partners every sample has.

    Attributes
    ----------
    rows : (N,) positions of the samples in the inputs.
    tuples : (T, M) positions of the rows whose inputs make up a partner.
    index : set of kept inputs -> (N, m) partners of each sample, m / G of each of G groups side by
        side. Nothing for the empty set with ``near``: there all partners stand for every sample.
    group : (T,) group of each partner.
    groups : G.
    """

    rows: Ints
    tuples: Ints
    index: Mapping[Subset, Ints]
    group: Ints
    groups: int

    @property
    def each(self) -> int:
        """m, how many partners a sample has."""
        return int(self.index[0,].shape[1])

    @property
    def calls(self) -> int:
        """On how many rows :func:`dmil_core.posthoc.values.evaluate` evaluates f."""
        kept = 2 ** self.tuples.shape[1] - 2
        return len(self.rows) * kept * self.each + len(self.tuples)


def check_choice(choice: Choice, partners: int) -> None:
    """Refuse a choice that there is not, or fewer than one partner, with a ConfigError."""
    if choice not in CHOICES:
        raise ConfigError(f"partners {choice!r}: expected one of {', '.join(CHOICES)}")
    if partners < 1:
        raise ConfigError(f"partners: expected at least 1 for each sample, got {partners}")


def plan(
    rows: Ints, background: Ints, inputs: int, partners: int = 100, choice: Choice = "marginal",
    seed: int = 0, row_class: Ints | None = None, background_class: Ints | None = None,
    features: Sequence[Floats] = (), numbers: Ints | None = None,
) -> Plan:  # fmt: skip
    """Draw the partners.

    Parameters
    ----------
    rows, background
        (N,) and (B,) positions of the samples and of the background set in the inputs.
    inputs
        M.
    partners
        Of each sample; rounded up to as many of each group.
    choice
        ``marginal``, ``class`` or ``near``.
    row_class, background_class
        (N,) and (B,) classes, for ``class``.
    features
        Of each input all rows (., D) as numbers, for ``near``, which compares them by Euclidean
        distance; see :func:`standardised`.
    numbers
        (N,) numbers of the samples among all that there are, by which ``marginal`` partners are
        drawn; from 0 by default.

    Raises
    ------
    ConfigError
        If there is no such choice, or fewer than one partner is asked for.
    DataError
        If the background set has fewer than 2 M rows, or lacks a class of a sample.
    """
    check_choice(choice, partners)
    least = 2 * inputs
    if len(background) < least:
        raise DataError(
            f"the background set has {len(background)} rows; expected at least {least}, better "
            "1,000"
        )
    generator = np.random.default_rng([seed, 22])
    order = generator.permutation(len(background))
    groups = max(2, min(GROUPS, len(background) // inputs))
    each = _rounded(partners, groups)
    if choice == "near":
        return _near(rows, background[order], inputs, each, groups, features)
    if choice == "class":
        assert row_class is not None
        assert background_class is not None
        classes = (row_class, background_class[order])
        return _of_class(rows, background[order], inputs, each, groups, classes, generator)
    kept = background[order[: len(order) // groups * groups]]
    tuples = _mixed(kept, inputs, groups)
    numbers = np.arange(len(rows)) if numbers is None else numbers
    index = _drawn(numbers, np.arange(len(tuples)), each, groups, generator)
    return _shared(rows, tuples, index, groups)


def _shared(rows: Ints, tuples: Ints, index: Ints, groups: int) -> Plan:
    """A plan with the same partners for every set of kept inputs."""
    every: dict[Subset, Ints] = dict.fromkeys(proper_subsets(tuples.shape[1]), index)
    return Plan(rows, tuples, every, np.arange(len(tuples)) % groups, groups)


def _mixed(positions: Ints, inputs: int, groups: int) -> Ints:
    """(T, M) every input of a partner from another row of its group, and every row once for each.

    Position p is of group p % groups; positions are in random order already.
    """
    inside = positions.reshape(-1, groups)
    return np.stack([np.roll(inside, -m, axis=0).ravel() for m in range(inputs)], axis=1)


def _drawn(
    numbers: Ints, partners: Ints, each: int, groups: int, generator: np.random.Generator
) -> Ints:
    """(N, m) of these partners for samples of these numbers (N,), no partner twice in a row;
    partner p is of group p % groups.

    What a sample has depends on its number alone, not on those that are asked for beside it.
    """
    inside = partners.reshape(-1, groups).T  # (G, T / G)
    size = inside.shape[1]
    of_group = min(each // groups, size)
    result = np.empty((len(numbers), groups, of_group), dtype=np.int64)
    step = max(1, _DRAWN_AT_ONCE // len(partners))
    state: Any = generator.bit_generator.state
    breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
    for run in np.split(np.arange(len(numbers)), breaks) if len(numbers) else ():
        bits = np.random.PCG64()
        bits.state = state
        # One number of 64 bits each.
        bits.advance(int(numbers[run[0]]) * groups * size)
        here = np.random.Generator(bits)
        for start in range(run[0], run[-1] + 1, step):
            count = min(step, run[-1] + 1 - start)
            order = here.random((count, groups, size)).argsort(axis=2)[:, :, :of_group]
            result[start : start + count] = inside[np.arange(groups)[:, None], order]
        generator.bit_generator.state = bits.state
    return result.reshape(len(numbers), groups * of_group)


def _of_class(
    rows: Ints, background: Ints, inputs: int, each: int, groups: int, classes: tuple[Ints, Ints],
    generator: np.random.Generator,
) -> Plan:  # fmt: skip
    """Partners within each class, all classes with as many for a sample as the smallest allows."""
    row_class, background_class = classes
    present = np.unique(row_class)
    if len(missing := np.setdiff1d(present, background_class)):
        raise DataError(
            f"the background set has no row of class {missing[0]}, which samples have; enlarge it, "
            "or take marginal partners"
        )
    tuples: list[Ints] = []
    partners: dict[int, Ints] = {}
    for k in present.tolist():
        own = background[background_class == k]
        of_group = max(len(own) // groups, inputs)
        own = np.resize(own, of_group * groups)  # a class of few rows repeats them
        first = sum(map(len, tuples))
        partners[k] = first + np.arange(len(own))
        tuples.append(_mixed(own, inputs, groups))
    each = min(each, *(len(own) for own in partners.values()))
    index = np.empty((len(rows), each), dtype=np.int64)
    for k, own in partners.items():
        here = np.flatnonzero(row_class == k)
        index[here] = _drawn(np.arange(len(here)), own, each, groups, generator)
    return _shared(rows, np.concatenate(tuples), index, groups)


def _near(
    rows: Ints, background: Ints, inputs: int, each: int, groups: int, features: Sequence[Floats]
) -> Plan:
    """Of each group the rows that are nearest in the kept inputs; a sample is none of its own."""
    from scipy.spatial.distance import cdist

    background = background[: len(background) // groups * groups]
    size = len(background) // groups
    of_group = min(each // groups, size - 1)
    index: dict[Subset, Ints] = {}
    step = max(1, _DRAWN_AT_ONCE // len(background))
    for kept in proper_subsets(inputs)[1:]:
        index[kept] = np.empty((len(rows), groups * of_group), dtype=np.int64)
        for start in range(0, len(rows), step):
            here = rows[start : start + step]
            distance = np.zeros((len(here), len(background)))
            for k in kept:
                distance += cdist(features[k][here], features[k][background], "sqeuclidean")
            distance[here[:, None] == background] = np.inf
            by_group = distance.reshape(len(here), size, groups)
            nearest = by_group.argsort(axis=1)[:, :of_group].transpose(0, 2, 1)  # (n, G, m / G)
            chosen = nearest * groups + np.arange(groups)[:, None]
            index[kept][start : start + step] = chosen.reshape(len(here), -1)
    tuples = np.repeat(background[:, None], inputs, axis=1)
    return Plan(rows, tuples, index, np.arange(len(tuples)) % groups, groups)


def standardised(x: Floats, background: Ints) -> Floats:
    """(., D) divided by the background's deviations, and by the root of D: inputs of many numbers
    count as much as those of few."""
    scale = x[background].std(axis=0)
    result: Floats = (x - x[background].mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    return result / np.sqrt(x.shape[1])
