"""Which file a name in a table means: by the ends of their paths."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote

#: Parts of a path that are compared with a name in a table, from the end.
_MOST_PARTS: Final = 6


class PathIndex:
    """Paths of files, found by names that may have less or more folders around them.

    Parameters
    ----------
    paths : of the files, as they are stored; those beside them alone (:func:`is_clutter`) are found
        by their whole path only.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._stored = {_plain(path): path for path in paths}
        #: By the last parts of the path, and by these without its ending: in lower case. Of many
        #: with the same two are enough to see that there are several.
        self._by_end: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        for path in self._stored:
            if not is_clutter(path):
                for index, plain in ((self._by_end, path), (self._by_stem, _without_ending(path))):
                    for end in _ends(plain):
                        if len(same := index.setdefault(end, [])) < 2:
                            same.append(path)

    def __len__(self) -> int:
        return len(self._stored)

    def stored(self, path: str) -> str:
        """A path that :meth:`find` gave, as it is stored."""
        return self._stored[path]

    def find(self, name: str) -> str | None:
        """The path like this; else the one that ends most like it; None if there is none, or
        several end alike.

        Folders that only one of the two has do not count, nor capital letters, nor the query of an
        address; a name without an ending means the only file with that name.
        """
        path = _plain(name)
        if path in self._stored:
            return path
        for index in (self._by_end, self._by_stem):
            # The longest end that any path has.
            same = next((index[end] for end in reversed(_ends(path)) if end in index), None)
            if same is not None:
                return same[0] if len(same) == 1 else None
        return None

    def find_all(self, names: Sequence[str]) -> list[str | None]:
        """The path of each name, as :meth:`find`.

        Where two names have found one path and their folders differ, only the one that fits is
        kept: of ``even/1.png`` and ``odd/1.png`` one would else be shown in place of the other.
        """
        found = {name: self.find(name) for name in dict.fromkeys(names)}
        seekers: dict[str, list[str]] = {}
        for name, path in found.items():
            if path is not None:
                seekers.setdefault(path, []).append(name)
        for path, several in seekers.items():
            if len(several) > 1:
                shared = {name: _shared_ending(_plain(name), path) for name in several}
                most = max(shared.values())
                found.update({name: None for name, n in shared.items() if n < most})
        return [found[name] for name in names]


def _plain(name: str) -> str:
    """A path with single slashes and composed letters, without what an address has around it."""
    path = name.strip().replace("\\", "/")
    if "://" in path:
        path = unquote(re.split("[?#]", path, maxsplit=1)[0].split("://", 1)[1])
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return unicodedata.normalize("NFC", "/".join(parts))


def _ends(path: str) -> list[str]:
    """The last part of a path, its last two parts, and so on, in lower case."""
    parts = path.lower().split("/")
    return ["/".join(parts[-n:]) for n in range(1, min(len(parts), _MOST_PARTS) + 1)]


def _without_ending(path: str) -> str:
    folder, slash, base = path.rpartition("/")
    return folder + slash + (base.rpartition(".")[0] or base)


def _shared_ending(a: str, b: str) -> int:
    """How many of their last parts two paths have in common."""
    ends = set(_ends(b))
    return sum(end in ends for end in _ends(a))


def _base(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def is_clutter(name: str) -> bool:
    """What some systems add beside the files."""
    return name.startswith("__MACOSX/") or _base(name).startswith(".")
