"""The command line in a process of its own, to be watched, interrupted and killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tests.core.pausing import MARK

ROOT = Path(__file__).resolve().parents[2]


def command(*arguments: object) -> list[str]:
    """``python -m dmil_core`` with these arguments."""
    return [sys.executable, "-m", "dmil_core", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """One thread, as in the tests themselves: another number may round differently."""
    return {**os.environ, "OMP_NUM_THREADS": "1", **changes}


@contextmanager
def standing_still(
    kind: Literal["epoch", "file"], where: str, *arguments: object
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that stands still where :mod:`tests.core.pausing` says; killed at the end.

    Raises
    ------
    AssertionError
        With all of stderr, if the process ends before it gets there.
    """
    line = [sys.executable, "-m", "tests.core.pausing", kind, where, *map(str, arguments)]
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd=ROOT
    ) as process:
        try:
            _wait_for(process, MARK)
            yield process
        finally:
            process.kill()


def _wait_for(process: subprocess.Popen[bytes], text: str) -> None:
    assert process.stderr is not None
    seen = b""
    while text.encode() not in seen:
        more = os.read(process.stderr.fileno(), 4096)
        assert more, f"{text!r} never came:\n{seen.decode()}"
        seen += more


def run(*arguments: object, cwd: Path | None = None, **changes: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a finished command."""
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, cwd=cwd, env=environment(**changes),
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr
