"""Who should get an input? Quality of decisions by the share of rows that have it.

All rows have the other inputs. A policy ranks the rows by these alone; the first share of them gets
the input as well:

- ``entropy``: those whose class is least certain, by the entropy of q(y | x_-m);
- ``predicted``: those with the largest gain that a regression predicts from q(y | x_-m), fitted to
  other rows (out of fold, groups whole);
- ``random``: any, the straight line between none and all;
- ``oracle``: those with the largest gain that is known afterwards. No policy can do better; it is a
  reference, as it knows the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmil_core.errors import ConfigError
from dmil_core.information.worth.gains import check_costs, decisions, mean_interval
from dmil_core.information.worth.posteriors import Known
from dmil_core.metrics.intervals import Interval
from dmil_core.partial_information.pmf import Floats

POLICIES: Final = ("entropy", "predicted", "random", "oracle")
#: Shares of the rows that a curve has points at.
SHARES: Final = tuple(round(i / 20, 2) for i in range(21))
FOLDS: Final = 5


@dataclass(frozen=True, eq=False)
class Acquisition:
    """Curves of one input.

    Attributes
    ----------
    name : of the input.
    curve : a row for each share of rows with the input, and columns ``share``,
        ``accuracy_<policy>`` (0 to 1) and, with a cost matrix, ``cost_<policy>`` (mean cost of the
        decisions, without the price of the input).
    order : policy -> (N,) rows in the order in which they get the input; none of ``random``.
    points : policy -> the share with the least total cost, where the input has a price.
    """

    name: str
    curve: pd.DataFrame
    order: dict[str, NDArray[np.int64]]
    points: dict[str, Point]


@dataclass(frozen=True)
class Point:
    """An operating point: which share of the rows gets the input, and what comes of it.

    Attributes
    ----------
    share : of the rows, 0 to 1.
    accuracy : 0 to 1.
    total : mean cost of the decisions and of the input, a row.
    saved : how much less that is than the better of none and all.
    """

    share: float
    accuracy: float
    total: float
    saved: Interval


def acquisition(
    known: Known, m: int, costs: Floats | None = None, price: float | None = None, seed: int = 0
) -> Acquisition:
    """The curves of input ``m``, counted from 0.

    Parameters
    ----------
    costs : (K, K) the cost of deciding for class j where i is true; without it every error costs 1.
    price : of the input for a row, in the unit of the costs; None for no operating point.
    seed : of the folds of ``predicted``.

    Raises
    ------
    ConfigError
        If the costs are not as many as the classes, or the price is negative.
    """
    if costs is not None:
        check_costs(costs, known.classes)
    _check_price(price)
    right, paid = _outcomes(known, m, costs)
    gain = paid[0] - paid[1]
    order = {
        "entropy": _descending(entropy(known.without[m].log_q)),
        "predicted": _descending(predicted(known, m, gain, seed)),
        "oracle": _descending(gain),
    }
    curve = pd.DataFrame({"share": SHARES})
    for policy in POLICIES:
        curve[f"accuracy_{policy}"] = _along(order.get(policy), *right)
    if costs is not None:
        for policy in POLICIES:
            curve[f"cost_{policy}"] = _along(order.get(policy), *paid)
    made = Acquisition(known.names[m], curve, order, {})
    return made if price is None else at_price(known, m, made, price, costs)


def at_price(
    known: Known, m: int, curves: Acquisition, price: float, costs: Floats | None = None
) -> Acquisition:
    """The same curves with the operating points of a price; errors as for :func:`acquisition`."""
    _check_price(price)
    right, paid = _outcomes(known, m, costs)
    points = {p: _point(o, right, paid, price, known.group) for p, o in curves.order.items()}
    return replace(curves, points=points)


def _check_price(price: float | None) -> None:
    if price is not None and not price >= 0:
        raise ConfigError(f"price: expected a number from 0 on, got {price}")


def _outcomes(known: Known, m: int, costs: Floats | None) -> tuple[list[Floats], list[Floats]]:
    """Whether the decision of each row (N,) is right, and what it costs: without the input, with
    it."""
    errors = 1.0 - np.eye(len(known.classes)) if costs is None else costs
    chosen = [decisions(q, costs) for q in (known.without[m].log_q, known.log_q)]
    right = [(d == known.y).astype(np.float64) for d in chosen]
    return right, [errors[known.y, d] for d in chosen]


def entropy(log_q: Floats) -> Floats:
    """(N,) entropy of posteriors (N, K), in nats."""
    result: Floats = -(np.exp(log_q) * log_q).sum(axis=1)
    return result


def predicted(known: Known, m: int, gain: Floats, seed: int = 0) -> Floats:
    """(N,) the gain (N,) that a regression on log q(y | x_-m) predicts for each row, fitted to rows
    of other folds."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import GroupKFold, KFold
    from threadpoolctl import threadpool_limits

    x = known.without[m].log_q
    folds: Any = KFold(FOLDS, shuffle=True, random_state=seed).split(x)
    if known.group is not None and len(np.unique(known.group)) >= FOLDS:
        folds = GroupKFold(FOLDS).split(x, groups=known.group)
    result = np.zeros(len(x))
    # Threads of OpenMP wait for each other on a busy machine: small fits take far longer with them.
    with threadpool_limits(1, "openmp"):
        for fit, out in folds:
            model = HistGradientBoostingRegressor(
                max_iter=60, min_samples_leaf=max(5, len(fit) // 50), random_state=seed
            )
            result[out] = model.fit(x[fit], gain[fit]).predict(x[out])
    # Where the regression sees no difference, the less certain row comes first.
    tie = entropy(x)
    return result + 1e-9 * tie / max(float(tie.max(initial=0.0)), 1e-9)


def _descending(values: Floats) -> NDArray[np.int64]:
    return np.argsort(-values, kind="stable")


def _along(order: NDArray[np.int64] | None, without: Floats, with_: Floats) -> Floats:
    """Mean at every share of what rows (N,) have without the input, and with it for the first ones;
    without an order the straight line."""
    n = len(without)
    if order is None:
        return np.asarray([(1 - s) * without.mean() + s * with_.mean() for s in SHARES])
    gained = np.concatenate([[0.0], np.cumsum((with_ - without)[order])])
    return np.asarray([without.mean() + gained[round(s * n)] / n for s in SHARES])


def _point(
    order: NDArray[np.int64], right: list[Floats], paid: list[Floats], price: float,
    group: NDArray[Any] | None,
) -> Point:  # fmt: skip
    """The share of least total cost. It is chosen on one half of the rows and judged on the other,
    and the other way round: both are averaged."""
    n = len(order)
    saved, shares, accuracies, totals = np.zeros(n), [], [], []
    rank = np.empty(n)
    rank[order] = (np.arange(n) + 0.5) / n
    half = _halves(n, group)
    for side in (0, 1):
        choose, judge = np.flatnonzero(half == side), np.flatnonzero(half != side)
        total = [_total(rank[choose], [p[choose] for p in paid], price, s) for s in SHARES]
        share = SHARES[int(np.argmin(total))]
        simple = 1.0 if np.mean(paid[1][choose]) + price < np.mean(paid[0][choose]) else 0.0
        spent = {
            s: np.where(rank[judge] < s, paid[1][judge] + price, paid[0][judge])
            for s in (share, simple)
        }
        saved[judge] = spent[simple] - spent[share]
        shares.append(share)
        totals.append(spent[share].mean())
        accuracies.append(np.where(rank[judge] < share, right[1][judge], right[0][judge]).mean())
    return Point(
        float(np.mean(shares)), float(np.mean(accuracies)), float(np.mean(totals)),
        mean_interval(saved, group),
    )  # fmt: skip


def _halves(n: int, group: NDArray[Any] | None) -> NDArray[np.int64]:
    """(N,) 0 or 1, groups whole."""
    if group is None or len(np.unique(group)) < 2:
        return np.random.default_rng([n, 3]).permutation(n) % 2
    codes = np.unique(group, return_inverse=True)[1]
    side: NDArray[np.int64] = (codes % 2).astype(np.int64)
    return side


def _total(rank: Floats, paid: list[Floats], price: float, share: float) -> float:
    return float(np.where(rank < share, paid[1] + price, paid[0]).mean())
