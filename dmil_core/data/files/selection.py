"""Columns as a user names them: ``name``, ``prefix*``, ``first..last``, several with commas."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence

from dmil_core.errors import ConfigError


def parse_input(text: str) -> tuple[str, str]:
    """Name and columns of ``NAME=COLUMNS``.

    Raises
    ------
    ConfigError
        If there is no ``=``, or nothing on one of its sides.
    """
    name, sign, columns = text.partition("=")
    if not sign or not name.strip() or not columns.strip():
        raise ConfigError(
            f"--input {text!r}: expected NAME=COLUMNS, such as bill=bill_length,bill_depth or "
            "bill=bill_*"
        )
    return name.strip(), columns.strip()


def select(text: str, names: Sequence[str], taken: Collection[str] = ()) -> tuple[str, ...]:
    """The columns that a text names, each once, in the order of the text.

    Parameters
    ----------
    text : names, ``prefix*`` and ``first..last``, with commas between. A name that has a comma, a
        star or two points itself is meant where it is one of ``names``.
    names : of all columns, in their order.
    taken : columns that a star or a range leaves out, as they have another role.

    Raises
    ------
    ConfigError
        If it names a column that does not exist, or nothing.
    """
    if text in names:
        return (text,)
    chosen: dict[str, None] = {}
    for part in _parts(text, names):
        found = _one(part, names, taken)
        if not found:
            near = difflib.get_close_matches(part, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the table has {_few(names)}"
            raise ConfigError(f"there is no column {part!r}; {hint}")
        chosen |= dict.fromkeys(found)
    return tuple(chosen)


def _parts(text: str, names: Sequence[str]) -> list[str]:
    """What is between the commas; a comma within a name of a column is none."""
    parts = text.split(",")
    result: list[str] = []
    while parts:
        for count in range(len(parts), 0, -1):
            part = ",".join(parts[:count]).strip()
            if part in names or count == 1:
                result.append(part)
                parts = parts[count:]
                break
    return [p for p in result if p] or [text]


def _one(part: str, names: Sequence[str], taken: Collection[str]) -> list[str]:
    if part in names:
        return [part]
    if "*" in part:
        pattern = re.compile(".*".join(map(re.escape, part.split("*"))), re.DOTALL)
        return [n for n in names if n not in taken and pattern.fullmatch(n)]
    first, dots, last = part.partition("..")
    if dots and first in names and last in names:
        a, b = names.index(first), names.index(last)
        return [n for n in names[min(a, b) : max(a, b) + 1] if n not in taken]
    return []


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10:,} more" if len(names) > 10 else ""
    return ", ".join(map(repr, names[:10])) + more
