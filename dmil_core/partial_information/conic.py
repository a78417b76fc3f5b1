"""Linear programmes over products of cones, solved by Clarabel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import clarabel
from scipy import sparse

from dmil_core.partial_information.pmf import Floats

TOLERANCE: Final = 1e-10


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
