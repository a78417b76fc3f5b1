"""Columns that belong together, by their names: audio_zcr and audio_rms, TP0 to TP399."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

_SEPARATORS: Final = re.compile(r"[_.\-\s:/\[(]+")
_NUMBER_AT_END: Final = re.compile(r"[\s._\-\[(]*\d+[\])]?$")
#: What columns without a name are called here, which says nothing of them.
_UNNAMED: Final = re.compile(r"column \d+")
_CAMEL: Final = re.compile(r"^([A-Z]?[a-z]+)(?=[A-Z0-9])")


def by_names(names: Sequence[str], most: int = 3) -> dict[str, list[str]]:
    """Groups of two or more of these columns, by what their names have in common.

    Names are grouped by their beginning up to ``_``, ``.`` or ``-``, else by what is before a
    number at the end, or before a capital letter (SepalWidth). A beginning that all share is no
    group: then the next part decides. Of these ways the one is taken that gives two to ``most``
    groups and leaves out the fewest columns.

    Returns
    -------
    dict
        What is common -> the columns, in their order. Columns of no group are in none of them.
    """
    keys = (_beginning, _beginning_without_number, _before_capital)
    names = [n for n in names if not _UNNAMED.fullmatch(n)]
    ways = [_grouped(names, key) for key in keys]
    return max(ways, key=lambda groups: _rank(groups, most))


def _rank(groups: dict[str, list[str]], most: int) -> tuple[bool, int]:
    return 2 <= len(groups) <= most, sum(map(len, groups.values()))


def _grouped(names: Sequence[str], key: Callable[[str, int], str]) -> dict[str, list[str]]:
    """Groups by a key, by a longer one where the short one is the same for all."""
    longest = max((len(_parts(n)) for n in names), default=0)
    groups: dict[str, list[str]] = {}
    for depth in range(1, max(2, longest)):
        found: dict[str, list[str]] = {}
        for name in names:
            found.setdefault(key(name, depth), []).append(name)
        deeper = {k: members for k, members in found.items() if len(members) > 1}
        if not groups or len(deeper) > 1:
            groups = deeper
        if len(found) > 1:
            break
    return groups


def _parts(name: str) -> list[str]:
    return [p for p in _SEPARATORS.split(name) if p]


def _beginning(name: str, depth: int) -> str:
    """``audio_mfcc_1`` -> audio; of a name without separators what is before its last number."""
    parts = _parts(name)
    if len(parts) < 2:
        return _NUMBER_AT_END.sub("", name) or name
    kept = parts[: min(depth, len(parts) - 1)]
    # The separators stay as they are, so that the group is called what people see.
    end = 0
    for part in kept:
        end = name.index(part, end) + len(part)
    return name[:end]


def _beginning_without_number(name: str, depth: int) -> str:
    """``mfcc1_mean`` -> mfcc."""
    return _NUMBER_AT_END.sub("", _beginning(name, depth)) or name


def _before_capital(name: str, depth: int) -> str:
    """``SepalLengthCm`` -> Sepal."""
    match = _CAMEL.match(name)
    return match[1] if match else name
