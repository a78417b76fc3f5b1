"""Work that takes minutes, in processes of its own: queued, watched, cancelled, found again.

Everything about a job lies in files below one folder, so that a page that is loaded again, a second
tab and a server that was started again see the same. `job.json` says what is to be done and is
written once, by the server; `state.json` says how far it is, and while the job runs only its
`dashboard.jobs.runner` writes it. A running job holds the lock of its folder, so that one whose
process is gone is noticed by anybody. A state that a full disk does not take stays in memory until
it does; the last state of a runner comes through its standard output as well.

Nothing here imports Streamlit.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

from filelock import FileLock, Timeout

from dashboard.jobs import processes
from dmil_core.errors import BusyError, DataError, ResourceError
from dmil_core.io import strict_json
from dmil_core.io.atomic import write_json, writing
from dmil_core.io.paths import uploads_root
from dmil_core.io.reading import MIB, read_json
from dmil_core.io.resources import shortage
from dmil_core.io.strict_json import UnfitJsonError

#: What `Jobs.submit` raises; its text is for the visitor.
Busy = BusyError
State = Literal["queued", "running", "done", "failed", "cancelled", "stopped"]
#: States a job ends in. ``stopped`` is a job whose server ended; it can be started again.
ENDED: Final = ("done", "failed", "cancelled", "stopped")

JOB_FILE, STATE_FILE, LOG_FILE = "job.json", "state.json", "log.txt"
LOCK_FILE, CANCEL_FILE = ".lock", "cancel"
_ID: Final = re.compile(r"[0-9a-f]{16}")

#: Trainings side by side on one server: each keeps a core busy, and pages need one too.
AT_ONCE: Final = 1
#: Unfinished jobs of one visitor, so that nobody fills the queue alone.
OF_ONE: Final = 3
#: Unfinished jobs of all; who comes later would wait for hours.
OF_ALL: Final = 30
#: Ended jobs are forgotten after a week, as the visitor's sets are.
KEPT_SECONDS: Final = 7 * 24 * 3600
#: A job is ended after six hours: no set within the limits takes so long.
LONGEST_SECONDS: Final = 6 * 3600
#: Seconds between two looks at what runs; starting a Python takes about as long.
_LOOK: Final = 0.2
#: Seconds until a state that the disk did not take is written again.
_RETRY: Final = 5.0
#: Bytes of its last state that a runner sends; a pipe takes as many without a reader.
_LAST_WORDS: Final = 32_768
#: Seconds a job has to end by itself before its processes are killed.
GRACE: Final = 3.0

log = logging.getLogger("dashboard")


@dataclass(frozen=True)
class Step:
    """One command of a job, and its expected share of the work (relative to the others).

    A job goes on where an ``optional`` one fails.

    Its lines of JSON on stdout (``stage``, ``fraction``, ``message``) are its progress, as those of
    ``dmil train --progress json``.
    """

    title: str
    argv: tuple[str, ...]
    work: float = 1.0
    optional: bool = False


@dataclass(frozen=True)
class Job:
    """What is to be done, for whom, and how far it is.

    Attributes
    ----------
    owner : token of the visitor who may cancel it.
    kind, title : what sort of work, and its name for people.
    folder : where its result goes; there is never more than one unfinished job of a kind and
        folder.
    fraction : 0 to 1 of all steps.
    created, changed : by the clock, in seconds. ``created`` is later than that of every job before
        it, also where the clock was set back: jobs are sorted by it.
    left : seconds until it ends, as far as can be told; an upper bound for trainings.
    message : what it last said, or why it failed.
    ahead : unfinished jobs that come before a queued one.
    """

    id: str
    owner: str
    kind: str
    title: str
    folder: str
    steps: tuple[Step, ...]
    created: float
    state: State = "queued"
    stage: str = ""
    fraction: float = 0.0
    left: float | None = None
    message: str = ""
    changed: float = 0.0
    pid: int = 0
    ahead: int = 0

    @property
    def active(self) -> bool:
        """Whether it waits or runs."""
        return self.state not in ENDED


def command(*arguments: object) -> tuple[str, ...]:
    """The ``dmil`` command with these arguments, as a job's step takes it."""
    return (sys.executable, "-m", "dmil_core", *map(str, arguments))


