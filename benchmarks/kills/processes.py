"""Processes that are killed at a moment of their time, or before a change to a file."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from dmil_core.io.atomic import writing

ME: Final = ("-m", "benchmarks.kills")
#: Seconds in which processes that should end by themselves have done so.
PATIENCE: Final = 20.0
#: Seconds between two looks at the processor time of a process.
_LOOK: Final = 0.005
#: What Python says of a change to a file before it is made.
_CHANGES: Final = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")

#: Whom a kill meets; see `killed_by_time`.
Choice = Literal["all", "first", "others"]


@contextmanager
def folders(folder: Path) -> Iterator[None]:
    """All that is found by name lies in this folder."""
    before = dict(os.environ)
    os.environ.update(environment(folder))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def environment(folder: Path) -> dict[str, str]:
    """Variables of a process that works in this folder, on one thread, and changes nothing else."""
    names = {"UPLOADS": "uploads", "CHECKPOINTS": "checkpoints", "SAMPLE_DATA": "data"}
    places = {f"DMIL_{name}": str(folder / where) for name, where in names.items()}
    fixed = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **places, **fixed}


def begun(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    """A process in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", *arguments],
        env=environment(folder), text=True, start_new_session=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def quietly(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Exit code and output of a process that is left alone."""
    with begun(arguments, folder) as process:
        said, _ = process.communicate()
    return process.returncode, said


def family(pid: int) -> list[psutil.Process]:
    """A process and all that come from it."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def worked(pid: int) -> float:
    """Seconds of processor that a process and all that come from it have used."""
    seconds = 0.0
    for process in family(pid):
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:4])
    return seconds


def killed_by_time(
    arguments: list[str], folder: Path, seconds: float, victims: Choice = "all"
) -> list[str]:
    """Start the work, and kill it once it has used so many seconds of a processor.

    Parameters
    ----------
    victims : all of its processes, the first alone, or, where there are any, the others alone;
        those that live on have to notice and to end.

    Returns
    -------
    list of str
        Faults: processes that did not end.
    """
    process = begun(arguments, folder)
    while process.poll() is None and worked(process.pid) < seconds:
        time.sleep(_LOOK)
    every = family(process.pid)
    chosen = {"all": every, "first": every[:1], "others": every[1:] or every}[victims]
    for victim in chosen:
        with suppress(psutil.NoSuchProcess):
            victim.kill()
    process.communicate()
    _, alive = psutil.wait_procs(every, PATIENCE)
    return [f"process {p.pid} did not end" for p in alive]


def dying(arguments: list[str], change: int, count: Path | None = None) -> list[str]:
    """Arguments of Python for the same work that kills itself before a change to a file."""
    return [*ME, "die", str(change), str(count or ""), *arguments[1:]]


def _writes(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def die(change: int, count: str, module: str, arguments: list[str]) -> None:
    """Run a module until it is about to make this change to a file; count them all into a file."""
    made = 0

    def notice(event: str, about: tuple[Any, ...]) -> None:
        nonlocal made
        if event in _CHANGES or (event == "open" and _writes(about[2])):
            made += 1
            if made == change:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.argv = [module, *arguments]
    sys.addaudithook(notice)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        if count:
            total = str(made)
            with writing(Path(count)):
                Path(count).write_text(total)
