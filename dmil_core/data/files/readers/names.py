"""Names of columns that can be shown and chosen, whatever a file calls them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dmil_core.data.files.limits import Limits
from dmil_core.data.validate import Issue

#: Name of a first column without one: pandas and R write the names of rows there.
INDEX = "index"


def usable_names(names: Sequence[str], limits: Limits) -> tuple[list[str], list[Issue]]:
    """One name for each column, no name twice, and what was changed.

    Parameters
    ----------
    names : as they stand in the file.
    """
    issues: list[Issue] = []
    result = [_printable(name, limits.name_length) for name in names]
    if changed := [n for old, n in zip(names, result, strict=True) if n != old.strip()]:
        title = f"shortened or without characters that cannot be shown: {_listed(changed, 'name')}"
        issues.append(note(title, "Write shorter plain names if these are not good enough."))
    unnamed = [i for i, name in enumerate(result) if not name]
    for i in unnamed:
        result[i] = INDEX if i == 0 else f"column {i + 1}"
    if unnamed:
        called = ", ".join(repr(result[i]) for i in unnamed[:3])
        more = f" and {len(unnamed) - 3} more" if unnamed[3:] else ""
        title = f"{_count(len(unnamed), 'column')} without a name: called {called}{more}"
        issues.append(note(title, "Write a name above it if this one is not good enough."))
    twice = []
    taken: set[str] = set()
    for i, name in enumerate(result):
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name} ({number})", number + 1
        if unique != name:
            twice.append(unique)
        taken.add(unique)
        result[i] = unique
    if twice:
        title = f"the name of another column once more: called {_listed(twice, 'name')}"
        issues.append(note(title, "Give every column a name of its own."))
    return result, issues


def note(title: str, what: str, rows: Iterable[Any] = ()) -> Issue:
    """Something to say that is no obstacle."""
    return Issue(title, tuple(int(r) for r in rows), "warning", what)


def _printable(name: str, longest: int) -> str:
    words = " ".join(name.split())
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)
    return shown if len(shown) <= longest else shown[: longest - 1].rstrip() + "…"


def _listed(names: Sequence[str], what: str) -> str:
    shown = ", ".join(repr(n[:40]) for n in names[:3])
    return f"{shown} and {_count(len(names) - 3, what)} more" if names[3:] else shown


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
