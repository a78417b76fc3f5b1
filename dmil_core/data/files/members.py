"""What holds files: a .zip, a .tar, a folder, the bytes of an upload, the cells of a column.

Nothing is unpacked onto the disk. A member is only looked up by a name of the list, so that a path
cannot lead anywhere; names with ``..``, absolute ones, links, devices and encrypted members are
refused before anything is read.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from dmil_core.data.files.limits import DEFAULT, MIB, Limits
from dmil_core.errors import DataError
from dmil_core.io.archives import check_directory, too_many_entries
from dmil_core.io.reading import open_checked, parsing

if TYPE_CHECKING:
    import pyarrow as pa

#: Ways of packing that every program knows. Others may ask for gigabytes by their header.
_PACKINGS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: What each entry of a .zip's directory begins with.
_ENTRY: Final = b"PK\x01\x02"
#: Kinds of entries of a .tar that are neither a file nor a folder.
_ODD_ENTRIES: Final = {
    tarfile.LNKTYPE: "a link", tarfile.SYMTYPE: "a link", tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device", tarfile.FIFOTYPE: "a pipe",
}  # fmt: skip
#: Entries of a .zip of which a list is made to see what it is.
_MOST_NAMES: Final = 200_000
#: Bytes that are decompressed at once.
_PIECE: Final = MIB


class Members(Protocol):
    """Files by name, with the bytes that each of them has or says to have."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Bytes by name, in the order of the container."""

    def read(self, name: str, most: int) -> bytes:
        """Content of a member, at most ``most + 1`` bytes of it.

        Raises
        ------
        KeyError
            If there is none of this name.
        Exception
            Whatever the container leads its reader to.
        """


class ZipMembers:
    """The files of a .zip.

    Raises
    ------
    DataError
        If it is no .zip, or anything in it is not a plain file of the size that is allowed.
    """

    def __init__(self, content: bytes, limits: Limits = DEFAULT, *, most: int = 0) -> None:
        most = most or limits.files
        check_directory(io.BytesIO(content), 2 * most)
        with parsing("The file", "a complete .zip file", advice="Pack the files again"):
            self._archive = zipfile.ZipFile(io.BytesIO(content))
            members = [m for m in self._archive.infolist() if not m.is_dir()]
        check_total(len(members), sum(m.file_size for m in members), limits, most=most)
        for m in members:
            _check_zip_member(m)
        self._members = {m.filename: m for m in members}
        self.sizes: Mapping[str, int] = {m.filename: m.file_size for m in members}

    @staticmethod
    def names_in(content: bytes) -> list[str]:
        """Names of the members of a .zip whatever they are; none of what is no .zip."""
        if content.count(_ENTRY) > _MOST_NAMES:
            return []
        with contextlib.suppress(Exception), zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.namelist()
        return []

    def read(self, name: str, most: int) -> bytes:
        """See `Members`."""
        with self._archive.open(self._members[name]) as stream:
            return stream.read(most + 1)


class TarMembers:
    """The files of a .tar that lies in memory; a compressed one is decompressed there.

    Raises
    ------
    DataError
        If it is no .tar, is too large, or has links, devices or names that point out of it.
    """

    def __init__(self, content: bytes, limits: Limits = DEFAULT, *, most: int = 0) -> None:
        most = most or limits.files
        self._content = memoryview(content)
        self._where: dict[str, tuple[int, int]] = {}
        with (
            parsing("The file", "a complete .tar file", advice="Pack the files again"),
            tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive,
        ):
            for number, entry in enumerate(archive):
                if number >= 2 * most:
                    raise too_many_entries(number + 1, 2 * most)
                if entry.isdir():
                    continue
                check_tar_entry(entry, len(content))
                self._where[entry.name.removeprefix("./")] = (entry.offset_data, entry.size)
        self.sizes: Mapping[str, int] = {n: size for n, (_, size) in self._where.items()}
        check_total(len(self.sizes), sum(self.sizes.values()), limits, most=most)

    def read(self, name: str, most: int) -> bytes:
        """See `Members`."""
        start, size = self._where[name]
        return bytes(self._content[start : start + min(size, most + 1)])


