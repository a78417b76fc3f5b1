"""WebDataset shards of any number: .tar files of which a few samples are in memory at a time.

The files of a sample lie one after the other and share their name up to its first dot. Headers are
read once, to see how many samples there are and which endings they have; contents are read when a
batch needs them. Nothing is unpacked onto the disk, nothing is unpickled, and links, devices and
names that point elsewhere are refused.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.files.budget import unshared
from dmil_core.data.files.limits import Limits
from dmil_core.data.files.members import check_tar_entry
from dmil_core.data.files.paths import is_clutter
from dmil_core.data.files.readers.samples import columns_by_ending, cut, table_of, usual_endings
from dmil_core.data.files.table import Table
from dmil_core.errors import DataError
from dmil_core.io.reading import open_checked, parsing

#: Samples of a part.
PART_ROWS: Final = 16_384
_ANY_SIZE: Final = 1 << 62
_AGAIN: Final = "Pack the files again"


class Member(NamedTuple):
    """A file within a shard: its name, where its content begins, and its bytes."""

    name: str
    start: int
    size: int


@dataclass(frozen=True)
class Sample:
    """The files of one sample by their ending, and where the first of its headers begins."""

    key: str
    shard: Path
    start: int
    files: Mapping[str, Member]


@dataclass(frozen=True)
class Layout:
    """What all shards have in common.

    Attributes
    ----------
    outer : folders that all files are in, with a slash at the end.
    columns : column -> the endings of its files.
    usual : endings of which a sample has at least one.
    """

    outer: str
    columns: Mapping[str, Sequence[str]]
    usual: frozenset[str]


@dataclass(frozen=True)
class Piece:
    """Samples of a shard, from a place on."""

    shard: Path
    start: int
    rows: int


def surveyed(shards: Sequence[Path]) -> tuple[Layout, tuple[Piece, ...], tuple[str, ...]]:
    """The layout of shards, pieces of at most `PART_ROWS` samples, and a sha256 of the headers of
    each: names, sizes, times and places of its files.

    Raises
    ------
    DataError
        If one is no .tar or holds what is refused, or no file could be of a sample.
    """
    kinds: Counter[tuple[str, ...]] = Counter()
    found: list[tuple[Path, int, Counter[tuple[str, ...]]]] = []
    digests, outer = [], None
    for shard in shards:
        digest = hashlib.sha256()
        for count, sample in enumerate(_walked(shard, 0, digest.update)):
            if count % PART_ROWS == 0:
                found.append((shard, sample.start, Counter()))
            kind = tuple(sample.files)
            kinds[kind] += 1
            found[-1][2][kind] += 1
            folder = "".join(sample.key.rpartition("/")[:2])
            outer = folder if outer is None else _shared(outer, folder)
        digests.append(digest.hexdigest())
    endings = usual_endings(kinds)
    if not endings:
        raise DataError(
            f"{shards[0].name} holds no samples: expected pictures, sounds, .npy, .json, .txt or "
            ".cls files of one name for each sample, such as 0001.png and 0001.cls"
        )
    columns = columns_by_ending([k for k in kinds if endings.intersection(k)])
    layout = Layout(outer or "", columns, frozenset(endings))
    pieces = [
        Piece(shard, start, sum(n for k, n in inside.items() if endings.intersection(k)))
        for shard, start, inside in found
    ]
    return layout, tuple(p for p in pieces if p.rows), tuple(digests)


def _shared(one: str, other: str) -> str:
    """The folders that two paths of folders, each with a slash at its end, have in common."""
    shared = ""
    for a, b in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if a != b:
            break
        shared += f"{a}/"
    return shared


def _walked(
    shard: Path, start: int, seen: Callable[[bytes], object] | None = None
) -> Iterator[Sample]:
    """The samples of a shard from a place on, in their order."""
    files: dict[str, Member] = {}
    key, first = "", 0
    try:
        file = open_checked(shard, _ANY_SIZE, advice="Check the path", follow_links=True)
    except FileNotFoundError:
        raise DataError(f"{shard} does not exist; name a .tar file") from None
    with file, parsing(shard, "a complete .tar file", advice=_AGAIN):
        size = file.seek(0, 2)
        file.seek(start)
        with tarfile.open(fileobj=file, mode="r:") as archive:
            while (entry := archive.next()) is not None:
                # It keeps what it has seen.
                archive.members.clear()  # type: ignore[attr-defined]
                if entry.isdir() or is_clutter(entry.name):
                    continue
                check_tar_entry(entry, size)
                name = entry.name.removeprefix("./")
                if seen is not None:
                    about = (name, entry.offset_data, entry.size, int(entry.mtime))
                    seen(repr(about).encode("utf-8", "surrogatepass"))
                own, ending = cut(name, dotted=True)
                if files and own != key:
                    yield Sample(key, shard, first, files)
                    files = {}
                if not files:
                    key, first = own, entry.offset
                files.setdefault(ending, Member(name, entry.offset_data, entry.size))
    if files:
        yield Sample(key, shard, first, files)


@dataclass(frozen=True, eq=False)
class Pack:
    """Some samples of shards, whose contents are still there."""

    samples: tuple[Sample, ...]
    layout: Layout

    def __len__(self) -> int:
        return len(self.samples)

    def take(self, rows: NDArray[np.int64]) -> Pack:
        """Some of them (n,)."""
        return replace(self, samples=tuple(self.samples[i] for i in rows.tolist()))

    def table(self, name: str, limits: Limits) -> Table:
        """A row for each, a column for each ending; those that none of them has are left out."""
        members = _Members(self.samples)
        keys = [s.key.removeprefix(self.layout.outer) for s in self.samples]
        paths = [{e: _path(i, m) for e, m in s.files.items()} for i, s in enumerate(self.samples)]
        return table_of(paths, keys, self.layout.columns, members, name, unshared(limits), limits)


def _path(number: int, member: Member) -> str:
    """A name of its own, also where shards have files of one name."""
    return f"{number}/{member.name}"


class _Members:
    """The files of samples by name; see `dmil_core.data.files.members.Members`."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._where = {
            _path(i, m): (s.shard, m) for i, s in enumerate(samples) for m in s.files.values()
        }
        self.sizes: Mapping[str, int] = {path: m.size for path, (_, m) in self._where.items()}

    def read(self, name: str, most: int) -> bytes:
        """Content of a file, at most ``most + 1`` bytes of it."""
        shard, member = self._where[name]
        with open_checked(shard, _ANY_SIZE, advice="Check the path", follow_links=True) as file:
            file.seek(member.start)
            return file.read(min(member.size, most + 1))


def packs(layout: Layout, piece: Piece, rows: int) -> Iterator[Pack]:
    """The samples of a piece in their order, at most so many at a time.

    Raises
    ------
    DataError
        If the shard is damaged.
    """
    some: list[Sample] = []
    left = piece.rows
    for sample in _walked(piece.shard, piece.start):
        if not left:
            break
        if layout.usual.isdisjoint(sample.files):
            continue
        some.append(sample)
        left -= 1
        if len(some) == rows:
            yield Pack(tuple(some), layout)
            some = []
    if some:
        yield Pack(tuple(some), layout)


def joined_packs(packs_: Sequence[Pack]) -> Pack:
    """Several as one."""
    return replace(packs_[0], samples=tuple(s for pack in packs_ for s in pack.samples))
