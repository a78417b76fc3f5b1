"""A distribution p(x1, x2, y) over finitely many symbols: from an array, from a file, checked."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmil_core.errors import DataError

Floats = NDArray[np.float64]
Symbol = str | int | float | bool | None | tuple[Any, ...]
Triple = tuple[Symbol, Symbol, Symbol]

#: How far probabilities may be from a sum of 1, as numbers in a file are rounded.
SUM_TOLERANCE: Final = 1e-6
_MOST_SHOWN: Final = 5


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
        raise DataError(f"the probabilities of a pmf must sum to 1, these sum to {total:.9g}")
    return values / total


def from_entries(entries: Iterable[tuple[Triple, float]]) -> Pmf:
    """A distribution from ((x1, x2, y), p) pairs; symbols in the order of their first appearance.

    Raises
    ------
    DataError
        If a triple comes twice, or it is no distribution.
    """
    result = list(entries)
    triples = [triple for triple, _ in result]
    if len(set(triples)) < len(triples):
        twice = next(t for i, t in enumerate(triples) if t in triples[:i])
        raise DataError(f"a pmf names every (x1, x2, y) once; {list(twice)} comes twice")
    names = tuple(tuple(dict.fromkeys(t[axis] for t in triples)) for axis in range(3))
    places = [{name: i for i, name in enumerate(axis)} for axis in names]
    p = np.zeros([max(len(axis), 1) for axis in names])
    for triple, value in result:
        p[tuple(place[s] for place, s in zip(places, triple, strict=True))] = value
    return Pmf(checked(p), *names)


def read_pmf(path: Path) -> Pmf:
    """Read ``{"pmf": [[[x1, x2, y], p], ...]}``; symbols are numbers, texts, or lists of these.

    Raises
    ------
    DataError
        Naming every entry that is not as expected.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; name a JSON file with a pmf") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is not a readable JSON file ({error})") from None
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
    pairs = [_as_lists(entry) for entry in listed]
    wrong = [i for i, entry in enumerate(pairs) if not _is_entry(entry)]
    if wrong:
        shown = ", ".join(str(i) for i in wrong[:_MOST_SHOWN])
        more = f" and {len(wrong) - _MOST_SHOWN} more" if len(wrong) > _MOST_SHOWN else ""
        raise DataError(
            f"{where}: entry {shown}{more} (from 0) is not [[x1, x2, y], p] with a probability p "
            "from 0 to 1"
        )
    try:
        return from_entries((_triple(symbols), float(p)) for symbols, p in pairs)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None


def _as_lists(value: Any) -> Any:
    """Tuples as lists, numbers of numpy as Python's, as they would come from a JSON file."""
    if isinstance(value, list | tuple):
        return [_as_lists(v) for v in value]
    return value.item() if isinstance(value, np.generic) else value


def _is_entry(entry: Any) -> bool:
    match entry:
        case [[_, _, _] as triple, int() | float() as p] if not isinstance(p, bool):
            plain = all(_is_symbol(s) for s in triple)
            return plain and math.isfinite(p) and 0 <= p <= 1 + SUM_TOLERANCE
    return False


def _is_symbol(value: Any, deep: int = 0) -> bool:
    if isinstance(value, list):
        return deep < 8 and all(_is_symbol(v, deep + 1) for v in value)
    return not isinstance(value, dict)


def _triple(symbols: list[Any]) -> Triple:
    x1, x2, y = map(_symbol, symbols)
    return x1, x2, y


def _symbol(value: Any) -> Symbol:
    return tuple(_symbol(v) for v in value) if isinstance(value, list) else value
