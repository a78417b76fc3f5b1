"""The BROJA programme: least I_q(y; x1, x2) over q with the marginals q(x1,y) and q(x2,y) of p.

    min over q in Delta_p of I_q(y; x1, x2),  Delta_p = {q : q(x1,y) = p(x1,y), q(x2,y) = p(x2,y)}

(Bertschinger, Rauh, Olbrich, Jost, Ay, Entropy 2014.) It is a convex programme over products of
exponential cones, solved by Clarabel. What is returned does not rest on the solver: its answer is
moved to a point that has these marginals, which bounds the minimum from above, and its multipliers
to a point of the dual, which bounds it from below. The distance of the two is the error at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import clarabel
import numpy as np
from scipy import sparse
from scipy.special import logsumexp, xlogy

from dmil_core.partial_information.conic import check_size, minimise
from dmil_core.partial_information.pmf import Floats


@dataclass(frozen=True)
class Optimum:
    """The minimum of I_q(y; x1, x2) with an upper and a lower bound, in nats.

    Attributes
    ----------
    upper : the information of ``q``, which has the marginals of p.
    lower : the value of a point of the dual.
    q : (A, B, K).
    """

    upper: float
    lower: float
    q: Floats


@dataclass(frozen=True)
class _Cells:
    """The cells (x1, x2, y) where a q of Delta_p can be positive.

    Attributes
    ----------
    x1, x2, y : (n,) indices.
    pair : (n,) index of the pair (x1, x2); pairs with a single possible y have no entropy.
    open : (m,) cells whose pairs have several possible y.
    """

    x1: np.ndarray
    x2: np.ndarray
    y: np.ndarray
    pair: np.ndarray
    open: np.ndarray


def least_information(p: Floats) -> Optimum:
    """The optimum of the programme for p (A, B, K), with a certificate."""
    first, second = p.sum(axis=1), p.sum(axis=0)
    q, multipliers = _solve(first, second)
    entropy = _negative_entropy(p.sum(axis=(0, 1)))
    q = min((_with_marginals(q, first, second), p), key=_objective)
    lower = _dual_objective(*multipliers, first, second)
    return Optimum(_objective(q) - entropy, lower - entropy, q)


def _objective(q: Floats) -> float:
    """-H_q(y | x1, x2) in nats, which the programme minimises."""
    return float(xlogy(q, q).sum()) - _negative_entropy(q.sum(axis=2))


def _negative_entropy(p: Floats) -> float:
    return float(xlogy(p, p).sum())


def _dual_objective(first: Floats, second: Floats, p1: Floats, p2: Floats) -> float:
    """sum lambda(x1,y) p(x1,y) + sum mu(x2,y) p(x2,y), made feasible.

    The dual asks that sum_y exp(lambda(x1,y) + mu(x2,y)) is at most 1 for every (x1, x2). A number
    taken off all lambda makes it so, and comes off the objective once, as p sums to 1.
    """
    excess = float(logsumexp(first[:, None, :] + second[None, :, :], axis=2).max())
    value = sum(float(w[p > 0] @ p[p > 0]) for w, p in ((first, p1), (second, p2)))
    return value - excess


def _with_marginals(q: Floats, p1: Floats, p2: Floats) -> Floats:
    """The q (A, B, K) nearby that has exactly the marginals p1 (A, K) and p2 (B, K).

    Rows, then columns, are shrunk where they are too heavy, and what is then missing is added as
    a product (Altschuler, Weed, Rigollet, NeurIPS 2017, algorithm 2).
    """
    q = q * np.minimum(1.0, _ratio(p1, q.sum(axis=1)))[:, None, :]
    q = q * np.minimum(1.0, _ratio(p2, q.sum(axis=0)))[None, :, :]
    rows, columns = p1 - q.sum(axis=1), p2 - q.sum(axis=0)
    missing = np.clip(rows, 0.0, None)[:, None, :] * np.clip(columns, 0.0, None)[None, :, :]
    return q + missing * _ratio(np.ones(q.shape[2]), np.clip(rows, 0.0, None).sum(axis=0))


def _ratio(above: Floats, below: Floats) -> Floats:
    """above / below, 0 where below is 0."""
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0)


def _solve(p1: Floats, p2: Floats) -> tuple[Floats, tuple[Floats, Floats]]:
    """The solver's q (A, B, K), and its multipliers (A, K) and (B, K), -inf where p is 0."""
    cells = _cells(p1, p2)
    a, b, cones = _programme(cells, p1, p2)
    n, entropies = len(cells.x1), len(cells.open)
    cost = np.concatenate([np.zeros(n), np.ones(entropies)])
    result = minimise(cost, a, b, cones)
    q = np.zeros((len(p1), *p2.shape))
    q[cells.x1, cells.x2, cells.y] = np.clip(result.x[:n], 0.0, None)
    multipliers = -np.asarray(result.z)
    weights = []
    for p in (p1, p2):
        w = np.full(p.shape, -np.inf)
        count = int((p > 0).sum())
        w[p > 0], multipliers = multipliers[:count], multipliers[count:]
        weights.append(w)
    return q, (weights[0], weights[1])


