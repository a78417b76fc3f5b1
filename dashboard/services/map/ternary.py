"""The map of gate weights: a triangle whose corners stand for R, uniqueness and S.

A sample lies at its weights, exactly: nothing is projected, and a distance is a difference of
weights. Shapes: N samples.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dashboard.services.store.rows import Rows
from dmil_core import schema

#: Names of the corners, and their places: 0 to 1 along the lower side.
CORNERS: Final = {"R": (0.0, 0.0), "U": (1.0, 0.0), "S": (0.5, 3**0.5 / 2)}


def shares(rows: Rows) -> NDArray[np.float64]:
    """(N, 3) gate weights of R, of U1, U2 and so on together, and of S; each row sums to 1, or is
    no number where the table's is none."""
    available = schema.components_in(rows.columns)
    of = {c: rows.numbers(schema.gate(c)).astype(np.float64) for c in available}
    unique = np.sum([of[c] for c in available if c.startswith("U")], axis=0)
    result = np.stack([of["R"], unique, of["S"]], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        # Stored weights sum to 1 up to rounding.
        return np.asarray(result / result.sum(axis=1, keepdims=True))


def largest(rows: Rows) -> dict[str, int]:
    """For how many samples each corner stands for the component with the largest weight."""
    counts = rows.words("dominant").counts()
    return {name: sum(n for c, n in counts.items() if c[0] == name) for name in CORNERS}


def positions(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 2) places of (N, 3) shares that sum to 1, in the order of `CORNERS`."""
    return np.asarray(shares @ np.array(list(CORNERS.values())))
