"""Information of two inputs with a continuous target, all Gaussian, in closed form.

    I(x;y) = 1/2 (log det C_x + log det C_y - log det C_xy),    C the covariance matrices,

and for a target of one dimension all common definitions of redundancy that depend on the two
marginals alone are the smaller of the two informations (Barrett, Physical Review E 91, 2015):
R = min(I1, I2), so that one of U1 and U2 is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dmil_core.errors import DataError
from dmil_core.partial_information.discrete import Decomposition
from dmil_core.partial_information.pmf import Floats


def gaussian_information(x1: ArrayLike, x2: ArrayLike, y: ArrayLike) -> Decomposition:
    """The decomposition of I(x1,x2;y) of the Gaussian with the covariance of these rows.

    Of other distributions it is what second moments show, and misses, say, a product of x1 and x2.

    Parameters
    ----------
    x1, x2, y
        (N,) or (N, D) numbers.

    Returns
    -------
    Decomposition
        In nats, of the measure ``immi``; ``.bits`` is the same in bits.

    Raises
    ------
    DataError
        If rows do not match, a number is not finite, or columns are linearly dependent, as there
        information is infinite or not defined.
    """
    parts = [_columns(v, name) for v, name in ((x1, "x1"), (x2, "x2"), (y, "y"))]
    if len({len(v) for v in parts}) > 1:
        lengths = ", ".join(str(len(v)) for v in parts)
        raise DataError(f"x1, x2 and y: expected as many rows of each, got {lengths}")
    sizes = [v.shape[1] for v in parts]
    if len(parts[0]) <= sum(sizes):
        raise DataError(f"expected more rows than columns, got {len(parts[0])} and {sum(sizes)}")
    return of_covariance(np.cov(np.concatenate(parts, axis=1), rowvar=False), sizes[0], sizes[1])


def of_covariance(covariance: ArrayLike, d1: int = 1, d2: int = 1) -> Decomposition:
    """The same of a covariance matrix (D, D): d1 rows of x1, then d2 of x2, then those of y.

    Raises
    ------
    DataError
        If it is not positive definite, or leaves no rows for y.
    """
    c = np.asarray(covariance, dtype=np.float64)
    if c.ndim != 2 or c.shape[0] != c.shape[1] or c.shape[0] <= d1 + d2:
        raise DataError(f"expected a covariance matrix of more than {d1 + d2} rows, got {c.shape}")
    scale = np.sqrt(np.diag(c))
    if not (np.isfinite(c).all() and (scale > 0).all()):
        raise DataError("a column of x1, x2 or y never varies; leave it out")
    c = c / np.outer(scale, scale)
    if np.linalg.eigvalsh(c)[0] <= 1e-10:
        raise DataError("columns of x1, x2 and y are linearly dependent; leave out what repeats")
    first, second = list(range(d1)), list(range(d1, d1 + d2))
    target = list(range(d1 + d2, len(c)))
    i1, i2, i12 = (_mutual(c, x, target) for x in (first, second, first + second))
    r = min(i1, i2)
    return Decomposition("immi", r, i1 - r, i2 - r, i12 - i1 - i2 + r, i1, i2, i12)


def _mutual(c: Floats, x: list[int], y: list[int]) -> float:
    volumes = [np.linalg.slogdet(c[np.ix_(rows, rows)])[1] for rows in (x, y, x + y)]
    return float(0.5 * (volumes[0] + volumes[1] - volumes[2]))


def _columns(values: ArrayLike, name: str) -> Floats:
    try:
        v = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name}: expected numbers (N,) or (N, D)") from None
    if v.ndim == 0 or not np.isfinite(v).all():
        raise DataError(f"{name}: expected finite numbers (N,) or (N, D)")
    return v.reshape(len(v), -1)
