"""One process of `dashboard.jobs.live_process`: started, asked, ended."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from typing import Any, Final

from dashboard.jobs.queue import environment

#: Seconds until a new process has imported everything, and until one that is asked has answered.
#: Longer ones are ended: a step takes a fraction of a second on an idle machine.
START_SECONDS: Final = 120.0
ANSWER_SECONDS: Final = 60.0


class Gone(RuntimeError):
    """The process ended or did not answer."""


class Worker:
    """A process that answers; starting it takes seconds, so it is kept."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.jobs.live_process"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), bufsize=0,
        )  # fmt: skip
        self._held = b""
        self._ready = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send a command and wait for its answer.

        Raises
        ------
        Gone
            If there is none; the process is then ended.
        """
        if not self._ready:
            self._line(START_SECONDS)
            self._ready = True
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
        except OSError:
            self.end()
            raise Gone from None
        answer: dict[str, Any] = json.loads(self._line(ANSWER_SECONDS))
        return answer

    def kill(self) -> None:
        """End the process while another thread may be asking it: that one gets `Gone`."""
        self._process.kill()

    def end(self) -> None:
        """End the process, at once."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.kill()
        self._process.wait()

    def _line(self, seconds: float) -> bytes:
        assert self._process.stdout is not None
        handle, end = self._process.stdout.fileno(), time.monotonic() + seconds
        while b"\n" not in self._held:
            left = end - time.monotonic()
            readable = left > 0 and select.select([handle], [], [], left)[0]
            part = os.read(handle, 1 << 16) if readable else b""
            if not part:
                self.end()
                raise Gone
            self._held += part
        line, _, self._held = self._held.partition(b"\n")
        return line
