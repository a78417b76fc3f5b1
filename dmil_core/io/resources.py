"""What an operating system, a library or an allocator says when disk or memory do not suffice.

Libraries wrap such errors in types of their own: safetensors in ``SafetensorError``, torch in
``RuntimeError``. Here they are recognised, whatever their type.
"""

from __future__ import annotations

import errno
import os
import re
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Shortage:
    """What does not suffice, and what to do; neither names a path."""

    reason: str
    advice: str


_ELSEWHERE: Final = "choose a path that you may write to"
_MEMORY: Final = Shortage(
    "the memory does not suffice",
    "close other programs, use fewer rows or fewer processes, or a machine with more memory",
)
_FULL: Final = "free some space, or choose a folder on another disk"

#: Name of an error number -> what it means; not every platform has each.
_MEANINGS: Final = {
    "ENOSPC": Shortage("the disk is full", _FULL),
    "EDQUOT": Shortage("the disk quota is used up", _FULL),
    "EFBIG": Shortage(
        "the file would be larger than the system allows", "raise the limit (ulimit -f)"
    ),
    "EROFS": Shortage("the disk is read-only", _ELSEWHERE),
    "EIO": Shortage("the disk reports an input/output error", "check the disk"),
    "EACCES": Shortage("permission is denied", _ELSEWHERE),
    "EPERM": Shortage("permission is denied", _ELSEWHERE),
    "ENAMETOOLONG": Shortage("the name is too long", "choose a shorter one"),
    "ENOTDIR": Shortage("there is a file where a folder is expected", "choose another path"),
    "EISDIR": Shortage("there is a folder where a file is expected", "choose another path"),
    "EEXIST": Shortage("something of that name is there already", "choose another path"),
    "ENOTEMPTY": Shortage("something of that name is there already", "choose another path"),
    "ELOOP": Shortage("its links lead in a circle", "choose another path"),
    "ENOENT": Shortage("its folder does not exist", "check the path"),
    "ESTALE": Shortage("the network drive lost it", "connect the drive again"),
    "EMFILE": Shortage("too many files are open", "raise the limit (ulimit -n)"),
    "ENFILE": Shortage("too many files are open", "close other programs"),
    "EAGAIN": Shortage("no further process or thread can be started", "close other programs"),
    "ENOMEM": _MEMORY,
}
_BY_NUMBER: Final = {
    number: meaning
    for name, meaning in _MEANINGS.items()
    if (number := getattr(errno, name, None)) is not None
}
#: How Rust prints the number of a system's error, and with it safetensors.
_RUST: Final = re.compile(r"\(os error (\d+)\)")
#: What torch and its allocators say; they have no type for it on the CPU.
_ALLOCATION: Final = re.compile(
    r"can't allocate memory|not enough memory|out of memory|cannot allocate memory|bad_alloc",
    re.IGNORECASE,
)


def shortage(error: BaseException) -> Shortage | None:
    """What an error says of disk, permissions, quotas or memory; None where it is of another kind.

    An error that Arrow raises of a damaged file is an ``OSError`` too, but has no number.
    """
    if isinstance(error, MemoryError):
        return _MEMORY
    if isinstance(error, OSError):
        return None if error.errno is None else _of_number(error.errno)
    if isinstance(error, BrokenExecutor):
        return Shortage(
            "a process of this command was ended by the system, as happens when memory runs out",
            "use fewer processes (--jobs) or rows",
        )
    text = str(error)
    if type(error).__name__ == "SafetensorError":
        found = _RUST.search(text)
        return _of_number(int(found[1])) if found else None
    if isinstance(error, RuntimeError):
        if _ALLOCATION.search(text):
            return _MEMORY
        if "can't start new thread" in text:
            return _BY_NUMBER[errno.EAGAIN]
    return None


def _of_number(number: int) -> Shortage:
    known = _BY_NUMBER.get(number)
    return known or Shortage(f"the system says: {os.strerror(number)}", "choose another path")