class FolderMembers:
    """The files below a folder that a user named; links may not lead out of it.

    Raises
    ------
    DataError
        If they are too many or too large.
    """

    def __init__(self, folder: Path, limits: Limits = DEFAULT, *, most: int = 0) -> None:
        self._folder = folder
        most = most or limits.files
        sizes: dict[str, int] = {}
        with parsing(folder, "a folder that can be read", advice="Check its permissions"):
            for path in _files_below(folder):
                sizes[path.relative_to(folder).as_posix()] = path.stat().st_size
                if len(sizes) > 2 * most:
                    raise too_many_entries(len(sizes), 2 * most)
        self.sizes: Mapping[str, int] = dict(sorted(sizes.items()))
        check_total(len(sizes), sum(sizes.values()), limits, most=most)

    def read(self, name: str, most: int) -> bytes:
        """See `Members`."""
        if name not in self.sizes:
            raise KeyError(name)
        # Memory is taken for as much as is asked for: not for all that might be allowed.
        with open_checked(self._folder / name, most, home=self._folder) as file:
            return file.read(min(most, self.sizes[name]) + 1)


class GivenMembers:
    """Files that were uploaded one by one, or as a folder by a browser.

    Raises
    ------
    DataError
        If they are too many or too large, or one has a name that points elsewhere.
    """

    def __init__(
        self, contents: Mapping[str, bytes], limits: Limits = DEFAULT, *, most: int = 0
    ) -> None:
        self._contents = dict(contents)
        self.sizes: Mapping[str, int] = {n: len(c) for n, c in self._contents.items()}
        check_total(len(self.sizes), sum(self.sizes.values()), limits, most=most or limits.files)
        for name in self.sizes:
            check_name(name)

    def read(self, name: str, most: int) -> bytes:
        """See `Members`."""
        return self._contents[name][: most + 1]


class CellMembers:
    """The cells of an Arrow column of bytes; equal cells of a dictionary are one member.

    Parameters
    ----------
    cells : (N,) of type binary or large_binary, or a dictionary of these.
    """

    def __init__(self, cells: pa.ChunkedArray) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        self._values: dict[str, tuple[Any, int]] = {}
        self.sizes: dict[str, int] = {}
        names: list[str] = []
        for number, chunk in enumerate(cells.chunks):
            shared = pa.types.is_dictionary(chunk.type)
            values = chunk.dictionary if shared else chunk
            places = chunk.indices if shared else pc.if_else(
                chunk.is_valid(), pa.array(range(len(chunk)), pa.int64()), None
            )  # fmt: skip
            lengths = pc.binary_length(values).to_pylist()
            for place in places.to_pylist():
                # A cell without bytes is as good as none.
                if place is None or not lengths[place]:
                    names.append("")
                    continue
                name = f"{number}-{place}"
                self._values[name] = (values, place)
                self.sizes[name] = lengths[place]
                names.append(name)
        #: (N,) name of the member of each row, empty where there are no bytes.
        self.names: Sequence[str] = names

    def read(self, name: str, most: int) -> bytes:
        """See `Members`."""
        values, place = self._values[name]
        content: bytes = values[place].as_buffer().to_pybytes()
        return content[: most + 1]


class Together:
    """Several containers as one, each below a name of its own."""

    def __init__(self, parts: Mapping[str, Members]) -> None:
        self._parts = dict(parts)
        self._where = {
            f"{part}/{name}": (part, name) for part, held in parts.items() for name in held.sizes
        }
        self.sizes: Mapping[str, int] = {
            whole: self._parts[part].sizes[name] for whole, (part, name) in self._where.items()
        }

    def read(self, name: str, most: int) -> bytes:
        """See `Members`."""
        part, inside = self._where[name]
        return self._parts[part].read(inside, most)


