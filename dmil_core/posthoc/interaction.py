"""How much of a model is interaction of its inputs, and of which.

With v(A) the mean of f over partners that replace all inputs but those in A, the effect of a set T
is a(T) = sum over A within T of (-1)^(|T| - |A|) v(A), so that f = sum_T a(T). From it follow

- the Shapley interaction index of a pair (Grabisch, Roubens, International Journal of Game Theory
  28, 1999), I_ij = sum over T that hold i and j of a(T) / (|T| - 1);
- the main effect of an input, its Shapley value less one half of each of its pairs,
  sum over T that hold i of a(T) / |T| - 1/2 sum_j I_ij;
- the share of interactions (InterSHAP: Wenderoth, Hemker, Simidjievski, Jamnik, AAAI 2025), the sum
  of |I_ij| over pairs, classes and samples over that of all effects. All effects of a sample add up
  to f less its mean. A pure interaction of three inputs has a share of 3/4: the index credits
  the three pairs with 1/2 each and the three inputs with -1/6;
- the functional decomposition of variance (Hoeffding 1948; Sobol 1993), the mean square of a(T),
  which for independent inputs adds up to the variance of f.

The mean of absolute values of noisy effects is too large. Where an effect is nothing but noise of m
partners, it falls as m^-1/2, and so it is extrapolated from all partners and from each half of
them: A - (A_half - A) / (2^1/2 - 1). Squares have no such error: they are means of products of two
different groups of partners, whose noise is independent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from math import sqrt
from operator import add
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.metrics.intervals import Interval
from dmil_core.partial_information.pmf import Floats
from dmil_core.posthoc.intervals import two_way
from dmil_core.posthoc.partners import Subset
from dmil_core.posthoc.values import Values

#: By how much noise is larger with half as many partners.
_HALF: Final = sqrt(2.0) - 1.0


@dataclass(frozen=True)
class Effects:
    """Effects of the inputs on each sample, in scores (logits in nats).

    Attributes
    ----------
    main : (M, N, K) main effects.
    pairs : (P, N, K) Shapley interaction index of the pairs, in the order of ``pairs_of``.
    """

    main: Floats
    pairs: Floats

    @property
    def share(self) -> Floats:
        """(N,) share of interactions of each sample, 0 to 1; NaN where nothing has an effect.

        The noise of the partners is in it: near 0 it is too large.
        """
        pairs, main = (np.abs(e).sum(axis=(0, 2)) for e in (self.pairs, self.main))
        with np.errstate(invalid="ignore"):
            share: Floats = pairs / (pairs + main)
        return share


@dataclass(frozen=True)
class Shares:
    """Shares over all samples, with intervals; 0 to 1.

    Attributes
    ----------
    interactions : of the interactions among all effects.
    pairs : of each pair among all effects; they add up to ``interactions``.
    variance : of each set of inputs among the mean squares of all effects; they add up to 1.
    """

    interactions: Interval
    pairs: dict[Subset, Interval]
    variance: dict[Subset, Interval]

    @property
    def strongest(self) -> Subset:
        """The pair that has most of the interactions."""
        return max(self.pairs, key=lambda pair: self.pairs[pair].value)


def pairs_of(inputs: int) -> tuple[Subset, ...]:
    """All pairs of inputs, from 0."""
    return tuple(combinations(range(inputs), 2))


def sets_of(inputs: int) -> tuple[Subset, ...]:
    """All sets of inputs but the empty one."""
    return tuple(s for size in range(1, inputs + 1) for s in combinations(range(inputs), size))


def effects(values: Values, groups: NDArray[np.bool_] | None = None) -> Effects:
    """Main effects and pairs of each sample, by the partners of some groups (G,), or of all."""
    inputs = values.inputs
    parts = _parts(values, groups)
    pairs = {pair: _over(parts, pair, lambda t: 1.0 / (t - 1)) for pair in pairs_of(inputs)}
    main = [
        _over(parts, (m,), lambda t: 1.0 / t) - 0.5 * _sum(e for p, e in pairs.items() if m in p)
        for m in range(inputs)
    ]
    return Effects(np.stack(main), np.stack(list(pairs.values())))


def _parts(values: Values, groups: NDArray[np.bool_] | None) -> dict[Subset, Floats]:
    """(N, K) a(T) of every set."""
    of = {kept: values.of(kept, groups) for kept in [(), *sets_of(values.inputs)]}
    return {t: _alternating(of, t) for t in sets_of(values.inputs)}


def _alternating(of: dict[Subset, Floats], t: Subset) -> Floats:
    inside = (s for size in range(len(t) + 1) for s in combinations(t, size))
    return _sum((-1.0) ** (len(t) - len(s)) * of[s] for s in inside)


def _over(parts: dict[Subset, Floats], inside: Subset, weight: Callable[[int], float]) -> Floats:
    return _sum(weight(len(t)) * a for t, a in parts.items() if set(inside) <= set(t))


def _sum(arrays: Iterable[Floats]) -> Floats:
    return reduce(add, arrays)


# --- over all samples ----------------------------------------------------------------------


def shares(values: Values) -> Shares:
    """Shares over all samples, with intervals over samples and partners."""
    inputs, count = values.inputs, values.groups
    every = np.ones(count, dtype=bool)
    sizes = _sizes(values, every)  # (P + M, N)
    squares = _squares(values, every)  # (sets, N)
    without = [every & (np.arange(count) != g) for g in range(count)]
    sizes_left = np.stack([_sizes(values, g).mean(axis=1) for g in without])  # (G, P + M)
    squares_left = np.stack([_squares(values, g).mean(axis=1) for g in without])
    pairs = pairs_of(inputs)
    of_pairs = {
        pair: _share(sizes, sizes_left, np.arange(len(sizes)) == i) for i, pair in enumerate(pairs)
    }
    return Shares(
        interactions=_share(sizes, sizes_left, np.arange(len(sizes)) < len(pairs)),
        pairs=of_pairs,
        variance={
            t: _share(squares, squares_left, np.arange(len(squares)) == i)
            for i, t in enumerate(sets_of(inputs))
        },
    )


def _share(each: Floats, left_out: Floats, chosen: NDArray[np.bool_]) -> Interval:
    """Share of some of the terms (T, N) in their sum; terms whose mean is below 0 count as 0."""
    means = each.mean(axis=1)
    value = _ratio(means, chosen)
    total = float(np.maximum(means, 0.0).sum())
    kept = means > 0
    if total == 0.0:
        return Interval(0.0, 0.0, 0.0)
    numerator, denominator = each[chosen & kept].sum(axis=0), each[kept].sum(axis=0)
    linear = (numerator - value * denominator) / total
    ratios = np.array([_ratio(m, chosen) for m in left_out])
    return two_way(value, linear, ratios, 0.0, 1.0)


def _ratio(means: Floats, chosen: NDArray[np.bool_]) -> float:
    kept = np.maximum(means, 0.0)
    total = float(kept.sum())
    return float(kept[chosen].sum()) / total if total else 0.0


def _sizes(values: Values, groups: NDArray[np.bool_]) -> Floats:
    """(P + M, N) sums over the classes of |effects|, pairs first, extrapolated to partners without
    number."""
    numbers = np.flatnonzero(groups)
    if len(numbers) < 2:
        return _absolute(values, groups)
    halves = [np.isin(np.arange(len(groups)), numbers[start::2]) for start in (0, 1)]
    whole = _absolute(values, groups)
    half = np.mean([_absolute(values, h) for h in halves], axis=0)
    extrapolated: Floats = whole - (half - whole) / _HALF
    return extrapolated


def _absolute(values: Values, groups: NDArray[np.bool_]) -> Floats:
    found = effects(values, groups)
    return np.abs(np.concatenate([found.pairs, found.main])).sum(axis=2)


def _squares(values: Values, groups: NDArray[np.bool_]) -> Floats:
    """(sets, N) sums over the classes of a(T)^2 by products of different groups of partners."""
    numbers = np.flatnonzero(groups)
    count = len(numbers)
    of = {
        kept: values.whole[None] if len(kept) == values.inputs else values.by_group[kept][numbers]
        for kept in [(), *sets_of(values.inputs)]
    }
    result = []
    for t in sets_of(values.inputs):
        a = _alternating(of, t)  # (G, N, K)
        products = (a.sum(axis=0) ** 2 - (a**2).sum(axis=0)) / (count * (count - 1))
        result.append(products.sum(axis=1))
    return np.stack(result)
