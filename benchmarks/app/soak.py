"""Does the server hold out? ``python -m benchmarks.app.soak``: four visitors for ten minutes.

They speak the protocol of Streamlit's browsers without being any, so that the machine's time goes
into the server: each opens a page on one of the shipped sets, waits until it is whole, thinks, goes
on to another sample, page or change, and now and then loads the page anew, in another session. Then
all leave. Once a second the server's memory, handles, threads, event loops and the seconds until it
says that it is well are written down; a summary is printed. Writes build/bench-app/soak.json.
"""

from __future__ import annotations

import argparse
import random
import statistics
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from websockets.sync.client import ClientConnection

from dmil_core.checkpoint import PREDICTIONS_FILE, run_folder
from dmil_core.io.atomic import check_writable, write_json
from dmil_core.io.paths import checkpoints_root
from dmil_core.io.tables import read_table
from tests.browser.protocol import click, visit, whole
from tests.browser.server import app_process

VISITORS: Final = 4
MINUTES: Final = 10.0
#: Seconds between an answer and the next click.
THINK: Final = (0.5, 2.0)
#: Clicks of a session, after which the page is loaded anew.
CLICKS: Final = 25
#: Seconds after the last visitor has left: sessions are kept for 120.
IDLE: Final = 150.0
#: Seconds at the beginning in which everything is read for the first time.
SETTLING: Final = 60.0
#: A visitor who waits longer for an answer calls it a fault.
PATIENCE: Final = 60.0
SETS: Final = ("avdigits", "mfeat", "switch")
PAGES: Final = ("", "samples", "samples", "what-if", "map", "compare", "lessons", "gates", "paper")
MODELS: Final = ("dmil", "joint", "ensemble")
CHANGES: Final = ("", "blank", "noise:1.5:1", "noise:0.5:2")


@dataclass(frozen=True)
class Reading:
    """The server at one moment: MB of memory, handles, threads, event loops, seconds of health."""

    seconds: float
    megabytes: float
    handles: int
    threads: int
    loops: int
    health: float


def read(process: psutil.Process, url: str, begun: float) -> Reading:
    """The server as it is now."""
    started = time.monotonic()
    with urllib.request.urlopen(f"{url}/_stcore/health", timeout=PATIENCE) as answer:
        answer.read()
    health = time.monotonic() - started
    links = []
    for handle in Path(f"/proc/{process.pid}/fd").iterdir():
        try:
            links.append(str(handle.readlink()))
        except OSError:
            # Closed meanwhile.
            continue
    return Reading(
        seconds=round(time.monotonic() - begun, 1),
        megabytes=round(process.memory_info().rss / 1e6, 1),
        handles=len(links),
        threads=process.num_threads(),
        loops=sum("eventpoll" in link for link in links),
        health=round(health, 3),
    )


class Visitor:
    """Somebody who looks around for some time."""

    def __init__(self, number: int, url: str, ids: dict[str, list[str]], end: float) -> None:
        self.random = random.Random(number)
        self.url = url
        self.ids = ids
        self.end = end
        self.answers: list[float] = []
        self.faults: list[str] = []

    def stay(self) -> None:
        """Session after session until the end."""
        while time.monotonic() < self.end:
            try:
                with visit(self.url) as connection:
                    for _ in range(CLICKS):
                        if time.monotonic() >= self.end:
                            break
                        self._click(connection)
                        time.sleep(self.random.uniform(*THINK))
            except Exception as error:
                self.faults.append(f"{type(error).__name__}: {error}"[:200])
                time.sleep(1.0)

    def _click(self, connection: ClientConnection) -> None:
        """Ask for a page, and wait until it is whole."""
        pick, data = self.random.choice, self.random.choice(SETS)
        query = {"data": data, "model": pick(MODELS), "seed": "0", "sample": pick(self.ids[data])}
        if change := pick(CHANGES):
            query["edit1"] = change
        page = pick(PAGES)
        begun = time.monotonic()
        connection.send(click(page, query))
        self.faults += [f"{page}: {fault}" for fault in whole(connection, PATIENCE)]
        self.answers.append(time.monotonic() - begun)


def ids_of(data: str) -> list[str]:
    """Samples of a shipped set."""
    folder = run_folder(checkpoints_root(), data, "dmil", 0)
    frame = read_table(folder / PREDICTIONS_FILE)
    return [str(i) for i in frame.loc[frame["split"] == "test", "id"]]


def soak(minutes: float, visitors: int, idle: float, say: Callable[[str], None]) -> dict[str, Any]:
    """Readings while the visitors are there and after they left, answers, and faults."""
    ids = {data: ids_of(data) for data in SETS}
    with app_process() as (url, pid):
        process, begun = psutil.Process(pid), time.monotonic()
        start = read(process, url, begun)
        end = begun + 60 * minutes
        people = [Visitor(number, url, ids, end) for number in range(visitors)]
        threads = [threading.Thread(target=person.stay, daemon=True) for person in people]
        for thread in threads:
            thread.start()
        readings: list[Reading] = []
        while time.monotonic() < end + idle:
            readings.append(read(process, url, begun))
            if len(readings) % 30 == 1:
                say(str(readings[-1]))
            time.sleep(1.0)
        for thread in threads:
            thread.join(PATIENCE)
    answers = [seconds for person in people for seconds in person.answers]
    there = [r for r in readings if SETTLING <= r.seconds <= 60 * minutes]
    return {
        "minutes": minutes,
        "visitors": visitors,
        "clicks": len(answers),
        "answer_p50": round(statistics.median(answers), 3) if answers else None,
        "faults": [fault for person in people for fault in person.faults],
        "start": asdict(start),
        "first": _level(there[:30]),
        "last": _level(there[-30:]),
        "most": {name: max(getattr(r, name) for r in readings) for name in _MEASURED},
        "after": asdict(readings[-1]),
        "readings": [asdict(r) for r in readings],
    }


_MEASURED: Final = ("megabytes", "handles", "threads", "loops", "health")


def _level(readings: list[Reading]) -> dict[str, float]:
    return {
        name: statistics.median(getattr(r, name) for r in readings)
        for name in _MEASURED
        if readings
    }


def main() -> int:
    """Soak, print, record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--visitors", type=int, default=VISITORS)
    parser.add_argument("--idle", type=float, default=IDLE, help="seconds after all have left")
    parser.add_argument("--out", type=Path, default=Path("build/bench-app/soak.json"))
    a = parser.parse_args()
    check_writable(a.out)
    result = soak(a.minutes, a.visitors, a.idle, lambda line: print(line, flush=True))
    write_json(a.out, result)
    for name, value in result.items():
        if name != "readings":
            print(f"{name}: {value}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