# --- checks ------------------------------------------------------------------------------------


def unpacked_size(content: bytes) -> int:
    """Bytes that the members of a .zip or .npz say they have; 0 for what is none."""
    with contextlib.suppress(Exception), zipfile.ZipFile(io.BytesIO(content)) as archive:
        return sum(m.file_size for m in archive.infolist())
    return 0  # the reader says what is wrong with it


def check_total(files: int, unpacked: int, limits: Limits, *, most: int) -> None:
    """Refuse more files than ``most``, or more bytes than may be unpacked.

    Raises
    ------
    DataError
        If there are more.
    """
    if files > most or unpacked > limits.unpacked_mib * MIB:
        raise DataError(
            f"It holds {files:,} files of {unpacked / MIB:,.0f} MiB unpacked. Expected at most "
            f"{most:,} files and {limits.unpacked_mib} MiB. Use smaller pictures, or fewer rows."
        )


def check_name(name: str) -> None:
    """Refuse a name that points out of its container.

    Raises
    ------
    DataError
        If it is absolute, goes up, or has a drive or a zero byte.
    """
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or "\0" in name:
        raise DataError(
            f"It has a member {name[:80]!r} that points out of it. Upload the files again, "
            "with plain names."
        )


def _check_zip_member(m: zipfile.ZipInfo) -> None:
    name = m.filename
    check_name(name)
    if stat.S_ISLNK(m.external_attr >> 16):
        raise DataError(f"The .zip has a link, {name[:80]!r}. Pack the file itself.")
    if m.flag_bits & 1:
        raise DataError(f"The member {name[:80]!r} is encrypted. Pack without a password.")
    if m.compress_type not in _PACKINGS:
        raise DataError(
            f"The member {name[:80]!r} is packed in a way that few programs know. Pack the "
            "files again as a usual .zip (deflate)."
        )


def check_tar_entry(entry: tarfile.TarInfo, size: int) -> None:
    """Refuse an entry of a .tar of so many bytes that is no plain file within it.

    Raises
    ------
    DataError
        Naming the entry.
    """
    name = entry.name
    check_name(name)
    if entry.type in _ODD_ENTRIES:
        what = _ODD_ENTRIES[entry.type]
        raise DataError(f"The .tar has {what}, {name[:80]!r}. Pack the file itself.")
    if not entry.isreg() or entry.sparse is not None:
        raise DataError(
            f"The member {name[:80]!r} is no plain file. Pack the files again as a usual .tar."
        )
    if entry.size < 0 or entry.offset_data + entry.size > size:
        raise DataError(f"The .tar ends within {name[:80]!r}. Copy or pack it again.")


def _files_below(folder: Path) -> Iterator[Path]:
    """Ordinary files and links to them; folders that are links are not entered."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            path = Path(place) / name
            # A link that leads out is listed too: opening it says so.
            if path.is_file():
                yield path


def gunzipped(content: bytes, limits: Limits) -> bytes:
    """What a gzip file holds.

    Raises
    ------
    DataError
        If it is damaged, or holds more than may be unpacked; no more than that is unpacked.
    """
    most = limits.unpacked_mib * MIB
    pieces: list[bytes] = []
    total, rest = 0, content
    with parsing("The file", "a complete gzip file", advice="Compress it again"):
        while rest:
            unpacker = zlib.decompressobj(wbits=31)
            while not unpacker.eof:
                piece = unpacker.decompress(rest, _PIECE)
                total += len(piece)
                if total > most:
                    raise DataError(
                        f"It unpacks to more than {limits.unpacked_mib} MiB. Use fewer rows."
                    )
                if not piece and not unpacker.unconsumed_tail and not unpacker.eof:
                    raise ValueError("it ends too early")
                pieces.append(piece)
                rest = unpacker.unconsumed_tail
            rest = unpacker.unused_data.lstrip(b"\0")
    return b"".join(pieces)
