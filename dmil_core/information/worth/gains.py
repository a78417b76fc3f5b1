"""What all inputs know beyond all but one: in bits, and in the quality of decisions.

Each gain is a difference between two predictions of the same rows, and its 95 % interval is that of
the mean of per-row contributions: of these for a mean over rows; for the area under the ROC curve
of the placement values of DeLong, DeLong, Clarke-Pearson (Biometrics 44, 1988). Rows of one group
count together, with Student's t of groups - 1 degrees of freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.errors import ConfigError
from dmil_core.information.worth.posteriors import Known
from dmil_core.metrics.intervals import LEVEL, Interval
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import mean_of

#: Nats in one bit.
BIT: Final = math.log(2.0)
#: Fewest rows of a class or group that has a figure of its own.
LEAST_ROWS: Final = 20


@dataclass(frozen=True)
class Gain:
    """One measure without an input, with it, and the difference, oriented so that more is better.

    Attributes
    ----------
    without, with_ : the measure itself.
    gain : how much better it is with the input.
    """

    without: float
    with_: float
    gain: Interval


@dataclass(frozen=True)
class Part:
    """The worth of an input among some of the rows."""

    name: str
    rows: int
    bits: Interval
    accuracy: Interval


@dataclass(frozen=True)
class Worth:
    """What an input is worth, given the others.

    Attributes
    ----------
    name : of the input.
    rows : of how many rows.
    bits : I(x_m; y | x_-m), the mean of log q(y | x) - log q(y | x_-m), in bits.
    corrected : the same for all rows, where some lack an input; None where none does, or where
        nothing is known of them. ``bits`` is then the naive figure, of complete rows.
    accuracy : share of rows whose most probable class is theirs.
    auroc : area under the ROC curve of each class against the others, averaged over the classes.
    log_loss : mean of -log q of the class, in bits; its gain is ``bits``.
    cost : mean cost of the decisions of least expected cost, where a cost matrix is given.
    parts : of each class, and of each value of what rows were to be told apart by.
    """

    name: str
    rows: int
    bits: Interval
    accuracy: Gain
    auroc: Gain
    log_loss: Gain
    cost: Gain | None
    parts: dict[str, tuple[Part, ...]]
    corrected: Interval | None = None


def worth(known: Known, costs: Floats | None = None, by: tuple[str, ...] = ()) -> tuple[Worth, ...]:
    """The worth of each input.

    Parameters
    ----------
    costs : (K, K) the cost of deciding for class j (column) where class i (row) is true.
    by : names of ``known.by`` whose values have figures of their own; classes always have.

    Raises
    ------
    ConfigError
        If costs are not (K, K) finite numbers, or rows cannot be told apart by such a name.
    """
    if costs is not None:
        check_costs(costs, known.classes)
    for name in by:
        if name not in known.by:
            there = ", ".join(known.by) or "nothing but the class"
            raise ConfigError(f"--by {name!r}: rows can be told apart by {there}")
    return tuple(_worth(known, m, costs, by) for m in range(len(known.names)))


def check_costs(costs: Floats, classes: tuple[str, ...]) -> None:
    """Refuse costs that are not (K, K) finite numbers with a ConfigError."""
    k = len(classes)
    if costs.shape != (k, k) or not np.isfinite(costs).all():
        raise ConfigError(
            f"costs: expected {k} x {k} finite numbers, a row for each true class and a column for "
            f"each decision, got {costs.shape}"
        )


def mean_interval(
    values: Floats, group: NDArray[Any] | None = None, fit_error: float = 0.0
) -> Interval:
    """The mean of contributions (N,) and its interval; the fit's error adds to that over rows."""
    from scipy.stats import norm, t

    if not len(values):
        return Interval(math.nan)
    mean = mean_of(values, group, fit_error)
    p = 0.5 + LEVEL / 2
    count = 0 if group is None else len(np.unique(group))
    factor = float(t.ppf(p, count - 1)) if count > 1 else float(norm.ppf(p))
    return Interval(mean.value, mean.value - factor * mean.error, mean.value + factor * mean.error)


def decisions(log_q: Floats, costs: Floats | None = None) -> NDArray[np.int64]:
    """(N,) the class of least expected cost; without costs the most probable one."""
    if costs is None:
        return log_q.argmax(axis=1)
    return (np.exp(log_q) @ costs).argmin(axis=1)


