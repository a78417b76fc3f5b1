"""Opening files that may be anything, and what parsers make of their content.

Every reader of this package opens its files by :func:`open_checked`, or by :func:`read_checked`
where it needs all of the content, and parses them inside :func:`parsing`. A device, a pipe, a file
that is too large, a link to another folder and whatever error a parser raises are then errors of
that reader, with the path, what was expected and what to do.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from dmil_core.errors import DataError, DmilError
from dmil_core.io.atomic import lies_in

MIB: Final = 1024**2
#: Bytes of the record of a benchmark; the largest takes a quarter of a MiB.
MAX_RECORD_BYTES: Final = 16 * MIB
#: Characters of a line that is parsed: nested values take fifty times as much in memory.
LONGEST_LINE: Final = MIB
#: Characters of a parser's words that are repeated; a faulty value may be megabytes long.
_LONGEST: Final = 600
#: A writer may replace a file between its opening and the look at its path.
_TRIES: Final = 3
# Opening a pipe must not wait for a writer, nor a terminal become that of the server.
_FLAGS: Final = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY", "O_BINARY")
)
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def open_checked(
    path: Path,
    most: int,
    *,
    error: type[DmilError] = DataError,
    advice: str = "Copy the file itself there",
    home: Path | None = None,
    follow_links: bool = False,
) -> BufferedReader:
    """Open an ordinary file for reading, without waiting and without trust in its path.

    What is checked is the opened file, so that nothing can take its place in between.

    Parameters
    ----------
    path
        The file.
    most
        Bytes that it may have.
    error
        What is raised of a file that is not as expected.
    advice
        What to do then; ends the message.
    home
        The folder that links may not lead out of; the file's own by default.
    follow_links
        Whether a link may lead anywhere: for files that a user named.

    Raises
    ------
    FileNotFoundError
        If there is none.
    DmilError
        ``error``, if it is no ordinary file, too large, a link out of its folder, or not readable.
    """
    for _ in range(_TRIES):
        try:
            descriptor = os.open(path, _FLAGS)
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as fault:  # ValueError: a zero byte in the name
            raise error(_unopened(path, fault, advice)) from None
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                kind = next((name for is_, name in _KINDS if is_(found.st_mode)), "no file")
                raise error(f"{path} is {kind}, expected an ordinary file. {advice}")
            if found.st_size > most:
                raise error(
                    f"{path}: expected at most {_size(most)}, got {_size(found.st_size)}. {advice}"
                )
            if follow_links or _lies_in(found, path, home or path.parent):
                return os.fdopen(descriptor, "rb")
            os.close(descriptor)
        except DmilError:
            os.close(descriptor)
            raise
    raise error(f"{path} is a link that leads out of its folder. {advice}")


def _unopened(path: Path, fault: Exception, advice: str) -> str:
    number = fault.errno if isinstance(fault, OSError) else None
    if number in (errno.ENXIO, errno.EOPNOTSUPP):
        return f"{path} is a socket or a device, expected an ordinary file. {advice}"
    if number == errno.EISDIR:
        return f"{path} is a folder, expected an ordinary file. {advice}"
    words = (fault.strerror or str(fault)) if isinstance(fault, OSError) else str(fault)
    return f"{path} cannot be read: {words}. {advice}"


def _lies_in(opened: os.stat_result, path: Path, home: Path) -> bool:
    """Whether the file that was opened is the one that the path, links followed, has in a folder.

    A path that was changed since it was opened leads to another file.
    """
    if not lies_in(path, home):
        return False
    try:
        target = path.resolve().stat(follow_symlinks=False)
    except (OSError, RuntimeError, ValueError):
        return False
    return os.path.samestat(opened, target)


def _size(count: int) -> str:
    return f"{count:,} bytes" if count < MIB else f"{count / MIB:,.1f} MiB"


def read_checked(path: Path, most: int, **checks: Any) -> bytes:
    """The content of a file that :func:`open_checked` accepts, with the same arguments and errors.

    A file that grows while it is read is not read beyond ``most``.
    """
    error: type[DmilError] = checks.get("error", DataError)
    with open_checked(path, most, **checks) as file:
        try:
            content = file.read(most + 1)
        except (OSError, MemoryError) as fault:
            advice = checks.get("advice", "Copy the file again")
            raise error(f"{path} cannot be read: {brief(fault)}. {advice}") from None
    if len(content) > most:
        raise error(f"{path} grew while it was read; expected at most {_size(most)}")
    return content


@contextlib.contextmanager
def parsing(
    where: object,
    what: str,
    *,
    error: type[DmilError] = DataError,
    advice: str = "Save it again",
) -> Iterator[None]:
    """Turn whatever a parser raises over a file's content into the error of its reader.

    Parsers promise little about damaged or hostile content: ``TypeError`` of a header,
    ``RecursionError`` of nested values, ``MemoryError`` of a length that is none. Errors of this
    package pass as they are.

    Parameters
    ----------
    where
        The file.
    what
        What was expected: ``"a complete .npz file"``.
    error
        What is raised.
    advice
        What to do; ends the message.

    Raises
    ------
    DmilError
        ``error``.
    """
    try:
        yield
    except DmilError:
        raise
    except MemoryError as fault:
        says = "its content takes more memory than there is"
        raise error(f"{where} is damaged: not {what} ({says}). {advice}") from fault
    except Exception as fault:
        raise error(f"{where} is damaged: not {what} ({brief(fault)}). {advice}") from fault
    except BaseException as fault:
        # The bindings of Rust libraries let a panic be no Exception.
        if type(fault).__name__ != "PanicException":
            raise
        raise error(f"{where} is damaged: not {what} ({brief(fault)}). {advice}") from None


def brief(fault: object) -> str:
    """What an error says, in one line and cut to a readable length."""
    words = " ".join(str(fault).split())[:_LONGEST]
    if isinstance(fault, KeyError):
        return f"{words} is missing"
    if isinstance(fault, BaseException):
        return words or type(fault).__name__
    return words


def read_json(path: Path, most: int, *, what: str = "a JSON file", **checks: Any) -> Any:
    """The value of a JSON file; ``checks`` are those of :func:`open_checked`.

    Raises
    ------
    FileNotFoundError
        If there is none.
    DmilError
        ``error``, if it is no such file, or no JSON.
    """
    content = read_checked(path, most, **checks)
    passed = {name: checks[name] for name in ("error", "advice") if name in checks}
    with parsing(path, what, **passed):
        return json_value(content.decode("utf-8"))


def json_value(text: str) -> Any:
    """The value of JSON text, to be called in :func:`parsing`.

    Raises
    ------
    ValueError
        If it is no JSON, or holds half a surrogate pair, which can be neither shown nor written.
    """
    value = json.loads(text)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def json_line(line: str) -> Any:
    """The same for a line of a file, which may have `LONGEST_LINE` characters."""
    if len(line) > LONGEST_LINE:
        raise ValueError(f"it has {len(line):,} characters, expected at most {LONGEST_LINE:,}")
    return json_value(line)


def read_lines(path: Path, most: int, **checks: Any) -> list[str]:
    """The lines of a text file that hold anything; bytes that are no UTF-8 become U+FFFD.

    Raises
    ------
    FileNotFoundError, DmilError
        As :func:`read_checked`.
    """
    text = read_checked(path, most, **checks).decode("utf-8", errors="replace")
    return [line for line in text.splitlines() if line.strip()]
