"""How long does a visitor wait? ``make bench-app``, in a real Chromium on the machine it runs on.

Our app on 10,000 and on 50,000 points: opening it on a server that was only just started, and on
one that was not; a click on a point of the map, another colour, another page, a changed input; ten
visitors at once for two minutes, in browsers and without; the Overview of 200,000 points; and two
other tools on the same points. Times are taken in the
page, from the press of the pointer to the frame that shows the answer whole. Writes
benchmarks/results/app.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from benchmarks.app import light, other_tools, pages, visitors
from benchmarks.app.room import Room, furnish
from benchmarks.app.stopwatch import since_opened, summary
from benchmarks.app.targets import targets
from benchmarks.runs import RESULTS
from benchmarks.study import record_path
from dmil_core.io.atomic import check_writable, write_json, writing
from tests.browser.server import CHROMIUM, FLAGS, app_process

RESULT = RESULTS / "app.json"
SIZES = (10_000, 50_000)
REPEATS, COLD = 30, 7
#: Points of a set whose Overview is opened on a server that was only just started, and how often.
LARGE, COLD_LARGE = 200_000, 3


def _folders(room: Room) -> dict[str, str]:
    return {"DMIL_CHECKPOINTS": str(room.root)}


async def _page(browser: Browser) -> Page:
    """A visitor who was never here: nothing is in the browser's stores."""
    context = await browser.new_context(viewport={"width": 1440, "height": 1000})
    return await context.new_page()


async def opening(browser: Browser, url: str, shown: str) -> dict[str, float]:
    """Seconds to the first text and to the first chart of a page."""
    page = await _page(browser)
    await page.goto(url, wait_until="commit")
    text = await since_opened(page, pages.TEXT)
    chart = await since_opened(page, shown)
    await page.context.close()
    return {"text": text, "chart": chart}


async def cold(browser: Browser, repeats: int, room: Room | None = None) -> dict[str, Any]:
    """A new server each time: the shipped sets' Overview, or the map of a room."""
    result = []
    for _ in range(repeats):
        with app_process(_folders(room) if room else {}) as (url, _):
            where = pages.address(url, room, "map") if room else f"{url}/"
            result.append(await opening(browser, where, pages.MAP if room else pages.CHART))
    return {k: summary([f[k] for f in result]) for k in ("text", "chart")}


async def warm(browser: Browser, url: str, shown: str, repeats: int) -> dict[str, Any]:
    """A new visitor of a server that others have used."""
    result = [await opening(browser, url, shown) for _ in range(repeats)]
    return {k: summary([f[k] for f in result]) for k in ("text", "chart")}


async def interactions(browser: Browser, url: str, room: Room, repeats: int) -> dict[str, Any]:
    """Each thing a visitor does, one after the other, the first time left out."""
    page, rng = await _page(browser), random.Random(0)
    await page.goto(pages.address(url, room, "map"))
    await pages.settled(page)
    result: dict[str, Any] = {}

    async def measured(name: str, steps: list[Callable[[], Awaitable[float]]]) -> None:
        times = []
        for step in steps:
            times.append(await step())
            # A visitor looks at what came; the next click meets a page at rest.
            await page.wait_for_timeout(400)
        told = result[name] = summary(times[1:])
        half, most = told["p50"], told["p95"]
        print(f"{room.points:>7,} {name:<9} p50 {half:.2f} p95 {most:.2f}", flush=True)

    aims = await pages.points(page, rng, repeats + 1)
    await measured("click", [partial(pages.click_point, page, room, a) for a in aims])
    colours = islice(cycle(pages.COLOURS), repeats + 1)
    await measured("colour", [partial(pages.colour, page, *c) for c in colours])
    tour = list(pages.PAGES)
    for title in tour:
        await pages.switch(page, title)
    stops = islice(cycle(tour), repeats + 1)
    await measured("page", [partial(pages.switch, page, t) for t in stops])
    await pages.switch(page, "What if")
    await pages.settled(page)
    changes = islice(cycle(pages.CHANGES), repeats + 1)
    await measured("what_if", [partial(pages.change, page, c) for c in changes])
    await pages.switch(page, "Samples")
    await pages.settled(page)
    ids = [str(i) for i in room.table["id"]]
    at = ids.index(await pages.current(page))
    nexts = ids[at + 1 : at + 2 + repeats]
    await measured("next", [partial(pages.step, page, room, i) for i in nexts])
    await page.context.close()
    return result


