"""A folder of Parquet files, each a part of one work on more rows than fit into memory.

A file is written whole or not at all. Who was interrupted starts the same work again: parts whose
file is there are left as they are. An about file, ``<work>.json``, is written first and says what
the folder is of; a folder of anything else is refused. ``summary.json``, written last, has what is
said of all rows together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, Self, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from dmil_core.errors import ConfigError, DataError
from dmil_core.io.atomic import make_folder, write_json
from dmil_core.io.parquet import open_parquet, write_batches
from dmil_core.io.reading import MIB, parsing, read_json
from dmil_core.io.tables import metadata_of

#: Of what is written; a folder of another version is refused.
VERSION: Final = 1
SUMMARY_FILE: Final = "summary.json"
_MOST_SUMMARY: Final = 16 * MIB
#: Entries of a part's footer: rows that were read for it, and what else is said of it.
_READ: Final = "rows_in"
_SAID: Final = "part"


class Part(Protocol):
    """What one file is made of."""

    @property
    def number(self) -> int:
        """From 0, in the order of the rows."""

    @property
    def rows(self) -> int:
        """How many there are, for the progress."""


P = TypeVar("P", bound=Part)


@dataclass(frozen=True)
class Work:
    """What a folder is of.

    Attributes
    ----------
    name : of the command; names the about file.
    what : the noun for messages, such as "decomposition".
    about : for JSON, whatever the files depend on.
    """

    name: str
    what: str
    about: Mapping[str, Any]

    @property
    def file(self) -> str:
        """Name of the about file."""
        return f"{self.name}.json"

    @property
    def known(self) -> dict[str, Any]:
        """The content of the about file."""
        known: dict[str, Any] = json.loads(json.dumps({"version": VERSION, **self.about}))
        return known


@dataclass(frozen=True, eq=False)
class Rows:
    """Some rows of a part.

    Attributes
    ----------
    table : what is written.
    read : rows that it was made of; rows without ids are numbered by their sum.
    notes : what is to be said about them.
    values : (n,) by name, of which the mean over all parts is wanted.
    """

    table: pa.Table
    read: int
    notes: tuple[str, ...] = ()
    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)


class Moments:
    """Number, mean and sum of squared deviations of values that come in parts.

    Two parts are joined without loss (Chan, Golub, LeVeque, 1979).
    """

    def __init__(self, count: int = 0, mean: float = 0.0, squares: float = 0.0) -> None:
        self.count, self.mean, self.squares = count, mean, squares

    def add(self, values: NDArray[Any]) -> None:
        """Values (n,)."""
        if len(values):
            mean = float(values.mean())
            self.join(Moments(len(values), mean, float(((values - mean) ** 2).sum())))

    def join(self, other: Moments) -> None:
        """The values of another part."""
        n, m = self.count, other.count
        if m:
            away = other.mean - self.mean
            self.squares += other.squares + away**2 * n * m / (n + m)
            self.mean += away * m / (n + m)
            self.count = n + m

    @property
    def error(self) -> float:
        """Standard error of the mean; NaN of fewer than two values."""
        if self.count < 2:
            return float("nan")
        return float(np.sqrt(self.squares / (self.count - 1) / self.count))


@dataclass(frozen=True)
class Written:
    """What is in the folder.

    Attributes
    ----------
    files : one for each part.
    rows : in all of them.
    notes : what is to be said, each once.
    means : of the values that parts were given with.
    """

    files: tuple[Path, ...]
    rows: int
    notes: tuple[str, ...]
    means: Mapping[str, Moments]


class PartsFolder:
    """A folder that is of one work, and no other.

    Parameters
    ----------
    path : of the folder; it is made by :meth:`write`.

    Raises
    ------
    ConfigError
        If the folder holds something else than the beginning of this very work.
    """

    def __init__(self, path: Path, work: Work) -> None:
        self.path, self._work = path, work
        if self._is_new():
            return
        try:
            known = read_json(path / work.file, MIB)
        except (DataError, FileNotFoundError, NotADirectoryError):
            raise ConfigError(
                f"{path} is there and holds no {work.what}; name a new or an empty folder"
            ) from None
        if known != work.known:
            before = known if isinstance(known, dict) else {}
            changed = [k for k in work.known if before.get(k) != work.known[k]]
            raise ConfigError(
                f"{path} holds the {work.what} of another work: {', '.join(changed)} differ. Name "
                "another folder, or remove this one"
            )

    def _is_new(self) -> bool:
        return not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir()))

    def file(self, part: Part) -> Path:
        """Where a part is written."""
        return self.path / f"part-{part.number:05d}.parquet"

    def summary(self, parts: Sequence[Part]) -> dict[str, Any] | None:
        """What an earlier call said of all rows, where all of it is done; else None."""
        if not all(self.file(part).exists() for part in parts):
            return None
        try:
            found = read_json(self.path / SUMMARY_FILE, _MOST_SUMMARY)
        except (DataError, FileNotFoundError):
            return None
        return found if isinstance(found, dict) else None

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Write what is said of all rows."""
        write_json(self.path / SUMMARY_FILE, summary)

    def begin(self) -> None:
        """Make the folder, and say in it what it is of."""
        if self._is_new():
            make_folder(self.path)
            write_json(self.path / self._work.file, self._work.known)

    def write_part(self, part: Part, rows: Iterator[Rows], footer: Mapping[str, Any]) -> None:
        """Write one part."""
        _write(self.file(part), rows, footer)

    def write(
        self, parts: Sequence[P], rows_of: Callable[[P, int], Iterator[Rows]],
        footer: Mapping[str, Any], progress: Callable[[int, int], None] | None = None,
    ) -> Written:  # fmt: skip
        """Write the parts that are not there.

        Parameters
        ----------
        rows_of
            The rows of a part, given the rows that were read before it.
        footer
            For JSON: what :func:`dmil_core.io.tables.table_metadata` finds in each file.
        progress
            Called with the rows done, and those of all parts.

        Raises
        ------
        DataError
            Of ``rows_of``; the parts before are kept.
        ResourceError
            If disk, permissions, quota or memory do not suffice.
        """
        self.begin()
        total, done = sum(part.rows for part in parts), 0
        found: list[_Stored] = []
        for part in parts:
            if not self.file(part).exists():
                self.write_part(part, rows_of(part, sum(f.read for f in found)), footer)
            found.append(_Stored.of(self.file(part)))
            done += part.rows
            if progress is not None:
                progress(done, total)
        means: dict[str, Moments] = {}
        for of in found:
            for name, moments in of.means.items():
                means.setdefault(name, Moments()).join(moments)
        notes = tuple(dict.fromkeys(note for of in found for note in of.notes))
        files = tuple(self.file(part) for part in parts)
        return Written(files, sum(of.rows for of in found), notes, means)


