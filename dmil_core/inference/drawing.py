"""Drawing on a picture: strokes of a round brush, in coordinates of the unit square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.errors import DataError
from dmil_core.schema import ModalityNumber

#: ``erase`` brings back the picture as it was before anything was drawn.
Ink = Literal["light", "dark", "erase"]
INKS: Final[tuple[Ink, ...]] = get_args(Ink)

#: Values of dark and light ink by modality, for data sets in memory.
_LEVELS: WeakKeyDictionary[Dataset, dict[int, tuple[float, float]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Stroke:
    """One stroke of the brush.

    Attributes
    ----------
    width : of the brush, as a share of the picture's longer side.
    points : (x, y), each 0 to 1, from the left and from the top; a single one is a dot.
    """

    ink: Ink
    width: float
    points: tuple[tuple[float, float], ...]


def ink_levels(dataset: Dataset, modality: ModalityNumber) -> tuple[float, float]:
    """The values of dark and light ink: the smallest and largest value in the set's pictures."""
    x = dataset.x(modality)
    if x.dtype == np.uint8:
        return 0.0, 255.0
    known = _LEVELS.setdefault(dataset, {})
    if modality not in known:
        known[modality] = float(x.min()), float(x.max())
    return known[modality]


def drawn(
    picture: NDArray[Any], strokes: Sequence[Stroke], dark: float, light: float
) -> NDArray[Any]:
    """The picture, (H, W) or (H, W, C), with the strokes on it, of the same type.

    A pixel at the edge of a stroke is covered in part; each covers what is below it.

    Raises
    ------
    DataError
        If an ink is none that exists, or a point or width lies outside of 0 to 1.
    """
    if picture.ndim not in (2, 3):
        raise DataError(f"expected a picture (H, W) or (H, W, C) to draw on, got {picture.shape}")
    before = picture.astype(np.float64)
    now = before.copy()
    for stroke in strokes:
        _check(stroke)
        cover = _cover(stroke, picture.shape[0], picture.shape[1])
        if picture.ndim == 3:
            cover = cover[:, :, None]
        ink = before if stroke.ink == "erase" else {"light": light, "dark": dark}[stroke.ink]
        now = now * (1 - cover) + ink * cover
    if picture.dtype == np.uint8:
        now = np.clip(np.round(now), 0, 255)
    return now.astype(picture.dtype)


def _check(stroke: Stroke) -> None:
    numbers = [stroke.width, *(v for point in stroke.points for v in point)]
    if stroke.ink not in INKS or not all(0 <= v <= 1 for v in numbers):
        raise DataError(f"expected ink {', '.join(INKS)} and numbers from 0 to 1, got {stroke}")


def _cover(stroke: Stroke, height: int, width: int) -> NDArray[np.float64]:
    """(H, W) how much of each pixel the stroke covers, 0 to 1."""
    cover = np.zeros((height, width))
    # Half a pixel at least, or a thin brush would fall between the pixels of a small picture.
    radius = max(0.5, stroke.width * max(height, width) / 2)
    points = [(x * width, y * height) for x, y in stroke.points]
    # A dot is a line of no length.
    for start, end in zip(points, points[1:] or points, strict=False):
        left, right = sorted((start[0], end[0]))
        top, bottom = sorted((start[1], end[1]))
        rows = slice(max(0, int(top - radius) - 1), int(bottom + radius) + 2)
        columns = slice(max(0, int(left - radius) - 1), int(right + radius) + 2)
        y, x = np.mgrid[rows, columns][:, : height - rows.start, : width - columns.start] + 0.5
        inside = np.clip(radius + 0.5 - _distance(x, y, start, end), 0, 1)
        part = cover[rows, columns]
        np.maximum(part, inside, out=part)
    return cover


def _distance(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    start: tuple[float, float],
    end: tuple[float, float],
) -> NDArray[np.float64]:
    """Distance of each point to the line from start to end."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / length if length else np.zeros_like(x)
    along = np.clip(along, 0, 1)
    return np.asarray(np.hypot(x - start[0] - along * dx, y - start[1] - along * dy))