def _cells(p1: Floats, p2: Floats) -> _Cells:
    x1, x2, y = np.nonzero((p1[:, None, :] > 0) & (p2[None, :, :] > 0))
    check_size(len(x1))
    _, pair, count = np.unique(x1 * len(p2) + x2, return_inverse=True, return_counts=True)
    return _Cells(x1, x2, y, pair, np.flatnonzero(count[pair] > 1))


def _members(cells: _Cells) -> tuple[np.ndarray, np.ndarray]:
    """For each open cell, by position, the indices of all cells of its pair, ascending."""
    by_pair, size = np.argsort(cells.pair, kind="stable"), np.bincount(cells.pair)
    start = np.cumsum(size) - size
    pair = cells.pair[cells.open]
    check_size(len(cells.x1), int(size[pair].sum()))
    member = np.repeat(np.arange(len(pair)), size[pair])
    within = np.arange(len(member)) - np.repeat(np.cumsum(size[pair]) - size[pair], size[pair])
    return member, by_pair[start[pair][member] + within]


def _programme(
    cells: _Cells, p1: Floats, p2: Floats
) -> tuple[sparse.csc_matrix, Floats, list[object]]:
    """A, b and cones of: minimise sum t, where A (q, t) + s = b with s in the cones.

    The rows are, in order: the marginals of x1 and of x2 (s = 0); q of the pairs that carry no
    entropy (s >= 0); for each other q three rows, s = (-t, q, sum of q over its pair) in the
    exponential cone, which is t >= q log(q / sum).
    """
    n, m = len(cells.x1), len(cells.open)
    support = p1 > 0, p2 > 0
    constraint = [np.cumsum(s.ravel()) - 1 for s in support]
    first = constraint[0][cells.x1 * p1.shape[1] + cells.y]
    second = constraint[1][cells.x2 * p2.shape[1] + cells.y] + support[0].sum()
    equalities = int(support[0].sum() + support[1].sum())
    closed = np.setdiff1d(np.arange(n), cells.open)
    cone = equalities + len(closed) + 3 * np.arange(m)
    member, of_pair = _members(cells)
    rows = [first, second, equalities + np.arange(len(closed)), cone, cone + 1, cone[member] + 2]
    columns = [np.arange(n), np.arange(n), closed, n + np.arange(m), cells.open, of_pair]
    signs = (1.0, 1.0, -1.0, 1.0, -1.0, -1.0)
    values = [np.full(len(r), sign) for r, sign in zip(rows, signs, strict=True)]
    height = equalities + len(closed) + 3 * m
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    a = sparse.csc_matrix(entries, shape=(height, n + m))
    b = np.concatenate([p1[support[0]], p2[support[1]], np.zeros(len(closed) + 3 * m)])
    cones = [clarabel.ZeroConeT(equalities), clarabel.NonnegativeConeT(len(closed))]
    return a, b, [*cones, *[clarabel.ExponentialConeT()] * m]
