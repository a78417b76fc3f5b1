"""Ten visitors at once: each waits for what it asked for, thinks for a moment, clicks again."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import deque
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Error, Page

from benchmarks.app import pages
from benchmarks.app.room import Room
from benchmarks.app.stopwatch import TooSlow, summary

VISITORS = 10
SECONDS = 120.0
#: Between an answer and the next click.
THINK = (2.0, 4.0)
#: A visitor who waits longer than this calls it an error.
PATIENCE = 20.0
#: Points of the map that a visitor may click; they are looked for beforehand, as that is no work of
#: a visitor's browser.
AIMS = 30
#: Of the run, in seconds: what has to be read first is read by then.
SETTLING = 60.0
_FAULT = "[data-testid=stException], [data-testid=stAlertContentError]"


def memory(pid: int) -> float:
    """Resident memory of a process in MB."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(kilobytes) / 1024


def busy(pid: int) -> float:
    """Seconds of processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def crowd(
    browser: Browser, url: str, pid: int, room: Room, lasting: float = SECONDS
) -> dict[str, Any]:
    """Seconds of every click, faults in words, and the server's memory, a figure a second."""
    opened = [await _visitor(browser, url, room, n) for n in range(VISITORS)]
    aims = [await _aims(page, n) for n, page in enumerate(opened)]
    started, used = time.monotonic(), busy(pid)
    watch = asyncio.create_task(_watch(pid, started + lasting))
    told = await asyncio.gather(
        *(_stay(page, room, n, aims[n], started + lasting) for n, page in enumerate(opened))
    )
    megabytes = await watch
    used = busy(pid) - used
    for page in opened:
        await page.context.close()
    later = megabytes[min(int(SETTLING), len(megabytes) // 2) :]
    return {
        "visitors": VISITORS,
        "lasting": lasting,
        "clicks": summary([t for times, _ in told for t in times]),
        "faults": [fault for _, faults in told for fault in faults],
        "server_seconds": round(used, 1),
        "megabytes": [round(m, 1) for m in megabytes],
        "growth": _level(later[-10:]) / _level(later[:10]) - 1.0,
        "most_megabytes": max(megabytes),
    }


def _level(megabytes: list[float]) -> float:
    return sorted(megabytes)[len(megabytes) // 2]


async def _watch(pid: int, end: float) -> list[float]:
    result = []
    while time.monotonic() < end:
        result.append(memory(pid))
        await asyncio.sleep(1.0)
    return result


#: Which page a visitor stays on, by number.
_PLACES = ("map", "samples", "what-if", "map", "samples")


async def _visitor(browser: Browser, url: str, room: Room, number: int) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    place = _PLACES[number % len(_PLACES)]
    first = str(room.table["id"].iloc[100 * number])
    await page.goto(pages.address(url, room, place, sample=first), timeout=120_000)
    await pages.settled(page)
    return page


async def _aims(page: Page, number: int) -> deque[str]:
    if _PLACES[number % len(_PLACES)] != "map":
        return deque()
    return deque(await pages.points(page, random.Random(number), AIMS))


async def _next(page: Page, aims: deque[str]) -> str:
    """The next of the points that can be clicked now; they are clicked in turns."""
    for _ in range(len(aims)):
        aims.rotate(-1)
        if await pages.can_be_clicked(page, aims[-1]):
            return aims[-1]
    raise TooSlow("no point of the map can be clicked")


async def _stay(
    page: Page, room: Room, number: int, aims: deque[str], end: float
) -> tuple[list[float], list[str]]:
    rng, place = random.Random(number), _PLACES[number % len(_PLACES)]
    times: list[float] = []
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"{place}: {error}"))
    ids, at, turn = list(room.table["id"]), 100 * number, 0
    while time.monotonic() < end:
        await asyncio.sleep(rng.uniform(*THINK))
        turn += 1
        done = len(times)
        try:
            if place == "map":
                target = await _next(page, aims)
                times.append(await pages.click_point(page, room, target))
            elif place == "samples":
                times.append(await pages.step(page, room, str(ids[at + turn])))
            else:
                change = pages.CHANGES[turn % len(pages.CHANGES)]
                times.append(await pages.change(page, change))
        except (TooSlow, Error) as error:
            faults.append(f"{place}: {str(error).splitlines()[0]}")
        if len(times) > done and times[-1] > PATIENCE:
            faults.append(f"{place}: an answer took more than {PATIENCE:.0f} s")
        if await page.locator(_FAULT).count():
            faults.append(f"{place}: the page shows an error")
    return times, faults
