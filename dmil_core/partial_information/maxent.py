"""The maximum entropy distribution with the three pairwise marginals of another distribution."""

from __future__ import annotations

from typing import Final

import clarabel
import numpy as np
from scipy import sparse

from dmil_core.errors import DataError
from dmil_core.partial_information.conic import check_size, minimise
from dmil_core.partial_information.pmf import Floats

#: Largest error of a marginal that is accepted.
GOOD_ENOUGH: Final = 1e-7


def pairwise_maxent(p: Floats) -> Floats:
    """argmax H(q) over q (A, B, K) with q(x1,x2), q(x1,y) and q(x2,y) of p.

    A programme over exponential cones, t >= q log q, solved by Clarabel. Iterative proportional
    fitting, the usual way, converges very slowly where the marginals leave almost no probability
    to a cell.

    Raises
    ------
    DataError
        If there are too many cells, or the marginals of the solver's answer are off by more than
        ``GOOD_ENOUGH``.
    """
    marginals = [p.sum(axis=axis) for axis in range(3)]
    first, second, third = (np.expand_dims(m > 0, axis) for axis, m in enumerate(marginals))
    cells = np.nonzero(first & second & third)
    n = len(cells[0])
    check_size(n)
    rows, wanted, height = [], [], 0
    for axis, marginal in enumerate(marginals):
        support = marginal > 0
        constraint = np.cumsum(support.ravel()).reshape(support.shape) - 1
        rows.append(height + constraint[tuple(c for a, c in enumerate(cells) if a != axis)])
        wanted.append(marginal[support])
        height += int(support.sum())
    cone = height + 3 * np.arange(n)
    each = np.arange(n)
    values = np.concatenate([np.ones(4 * n), -np.ones(n)])
    down = np.concatenate([*rows, cone, cone + 1])
    across = np.concatenate([each, each, each, n + each, each])
    a = sparse.csc_matrix((values, (down, across)), shape=(height + 3 * n, 2 * n))
    b = np.concatenate([*wanted, np.tile([0.0, 0.0, 1.0], n)])
    cones = [clarabel.ZeroConeT(height), *[clarabel.ExponentialConeT()] * n]
    cost = np.concatenate([np.zeros(n), np.ones(n)])
    result = minimise(cost, a, b, cones)
    q = np.zeros(p.shape)
    q[cells] = np.clip(result.x[:n], 0.0, None)
    error = max(float(np.abs(q.sum(axis=i) - m).max()) for i, m in enumerate(marginals))
    if error > GOOD_ENOUGH:
        raise DataError(
            f"no distribution of most entropy found: marginals are {error:.1e} away "
            f"({result.status}); merge symbols whose probability is nearly 0"
        )
    return q
