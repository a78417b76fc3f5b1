"""Linear programmes over products of cones, solved by Clarabel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import clarabel
from scipy import sparse

from dmil_core.errors import DataError
from dmil_core.partial_information.pmf import Floats

TOLERANCE: Final = 1e-10
#: Cells (x1, x2, y) that a programme may have, and terms of all its sums over y together: a GiB,
#: and some minutes.
MAX_UNKNOWNS: Final = 200_000
MAX_TERMS: Final = 5_000_000


def check_size(cells: int, terms: int = 0) -> None:
    """Refuse a programme that is too large, before memory is taken for it.

    Raises
    ------
    DataError
        If it has more than `MAX_UNKNOWNS` cells or `MAX_TERMS` terms.
    """
    if cells > MAX_UNKNOWNS or terms > MAX_TERMS:
        raise DataError(
            f"a pmf whose marginals leave {cells:,} cells (x1, x2, y) possible is too large for "
            f"this measure, which takes at most {MAX_UNKNOWNS:,}, and fewer of many y. Join "
            "symbols that mean the same, or choose imin, immi or fl"
        )


def minimise(cost: Floats, a: sparse.csc_matrix, b: Floats, cones: Sequence[Any]) -> Any:
    """Minimise cost @ x subject to a x + s = b with s in the cones.

    Returns Clarabel's solution with ``x``, the multipliers ``z`` and a ``status``; its accuracy is
    for the caller to check.
    """
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = TOLERANCE
    quadratic = sparse.csc_matrix((len(cost), len(cost)))
    return clarabel.DefaultSolver(quadratic, cost, a, b, list(cones), settings).solve()
