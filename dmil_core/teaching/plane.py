"""Decision surfaces of a gate mixture: a plane through input space, x1 along one axis, x2 along
the other.

An input moves along a path through the centres of its symbols, 0 at the first, 1 at the second and
so on, and a little beyond both ends. With several gates each gate has its own plane, on which
both inputs show that gate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.data.synthetic.gate_mixture_set import GateMixtureSet
from dmil_core.data.synthetic.gates import BITS

Floats = NDArray[np.float64]

#: Length by which a path is extended beyond its ends, in distances of symbols.
BEYOND: Final = 0.6
#: Grid points between two symbols.
FINE: Final = 14
#: Largest number of validation rows drawn on a plane.
MOST_POINTS: Final = 120


@dataclass(frozen=True)
class Square:
    """One plane: x1 from left to right, x2 from bottom to top.

    Attributes
    ----------
    name : the gate that is on, or "" where there is only one square.
    symbols1, symbols2 : symbols of the inputs at 0, 1, 2 ... of the axes.
    at1, at2 : positions of the columns and rows on the axes.
    truth : by x2's symbol and x1's, the most frequent class; -1 where none occurs.
    points : (position on x1's axis, on x2's axis, class) of some validation rows.
    """

    name: str
    symbols1: tuple[str, ...]
    symbols2: tuple[str, ...]
    at1: tuple[float, ...]
    at2: tuple[float, ...]
    truth: tuple[tuple[int, ...], ...]
    points: tuple[tuple[float, float, int], ...]


def squares(
    drawn: GateMixtureSet, dataset: Dataset
) -> tuple[tuple[Square, NDArray[np.float32], NDArray[np.float32]], ...]:
    """Every plane with the inputs x1 and x2 of its points: first those of the grid, row by row from
    the lowest, then those at the symbols in the same order."""
    distribution, val = drawn.mixture.clean, dataset.rows("val")
    centres = {m: drawn.centres(m) for m in (1, 2)}
    nearest = {m: _nearest(dataset.x(m)[val], centres[m]) for m in (1, 2)}
    result = []
    for name, symbols in _blocks(drawn):
        at: dict[int, Floats] = {}
        inputs: dict[int, tuple[Floats, Floats]] = {}
        for m in (1, 2):
            path = centres[m][symbols[m]]
            at[m] = _grid(len(path))
            inputs[m] = (_along(path, at[m]), path)
        x1, x2 = _crossed(inputs)
        p = distribution.p[np.ix_(symbols[1], symbols[2])].transpose(1, 0, 2)
        truth = np.where(p.sum(axis=2) > 0, p.argmax(axis=2), -1)
        inside = np.isin(nearest[1], symbols[1]) & np.isin(nearest[2], symbols[2])
        rows = np.flatnonzero(inside)[:MOST_POINTS]
        u, v = (_position(dataset.x(m)[val][rows], centres[m][symbols[m]]) for m in (1, 2))
        points = zip(u.tolist(), v.tolist(), dataset.y[val][rows].tolist(), strict=True)
        names = {1: distribution.x1, 2: distribution.x2}
        square = Square(
            name=name,
            symbols1=tuple(_symbol(names[1][i]) for i in symbols[1]),
            symbols2=tuple(_symbol(names[2][i]) for i in symbols[2]),
            at1=tuple(at[1].tolist()),
            at2=tuple(at[2].tolist()),
            truth=tuple(tuple(int(k) for k in line) for line in truth),
            points=tuple((round(a, 2), round(b, 2), int(k)) for a, b, k in points),
        )
        result.append((square, x1, x2))
    return tuple(result)


def _blocks(drawn: GateMixtureSet) -> list[tuple[str, dict[int, NDArray[np.int64]]]]:
    """Name of every square and the symbols of x1 and x2 that are in it."""
    mixture = drawn.mixture
    if not mixture.mixed:
        sizes = {1: len(mixture.clean.x1), 2: len(mixture.clean.x2)}
        return [("", {m: np.arange(size) for m, size in sizes.items()})]
    size = len(BITS)
    each = [np.arange(size * g, size * (g + 1)) for g in range(len(mixture.gates))]
    return [
        (n.upper(), {1: symbols, 2: symbols})
        for n, symbols in zip(mixture.gates, each, strict=True)
    ]


def _symbol(symbol: Any) -> str:
    return str(symbol[-1]) if isinstance(symbol, tuple) else str(symbol)


def _grid(symbols: int) -> Floats:
    length = symbols - 1 + 2 * BEYOND
    return np.round(np.linspace(-BEYOND, symbols - 1 + BEYOND, round(length * FINE) + 1), 4)


def _along(path: Floats, at: Floats) -> Floats:
    """(P, D) the points at these positions of the path through (symbols, D) centres."""
    if len(path) == 1:
        return np.repeat(path, len(at), axis=0)
    start = np.clip(np.floor(at).astype(int), 0, len(path) - 2)
    return path[start] + (at - start)[:, None] * (path[start + 1] - path[start])


def _crossed(
    inputs: dict[int, tuple[Floats, Floats]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    first, second = [], []
    for a, b in zip(inputs[1], inputs[2], strict=True):
        first.append(np.tile(a, (len(b), 1)))
        second.append(np.repeat(b, len(a), axis=0))
    return np.concatenate(first).astype(np.float32), np.concatenate(second).astype(np.float32)


def _nearest(x: NDArray[Any], centres: Floats) -> NDArray[np.int64]:
    """(N,) the symbol whose centre is nearest."""
    distance = ((x[:, None, :] - centres[None]) ** 2).sum(axis=2)
    return np.asarray(distance.argmin(axis=1))


def _position(x: NDArray[Any], path: Floats) -> Floats:
    """(N,) positions of rows along a path: projections on the segment at their nearest symbol."""
    if len(path) == 1:
        return np.zeros(len(x))
    symbol = _nearest(x, path)
    start = np.minimum(symbol, len(path) - 2)
    way = path[start + 1] - path[start]
    along: Floats = start + ((x - path[start]) * way).sum(axis=1) / (way**2).sum(axis=1)
    return along
