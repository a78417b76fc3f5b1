"""Read whatever people have their samples in: one function for the app and the command line.

What a file is, is seen from its content; its name only tells one table of text from another. Sizes
are compared before anything is read, and whatever a parser raises is an error in words.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final, Literal

import pyarrow as pa

from dmil_core.data.files.budget import Account, Cost, unshared
from dmil_core.data.files.limits import DEFAULT, MIB, Limits
from dmil_core.data.files.media import Files, media_kind
from dmil_core.data.files.members import (
    FolderMembers,
    GivenMembers,
    Members,
    TarMembers,
    Together,
    ZipMembers,
    gunzipped,
)
from dmil_core.data.files.paths import is_clutter
from dmil_core.data.files.readers.arrays import read_npy, read_npz
from dmil_core.data.files.readers.delimited import is_text, read_delimited, single_column
from dmil_core.data.files.readers.joining import stacked, together
from dmil_core.data.files.readers.options import DEFAULT_OPTIONS, Named, ReadOptions
from dmil_core.data.files.readers.parquet import read_parquet
from dmil_core.data.files.readers.samples import read_samples
from dmil_core.data.files.readers.saved import is_arrow, read_arrow, read_saved, saved_folder
from dmil_core.data.files.spellings import split_word
from dmil_core.data.files.table import Column, Table
from dmil_core.data.npz import MAX_BYTES
from dmil_core.data.validate import Issue
from dmil_core.errors import DataError
from dmil_core.io.reading import parsing, read_checked

__all__ = ["Named", "ReadOptions", "read_table"]

Format = Literal[
    "npz", "npy", "parquet", "arrow", "csv", "zip", "tar", "gzip", "media", "folder"
]  # fmt: skip

#: What the files of an upload, as they came, are charged as.
FILES: Final = "the files"
#: Endings by which tables are found among other files.
_TABLES: Final = (".csv", ".tsv", ".tab", ".parquet", ".npz", ".arrow", ".feather")
#: Tables that one archive or folder may hold.
_MOST_TABLES: Final = 200
#: How files begin that hold samples, but are not read, and what to do about them.
_OTHERS: Final = (
    (b"\x89HDF", "an HDF5 file (.h5, .mat)", "Save its arrays by numpy.savez_compressed"),
    (b"MATLAB", "a MATLAB file", "Save its arrays by numpy.savez_compressed"),
    (b"\x80", "a pickle, which is never loaded", "Save its arrays by numpy.savez_compressed"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet (.xls)", "Save its table as CSV UTF-8"),
    (b"%PDF", "a PDF", "Save its table as CSV UTF-8"),
    (b"7z\xbc\xaf", "a .7z archive", "Pack the files as .zip"),
    (b"Rar!", "a .rar archive", "Pack the files as .zip"),
    (b"BZh", "a .bz2 file", "Unpack it, or pack it as .zip"),
    (b"\xfd7zXZ", "an .xz file", "Unpack it, or pack it as .zip"),
    (b"\x28\xb5\x2f\xfd", "a .zst file", "Unpack it, or pack it as .zip"),
)  # fmt: skip
_EXPECTED: Final = (
    "expected .npz, CSV, Parquet, a .zip or folder of pictures and sounds, a WebDataset .tar, or a "
    "folder saved by Hugging Face's datasets"
)


def read_table(
    sources: Sequence[Named | Path],
    *,
    options: ReadOptions = DEFAULT_OPTIONS,
    limits: Limits = DEFAULT,
    account: Account | None = None,
) -> Table:
    """One table of all that the files hold.

    Parameters
    ----------
    sources
        Files in memory, or paths of files and folders: one or several tables (joined by id, or put
        one below the other), archives or folders of pictures and sounds, alone or beside a table
        that names them.
    options
        How to read them where that should not be guessed.
    limits
        What they may hold at most.
    account
        What is charged for the files and for what they become; a single user's by default.

    Returns
    -------
    Table
        Columns as they are stored, with what has to be said about reading them.

    Raises
    ------
    DataError
        If a file is none that is read, is damaged or too large, or files do not belong together; a
        `BudgetError` if the account has no room. A single column that cannot be used is no reason:
        it has a `Column.refusal`.
    """
    if not sources:
        raise DataError(f"No file was given; {_EXPECTED}.")
    try:
        return _read_all(sources, options, limits, unshared(limits) if account is None else account)
    except MemoryError:
        raise DataError(
            "The files do not fit into the memory that there is. Use fewer rows or columns."
        ) from None


def _read_all(
    sources: Sequence[Named | Path], options: ReadOptions, limits: Limits, account: Account
) -> Table:
    found = _Found(options, limits, account)
    total = 0
    for source in sources:
        if isinstance(source, Path) and source.is_dir():
            found.containers[_unused(source.name, found.containers)] = (
                "folder", FolderMembers(source, limits, most=_members(limits))
            )  # fmt: skip
            continue
        named = _opened(source, limits)
        total += len(named.content)
        if len(named.content) > limits.upload_mib * MIB:
            raise DataError(
                f"{named.name} has {len(named.content) / MIB:,.0f} MiB, expected at most "
                f"{limits.upload_mib}. Use fewer rows, or smaller files."
            )
        account.charge(FILES, Cost(files=total), "Use smaller files, or fewer.")
        found.add(named.name, named.content)
    table = found.table()
    if not table.rows:
        raise DataError(
            f"{', '.join(table.origin)[:80]} has no rows. Store at least some rows of every class."
        )
    return table


def format_of(name: str, content: bytes) -> Format:
    """What a file is by its content.

    Raises
    ------
    DataError
        If it is none that is read; of what is well known, what to do about it.
    """
    starts: tuple[tuple[bytes, Format], ...] = (
        (b"PAR1", "parquet"), (b"\x93NUMPY", "npy"), (b"\x1f\x8b", "gzip"),
    )  # fmt: skip
    for start, format_ in starts:
        if content.startswith(start):
            return format_
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(name, content)
    if content[257:262] == b"ustar":
        return "tar"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "csv"  # a frame of a sound can begin so too, but of a kind that nobody has
    if is_arrow(content):
        return "arrow"
    if media_kind(content):
        return "media"
    for start, what, advice in _OTHERS:
        if content.startswith(start):
            raise DataError(f"{name} is {what}; {_EXPECTED}. {advice}.")
    if not content:
        raise DataError(f"{name} is empty; {_EXPECTED}.")
    if content.lstrip()[:1] in (b"{", b"[") and _ending(name) in (".json", ".jsonl", ".ndjson"):
        raise DataError(f"{name} is JSON; {_EXPECTED}. Save it by pandas.DataFrame.to_parquet.")
    # A reader of text says better what is wrong with a file that is named like one.
    if is_text(content) or _ending(name) in (".csv", ".tsv", ".tab", ".txt"):
        return "csv"
    raise DataError(f"{name} is none of the files that are read; {_EXPECTED}.")


def _kind_of_zip(name: str, content: bytes) -> Format:
    """An .npz is a .zip of .npy files, and so are others."""
    names = ZipMembers.names_in(content)
    if any(n.startswith("xl/") for n in names):
        raise DataError(
            f"{name} is a spreadsheet (.xlsx); {_EXPECTED}. Save its table as CSV UTF-8."
        )
    if any(n.endswith("/data.pkl") for n in names):
        raise DataError(
            f"{name} is a file of PyTorch, which is never unpickled; {_EXPECTED}. Save its tensors "
            "by numpy.savez_compressed(path, x1=tensor.numpy(), ...)."
        )
    plain = [n for n in names if not n.endswith("/") and not is_clutter(n)]
    arrays = bool(plain) and all(n.endswith(".npy") for n in plain)
    return "npz" if _ending(name) == ".npz" or arrays else "zip"


def _ending(name: str) -> str:
    return PurePosixPath(name.lower()).suffix


def _members(limits: Limits) -> int:
    """Members that an archive or folder may have: a sample has some beside its picture."""
    return 8 * limits.files


def _opened(source: Named | Path, limits: Limits) -> Named:
    if isinstance(source, Named):
        return source
    try:
        content = read_checked(
            source,
            min(limits.upload_mib * MIB, MAX_BYTES),
            advice="Check the path",
            follow_links=True,
        )
    except FileNotFoundError:
        raise DataError(
            f"{source}: cannot be read (there is no such file). Check the path"
        ) from None
    return Named(source.name, content)


def _unused(name: str, taken: Mapping[str, object]) -> str:
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name} ({number})", number + 1
    return unique


class _Found:
    """What the sources are: tables, containers of files, and single pictures and sounds."""

    def __init__(self, options: ReadOptions, limits: Limits, account: Account) -> None:
        self.tables: dict[str, Table] = {}
        self.containers: dict[str, tuple[Format, Members]] = {}
        self._loose: dict[str, bytes] = {}
        self._options = options
        self._limits = limits
        self._account = account
        self._kept = 0

    def add(self, name: str, content: bytes) -> None:
        """Take a file for what it is."""
        if is_clutter(name):
            return
        if "/" in name:
            self._loose[name] = content  # of a folder that a browser sent
            return
        format_ = format_of(name, content)
        if format_ == "gzip":
            content = gunzipped(content, self._limits)
            name = name.removesuffix(".gz").removesuffix(".tgz")
            format_ = format_of(name, content)
        most = _members(self._limits)
        if format_ == "zip":
            members: Members = ZipMembers(content, self._limits, most=most)
            self.containers[_unused(name, self.containers)] = (format_, members)
        elif format_ == "tar":
            members = TarMembers(content, self._limits, most=most)
            self.containers[_unused(name, self.containers)] = (format_, members)
        elif format_ == "media":
            self._loose[name] = content
        else:
            self._read(name, format_, content, self.tables)

    def table(self) -> Table:
        """One table of everything."""
        if self._loose:
            members = GivenMembers(self._loose, self._limits, most=_members(self._limits))
            self.containers[_unused("files", self.containers)] = ("folder", members)
        if self.tables:
            joined = self._together()
            alone = (
                len(joined.columns) == 1 and next(iter(joined.columns.values())).storage == "text"
            )
            if alone and len(self.tables) == 1:
                raise single_column(joined.origin[0])
            if not self.containers:
                return joined
            held = [m for _, m in self.containers.values()]
            whole = held[0] if len(held) == 1 else Together(
                {str(i): m for i, m in enumerate(held)}
            )  # fmt: skip
            return replace(joined, files=Files(whole, self._limits))
        if not self.containers:
            raise DataError(f"The files hold nothing that is read; {_EXPECTED}.")
        made = {
            name: self._of_container(name, format_, members)
            for name, (format_, members) in self.containers.items()
        }
        if len(made) == 1:
            return next(iter(made.values()))
        return stacked(_named_by_archive(made), self._limits)

    def _together(self) -> Table:
        arrays = [len(t.columns) == 1 and next(iter(t.columns.values())).is_array
                  for t in self.tables.values()]  # fmt: skip
        if len(arrays) > 1 and all(arrays):
            return _side_by_side(self.tables)
        return together(self.tables, self._options.on, self._limits)

    def _of_container(self, name: str, format_: Format, members: Members) -> Table:
        """A saved data set, tables with or without files, or samples."""
        folder = saved_folder(members)
        if folder is not None:
            return self._charged(
                lambda account: read_saved(members, folder, name, account, self._limits)
            )
        tables = [n for n in members.sizes if _ending(n) in _TABLES and not is_clutter(n)]
        if not tables:
            return self._charged(
                lambda account: read_samples(
                    members, name, account, self._limits, dotted=format_ == "tar"
                )
            )
        if len(tables) > _MOST_TABLES:
            raise DataError(
                f"{name} holds {len(tables):,} tables, expected at most {_MOST_TABLES}. Join them."
            )
        read: dict[str, Table] = {}
        for inside in tables:
            content = self._content(members, inside)
            self._read(inside, format_of(inside, content), content, read)
        joined = together(read, self._options.on, self._limits)
        if len(members.sizes) == len(tables):
            return joined
        return replace(joined, files=Files(members, self._limits))

    def _content(self, members: Members, name: str) -> bytes:
        most = self._limits.unpacked_mib * MIB
        with parsing(name[:80], "a member that can be read", advice="Pack the files again"):
            content = members.read(name, most)
        if len(content) > most:
            raise DataError(
                f"{name[:80]} has more than {self._limits.unpacked_mib} MiB. Use fewer rows."
            )
        return content

    def _read(self, name: str, format_: Format, content: bytes, into: dict[str, Table]) -> None:
        name = _unused(name, into)
        options, limits = self._options, self._limits
        readers: dict[Format, Callable[[Account], Table]] = {
            "csv": lambda account: read_delimited(content, name, account, limits, options),
            "parquet": lambda account: read_parquet(content, name, account, limits),
            "npz": lambda account: read_npz(content, name, account, limits, options),
            "npy": lambda account: read_npy(content, name, account, limits, options),
            "arrow": lambda account: read_arrow(content, name, account, limits),
        }
        if format_ not in readers:
            raise DataError(f"{name} is no table, though it is named like one. Save it again.")
        into[name] = self._charged(readers[format_])

    def _charged(self, read: Callable[[Account], Table]) -> Table:
        """Charge for this table beside those that were read before."""
        table = read(self._account.beside(Cost(arrays=self._kept)))
        self._kept += sum(c.data.nbytes for c in table.columns.values())
        return table


def _named_by_archive(tables: Mapping[str, Table]) -> Mapping[str, Table]:
    """Tables of samples with the names of their archives as the label, as of cat.zip and dog.zip,
    where these are words and nothing else is a label."""
    stems = {name: PurePosixPath(name).stem for name in tables}
    words = all(s.isalpha() and not split_word(s) for s in stems.values())
    if not words or any("label" in t.columns for t in tables.values()):
        return tables
    title = f"the names of the archives are the label: {', '.join(list(stems.values())[:5])}"
    said = Issue(title, (), "warning", "Choose another column as the label if they are not.")
    named = {}
    for name, table in tables.items():
        cells = pa.chunked_array([pa.array([stems[name]] * table.rows, pa.string())])
        label = Column("label", cells, "name of an archive")
        named[name] = replace(table, columns={"label": label, **table.columns},
                              issues=(*table.issues, said))  # fmt: skip
    return named


def _side_by_side(tables: Mapping[str, Table]) -> Table:
    """Single arrays, x1.npy beside x2.npy, row by row.

    Raises
    ------
    DataError
        If they have unequal lengths.
    """
    lengths = {name: t.rows for name, t in tables.items()}
    if len(set(lengths.values())) > 1:
        got = ", ".join(f"{name[:40]} {n:,}" for name, n in lengths.items())
        raise DataError(
            f"The arrays have unequal lengths ({got}). Store one entry per row in each."
        )
    columns: dict[str, Column] = {}
    for table in tables.values():
        for name, column in table.columns.items():
            unique = _unused(name, columns)
            columns[unique] = replace(column, name=unique)
    issues = tuple(i for t in tables.values() for i in t.issues)
    return Table(columns, issues, origin=tuple(tables))
