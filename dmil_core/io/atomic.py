"""Writing files so that a reader never meets half of one, and one writer at a time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dmil_core.errors import BusyError, ConfigError
from dmil_core.io.paths import PACKAGE


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block ends well.

    Raises
    ------
    ConfigError
        If the path lies in the installed package.
    """
    check_outside_package(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


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
    """
    check_outside_package(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BusyError(
            f"another process is writing to {folder}; wait for it to end, or choose another folder"
        ) from None
    try:
        yield
    finally:
        lock.release()
