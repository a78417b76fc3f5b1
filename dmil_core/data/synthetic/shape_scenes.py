"""Small pictures of coloured shapes: what is in them, counting, and drawing.

Everything is integer arithmetic, so that a seed gives the same pixels on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

COLOURS: Final = ("red", "green", "blue", "yellow")
SHAPES: Final = ("circle", "square", "triangle")
SIZES: Final = ("small", "large")
#: What the frame of a picture says; a picture without a frame says nothing.
FRAMES: Final = ("none", "black", "white")

SIDE: Final = 32
_MOST: Final = 4
_RGB: Final = np.array([[205, 45, 45], [40, 165, 70], [50, 85, 215], [225, 200, 50]])
_RADIUS: Final = np.array([3, 6])
_CELLS: Final = np.array([8, 23])
_GREY: Final = 120
_FRAME_LEVEL: Final = np.array([_GREY, 15, 245])
_FRAME_WIDTH: Final = 2
_CHUNK: Final = 1000


@dataclass(frozen=True, eq=False)
class Scenes:
    """(N, 4) colour, shape and size of each object, and whether the object is there."""

    colour: NDArray[np.int64]
    shape: NDArray[np.int64]
    size: NDArray[np.int64]
    present: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.present)

    def take(self, rows: NDArray[np.int64]) -> Scenes:
        """The scenes of some rows, in their order."""
        return Scenes(self.colour[rows], self.shape[rows], self.size[rows], self.present[rows])

    def count(
        self, colour: int | None = None, shape: int | None = None, size: int | None = None
    ) -> NDArray[np.int64]:
        """(N,) number of objects with the given colour, shape and size; None means any."""
        match = self.present.copy()
        for column, value in ((self.colour, colour), (self.shape, shape), (self.size, size)):
            if value is not None:
                match &= column == value
        return match.sum(axis=1)


def draw_scenes(n: int, rng: np.random.Generator) -> Scenes:
    """n scenes of one to four objects, every property uniform and independent."""
    shape = (n, _MOST)
    objects = rng.integers(1, _MOST + 1, size=n)
    return Scenes(
        colour=rng.integers(len(COLOURS), size=shape),
        shape=rng.integers(len(SHAPES), size=shape),
        size=rng.integers(len(SIZES), size=shape),
        present=np.arange(_MOST) < objects[:, None],
    )


def render(scenes: Scenes, frame: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """(N, 32, 32, 3) pictures; positions, tints and grain are drawn anew for every picture.

    Parameters
    ----------
    frame : (N,) index into ``FRAMES``.
    """
    n = len(scenes)
    # Objects lie in different cells of a 2 x 2 grid, so that none hides another; what does not
    # fill its cell has room to move.
    cell = rng.permuted(np.tile(np.arange(4), (n, 1)), axis=1)
    shift = rng.integers(-3, 4, size=(n, _MOST, 2)) * (scenes.size == 0)[..., None]
    tint = rng.integers(-12, 13, size=(n, _MOST, 3))
    out = np.empty((n, SIDE, SIDE, 3), dtype=np.uint8)
    for start in range(0, n, _CHUNK):
        part = np.arange(start, min(start + _CHUNK, n))
        # Drawn as int64, as ever, so that a seed means the same pictures; a short type is faster.
        pictures = rng.integers(_GREY - 12, _GREY + 13, size=(len(part), SIDE, SIDE, 3)).astype(
            np.int16
        )
        for k in range(_MOST):
            centre = _CELLS[np.stack([cell[part, k] // 2, cell[part, k] % 2])] + shift[part, k].T
            inside = _inside(centre, scenes.shape[part, k], _RADIUS[scenes.size[part, k]])
            inside &= scenes.present[part, k, None, None]
            paint = np.clip(_RGB[scenes.colour[part, k]] + tint[part, k], 0, 255)
            # Keep a little of the grain, or shapes would look cut out of paper.
            picture = np.nonzero(inside)[0]
            pictures[inside] = paint.astype(np.int16)[picture] + (pictures[inside] - _GREY) // 2
        framed = (frame[part] > 0)[:, None, None, None] & _border()[None, :, :, None]
        level = _FRAME_LEVEL[frame[part]][:, None, None, None].astype(np.int16)
        out[part] = np.clip(np.where(framed, level, pictures), 0, 255)
    return out


def _inside(
    centre: NDArray[np.int64], shape: NDArray[np.int64], radius: NDArray[np.int64]
) -> NDArray[Any]:
    """(n, 32, 32) pixels of one object per picture; ``centre`` is (2, n) row and column."""
    grid = np.arange(SIDE, dtype=np.int16)
    row, column, r, s = (
        a.astype(np.int16)[:, None, None] for a in (centre[0], centre[1], radius, shape)
    )
    dy, dx = grid[None, :, None] - row, grid[None, None, :] - column
    box = (np.abs(dy) <= r) & (np.abs(dx) <= r)
    circle = dy**2 + dx**2 <= r * r + r // 2  # a little more than r, or it looks like a diamond
    triangle = 2 * np.abs(dx) <= dy + r
    return box & np.where(s == 0, circle, (s == 1) | triangle)


def _border() -> NDArray[np.bool_]:
    border = np.ones((SIDE, SIDE), dtype=bool)
    border[_FRAME_WIDTH:-_FRAME_WIDTH, _FRAME_WIDTH:-_FRAME_WIDTH] = False
    return border
