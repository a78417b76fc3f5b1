"""Live trainings of all visitors: whose turn it is, what was seen so far, and who has left.

A visitor's run is trained a step at a time by a process that is kept warm. One run has the turn;
others that want to go on wait in line, and after a minute the turn goes to the next in line. A
paused run waits nowhere and keeps nobody waiting. Whoever has not looked for ten seconds has left
the page: the run ends.

Everything is in memory and bounded. Nothing here imports Streamlit or torch.
"""

from __future__ import annotations

import atexit
import logging
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from dashboard.jobs.live_worker import Gone, Worker
from dmil_core.config import from_json, to_json
from dmil_core.errors import BusyError
from dmil_core.teaching.scene import STEPS, Scene, Settings, Snapshot

State = Literal["opening", "ready", "waiting", "running", "paused", "done", "failed"]
#: What `Classroom.open` raises; its text is for the visitor.
Busy = BusyError

log = logging.getLogger("dashboard")

#: Runs that train side by side on one server, each in a process on one core; pages need one too.
AT_ONCE: Final = 1
#: Runs of all visitors in memory: some megabytes each.
MOST: Final = 24
#: Seconds of a turn while others wait; a training takes about a quarter of it.
TURN_SECONDS: Final = 60.0
#: Seconds without a look after which a visitor has left: pages look every two seconds, but a busy
#: server and a browser's hidden tab are slow.
LEFT_SECONDS: Final = 10.0
#: Seconds that a process without runs is kept: it takes a few to start.
IDLE_SECONDS: Final = 120.0
#: Speed -> seconds to wait after each step, so that a class can follow.
PACES: Final = {"slow": 1.0, "medium": 0.3, "fast": 0.0}
#: How the page tells that our process is at fault.
LOST: Final = "The training's process did not answer, so it was ended. Reset starts a new one."


@dataclass(frozen=True)
class Look:
    """A run as a visitor sees it now.

    Attributes
    ----------
    ahead : runs that come before it, while it waits.
    scene : what does not change (`dmil_core.teaching.scene.Scene`); None until the run is opened.
    latest : learner -> its last `dmil_core.teaching.scene.Snapshot`.
    history : learner -> all of its snapshots, without their pictures.
    steps : how many were done, of how many.
    seconds : spent on training it so far.
    problem : why it failed, for people.
    """

    state: State
    ahead: int = 0
    scene: Scene | None = None
    latest: dict[str, Snapshot] = field(default_factory=dict)
    history: dict[str, tuple[Snapshot, ...]] = field(default_factory=dict)
    steps: int = 0
    of: int = 0
    seconds: float = 0.0
    problem: str = ""

    @property
    def busy(self) -> bool:
        """Whether it changes by itself."""
        return self.state in ("opening", "waiting", "running")


@dataclass
class _Run:
    settings: Settings
    look: Look
    seen: float
    desk: _Desk
    pace: str = "fast"
    #: The step after which it pauses; None means that it goes on to the end.
    until: int | None = None
    not_before: float = 0.0


@dataclass
class _Desk:
    """One process, and the runs it trains in the order of their turns."""

    line: list[str] = field(default_factory=list)
    #: Runs that the process may forget.
    over: list[str] = field(default_factory=list)
    since: float = 0.0
    worker: Worker | None = None
    thread: threading.Thread | None = None
    idle_since: float = 0.0