class Parts:
    """What was measured so far, in a file: a run that was stopped goes on with the next part.

    Parameters
    ----------
    path : of the file; it is removed by :meth:`close`.
    how : what was asked for; a file of another run is not taken up.
    """

    def __init__(self, path: Path, how: dict[str, Any]) -> None:
        self.path, self.how = path, how
        known = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self.parts: dict[str, Any] = known["parts"] if known.get("how") == how else {}
        if self.parts:
            print(f"{path}: taken up from an earlier run are {', '.join(self.parts)}", flush=True)

    async def of(self, name: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """What ``work`` measures, now or before."""
        if name not in self.parts:
            self.parts[name] = await work()
            write_json(self.path, {"how": self.how, "parts": self.parts})
        return self.parts[name]

    def close(self) -> None:
        """Everything is measured."""
        with writing(self.path):
            self.path.unlink(missing_ok=True)


async def _ours(
    browser: Browser, room: Room, a: argparse.Namespace, first: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What our app takes on a room, and, of the ``first`` one, a visitor of the Overview."""
    ours: dict[str, Any] = {}
    overview: dict[str, Any] = {}
    if "cold" in a.only:
        ours["cold_map"] = await cold(browser, a.cold, room)
    with app_process(_folders(room)) as (url, pid):
        if "clicks" in a.only:
            ours |= await interactions(browser, url, room, a.repeats)
            ours["megabytes"] = visitors.memory(pid)
        if first and "cold" in a.only:
            overview = await warm(browser, f"{url}/", pages.CHART, a.cold)
        if "other_tools" in a.only:
            where = pages.address(url, room, "map")
            ours["warm_map"] = await warm(browser, where, pages.MAP, a.cold)
    return ours, overview


async def _crowd(browser: Browser, room: Room, a: argparse.Namespace) -> dict[str, Any]:
    with app_process(_folders(room)) as (url, pid):
        return await visitors.crowd(browser, url, pid, room, a.seconds)


async def _light(room: Room, a: argparse.Namespace) -> dict[str, Any]:
    with app_process(_folders(room)) as (url, pid):
        return await asyncio.to_thread(light.crowd, url, pid, room, a.seconds)


async def _large(a: argparse.Namespace) -> dict[str, Any]:
    room = await asyncio.to_thread(furnish, a.out / "rooms", LARGE, maps=False)
    return await asyncio.to_thread(light.cold_overview, room, COLD_LARGE)


async def received(browser: Browser, url: str) -> dict[str, float]:
    """MB that a browser receives on its first visit: files as they are sent, and messages."""
    page = await _page(browser)
    session = await page.context.new_cdp_session(page)
    total = {"files": 0.0, "messages": 0.0}

    def add(kind: str, size: float) -> None:
        total[kind] += size / 1e6

    session.on("Network.loadingFinished", lambda e: add("files", e["encodedDataLength"]))
    session.on(
        "Network.webSocketFrameReceived",
        lambda e: add("messages", 0.75 * len(e["response"]["payloadData"])),  # base64
    )
    await session.send("Network.enable")
    await page.goto(url)
    await page.wait_for_function(pages.CHART, timeout=120_000)
    await pages.settled(page)
    await page.context.close()
    return {**total, "together": sum(total.values())}


async def _other(
    browser: Browser, room: Room, a: argparse.Namespace, tool: other_tools.OtherTool, programs: Path
) -> dict[str, Any]:
    folder = a.out / f"points-{room.points}"
    other_tools.write(room, folder)
    with other_tools.running(tool, programs, folder) as url:
        told = await other_tools.measure(browser, tool, url, room, a.repeats, a.cold)
    print(room.points, tool.name, told.get("problem", ""), flush=True)
    return told


async def measure(a: argparse.Namespace) -> dict[str, Any]:
    """All of it; what is named in ``a.only``, where anything is."""
    rooms = {n: furnish(a.out / "rooms", n) for n in a.sizes}
    programs = other_tools.install(a.out / "other_tools") if "other_tools" in a.only else None
    result: dict[str, Any] = {"cores": os.cpu_count(), "ours": {}, "other_tools": []}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        result["chromium"] = browser.version
        how = {k: str(v) for k, v in vars(a).items()} | {"chromium": browser.version}
        parts = Parts(a.out / "parts.json", how)
        if "cold" in a.only:
            result["cold"] = await parts.of("cold", partial(cold, browser, a.cold))
        for points, room in rooms.items():
            first = points == min(rooms)
            ours, overview = await parts.of(str(points), partial(_ours, browser, room, a, first))
            result["ours"][str(points)] = ours
            if overview:
                result["warm"] = overview
            for tool in other_tools.OTHER_TOOLS:
                if programs is None:
                    break
                work = partial(_other, browser, room, a, tool, programs)
                result["other_tools"].append(await parts.of(f"{points} {tool.name}", work))
        if "crowd" in a.only:
            least = rooms[min(rooms)]
            result["crowd"] = await parts.of("crowd", partial(_crowd, browser, least, a))
            result["light"] = await parts.of("light", partial(_light, least, a))
        if "cold" in a.only:
            result["large"] = await parts.of("large", partial(_large, a))
            with app_process() as (url, _):
                result["received"] = await parts.of(
                    "received", partial(received, browser, f"{url}/")
                )
        await browser.close()
    parts.close()
    return result


def main() -> int:
    """Measure, print, record."""
    parts = ("cold", "clicks", "other_tools", "crowd")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--cold", type=int, default=COLD, help="new servers and new visitors")
    parser.add_argument("--seconds", type=float, default=visitors.SECONDS, help="of ten visitors")
    parser.add_argument("--only", nargs="+", choices=parts, default=list(parts))
    parser.add_argument("--out", type=Path, default=Path("build/bench-app"))
    a = parser.parse_args()
    a.out = a.out.resolve()
    path = record_path(parser, a, RESULT)
    check_writable(path)
    result = asyncio.run(measure(a))
    write_json(path, result)
    for target in targets(result):
        print(f"{target.state}: {target.claim}: {target.figure} {'; '.join(target.failing)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
