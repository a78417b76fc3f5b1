"""The process that trains for the page Live training: several runs in memory, a step when asked.

It answers each command that comes through its connection with one answer, in order. Its first
word, `Ready`, says that everything is imported. It ends when nobody can command it any more, and
keeps nothing on disk. What it prints goes to the server's log.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from dmil_core.errors import DmilError

if TYPE_CHECKING:
    from dmil_core.teaching.live import Live
    from dmil_core.teaching.scene import Scene, Settings, Snapshot

log = logging.getLogger("dashboard.live")

#: The pages' own work goes first.
_NICENESS = 5


@dataclass(frozen=True)
class Open:
    """Begin a run; its answer is `Opened`."""

    run: str
    settings: Settings


@dataclass(frozen=True)
class Step:
    """Train a run by one step; its answer is `Stepped`."""

    run: str


@dataclass(frozen=True)
class Close:
    """Forget a run; its answer is `Closed`."""

    run: str


@dataclass(frozen=True)
class Ready:
    """Everything is imported."""


@dataclass(frozen=True)
class Opened:
    """A run before its first step."""

    scene: Scene
    snapshots: tuple[Snapshot, ...]


@dataclass(frozen=True)
class Stepped:
    """What a step changed, and whether it was the last."""

    snapshots: tuple[Snapshot, ...]
    done: bool


@dataclass(frozen=True)
class Closed:
    """A run was forgotten."""


@dataclass(frozen=True)
class Failed:
    """A run cannot go on and was forgotten; why, in words for people."""

    problem: str


Command = Open | Step | Close
Answer = Opened | Stepped | Closed | Failed


def main(connection: Connection, environment: Mapping[str, str]) -> None:
    """Answer commands until nobody holds the other end of the connection.

    Parameters
    ----------
    environment : what to set before libraries are imported that read it once.
    """
    os.environ.update(environment)
    from dmil_core.teaching.live import warm

    warm()
    # Only now: a visitor waits for the start, which takes a busy server minutes otherwise.
    with contextlib.suppress(AttributeError, OSError):
        os.nice(_NICENESS)
    runs: dict[str, Live] = {}
    # The app may be gone, and with it whoever would read another answer.
    with contextlib.suppress(EOFError, ConnectionError, KeyboardInterrupt):
        connection.send(Ready())
        while True:
            connection.send(_answer(runs, connection.recv()))


def _answer(runs: dict[str, Live], command: Command) -> Answer:
    """Do what a command says."""
    try:
        return _done(runs, command)
    except DmilError as error:
        runs.pop(command.run, None)
        return Failed(str(error))
    except Exception:
        # This run is lost; those of other visitors must not be.
        log.exception("a live training failed")
        runs.pop(command.run, None)
        return Failed("It failed for a reason that is ours; the log has it.")


def _done(runs: dict[str, Live], command: Command) -> Answer:
    from dmil_core.teaching.live import Live

    match command:
        case Open(name, settings):
            live = runs[name] = Live(settings)
            return Opened(live.scene(), live.start())
        case Step(name):
            live = runs[name]
            return Stepped(live.step(), live.done)
        case Close(name):
            runs.pop(name, None)
            return Closed()
