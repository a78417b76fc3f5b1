"""The processes of a job: its runner, the command at work, and whatever that started."""

from __future__ import annotations

import contextlib
import os
from typing import Final

import psutil

#: Seconds until processes that were killed are gone.
_GONE_SECONDS: Final = 5.0
#: Looks at what is left: a process may start another one while it is being killed.
_LOOKS: Final = 3


def members(leader: int) -> list[psutil.Process]:
    """The processes of a job that are alive.

    Parameters
    ----------
    leader : process id of the runner, which was started in a session of its own. Where there are
        process groups, its group is looked through: what a process that is gone left behind is
        found as well. Elsewhere these are the runner and its descendants.
    """
    if not hasattr(os, "getpgid"):
        with contextlib.suppress(psutil.Error):
            runner = psutil.Process(leader)
            return [runner, *runner.children(recursive=True)]
        return []
    return [process for process in psutil.process_iter() if _group_of(process.pid) == leader]


def _group_of(pid: int) -> int | None:
    with contextlib.suppress(OSError):  # it is gone, or not for us to look at
        return os.getpgid(pid)
    return None


def ask_to_end(pid: int) -> None:
    """Ask a process to end; one that is gone already is left alone."""
    with contextlib.suppress(psutil.Error):
        psutil.Process(pid).terminate()


def kill(leader: int) -> None:
    """Kill all processes of a job; the calling one last, if it is one of them."""
    for _ in range(_LOOKS):
        others = [p for p in members(leader) if p.pid != os.getpid()]
        if not others:
            break
        for process in others:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(others, timeout=_GONE_SECONDS)
    if leader == os.getpid():
        psutil.Process().kill()
