"""What a container holds, as far as it can be said before a list of its members is made."""

from __future__ import annotations

from typing import IO, Final

from dmil_core.errors import DataError

#: What each entry of the directory begins with.
_ENTRY: Final = b"PK\x01\x02"
#: Bytes that are looked through at once.
_BLOCK: Final = 2**17


def check_directory(file: IO[bytes], most: int, name: str = "It") -> None:
    """Refuse an archive with more entries than ``most``, before a list of them is made.

    A file of 100 MiB has room for two million entries, and each takes half a kilobyte in memory.
    Its position is the same afterwards.

    Parameters
    ----------
    name : of the file, which begins the message.

    Raises
    ------
    DataError
        If there are more.
    """
    entries = _entries(file)
    if entries > most:
        raise too_many_entries(entries, most, name)


def too_many_entries(entries: int, most: int, name: str = "It") -> DataError:
    """The error of a container that has too many members to list them."""
    return DataError(
        f"{name} holds about {entries:,} entries. Expected at most {most:,}. Pack only the files "
        "that are needed."
    )


def _entries(file: IO[bytes]) -> int:
    """As many entries as there are, or more: every mark of one is counted, wherever it stands."""
    start, count, before = file.tell(), 0, b""
    while block := file.read(_BLOCK):
        block = before + block
        count += block.count(_ENTRY)
        before = block[1 - len(_ENTRY) :]  # too short for a mark: none is counted twice
    file.seek(start)
    return count