def _worth(known: Known, m: int, costs: Floats | None, by: tuple[str, ...]) -> Worth:
    without, full, y = known.without[m], known.log_q, known.y
    at = np.arange(len(y))
    bits = (full[at, y] - without.log_q[at, y]) / BIT
    right = [decisions(q) == y for q in (without.log_q, full)]
    hits = right[1].astype(np.float64) - right[0]
    whole = mean_interval(bits, known.group, without.fit_error / BIT)
    losses = [float(-q[at, y].mean() / BIT) for q in (without.log_q, full)]
    parts = {"class": _parts(np.asarray(known.classes)[y], bits, hits, known.group)}
    for name in by:
        # Of the rows of one group it is asked how that group varies.
        own = None if name == "group" else known.group
        parts[name] = _parts(known.by[name], bits, hits, own)
    return Worth(
        name=known.names[m],
        rows=len(y),
        bits=whole,
        accuracy=Gain(
            float(right[0].mean()), float(right[1].mean()), mean_interval(hits, known.group)
        ),
        auroc=_auroc(without.log_q, full, y, known.group),
        log_loss=Gain(losses[0], losses[1], whole),
        cost=None if costs is None else _cost(without.log_q, full, y, costs, known.group),
        parts=parts,
        corrected=_corrected(known, m),
    )


def _corrected(known: Known, m: int) -> Interval | None:
    """The weighted mean in bits; rows contribute w (v - mean), of which the interval is made."""
    if (of := known.corrected) is None:
        return None
    at = np.arange(len(known.y))
    bits = (of.log_q[at, known.y] - of.without[m][at, known.y]) / BIT
    mean = float((of.weights * bits).sum() / of.weights.sum())
    deviations = of.weights / of.weights.mean() * (bits - mean)
    spread = mean_interval(deviations, known.group, known.without[m].fit_error / BIT)
    return Interval(mean, mean + spread.low, mean + spread.high)


def _parts(
    values: NDArray[Any], bits: Floats, hits: Floats, group: NDArray[Any] | None
) -> tuple[Part, ...]:
    """A part for each value (N,) that enough rows have; those worth most first."""
    result = []
    for value in np.unique(values):
        rows = np.flatnonzero(values == value)
        if len(rows) >= LEAST_ROWS:
            own = None if group is None else group[rows]
            result.append(
                Part(
                    str(value), len(rows), mean_interval(bits[rows], own),
                    mean_interval(hits[rows], own),
                )
            )  # fmt: skip
    return tuple(sorted(result, key=lambda part: -part.bits.value))


def _cost(
    without: Floats, full: Floats, y: NDArray[np.int64], costs: Floats, group: NDArray[Any] | None
) -> Gain:
    paid = [costs[y, decisions(q, costs)] for q in (without, full)]
    return Gain(
        float(paid[0].mean()), float(paid[1].mean()), mean_interval(paid[0] - paid[1], group)
    )


def _auroc(without: Floats, full: Floats, y: NDArray[np.int64], group: NDArray[Any] | None) -> Gain:
    """Mean over the classes that some rows have and some have not."""
    present = [k for k in range(full.shape[1]) if 0 < (y == k).sum() < len(y)]
    if not present:
        return Gain(math.nan, math.nan, Interval(math.nan))
    areas, influence = np.zeros(2), np.zeros(len(y))
    for k in present:
        positive = y == k
        for which, (log_q, sign) in enumerate(((without, -1.0), (full, 1.0))):
            area, values = _placements(log_q[:, k], positive)
            areas[which] += area / len(present)
            influence += sign * values / len(present)
    error = mean_interval(influence, group)
    gain = areas[1] - areas[0]
    return Gain(
        float(areas[0]),
        float(areas[1]),
        Interval(float(gain), float(gain + error.low), float(gain + error.high)),
    )


def _placements(score: Floats, positive: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Area under the ROC curve, and each row's contribution (N,) to its deviation, of mean 0.

    With V_i the share of negative rows below positive row i, and W_j the share of positive rows
    above negative row j (ties count half), the area is mean V = mean W, and varies as
    mean (V_i - area) + mean (W_j - area).
    """
    from scipy.stats import rankdata

    n = len(score)
    m = int(positive.sum())
    ranks = rankdata(score)
    within = np.empty(n)
    within[positive], within[~positive] = rankdata(score[positive]), rankdata(score[~positive])
    below = ranks - within  # how many rows of the other kind lie below
    placement = np.where(positive, below / (n - m), 1.0 - below / m)
    area = float(placement[positive].mean())
    weight = np.where(positive, n / m, n / (n - m))
    return area, weight * (placement - area)
