"""Visitors without a browser: what the server takes, where ten Chromium would measure Chromium.

They speak the protocol of Streamlit's browsers. A click is answered when the last message of the
page that was asked for has come.
"""

from __future__ import annotations

import random
import threading
import time
from itertools import count
from typing import Any, Final

from benchmarks.app.pages import CHANGES, query_of
from benchmarks.app.room import Room
from benchmarks.app.stopwatch import summary
from benchmarks.app.visitors import PATIENCE, THINK, VISITORS, busy
from tests.browser.protocol import click, visit, whole
from tests.browser.server import app_process

#: Pages that a visitor stays on, by number.
_PLACES: Final = ("samples", "what-if", "map", "samples", "")


class Visitor:
    """Somebody who clicks, waits for the answer and thinks for a moment, in one session."""

    def __init__(self, number: int, url: str, room: Room, end: float) -> None:
        self.seconds: list[float] = []
        self.faults: list[str] = []
        self._number, self._url, self._room, self._end = number, url, room, end
        self._random = random.Random(number)

    def stay(self) -> None:
        """Until the end; what goes wrong is kept."""
        page = _PLACES[self._number % len(_PLACES)]
        try:
            with visit(self._url) as connection:
                for turn in count():
                    connection.send(click(page, self._asked(page, turn)))
                    begun = time.monotonic()
                    self.faults += whole(connection, PATIENCE)
                    # The first answer is the page itself.
                    self.seconds += [time.monotonic() - begun] if turn else []
                    if time.monotonic() >= self._end:
                        return
                    time.sleep(self._random.uniform(*THINK))
        except Exception as error:
            self.faults.append(f"{page}: {type(error).__name__}: {error}"[:200])

    def _asked(self, page: str, turn: int) -> dict[str, str]:
        ids = self._room.table["id"]
        step = turn if page != "what-if" else 0
        query = query_of(self._room, sample=str(ids.iloc[(100 * self._number + step) % len(ids)]))
        if page == "what-if" and turn:
            query["edit1"] = CHANGES[turn % len(CHANGES)]
        return query


def crowd(url: str, pid: int, room: Room, lasting: float) -> dict[str, Any]:
    """Seconds of every click of ten visitors, faults in words, and the server's processor time."""
    used, end = busy(pid), time.monotonic() + lasting
    visitors = [Visitor(number, url, room, end) for number in range(VISITORS)]
    threads = [threading.Thread(target=v.stay, daemon=True) for v in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(lasting + 2 * PATIENCE)
    seconds = [s for v in visitors for s in v.seconds]
    return {
        "visitors": VISITORS,
        "lasting": lasting,
        "clicks": summary(seconds),
        "faults": [fault for v in visitors for fault in v.faults],
        "server_seconds": busy(pid) - used,
    }


def cold_overview(room: Room, repeats: int) -> dict[str, Any]:
    """Processor seconds of a server that was only just started, from the first visitor's request
    until his Overview is whole."""
    seconds = []
    for _ in range(repeats):
        with app_process({"DMIL_CHECKPOINTS": str(room.root)}) as (url, pid):
            used = busy(pid)
            with visit(url) as connection:
                connection.send(click("", query_of(room)))
                faults = whole(connection, 120.0)
            seconds.append(busy(pid) - used)
            if faults:
                raise RuntimeError(f"Overview shows {faults[0]}")
    return {"points": room.points, "seconds": summary(seconds)}