@dataclass(frozen=True)
class _Stored:
    """A part that is done."""

    rows: int
    read: int
    notes: tuple[str, ...]
    means: Mapping[str, Moments]

    @classmethod
    def of(cls, file: Path) -> Self:
        read = open_parquet(file)
        # What is added on closing is not in the schema.
        stored = read.metadata.metadata or {}
        with parsing(file, "a part of this folder", advice="Remove it, to write it again"):
            rows_in = int(stored[_READ.encode()])
            said = json.loads(stored.get(_SAID.encode(), b"{}"))
            means = {name: Moments(*values) for name, values in said.get("means", {}).items()}
            return cls(read.metadata.num_rows, rows_in, tuple(said.get("notes", ())), means)


def _write(file: Path, batches: Iterator[Rows], footer: Mapping[str, Any]) -> None:
    """Write one part."""
    notes: dict[str, None] = {}
    means: dict[str, Moments] = {}
    read = 0

    def tables() -> Iterator[pa.Table]:
        nonlocal read
        for rows in batches:
            yield rows.table
            read += rows.read
            notes.update(dict.fromkeys(rows.notes))
            for name, values in rows.values.items():
                means.setdefault(name, Moments()).add(values)

    def said() -> dict[str, str]:
        of = {n: [m.count, m.mean, m.squares] for n, m in means.items()}
        return {_READ: str(read), _SAID: json.dumps({"notes": list(notes), "means": of})}

    write_batches(file, tables(), metadata_of(dict(footer)), said)


def arrow_of(table: pd.DataFrame) -> pa.Table:
    """The table with types that do not depend on its rows: text, truth values, float32, int64."""
    kinds = {"O": pa.string(), "b": pa.bool_(), "f": pa.float32(), "i": pa.int64()}
    fields = [(name, kinds[kind.kind]) for name, kind in table.dtypes.items()]
    return pa.Table.from_pandas(table, pa.schema(fields), preserve_index=False)
