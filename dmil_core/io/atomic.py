"""Writing files so that a reader never meets half of one, and one writer at a time.

Everything that is written goes through here, so that a disk that is full, a missing permission or
too little memory is one error, :class:`~dmil_core.errors.ResourceError`, whatever library met it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from dmil_core.errors import BusyError, ConfigError, DmilError, ResourceError
from dmil_core.io.paths import PACKAGE
from dmil_core.io.resources import shortage

#: Bytes that are written to see whether a disk takes any; a block of most file systems.
_PROBE: Final = 4096
#: Bytes of a name on nearly every file system.
_LONGEST_NAME: Final = 255


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """A block that writes at ``path``.

    Raises
    ------
    ResourceError
        In place of what the system, a library or an allocator raises when disk, permissions, quota
        or memory do not suffice.
    """
    try:
        yield
    except DmilError:
        raise
    except Exception as error:
        found = shortage(error)
        if found is None:
            raise
        raise ResourceError(
            f"{path} cannot be written: {found.reason}; {found.advice}", found.reason
        ) from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    Raises
    ------
    ConfigError
        If the path lies in the installed package.
    ResourceError
        If disk, permissions, quota or memory do not suffice; the old file stays.
    """
    check_outside_package(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        mark = _mark_of(path)
        _remove_left(path.parent, mark)
        prefix = f"{mark}{os.getpid()}-"
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o644)
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(path)
        finally:
            # An error here would hide the one that matters.
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _mark_of(path: Path) -> str:
    """What names of temporary files of this path begin with, on this machine alone."""
    name = os.fsencode(path.name) + b"\0" + os.fsencode(platform.node())
    return f".{hashlib.sha256(name).hexdigest()[:8]}-"


def _remove_left(folder: Path, mark: str) -> None:
    """Remove temporary files of this mark whose writers were killed, however long ago."""
    if os.name != "posix":  # elsewhere it cannot be asked whether a process exists
        return
    # What cannot be removed does not keep the file from being written.
    with contextlib.suppress(ResourceError), writing(folder):
        for file in folder.iterdir():
            writer = file.name.removeprefix(mark).partition("-")[0]
            if file.name.startswith(mark) and writer.isdecimal() and not _is_alive(int(writer)):
                file.unlink()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # it is another user's
    return True


def write_json(path: Path, value: Any) -> None:
    """Write JSON at once or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n", "utf-8")


def write_lines(path: Path, records: list[dict[str, Any]]) -> None:
    """Write one JSON object per line, at once or not at all."""
    with replacing(path) as temporary:
        text = "".join(json.dumps(r, allow_nan=False) + "\n" for r in records)
        temporary.write_text(text, "utf-8")


def lies_in(path: Path, folder: Path) -> bool:
    """Whether a path, links followed, stays in a folder; a link to itself lies nowhere.

    Names from cards, links or strangers' archives could otherwise lead to any file.
    """
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def check_outside_package(path: Path) -> None:
    """Refuse to write into the package's own folder, which belongs to the installer.

    Raises
    ------
    ConfigError
        Naming the path.
    """
    if lies_in(path, PACKAGE):
        raise ConfigError(
            f"{path} belongs to the installed package, which is never written to; choose another "
            "folder, or copy what is there to one of yours first"
        )


def make_folder(path: Path) -> None:
    """Make a folder and those above it; one that is there stays as it is.

    Raises
    ------
    ConfigError
        If it lies in the installed package.
    ResourceError
        If it cannot be made.
    """
    check_outside_package(path)
    with writing(path):
        path.mkdir(parents=True, exist_ok=True)


def check_writable(path: Path, *, folder: bool = False) -> None:
    """Refuse a path that cannot be written to, before hours of work are done for it.

    A few bytes are written where the file, or with ``folder`` the folder, will be, or into the
    nearest folder above it that exists; they are removed at once.

    Raises
    ------
    ConfigError
        If the path lies in the installed package.
    ResourceError
        If it is of another kind, or disk, permissions or quota do not allow to write there.
    """
    check_outside_package(path)
    with writing(path):
        nearest = path.absolute()
        while not _exists(nearest):
            _check_name(nearest)
            nearest = nearest.parent
        if nearest == path.absolute() and not folder:
            if not path.is_file():
                # The same of a folder and of a device: neither is to be replaced by a file.
                raise OSError(errno.EISDIR if path.is_dir() else errno.EEXIST, "no file")
            nearest = nearest.parent
        with tempfile.TemporaryFile(dir=nearest) as probe:
            probe.write(bytes(_PROBE))
            probe.flush()
            os.fsync(probe.fileno())


def _exists(path: Path) -> bool:
    """Whether there is anything; unlike ``Path.exists`` it hides no error but that."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _check_name(path: Path) -> None:
    """Refuse a name that no folder takes. The system says so only if the folder above exists."""
    if len(os.fsencode(path.name)) > _LONGEST_NAME:
        raise OSError(errno.ENAMETOOLONG, "File name too long")


def file_digest(path: Path) -> str:
    """sha256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold a folder for writing; the lock goes with the process, however it ends.

    Raises
    ------
    BusyError
        If another process holds it.
    ConfigError
        If it lies in the installed package.
    ResourceError
        If the folder cannot be made or locked.
    """
    make_folder(folder)
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        with writing(folder):
            lock.acquire()
    except Timeout:
        raise BusyError(
            f"another process is writing to {folder}; wait for it to end, or choose another folder"
        ) from None
    except NotImplementedError:
        reason = "its disk has no locks"
        raise ResourceError(
            f"{folder} cannot be written: {reason}; choose a folder on another disk", reason
        ) from None
    try:
        yield
    finally:
        lock.release()