class Classroom:
    """The live trainings of one server; see `classroom` for the server's own."""

    def __init__(
        self, at_once: int = AT_ONCE, most: int = MOST, turn: float = TURN_SECONDS,
        gone: float = LEFT_SECONDS, idle: float = IDLE_SECONDS,
    ) -> None:  # fmt: skip
        self.most, self.turn, self.gone, self.idle = most, turn, gone, idle
        self._runs: dict[str, _Run] = {}
        self._desks = [_Desk() for _ in range(at_once)]
        self._changed = threading.Condition()
        self._closed = False

    # --- what a page asks --------------------------------------------------------------------

    def open(self, settings: Settings) -> str:
        """Begin a run of these `dmil_core.teaching.scene.Settings`, not yet trained; its id.

        Raises
        ------
        BusyError
            If there are too many.
        """
        with self._changed:
            if len(self._runs) >= self.most:
                raise BusyError(
                    f"{len(self._runs)} live trainings are open on this server, which is the most "
                    "at once. One ends when its page is closed. Try again in a minute."
                )
            name = secrets.token_hex(8)
            desk = min(self._desks, key=lambda d: sum(r.desk is d for r in self._runs.values()))
            look = Look("opening", of=STEPS)
            self._runs[name] = _Run(settings, look, time.monotonic(), desk)
            self._wake(desk)
            return name

    def look(self, name: str) -> Look | None:
        """A run as it is now, and a sign that its visitor is there; None where it has ended."""
        with self._changed:
            run = self._runs.get(name)
            if run is None:
                return None
            run.seen = time.monotonic()
            if run.look.state != "waiting":
                return run.look
            return replace(run.look, ahead=run.desk.line.index(name))

    def go(self, name: str, until: int | None = None) -> None:
        """Train to the end, or until so many steps are done; begins when it is this run's turn.

        Asked twice for the same step, as a page may when a click arrives late, it does one.
        """
        with self._changed:
            run = self._runs.get(name)
            if run is None or run.look.state in ("done", "failed"):
                return
            if until is not None and run.look.steps >= until:
                return
            run.until, run.not_before = until, 0.0
            if name not in run.desk.line:
                run.desk.line.append(name)
            if run.look.state in ("ready", "paused"):
                run.look = replace(run.look, state="waiting")
            self._wake(run.desk)

    def pause(self, name: str) -> None:
        """Stop after the step that is under way."""
        with self._changed:
            run = self._runs.get(name)
            if run is None:
                return
            self._leave_line(name, run)
            if run.look.state in ("waiting", "running"):
                run.look = replace(run.look, state="paused" if run.look.steps else "ready")

    def pace(self, name: str, pace: str) -> None:
        """How fast to go on: a key of `PACES`."""
        with self._changed:
            run = self._runs.get(name)
            if run is not None and pace in PACES:
                run.pace = pace
                self._changed.notify_all()

    def leave(self, name: str) -> None:
        """End a run and forget it."""
        with self._changed:
            self._forget(name)

    def processes(self) -> list[int]:
        """Ids of the processes that train."""
        with self._changed:
            return [desk.worker.pid for desk in self._desks if desk.worker]

    def close(self) -> None:
        """End everything; the server ends."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            threads = [d.thread for d in self._desks if d.thread]
            for desk in self._desks:
                if desk.worker:
                    desk.worker.kill()
        for thread in threads:
            thread.join(5)

    # --- what the thread of a desk does ------------------------------------------------------

    def _wake(self, desk: _Desk) -> None:
        desk.idle_since = time.monotonic()
        if desk.thread is None or not desk.thread.is_alive():
            desk.thread = threading.Thread(
                target=self._serve, args=(desk,), name="live", daemon=True
            )
            desk.thread.start()
        self._changed.notify_all()

    def _serve(self, desk: _Desk) -> None:
        """Train, until the server ends or nobody was here for a while."""
        with self._changed:
            while not self._closed:
                self._expire()
                if any(run.desk is desk for run in self._runs.values()):
                    desk.idle_since = time.monotonic()
                elif time.monotonic() - desk.idle_since > self.idle:
                    break
                name, command, wait = self._next(desk)
                if name is None:
                    self._changed.wait(wait)
                    continue
                self._do(desk, name, command)
            if desk.worker:
                desk.worker.end()
            desk.worker = desk.thread = None

    def _next(self, desk: _Desk) -> tuple[str | None, str, float]:
        """The run to work on and how; or how long to wait at most."""
        if desk.over and desk.worker:
            return desk.over.pop(), "close", 0.0
        for name, run in self._runs.items():
            if run.desk is desk and run.look.state == "opening":
                return name, "open", 0.0
        if not desk.line:
            return None, "", 1.0
        now, first = time.monotonic(), desk.line[0]
        if self._runs[first].look.state != "running":
            desk.since = now
        elif now - desk.since > self.turn and len(desk.line) > 1:
            desk.line.append(desk.line.pop(0))
            self._runs[first].look = replace(self._runs[first].look, state="waiting")
            first, desk.since = desk.line[0], now
        run = self._runs[first]
        run.look = replace(run.look, state="running")
        pause = run.not_before - now
        return (None, "", min(pause, 1.0)) if pause > 0 else (first, "step", 0.0)

    def _do(self, desk: _Desk, name: str, command: str) -> None:
        """Have a command done while others may look; the lock is held before and after."""
        run, started = self._runs.get(name), time.monotonic()
        more = {"settings": to_json(run.settings)} if run and command == "open" else {}
        self._changed.release()
        try:
            if desk.worker is None:
                desk.worker = Worker()
            answer = desk.worker.ask(do=command, run=name, **more)
        except (Gone, ValueError):
            answer = {}
        finally:
            self._changed.acquire()
        if not answer:
            self._lost(desk)
        elif run is not None and name in self._runs and command != "close":
            run.look = _seen(run.look, answer, time.monotonic() - started)
            self._after(desk, name, run)

    def _after(self, desk: _Desk, name: str, run: _Run) -> None:
        """What follows from a step that was done."""
        if run.look.state in ("done", "failed"):
            self._leave_line(name, run)
            desk.over.append(name)
        elif run.look.state == "ready" and name in desk.line:
            run.look = replace(run.look, state="waiting")
        elif name in desk.line:
            run.not_before = time.monotonic() + PACES[run.pace]
            if run.until is not None and run.look.steps >= run.until:
                self._leave_line(name, run)
                run.look = replace(run.look, state="paused")

    def _lost(self, desk: _Desk) -> None:
        """The process is gone, and with it all that it had in memory."""
        if not self._closed:
            log.error("the process of live trainings ended or did not answer")
        desk.worker = None
        desk.line.clear()
        desk.over.clear()
        for run in self._runs.values():
            if run.desk is desk and run.look.state != "done":
                run.look = replace(run.look, state="failed", problem=LOST)

    def _expire(self) -> None:
        now = time.monotonic()
        for name in [n for n, run in self._runs.items() if now - run.seen > self.gone]:
            self._forget(name)

    def _forget(self, name: str) -> None:
        run = self._runs.pop(name, None)
        if run is not None:
            self._leave_line(name, run)
            run.desk.over.append(name)
            self._changed.notify_all()

    def _leave_line(self, name: str, run: _Run) -> None:
        if name in run.desk.line:
            run.desk.line.remove(name)


def _seen(before: Look, answer: dict[str, Any], seconds: float) -> Look:
    """A run after its process has answered."""
    if "problem" in answer:
        return replace(before, state="failed", problem=answer["problem"])
    new = [from_json(Snapshot, one) for one in answer["snapshots"]]
    latest = before.latest | {one.learner: one for one in new}
    history = dict(before.history)
    for one in new:
        slim = replace(one, surfaces=(), answers=())
        history[one.learner] = (*history.get(one.learner, ()), slim)
    look = replace(before, latest=latest, history=history)
    if "scene" in answer:
        return replace(look, state="ready", scene=from_json(Scene, answer["scene"]))
    state: State = "done" if answer["done"] else before.state
    steps = before.steps + 1
    return replace(look, state=state, steps=steps, seconds=before.seconds + seconds)


_OPEN: Final[list[Classroom]] = []
_OPENING: Final = threading.Lock()


def classroom() -> Classroom:
    """This server's live trainings; they end when the server does."""
    with _OPENING:
        if not _OPEN:
            _OPEN.append(Classroom())
            atexit.register(_OPEN[0].close)
        return _OPEN[0]