class Jobs:
    """The jobs below one folder. One instance per server and folder starts them; see `jobs`."""

    def __init__(
        self, root: Path, at_once: int = AT_ONCE, of_one: int = OF_ONE, of_all: int = OF_ALL
    ) -> None:
        self.root = root
        self.at_once, self.of_one, self.of_all = at_once, of_one, of_all
        self._lock = threading.RLock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._last_start: dict[str, float] = {}
        self._thread: threading.Thread | None = None
        self._closed = False
        #: States that could not be written yet, by job: they count, not those of the files.
        self._unwritten: dict[str, Job] = {}
        self._retry_at = 0.0
        self._fault = ""
        self._cancelled: set[str] = set()
        self._queued: list[str] = []
        # What an earlier server left waiting goes on waiting here.
        self._queued = [j.id for j in sorted(self._all(), key=_age) if j.state == "queued"]
        if self._queued:
            self._wake()

    # --- asking ------------------------------------------------------------------------------

    def get(self, job_id: str) -> Job | None:
        """The job of this id; None where there is none (any text may be asked for)."""
        return self._read(self.root / job_id) if _ID.fullmatch(job_id) else None

    def of(self, owner: str) -> list[Job]:
        """A visitor's jobs, the latest first."""
        result = [j for j in self._all() if secrets.compare_digest(j.owner, owner)]
        return sorted(result, key=_age, reverse=True)

    def find(self, kind: str, folder: Path | str) -> Job | None:
        """The latest job of this kind that writes to this folder, whoever owns it."""
        result = [j for j in self._all() if (j.kind, j.folder) == (kind, str(folder))]
        return max(result, key=_age, default=None)

    def counts(self) -> dict[str, int]:
        """How many jobs of all visitors are queued, and how many are running."""
        states = [j.state for j in self._all()]
        return {"queued": states.count("queued"), "running": states.count("running")}

    def log(self, job: Job) -> str:
        """What a job's commands said last, for the server's log; never shown to visitors."""
        with contextlib.suppress(OSError):
            return (self.root / job.id / LOG_FILE).read_text("utf-8", "replace")
        return ""

    # --- doing -------------------------------------------------------------------------------

    def submit(
        self, owner: str, kind: str, title: str, folder: Path | str, steps: Sequence[Step]
    ) -> Job:
        """Queue a job. An unfinished one of the same kind and folder is returned instead.

        Raises
        ------
        BusyError
            If this visitor, or everybody together, has too many unfinished jobs.
        ResourceError
            If the disk does not take the job; then there is none.
        """
        with self._lock:
            self._tidy()
            every = list(self._all())
            active = [j for j in every if j.active]
            for job in active:
                if (job.kind, job.folder) == (kind, str(folder)):
                    return job
            if sum(j.owner == owner for j in active) >= self.of_one:
                raise BusyError(
                    f"You have {self.of_one} unfinished jobs, which is the most at once. Cancel "
                    "one, or wait until one has ended."
                )
            if len(active) >= self.of_all:
                raise BusyError(
                    f"{len(active)} jobs of other visitors are waiting. Try again in an hour."
                )
            created = max([time.time(), *(j.created + 0.001 for j in every)])
            job = Job(secrets.token_hex(8), owner, kind, title, str(folder), tuple(steps), created)
            try:
                write_json(self.root / job.id / JOB_FILE, _task(job))
                self._enqueue(job)
            except ResourceError:
                shutil.rmtree(self.root / job.id, ignore_errors=True)
                raise
            return job

    def again(self, job_id: str, owner: str) -> Job | None:
        """Queue an ended job once more; None where it is not this visitor's.

        Raises BusyError and ResourceError as `submit` does; then the ended job stays in the list.
        """
        job = self.get(job_id)
        if job is None or job.owner != owner or job.active:
            return None
        new = self.submit(owner, job.kind, job.title, job.folder, job.steps)
        self.forget(job_id, owner)
        return new

    def cancel(self, job_id: str, owner: str) -> bool:
        """End a job and every process it started; False where it is not this visitor's.

        Returns when nothing of it runs any more.
        """
        with self._lock:
            job = self.get(job_id)
            if job is None or job.owner != owner or not job.active:
                return False
            folder = self.root / job_id
            self._cancelled.add(job_id)
            # For a server that starts again; a full disk must not keep a job running.
            with contextlib.suppress(ResourceError), writing(folder / CANCEL_FILE):
                (folder / CANCEL_FILE).touch()
            process = self._running.get(job_id)
            if process is None and job.state == "queued":
                self._queued = [i for i in self._queued if i != job_id]
                self._put(replace(job, state="cancelled", message="Cancelled."))
                return True
        _end(folder, job.pid, process)
        with self._lock:
            self._reap()
            self._settle(job_id, "cancelled", "Cancelled.")
        return True

    def forget(self, job_id: str, owner: str) -> bool:
        """Remove an ended job from the list; its result stays."""
        with self._lock:
            job = self.get(job_id)
            if job is None or job.owner != owner or job.active:
                return False
            self._remove(job_id)
            return True

    def close(self) -> None:
        """End everything that this server started. Queued jobs wait for the next server."""
        with self._lock:
            self._closed = True
            running = dict(self._running)
            for process in running.values():
                # The runner ends its job when this pipe does, also if the server is killed.
                if process.stdin:
                    process.stdin.close()
        end = time.monotonic() + GRACE + 2
        for process in running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, end - time.monotonic()))
            processes.kill(process.pid)
            process.wait()

    # --- starting and ending -----------------------------------------------------------------

    def _enqueue(self, job: Job) -> None:
        write_state(self.root / job.id, job)
        self._queued.append(job.id)
        self._wake()

    def _wake(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._watch, name="jobs", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        """Start what waits and take note of what has ended, while there is anything."""
        while True:
            with self._lock:
                try:
                    self._look()
                except Exception as error:
                    # Whatever it is, the other jobs must go on; each fault is told once.
                    if repr(error) != self._fault:
                        log.exception("the jobs could not be looked after")
                    self._fault = repr(error)
                if self._closed or not (self._queued or self._running or self._unwritten):
                    self._thread = None
                    return
            time.sleep(_LOOK)

    def _look(self) -> None:
        self._reap()
        if self._unwritten and time.monotonic() >= self._retry_at:
            for job in list(self._unwritten.values()):
                self._put(job)
        while not self._closed and self._queued and len(self._running) < self.at_once:
            self._start(self._next())

    def _next(self) -> str:
        """The job to start: of the visitor who runs least and has waited longest since a start."""
        jobs = [j for i in self._queued if (j := self.get(i))]
        if not jobs:
            return self._queued[0]
        owners = [j.owner for i in self._running if (j := self.get(i))]
        first = min(
            jobs, key=lambda j: (owners.count(j.owner), self._last_start.get(j.owner, 0), j.created)
        )
        return first.id

    def _start(self, job_id: str) -> None:
        self._queued.remove(job_id)
        job, folder = self.get(job_id), self.root / job_id
        if job is None or job.state != "queued":
            return
        self._last_start[job.owner] = time.monotonic()
        if len(self._last_start) > 1000:
            del self._last_start[min(self._last_start, key=self._last_start.__getitem__)]
        # A session of its own: the group's id is the runner's, so that all of it can be ended.
        try:
            self._running[job_id] = subprocess.Popen(
                [sys.executable, "-m", "dashboard.jobs.runner", str(folder)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                start_new_session=True, env=environment(),
            )  # fmt: skip
        except Exception as error:
            log.exception("the process of job %s could not be started", job_id)
            found = shortage(error)
            why = f"It could not be started: {found.reason}." if found else NOT_STARTED
            self._put(replace(job, state="failed", message=why))

    def _reap(self) -> None:
        for job_id, process in list(self._running.items()):
            if process.poll() is None:
                continue
            processes.kill(process.pid)
            words = _last_words(process)
            cancelled = job_id in self._cancelled or (self.root / job_id / CANCEL_FILE).exists()
            end = _CANCELLED if cancelled else ("failed", _reason_of(process.returncode))
            self._settle(job_id, *end, words)
            # Only now: while it is listed here nobody takes it for one of an earlier server.
            del self._running[job_id]
            self._cancelled.discard(job_id)

    def _settle(
        self, job_id: str, state: State, message: str, words: dict[str, Any] | None = None
    ) -> None:
        """Write how a job ended, if its runner could not and no other server's works on it.

        ``words`` is the last state that the runner sent, if it sent one: it knows better.
        """
        folder = self.root / job_id
        job = read_job(folder)
        if job is not None and job.active and not _is_locked(folder):
            job = replace(job, state=state, message=message)
            self._put(_with_words(job, words or {}))

    def _put(self, job: Job) -> None:
        """Write a state; one that the disk does not take counts all the same, and is written once
        the disk takes it."""
        job = replace(job, changed=time.time())
        try:
            write_state(self.root / job.id, job)
            self._unwritten.pop(job.id, None)
        except ResourceError as error:
            if job.id not in self._unwritten:
                log.error("the state of job %s is not kept yet: %s", job.id, error)
            self._unwritten[job.id] = job
            self._retry_at = time.monotonic() + _RETRY
            self._wake()

    def _remove(self, job_id: str) -> None:
        self._unwritten.pop(job_id, None)
        shutil.rmtree(self.root / job_id, ignore_errors=True)

    # --- files -------------------------------------------------------------------------------

    def _all(self) -> Iterator[Job]:
        if not self.root.is_dir():
            return
        for folder in self.root.iterdir():
            if _ID.fullmatch(folder.name) and (job := self._read(folder)):
                yield job

    def _read(self, folder: Path) -> Job | None:
        process = self._running.get(folder.name)
        if process is not None and process.poll() is not None:
            # It has ended; the page should say so now, whatever the watching thread does.
            with self._lock:
                self._reap()
        job = self._unwritten.get(folder.name) or read_job(folder)
        if job is None:
            return None
        if job.state == "running" and folder.name not in self._running and not _is_locked(folder):
            # Read again: it may have ended between the two looks.
            job = self._unwritten.get(folder.name) or read_job(folder)
            if job is not None and job.state == "running":
                job = replace(job, state="stopped", message=STOPPED)
                with self._lock:
                    self._put(job)
        if job is not None and job.state == "queued" and folder.name in self._queued:
            job = replace(job, ahead=self._queued.index(folder.name) + len(self._running))
        return job

    def _tidy(self) -> None:
        """Forget jobs that ended long ago, or in a future that a wrong clock has shown."""
        for job in self._all():
            if not job.active and abs(time.time() - job.changed) > KEPT_SECONDS:
                self._remove(job.id)


STOPPED: Final = "The server was stopped meanwhile. Start it again: it goes on where it was."
_CANCELLED: Final[tuple[State, str]] = ("cancelled", "Cancelled.")
#: What a visitor reads of a job whose process is gone and said nothing.
BROKEN: Final = "Its process ended without a word. Start it again: it goes on where it was."
KILLED: Final = (
    "The system ended its process, as happens when the server's memory runs out. Start it again: "
    "it goes on where it was."
)
NOT_STARTED: Final = "Its process could not be started; the server's log has the reason."


def _reason_of(code: int | None) -> str:
    """What an exit code says of a process that said nothing itself."""
    return KILLED if code == -getattr(signal, "SIGKILL", 9) else BROKEN


def _last_words(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """The last state that a runner sent before it ended; empty if it sent none that can be read."""
    sent = b""
    if process.stdout:
        # Nobody holds the other end any more, so that this does not wait.
        with contextlib.suppress(OSError, ValueError):
            sent = process.stdout.read(_LAST_WORDS)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        words = json.loads(sent.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return {}
    return words if isinstance(words, dict) else {}


def _with_words(job: Job, words: dict[str, Any]) -> Job:
    """The job as its runner's last words say that it ended."""
    state, message = words.get("state"), words.get("message")
    if state in ENDED and isinstance(message, str):
        fraction = 1.0 if state == "done" else job.fraction
        return replace(job, state=state, message=message, fraction=fraction, left=None)
    return job


def _age(job: Job) -> float:
    return job.created


def _task(job: Job) -> dict[str, object]:
    """What `job.json` holds: everything that does not change."""
    names = ("id", "owner", "kind", "title", "folder", "created")
    return {**{n: getattr(job, n) for n in names}, "steps": [asdict(s) for s in job.steps]}


def write_state(folder: Path, job: Job) -> None:
    """Write how far a job is, at once or not at all."""
    names = ("state", "stage", "fraction", "left", "message", "pid")
    state = {**{n: getattr(job, n) for n in names}, "changed": time.time()}
    write_json(folder / STATE_FILE, state)


def read_job(folder: Path) -> Job | None:
    """A job as its files say; None where they are missing or damaged, which the log says once."""
    try:
        task, state = (read_json(folder / f, MIB) for f in (JOB_FILE, STATE_FILE))
        job: Job = strict_json.read(Job, {**task, **state})
        return job
    except FileNotFoundError:
        return None
    except UnfitJsonError as error:
        _report_damage(folder, "; ".join(fault.describe("job") for fault in error.faults))
    except (DataError, OSError, TypeError) as error:
        _report_damage(folder, str(error))
    return None


@lru_cache(maxsize=1000)
def _report_damage(folder: Path, faults: str) -> None:
    # Cached, for pages read jobs every second.
    log.warning("the job in %s cannot be read: %s", folder, faults)


def _is_locked(folder: Path) -> bool:
    """Whether a process works on this job."""
    lock = FileLock(folder / LOCK_FILE, timeout=0)
    # One look at a time: two would take each other for a process at work.
    with _LOOKING:
        try:
            lock.acquire()
        except Timeout:
            return True
        except OSError:
            # A disk that takes no lock has no job that gets on either.
            return False
        lock.release()
        return False


def threads() -> dict[str, str]:
    """Variables for one thread each: the other cores are for pages, and small matrices gain
    nothing."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
    return dict.fromkeys(names, "1")


def environment() -> dict[str, str]:
    """Variables of a process that works on a job."""
    # The server finds this package by its own path; the runner must find the same one.
    path = os.pathsep.join([str(Path(__file__).resolve().parents[2]), *_old_path()])
    return {**os.environ, **threads(), "PYTHONPATH": path}


def _old_path() -> list[str]:
    return [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]


def _end(folder: Path, pid: int, process: subprocess.Popen[bytes] | None) -> None:
    """Ask a runner to end its job, and kill the whole group if it does not.

    Parameters
    ----------
    pid : the runner's, as the job's files say.
    process : the runner, if this server started it.
    """
    if process is not None:
        pid = process.pid
    if pid <= 0 or not _is_locked(folder):
        # Not begun, or gone: the number may be another process's by now, unless we started it.
        if process is not None and process.poll() is None:
            processes.kill(pid)
        return
    processes.ask_to_end(pid)
    end = time.monotonic() + GRACE + 2
    while _is_locked(folder) and time.monotonic() < end:
        time.sleep(0.05)
    if _is_locked(folder):
        processes.kill(pid)


_LOOKING: Final = threading.Lock()
_OPEN: Final[dict[Path, Jobs]] = {}
_OPENING: Final = threading.Lock()


def jobs() -> Jobs:
    """This server's jobs, below the folder of uploads; they end when the server does."""
    root = uploads_root() / "jobs"
    with _OPENING:
        if root not in _OPEN:
            _OPEN[root] = Jobs(root)
            atexit.register(_OPEN[root].close)
        return _OPEN[root]
