"""A distribution p(x1, x2, y) over finitely many symbols: from an array, from a file, checked."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmil_core.errors import DataError
from dmil_core.io import strict_json
from dmil_core.io.reading import MIB, read_json
from dmil_core.io.strict_json import Expected

Floats = NDArray[np.float64]
Symbol = str | int | float | bool | None | tuple[Any, ...]
Triple = tuple[Symbol, Symbol, Symbol]

#: How far probabilities may be from a sum of 1, as numbers in a file are rounded.
SUM_TOLERANCE: Final = 1e-6
#: Cells (x1, x2, y) that a table may have: 80 MB, beyond what can be decomposed in any case.
MAX_CELLS: Final = 10_000_000
#: Largest file that is read, in bytes: about half a million entries.
MAX_FILE_BYTES: Final = 16 * MIB
_MOST_SHOWN: Final = 5
#: Characters of a symbol in a message.
_LONGEST_SHOWN: Final = 40
_MOST_NESTED: Final = 8


def _is_symbol(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list):
        return depth < _MOST_NESTED and all(_is_symbol(v, depth + 1) for v in value)
    return not isinstance(value, dict) and not (isinstance(value, float) and value - value != 0)


_JsonSymbol = Annotated[Any, Expected("a number, a text, or a list of these", _is_symbol)]
_Probability = Annotated[
    float, Expected("a probability from 0 to 1", lambda p: 0 <= p <= 1 + SUM_TOLERANCE)
]
#: An entry of a file: the symbols of x1, x2 and y, and their probability.
_Entry = tuple[tuple[_JsonSymbol, _JsonSymbol, _JsonSymbol], _Probability]


@dataclass(frozen=True)
class Pmf:
    """A distribution and what its symbols are called.

    Attributes
    ----------
    p : (A, B, K) p(x1, x2, y), sums to 1.
    x1, x2, y : the symbols, A, B and K of them.
    """

    p: Floats
    x1: tuple[Symbol, ...]
    x2: tuple[Symbol, ...]
    y: tuple[Symbol, ...]


def checked(p: ArrayLike) -> Floats:
    """(A, B, K) probabilities as floats that sum to 1 exactly.

    Raises
    ------
    DataError
        If it is no distribution over x1, x2 and y.
    """
    try:
        values = np.array(p, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"a pmf needs numbers p[x1, x2, y]: {error}") from None
    if values.ndim != 3 or not values.size:
        raise DataError(f"a pmf needs three axes, p[x1, x2, y]; got shape {values.shape}")
    if not np.isfinite(values).all() or values.min() < 0:
        raise DataError("a pmf needs probabilities that are finite and at least 0")
    total = float(values.sum())
    if abs(total - 1.0) > SUM_TOLERANCE:
        raise DataError(
            f"the probabilities of a pmf must sum to 1, these sum to {total:.9g}; divide counts by "
            "their sum"
        )
    return values / total


def from_entries(entries: Iterable[tuple[Triple, float]]) -> Pmf:
    """A distribution from ((x1, x2, y), p) pairs; symbols in the order of their first appearance.

    Raises
    ------
    DataError
        If a triple comes twice, there are more than `MAX_CELLS` cells, or it is no distribution.
    """
    values: dict[tuple[int, ...], float] = {}
    indices: tuple[dict[Hashable, int], ...] = ({}, {}, {})
    symbols: tuple[list[Symbol], ...] = ([], [], [])
    for triple, value in entries:
        cell = []
        for symbol, index, known in zip(triple, indices, symbols, strict=True):
            position = index.setdefault(_key(symbol), len(known))
            if position == len(known):
                known.append(symbol)
            cell.append(position)
        if tuple(cell) in values:
            raise DataError(f"a pmf names every (x1, x2, y) once; {_few(triple)} comes twice")
        values[tuple(cell)] = value
    shape = [max(len(axis), 1) for axis in symbols]
    if math.prod(shape) > MAX_CELLS:
        raise DataError(
            f"a pmf has at most {MAX_CELLS:,} cells; {' x '.join(map(str, shape))} symbols make "
            f"{math.prod(shape):,}. Join symbols that mean the same."
        )
    p = np.zeros(shape)
    for at, value in values.items():
        p[at] = value
    return Pmf(checked(p), *map(tuple, symbols))


def _key(symbol: Symbol) -> Hashable:
    """What equal symbols have in common, and others do not.

    Python gives many numbers the same hash, in every run, so that a file could make every look-up
    as long as the file. Texts do not have this weakness.
    """
    if isinstance(symbol, tuple):
        return tuple(_key(s) for s in symbol)
    if isinstance(symbol, str):
        return f"text {symbol}"
    if isinstance(symbol, int) or (isinstance(symbol, float) and symbol.is_integer()):
        return hex(int(symbol))  # 1, 1.0 and True are equal
    return repr(symbol) if isinstance(symbol, float) else symbol


def _few(triple: Triple) -> str:
    """A triple, for a message: its symbols may be of any length."""
    return f"[{', '.join(repr(symbol)[:_LONGEST_SHOWN] for symbol in triple)}]"


def read_pmf(path: Path) -> Pmf:
    """Read ``{"pmf": [[[x1, x2, y], p], ...]}``; symbols are numbers, texts, or lists of these.

    Raises
    ------
    DataError
        Naming every entry that is not as expected.
    """
    try:
        content = read_json(path, MAX_FILE_BYTES, advice="Name a JSON file with a pmf")
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; name a JSON file with a pmf") from None
    listed = content.get("pmf") if isinstance(content, dict) else None
    if not isinstance(listed, list) or not listed:
        raise DataError(
            f'{path}: expected {{"pmf": [[[x1, x2, y], p], ...]}} with at least one entry'
        )
    return from_pairs(listed, str(path))


def from_pairs(listed: Sequence[Any], where: str = "pmf") -> Pmf:
    """A distribution from ``[[x1, x2, y], p]`` pairs, lists or tuples; ``where`` is for messages.

    Raises
    ------
    DataError
        Naming every pair that is not as expected.
    """
    try:
        values = _as_lists(listed)
    except RecursionError:
        raise DataError(f"{where}: symbols are nested too deeply") from None
    try:
        pairs: tuple[_Entry, ...] = strict_json.read(tuple[_Entry, ...], values)
    except strict_json.UnfitJsonError as error:
        wrong = sorted({fault.path[0] for fault in error.faults if fault.path})
        shown = ", ".join(str(i) for i in wrong[:_MOST_SHOWN])
        more = f" and {len(wrong) - _MOST_SHOWN} more" if len(wrong) > _MOST_SHOWN else ""
        which = f"entry {shown}{more} (from 0)" if wrong else "an entry"
        raise DataError(
            f"{where}: {which} is not [[x1, x2, y], p] with a probability p "
            f"from 0 to 1; the first: {error.faults[0].describe('pmf')}"
        ) from None
    try:
        return from_entries((_triple(symbols), float(p)) for symbols, p in pairs)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None


def _as_lists(value: Any) -> Any:
    """Tuples as lists, numbers of numpy as Python's, as they would come from a JSON file."""
    if isinstance(value, list | tuple):
        return [_as_lists(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


def _triple(symbols: tuple[Any, ...]) -> Triple:
    x1, x2, y = map(_symbol, symbols)
    return x1, x2, y


def _symbol(value: Any) -> Symbol:
    return tuple(_symbol(v) for v in value) if isinstance(value, list) else value
