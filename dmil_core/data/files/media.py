"""Pictures and sounds from a stranger: found by the names that a table gives, and decoded.

What they lie in, a .zip, a folder or the cells of a column, is `dmil_core.data.files.members`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Literal

import numpy as np

from dmil_core.data.files.budget import Account, Cost, unshared
from dmil_core.data.files.decoded import Decoded, file_count
from dmil_core.data.files.limits import DEFAULT, MIB, Limits
from dmil_core.data.files.members import GivenMembers, Members, ZipMembers
from dmil_core.data.files.paths import PathIndex
from dmil_core.data.files.pictures import SEEN, PictureReader, is_picture
from dmil_core.data.files.repairs import KEEP
from dmil_core.data.files.sounds import RATE, SoundReader, is_sound
from dmil_core.data.validate import Issue
from dmil_core.io.reading import brief

#: Formats to save files again in, which nearly every program writes.
_ADVISED: Final = {"pictures": "PNG or JPEG", "sounds": "WAV or FLAC"}
_SMALLER: Final = {
    "pictures": f"Make the pictures smaller (the model sees {SEEN} x {SEEN} pixels), or use fewer.",
    "sounds": f"Store the sounds in mono at {RATE:,} Hz, make them shorter, or use fewer.",
}


class Files:
    """Pictures and sounds by name: of a .zip, a .tar, a folder, or the cells of a column.

    Parameters
    ----------
    content : the bytes of a .zip, or anything that holds files.

    Raises
    ------
    DataError
        If it is no .zip, or anything in it is not a plain file of the size that is allowed.
    """

    def __init__(self, content: bytes | Members, limits: Limits = DEFAULT) -> None:
        #: What holds the files.
        self.members = ZipMembers(content, limits) if isinstance(content, bytes) else content
        self._paths = PathIndex(self.members.sizes)
        self._limits = limits
        #: What was decoded for an input last: its key, what it cost, the result.
        self._decoded: dict[str, tuple[object, Cost, Decoded]] = {}

    @classmethod
    def of_folder(cls, files: Sequence[tuple[str, bytes]], limits: Limits = DEFAULT) -> Files:
        """The files of a folder with their paths as a browser gives them, below its own name.

        Raises
        ------
        DataError
            As for a .zip with these members.
        """
        contents = {path.split("/", 1)[-1]: content for path, content in files}
        return cls(GivenMembers(contents, limits), limits)

    def __len__(self) -> int:
        return len(self._paths)

    def read(self, name: str) -> bytes:
        """Content of the member that :meth:`find` gives for this name.

        Raises
        ------
        KeyError
            If there is none.
        ValueError
            If it is damaged, or larger than it says or may be.
        """
        path = self.find(name)
        if path is None:
            raise KeyError(name)
        most = self._limits.file_mib * MIB
        try:
            content = self.members.read(self._paths.stored(path), most)
        except Exception as error:  # zipfile raises whatever a damaged member leads it to
            raise ValueError(brief(error)) from None
        if len(content) > most:
            raise ValueError(f"larger than {self._limits.file_mib} MiB")
        return content

    def find(self, name: str) -> str | None:
        """The member that a name means, as :meth:`PathIndex.find`."""
        return self._paths.find(name)

    def find_all(self, names: Sequence[str]) -> list[str | None]:
        """The member of each name, as :meth:`PathIndex.find_all`."""
        return self._paths.find_all(names)

    def decode(
        self, names: Sequence[str], kind: str, limits: Limits = DEFAULT,
        account: Account | None = None, part: str = "the files",
    ) -> Decoded:  # fmt: skip
        """The files of all rows as one input; every file that cannot be read is reported.

        The headers of all files are read before the first one is decoded. A file that several rows
        name is decoded once.

        Parameters
        ----------
        names : of the files, one for each row.
        kind : "pictures" or "sounds".
        account, part : what is charged for decoding and keeping them, and under which name.

        Raises
        ------
        BudgetError
            If there are too many pixels, samples or bytes; then nothing was decoded.
        """
        account = unshared(limits) if account is None else account
        key = (kind, tuple(names), limits)
        if part in self._decoded and self._decoded[part][0] == key:
            # Another choice of other inputs, or a title, is no reason to decode all of it again.
            _, cost, decoded = self._decoded[part]
            account.charge(part, cost, _SMALLER[kind])
            return decoded
        self._decoded.pop(part, None)
        reader = PictureReader(limits) if kind == "pictures" else SoundReader(limits)
        rows_of: dict[str, list[int]] = {}
        missing: list[int] = []
        empty: list[int] = []
        for row, (name, path) in enumerate(zip(names, self.find_all(names), strict=True)):
            if path is not None:
                rows_of.setdefault(path, []).append(row)
            else:
                (missing if name.strip() else empty).append(row)
        damaged: dict[str, str] = {}
        cost = Cost()
        for path, rows in rows_of.items():
            try:
                cost += reader.cost(self.read(path), len(rows))
            except ValueError as error:
                damaged[path] = str(error)[:100]
        account.charge(part, cost, _SMALLER[kind])
        reader.begin(len(names))
        for path, rows in rows_of.items():
            if path not in damaged:
                try:
                    reader.add(self.read(path), rows)
                except ValueError as error:
                    damaged[path] = str(error)[:100]
        issues = []
        offers = (KEEP,) if rows_of else ()
        if missing:
            shown = names[missing[0]][:60]
            what = "Add them, or correct the names in the table"
            what += ", or keep these rows without them (--missing keep)." if offers else "."
            issues.append(
                Issue(
                    f"not among the files: {file_count(len(missing))}, such as {shown!r}",
                    tuple(missing), "error", what, what, offers,
                )
            )  # fmt: skip
        if empty:
            title = f"rows without {kind}: {len(empty):,}"
            what = "Add the files, or drop these rows."
            issues.append(Issue(title, tuple(empty), "error", what))
        if damaged:
            wrong = sorted((row, damaged[path]) for path in damaged for row in rows_of[path])
            issues.append(
                Issue(
                    f"not readable as {kind}: {file_count(len(wrong))} ({wrong[0][1]})",
                    tuple(row for row, _ in wrong),
                    "error", f"Save them again as {_ADVISED[kind]}, or drop these rows.",
                )
            )  # fmt: skip
        if issues:
            account.release(part)
            return Decoded(np.asarray(names, dtype=np.str_), tuple(issues))
        decoded = reader.decoded()
        self._decoded[part] = (key, cost, decoded)
        return decoded

    def forget_all_but(self, parts: Collection[str]) -> None:
        """Keep of what was decoded only these inputs."""
        for part in self._decoded.keys() - set(parts):
            del self._decoded[part]


def media_kind(content: bytes) -> Literal["", "pictures", "sounds"]:
    """What a file is by its first bytes; empty where it is neither a picture nor a sound."""
    if is_picture(content):
        return "pictures"
    return "sounds" if is_sound(content) else ""
