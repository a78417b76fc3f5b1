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
from typing import Final, Literal

from dashboard.jobs.live_process import (
    Answer,
    Close,
    Closed,
    Command,
    Failed,
    Open,
    Opened,
    Step,
    Stepped,
)
from dashboard.jobs.live_worker import Gone, Worker
from dmil_core.errors import BusyError
from dmil_core.teaching.scene import STEPS, Scene, Settings, Snapshot

State = Literal["opening", "ready", "waiting", "running", "paused", "done", "failed"]
#: What `LiveQueue.open` raises; its text is for the visitor.
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
PACES: Final = {"slow": 1.0, "medium": 0.2, "fast": 0.0}
#: How the page tells that our process is at fault.
LOST: Final = "The training's process did not answer, so it was ended. Again starts a new one."


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
    slot: _WorkerSlot
    pace: str = "fast"
    #: The step after which it pauses; None means that it goes on to the end.
    until: int | None = None
    not_before: float = 0.0


@dataclass
class _WorkerSlot:
    """One process, and the runs it trains in the order of their turns."""

    turns: list[str] = field(default_factory=list)
    #: Runs that the process may forget.
    to_close: list[str] = field(default_factory=list)
    since: float = 0.0
    worker: Worker | None = None
    thread: threading.Thread | None = None
    idle_since: float = 0.0


