"""One process of `dashboard.jobs.live_process`: started, asked, ended."""

from __future__ import annotations

import contextlib
import multiprocessing
from typing import Any, Final

from dashboard.jobs import live_process
from dashboard.jobs.live_process import Answer, Command
from dashboard.jobs.queue import threads

#: Seconds until a new process has imported everything, and until one that is asked has answered.
#: Longer ones are ended: a step takes a fraction of a second on an idle machine.
START_SECONDS: Final = 120.0
ANSWER_SECONDS: Final = 60.0


class Gone(RuntimeError):
    """The process ended or did not answer."""


class Worker:
    """A process that answers; starting it takes seconds, so it is kept.

    It is spawned: a fork of a server with many threads may inherit a lock that nobody releases.
    Python then reads the main module again in the new process, which Streamlit has replaced by
    dashboard/script.py; that one does nothing there.
    """

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=live_process.main, args=(theirs, threads()), name="live", daemon=True
        )
        self._process.start()
        # The process alone holds its end now: when it ends, this one is told.
        theirs.close()
        self._ready = False

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid is not None
        return self._process.pid

    def ask(self, command: Command) -> Answer:
        """Send a command and wait for its answer.

        Raises
        ------
        Gone
            If there is none; the process is then ended.
        """
        if not self._ready:
            self._receive(START_SECONDS)
            self._ready = True
        try:
            self._connection.send(command)
        except OSError:
            self.end()
            raise Gone from None
        answer: Answer = self._receive(ANSWER_SECONDS)
        return answer

    def kill(self) -> None:
        """End the process while another thread may be asking it: that one gets `Gone`."""
        self._process.kill()

    def end(self) -> None:
        """End the process, at once."""
        self._process.kill()
        self._process.join()
        with contextlib.suppress(OSError):
            self._connection.close()

    def _receive(self, seconds: float) -> Any:
        """What the process says next.

        It comes as a pickle, which nobody else can have written: the pipe has no name, and its
        other end is held by the process that was started here.
        """
        try:
            if self._connection.poll(seconds):
                return self._connection.recv()
        except (EOFError, OSError):
            pass
        self.end()
        raise Gone
