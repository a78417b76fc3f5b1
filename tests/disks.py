"""Disks that are full or cannot be written to, for tests of what is said and left then."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

Kind = Literal["tmpfs", "limit"]
#: Name of the file that fills a disk.
_FILLER = "filler"


@dataclass(frozen=True)
class Disk:
    """A folder on a disk that can be filled.

    A small file system of its own where the tests may mount one; everywhere, the limit on the size
    of files, which stops every writer in the same places. Processes that are started meanwhile
    meet it too.
    """

    folder: Path
    kind: Kind

    @contextlib.contextmanager
    def full(self, free: int = 0) -> Iterator[None]:
        """In this block about ``free`` bytes can be written."""
        with _limited(free) if self.kind == "limit" else self._filled(free):
            yield

    @contextlib.contextmanager
    def _filled(self, free: int) -> Iterator[None]:
        filler = self.folder / _FILLER
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        os.truncate(filler, max(0, filler.stat().st_size - free))
        try:
            yield
        finally:
            filler.unlink()

    def entries(self) -> list[str]:
        """Every file there, but locks."""
        files = (p for p in self.folder.rglob("*") if p.is_file())
        return sorted(p.name for p in files if p.name not in (_FILLER, ".lock"))


@contextlib.contextmanager
def _limited(most: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A file system in memory at ``folder``; the test is skipped where none may be mounted."""
    folder.mkdir(exist_ok=True)
    try:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system can be mounted here; the limit on file sizes is tested instead")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(params=["limit", "tmpfs"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A disk of 16 MiB that can be filled."""
    folder = tmp_path / "disk"
    if request.param == "limit":
        folder.mkdir()
        yield Disk(folder, "limit")
    else:
        with mounted(folder, "size=16m"):
            yield Disk(folder, "tmpfs")


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody may write to: not root either, where a file system can be mounted."""
    folder = tmp_path / "read-only"
    if os.geteuid() == 0:
        with mounted(folder, "ro"):
            yield folder
    else:
        folder.mkdir(mode=0o500)
        yield folder
