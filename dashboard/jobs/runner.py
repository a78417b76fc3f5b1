"""The process of one job: runs its steps one after another and writes down how far they are.

    python -m dashboard.jobs.runner FOLDER

It leads a process group of its own and ends it as a whole: when the work is done, when it is asked
to (SIGTERM), when the work takes too long, or when the server that started it is gone, however
that ended, which closes its standard input. How it ended is written to a file, and to standard
output for the server, as a full disk takes no file.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dashboard.jobs import processes, queue
from dashboard.jobs.queue import Job, Step
from dmil_core.errors import ResourceError
from dmil_core.io.atomic import writing
from dmil_core.io.resources import shortage

#: Seconds between two writes of the state; pages look once a second.
_PAUSE = 0.5
#: Lines of output that are kept, and the characters of each.
_LINES, _LENGTH = 400, 2000
#: Characters of the last message, which a pipe takes without a reader whatever they are.
_MOST_SAID = 2000
#: A job gives way to pages.
_NICENESS = 10


class Pace:
    """How fast the work goes, without the seconds in which a step loads its libraries."""

    def __init__(self) -> None:
        self._seconds = self._gained = 0.0
        self._last: tuple[float, float] | None = None

    def step(self) -> None:
        """A command begins: until its first word nothing is learnt."""
        self._last = None

    def update(self, fraction: float) -> None:
        """The command says how far all the work is, 0 to 1."""
        now = time.monotonic()
        if self._last is not None:
            self._seconds += now - self._last[0]
            self._gained += max(0.0, fraction - self._last[1])
        self._last = (now, fraction)

    def left(self, fraction: float) -> float | None:
        """Seconds until all is done; None while too little is known."""
        if self._gained < 0.01 or self._seconds < 1.0:
            return None
        return (1 - fraction) * self._seconds / self._gained


class Runner:
    """Works on the job in one folder."""

    def __init__(self, folder: Path, job: Job) -> None:
        self.folder = folder
        self.job = replace(job, state="running", pid=os.getpid(), message="", stage="Starting")
        self.said: deque[str] = deque(maxlen=_LINES)
        self._written = 0.0
        self._pace = Pace()
        self._lock = threading.RLock()
        self._child: subprocess.Popen[str] | None = None
        self._ending: tuple[queue.State, str] | None = None

    def run(self) -> None:
        """Do all steps, or end earlier if asked to; the state says which."""
        self._write(now=True)
        total = sum(s.work for s in self.job.steps) or 1.0
        before = 0.0
        for step in self.job.steps:
            if self._ending:
                break
            code = self._step(step, before / total, step.work / total)
            before += step.work
            if code and not step.optional and not self._ending:
                self._ending = ("failed", self._reason(code))
        self.finish()

    def end(self, state: queue.State, message: str) -> None:
        """Stop working; called from a signal or another thread."""
        self._ending = self._ending or (state, message)
        if self._child is not None:
            self._child.terminate()
        timer = threading.Timer(queue.GRACE, self._leave)
        timer.daemon = True
        timer.start()

    def finish(self) -> None:
        """Write how it ended."""
        state, message = self._ending or ("done", "")
        fraction = 1.0 if state == "done" else self.job.fraction
        self.job = replace(self.job, state=state, message=message, fraction=fraction, left=None)
        # First: whoever sees that it has ended may read why.
        log_file = self.folder / queue.LOG_FILE
        with contextlib.suppress(ResourceError), writing(log_file):
            log_file.write_text("\n".join(self.said), "utf-8")
        self._write(now=True)
        say(state, message)

    def _leave(self) -> None:
        """A command that does not end when asked to is killed, with all that it started."""
        self.finish()
        leave()

    def _step(self, step: Step, start: float, length: float) -> int:
        self._pace.step()
        self._progress(step.title, start, "")
        with subprocess.Popen(
            step.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8", errors="replace",
        ) as child:  # fmt: skip
            self._child = child
            if self._ending:
                child.kill()
            assert child.stdout is not None
            while line := child.stdout.readline(_LENGTH):
                progress = _progress_of(line)
                if progress is None:
                    self.said.append(line.rstrip("\n"))
                    continue
                stage = f"{step.title}: {progress['stage']}"
                self._pace.update(start + length * progress["fraction"])
                self._progress(stage, start + length * progress["fraction"], progress["message"])
            code = child.wait()
        self._child = None
        if not code:
            self._progress(step.title, start + length, "")
        return code

    def _progress(self, stage: str, fraction: float, message: str) -> None:
        left = self._pace.left(fraction)
        new = stage != self.job.stage
        self.job = replace(self.job, stage=stage, fraction=fraction, left=left, message=message)
        self._write(now=new)

    def _write(self, now: bool = False) -> None:
        with self._lock:
            if now or time.monotonic() - self._written > _PAUSE:
                self._written = time.monotonic()
                # The work may still succeed, and the last state reaches the server all the same.
                with contextlib.suppress(ResourceError):
                    queue.write_state(self.folder, self.job)

    def _reason(self, code: int) -> str:
        """The command's own words, where it had any for its user."""
        lines = list(self.said)
        mine = [i for i, line in enumerate(lines) if line.startswith("dmil: ")]
        if code == 2 and mine:
            return "\n".join(lines[mine[-1] :]).removeprefix("dmil: ")
        if code == -getattr(signal, "SIGKILL", 9):
            return queue.KILLED
        return "It failed for a reason that is ours, not yours; the server's log has it."


def _progress_of(line: str) -> dict[str, Any] | None:
    """A line of progress; None if it is anything else."""
    if not line.startswith("{"):
        return None
    try:
        progress = json.loads(line)
        fraction = float(progress["fraction"])
        if not 0.0 <= fraction <= 1.0:  # nor NaN
            return None
        return {
            "stage": str(progress["stage"]),
            "message": str(progress["message"]),
            "fraction": fraction,
        }
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _await_server(runner: Runner) -> None:
    """Return when nobody holds the other end of standard input any more."""
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    runner.end("stopped", queue.STOPPED)


def main(folder: Path) -> None:
    """Work on the job in ``folder``, then end every process of this group."""
    lock = FileLock(folder / queue.LOCK_FILE, timeout=10)
    try:
        lock.acquire()
    except Timeout:
        return
    except OSError as error:
        found = shortage(error)
        say("failed", f"It could not begin: {found.reason}." if found else queue.NOT_STARTED)
        return
    job = queue.read_job(folder)
    if job is None or not job.active or (folder / queue.CANCEL_FILE).exists():
        return
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)
    runner = Runner(folder, job)
    signal.signal(signal.SIGTERM, lambda *_: runner.end("cancelled", "Cancelled."))
    threading.Thread(target=_await_server, args=(runner,), daemon=True).start()
    late = f"It took more than {queue.LONGEST_SECONDS // 3600} hours, the most that is allowed."
    timer = threading.Timer(queue.LONGEST_SECONDS, runner.end, ("failed", late))
    timer.daemon = True
    timer.start()
    try:
        runner.run()
    except Exception as error:
        found = shortage(error)
        say("failed", f"It could not go on: {found.reason}." if found else queue.BROKEN)
        raise
    finally:
        leave()


def say(state: queue.State, message: str) -> None:
    """Tell the server how the job ended; it reads this once the process is gone."""
    words = json.dumps({"state": state, "message": message[:_MOST_SAID]}) + "\n"
    with contextlib.suppress(OSError):
        os.write(1, words.encode())


def leave() -> None:
    """End what steps started and left behind, and this process with it."""
    if not hasattr(os, "getpgrp") or os.getpgrp() == os.getpid():
        processes.kill(os.getpid())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