class LiveQueue:
    """The live trainings of one server; see `live_queue` for the server's own."""

    def __init__(
        self, at_once: int = AT_ONCE, most: int = MOST, turn: float = TURN_SECONDS,
        gone: float = LEFT_SECONDS, idle: float = IDLE_SECONDS,
    ) -> None:  # fmt: skip
        self.most, self.turn, self.gone, self.idle = most, turn, gone, idle
        self._runs: dict[str, _Run] = {}
        self._slots = [_WorkerSlot() for _ in range(at_once)]
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
            slot = min(self._slots, key=lambda s: sum(r.slot is s for r in self._runs.values()))
            look = Look("opening", of=STEPS)
            self._runs[name] = _Run(settings, look, time.monotonic(), slot)
            self._wake(slot)
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
            return replace(run.look, ahead=run.slot.turns.index(name))

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
            if name not in run.slot.turns:
                run.slot.turns.append(name)
            if run.look.state in ("ready", "paused"):
                run.look = replace(run.look, state="waiting")
            self._wake(run.slot)

    def pause(self, name: str) -> None:
        """Stop after the step that is under way."""
        with self._changed:
            run = self._runs.get(name)
            if run is None:
                return
            self._give_up_turn(name, run)
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
            return [slot.worker.pid for slot in self._slots if slot.worker]

    def close(self) -> None:
        """End everything; the server ends."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            threads = [slot.thread for slot in self._slots if slot.thread]
            for slot in self._slots:
                if slot.worker:
                    slot.worker.kill()
        for thread in threads:
            thread.join(5)

    # --- what the thread of a slot does ------------------------------------------------------

    def _wake(self, slot: _WorkerSlot) -> None:
        slot.idle_since = time.monotonic()
        if slot.thread is None or not slot.thread.is_alive():
            slot.thread = threading.Thread(
                target=self._serve, args=(slot,), name="live", daemon=True
            )
            slot.thread.start()
        self._changed.notify_all()

    def _serve(self, slot: _WorkerSlot) -> None:
        """Train, until the server ends or nobody was here for a while."""
        with self._changed:
            while not self._closed:
                self._expire()
                if any(run.slot is slot for run in self._runs.values()):
                    slot.idle_since = time.monotonic()
                elif time.monotonic() - slot.idle_since > self.idle:
                    break
                command, wait = self._next(slot)
                if command is None:
                    self._changed.wait(wait)
                    continue
                self._do(slot, command)
            if slot.worker:
                slot.worker.end()
            slot.worker = slot.thread = None

    def _next(self, slot: _WorkerSlot) -> tuple[Command | None, float]:
        """What to do next; or how many seconds to wait at most."""
        if slot.to_close and slot.worker:
            return Close(slot.to_close.pop()), 0.0
        for name, run in self._runs.items():
            if run.slot is slot and run.look.state == "opening":
                return Open(name, run.settings), 0.0
        if not slot.turns:
            return None, 1.0
        now, first = time.monotonic(), slot.turns[0]
        if self._runs[first].look.state != "running":
            slot.since = now
        elif now - slot.since > self.turn and len(slot.turns) > 1:
            slot.turns.append(slot.turns.pop(0))
            self._runs[first].look = replace(self._runs[first].look, state="waiting")
            first, slot.since = slot.turns[0], now
        run = self._runs[first]
        run.look = replace(run.look, state="running")
        pause = run.not_before - now
        return (None, min(pause, 1.0)) if pause > 0 else (Step(first), 0.0)

    def _do(self, slot: _WorkerSlot, command: Command) -> None:
        """Have a command done while others may look; the lock is held before and after."""
        run, started = self._runs.get(command.run), time.monotonic()
        answer: Answer | None = None
        self._changed.release()
        try:
            if slot.worker is None:
                slot.worker = Worker()
            answer = slot.worker.ask(command)
        except (Gone, OSError):
            answer = None
        finally:
            self._changed.acquire()
        if answer is None:
            self._lost(slot)
        elif run is not None and command.run in self._runs and not isinstance(command, Close):
            run.look = _after(run.look, answer, time.monotonic() - started)
            self._settle(slot, command.run, run)

    def _settle(self, slot: _WorkerSlot, name: str, run: _Run) -> None:
        """What follows from a step that was done."""
        if run.look.state in ("done", "failed"):
            self._give_up_turn(name, run)
            slot.to_close.append(name)
        elif run.look.state == "ready" and name in slot.turns:
            run.look = replace(run.look, state="waiting")
        elif name in slot.turns:
            run.not_before = time.monotonic() + PACES[run.pace]
            if run.until is not None and run.look.steps >= run.until:
                self._give_up_turn(name, run)
                run.look = replace(run.look, state="paused")

    def _lost(self, slot: _WorkerSlot) -> None:
        """The process is gone, and with it all that it had in memory."""
        if not self._closed:
            log.error("the process of live trainings ended or did not answer")
        slot.worker = None
        slot.turns.clear()
        slot.to_close.clear()
        for run in self._runs.values():
            if run.slot is slot and run.look.state != "done":
                run.look = replace(run.look, state="failed", problem=LOST)

    def _expire(self) -> None:
        now = time.monotonic()
        for name in [n for n, run in self._runs.items() if now - run.seen > self.gone]:
            self._forget(name)

    def _forget(self, name: str) -> None:
        run = self._runs.pop(name, None)
        if run is not None:
            self._give_up_turn(name, run)
            run.slot.to_close.append(name)
            self._changed.notify_all()

    def _give_up_turn(self, name: str, run: _Run) -> None:
        if name in run.slot.turns:
            run.slot.turns.remove(name)


def _after(before: Look, answer: Answer, seconds: float) -> Look:
    """A run after its process has answered, for which it took so many seconds."""
    match answer:
        case Opened(scene, snapshots):
            return replace(_with(before, snapshots), state="ready", scene=scene)
        case Stepped(snapshots, done):
            look = _with(before, snapshots)
            state: State = "done" if done else look.state
            return replace(look, state=state, steps=look.steps + 1, seconds=look.seconds + seconds)
        case Failed(problem):
            return replace(before, state="failed", problem=problem)
        case Closed():
            return before


def _with(before: Look, snapshots: tuple[Snapshot, ...]) -> Look:
    """A run with new snapshots; of those in its history the pictures are left out."""
    latest, history = dict(before.latest), dict(before.history)
    for snapshot in snapshots:
        latest[snapshot.learner] = snapshot
        slim = replace(snapshot, surfaces=(), answers=(), targets=(), weights=())
        history[snapshot.learner] = (*history.get(snapshot.learner, ()), slim)
    return replace(before, latest=latest, history=history)


_OPEN: Final[list[LiveQueue]] = []
_OPENING: Final = threading.Lock()


def live_queue() -> LiveQueue:
    """This server's live trainings; they end when the server does."""
    with _OPENING:
        if not _OPEN:
            _OPEN.append(LiveQueue())
            atexit.register(_OPEN[0].close)
        return _OPEN[0]
