"""The outline of a slice: from what was drawn to a few corners, and what lies inside."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dashboard.state import slices
from dashboard.state.slices import Slice

#: How far the grid of corners reaches beyond the map, as a share of it.
MARGIN: Final = 0.25


def corners(outline: Iterable[Iterable[float]]) -> tuple[tuple[int, int], ...]:
    """An outline in units of the map (0 to 1 along its longer side) on the grid, simplified.

    Returns an empty tuple where fewer than three different corners are left.
    """
    points = np.asarray([tuple(p) for p in outline], dtype=float).reshape(-1, 2)
    if not np.isfinite(points).all():
        return ()
    shares = np.clip((np.clip(points, -9, 9) + MARGIN) / (1 + 2 * MARGIN), 0.0, 1.0)
    grid = np.rint(shares * slices.STEPS).astype(int)
    if len(grid) > 1:
        grid = grid[np.any(grid != np.roll(grid, 1, axis=0), axis=1)]
    kept = _simplified(grid)
    return tuple((int(x), int(y)) for x, y in kept) if len(kept) >= 3 else ()


def _simplified(points: NDArray[np.int_]) -> NDArray[np.int_]:
    """Leave out the corner whose triangle with its neighbours is smallest, until few are left."""
    kept = points
    while len(kept) > 3:
        before, after = np.roll(kept, 1, axis=0) - kept, np.roll(kept, -1, axis=0) - kept
        areas = np.abs(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0])
        if len(kept) <= slices.MOST_CORNERS and areas.min() > 0:
            break
        kept = np.delete(kept, int(areas.argmin()), axis=0)
    return kept


def outline(drawn: Slice) -> NDArray[np.float64]:
    """(corners, 2) in units of the map."""
    return np.asarray(drawn.corners, dtype=float) / slices.STEPS * (1 + 2 * MARGIN) - MARGIN


def inside(points: NDArray[np.floating], border: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which of (N, 2) places lie inside a closed border (M, 2), by the even-odd rule."""
    x, y = points[:, 0].astype(float), points[:, 1].astype(float)
    odd = np.zeros(len(points), dtype=bool)
    for (x1, y1), (x2, y2) in zip(border, np.roll(border, -1, axis=0), strict=True):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            odd ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return odd
