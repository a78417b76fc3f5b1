"""A truth table that a person typed: rows of ``x1 x2 -> y``, each with a probability or without.

    0 0 -> 0
    0 1 -> 1        # a note
    red dot -> stop 25 %

The arrow may be ``->``, ``=>``, ``→``, ``=``, ``:`` or missing; fields are parted by spaces,
commas, semicolons, tabs, ``|`` or ``~``. Either no row has a probability, and all are as likely, or
each has: numbers that sum to 1 (``0.25``, ``1/4``, ``25 %``), or how often it happens (``3``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dmil_core.errors import ConfigError

MOST_ROWS: Final = 64
#: Different values of an input or of the class.
MOST_SYMBOLS: Final = 6
LONGEST_SYMBOL: Final = 6
LONGEST_TEXT: Final = 8000
#: How often a row may happen at most, where rows are counted.
MOST_COUNTED: Final = 1_000_000
#: How far typed probabilities may be from a sum of 1; they are scaled to it.
SUM_TOLERANCE: Final = 0.005
_DECIMALS: Final = 6
_EXPECTED: Final = "expected x1 x2 -> y, or x1 x2 -> y probability"
_ARROW: Final = re.compile(r"->|=>|→|=|:")
_GAP: Final = re.compile(r"[\s,;|~]+")
_SYMBOL: Final = re.compile(rf"[A-Za-z0-9.+-]{{1,{LONGEST_SYMBOL}}}")
_NUMBER: Final = re.compile(r"([0-9]{0,7}\.?[0-9]{0,17})(?:/([0-9]{1,7})|(%))?")
_HEADS: Final = (["x1", "x2", "y"], ["x1", "x2", "y", "p"])


@dataclass(frozen=True)
class Row:
    """One row: the symbols of both inputs and of the class, and its weight (1 where none was
    typed)."""

    x1: str
    x2: str
    y: str
    p: float = 1.0


class TableError(ConfigError):
    """A table that cannot be read. ``problems`` has (line from 1, or 0 for the whole; what is wrong
    and what to do)."""

    def __init__(self, problems: Iterable[tuple[int, str]]) -> None:
        self.problems = tuple(problems)
        lines = (f"row {line}: {text}" if line else text for line, text in self.problems)
        super().__init__("The table cannot be used:\n- " + "\n- ".join(lines))


def read_table(text: str) -> tuple[Row, ...]:
    """Read what was typed; rows keep their order. Raises TableError naming everything wrong."""
    if len(text) > LONGEST_TEXT:
        raise TableError([(0, f"expected at most {LONGEST_TEXT:,} characters, got {len(text):,}")])
    rows: dict[int, Row] = {}
    typed: set[int] = set()
    problems: list[tuple[int, str]] = []
    for line, raw in enumerate(text.splitlines(), start=1):
        content = raw.partition("#")[0].strip()
        if not content or (not rows and [f.lower() for f in _fields(content)] in _HEADS):
            continue
        try:
            rows[line], has_weight = _row(content)
        except ValueError as error:
            problems.append((line, str(error)))
            continue
        if has_weight:
            typed.add(line)
    raise_if(problems)
    raise_if(_whole(rows, typed))
    return tuple(rows.values())


def write_table(rows: Iterable[Row], arrow: str = " -> ", gap: str = " ", end: str = "\n") -> str:
    """Text that reads back to the same rows."""
    kept = tuple(rows)
    weighted = any(row.p != 1.0 for row in kept)
    lines = []
    for row in kept:
        weight = f"{gap}{_short(row.p)}" if weighted else ""
        lines.append(f"{row.x1}{gap}{row.x2}{arrow}{row.y}{weight}")
    return end.join(lines)


def symbols(column: Iterable[str]) -> tuple[str, ...]:
    """The different symbols of a column: numbers by their size, then words by their letters."""
    return tuple(sorted(set(column), key=_rank))


def raise_if(problems: Iterable[tuple[int, str]]) -> None:
    """Raise TableError if there are any."""
    if result := tuple(problems):
        raise TableError(result)


def _fields(content: str) -> list[str]:
    return [f for f in _GAP.split(_ARROW.sub(" ", content)) if f]


def _row(content: str) -> tuple[Row, bool]:
    got = f"got {_shown(content)}"
    # "25 %" is one number.
    fields = _fields(re.sub(r"(?<=[0-9])\s+%", "%", content))
    if len(fields) not in (3, 4):
        raise ValueError(f"{_EXPECTED}; {got}, which has {len(fields)} parts instead of 3 or 4")
    if not _arrow_fits(content):
        raise ValueError(f"{_EXPECTED}; {got}. Write both inputs before the arrow")
    for field in fields[:3]:
        if not _SYMBOL.fullmatch(field):
            raise ValueError(
                f"expected values of 1 to {LONGEST_SYMBOL} letters, digits, dots, + or -; got "
                f"{_shown(field)}. Use a shorter, plainer name"
            )
    weight = _weight(fields[3]) if len(fields) == 4 else 1.0
    return Row(fields[0], fields[1], fields[2], weight), len(fields) == 4


def _arrow_fits(content: str) -> bool:
    """Whether the first arrow, if any, has both inputs before it, or a colon the class as well."""
    arrow = _ARROW.search(content)
    before = len(_fields(content[: arrow.start()])) if arrow else 2
    return before == 2 or (before == 3 and arrow is not None and arrow[0] in ":=")


def _weight(text: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match and match[1].strip("."):
        below = float(match[2]) if match[2] else 100.0 if match[3] else 1.0
        value = round(float(match[1]) / below, _DECIMALS) if below else math.inf
        if 0 < value <= MOST_COUNTED:
            return value
    raise ValueError(
        f"expected a probability above 0 such as 0.25, 1/4 or 25%, or a count such as 3; got "
        f"{_shown(text)}. Leave out a row that never happens"
    )


def _whole(rows: dict[int, Row], typed: set[int]) -> Iterable[tuple[int, str]]:
    """What is wrong with rows that are right one by one."""
    if not rows:
        yield 0, f"{_EXPECTED} in each row, such as 0 1 -> 1; got no row"
        return
    if len(rows) > MOST_ROWS:
        yield 0, f"expected at most {MOST_ROWS} rows, got {len(rows)}. Leave some out"
    seen: dict[tuple[str, str, str], int] = {}
    for line, row in rows.items():
        before = seen.setdefault((row.x1, row.x2, row.y), line)
        if before != line:
            yield line, f"is the same as row {before}. Keep one; a count says how often it happens"
    for name in ("x1", "x2", "y"):
        count = len({getattr(row, name) for row in rows.values()})
        if count > MOST_SYMBOLS:
            yield 0, f"expected at most {MOST_SYMBOLS} different values of {name}, got {count}"
    if typed and (without := [line for line in rows if line not in typed]):
        yield without[0], "has no probability while others have. Give one to each row, or to none"
    elif typed:
        weights = [row.p for row in rows.values()]
        total = sum(weights)
        if not all(w == round(w) for w in weights) and abs(total - 1.0) > SUM_TOLERANCE:
            yield (
                0,
                f"expected probabilities that sum to 1, or whole numbers that count; these sum "
                f"to {_short(round(total, 4))}",
            )


def _short(value: float) -> str:
    return f"{value:.{_DECIMALS}f}".rstrip("0").rstrip(".")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _rank(symbol: str) -> tuple[bool, float, str]:
    try:
        value = float(symbol)
    except ValueError:
        value = math.nan
    known = math.isfinite(value)
    return not known, value if known else 0.0, symbol
