"""The benchmark of the app: what it makes of times, and that its clock tells the truth."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from benchmarks.app import light, pages, room
from benchmarks.app.__main__ import Parts, interactions
from benchmarks.app.stopwatch import TooSlow, seconds, summary
from benchmarks.app.targets import BARS, targets
from benchmarks.tables import cells, waiting
from dmil_core.io.atomic import write_json
from tests.browser.server import CHROMIUM, FLAGS, app_process

LATE = """<button onclick="setTimeout(() => document.body.append('there'), 300)">go</button>"""
THERE = "() => document.body.innerText.includes('there')"


def record(seconds: float = 0.1) -> dict[str, Any]:
    """As the benchmark writes it, everything as fast as told."""
    told = summary([seconds] * 30)
    ours = dict.fromkeys(("click", "colour", "page", "what_if", "next"), told)
    ours["cold_map"] = ours["warm_map"] = {"text": told, "chart": told}
    crowd = {"visitors": 10, "lasting": 120.0, "clicks": told, "faults": [], "growth": 0.02,
             "most_megabytes": 700.0, "server_seconds": 60.0}  # fmt: skip
    opened = {"text": told, "chart": told}
    light = {k: crowd[k] for k in ("visitors", "lasting", "clicks", "faults", "server_seconds")}
    size = 10 * seconds
    more = {"light": light, "large": {"points": 200_000, "seconds": told},
            "received": {"files": size, "messages": size, "together": 2 * size}}  # fmt: skip
    lost = {"name": "TensorBoard projector", "points": 10000, "problem": "it did not start"}
    other_tool = {"name": "Embedding Atlas", "points": 10000, "map": told, "click": told}
    return {"cores": 2, "chromium": "150.0.1", "cold": opened, "warm": opened, "crowd": crowd,
            "ours": {"10000": ours, "50000": ours}, "other_tools": [other_tool, lost],
            **more}  # fmt: skip


def test_the_95th_percentile_is_not_exceeded_by_95_percent() -> None:
    told = summary([float(n) for n in range(1, 31)])
    assert (told["p50"], told["p95"], told["worst"]) == (15.5, 29.0, 30.0)
    assert summary([2.0])["p95"] == 2.0


def test_targets_are_met_missed_or_open() -> None:
    assert {t.state for t in targets(record(0.1))} == {"met"}
    slow = targets(record(10.0))
    assert [t.state for t in slow] == ["missed"] * (len(BARS) + 1) + ["met"] * 3
    assert slow[0].failing == ("10.00 s",)
    assert {t.state for t in targets({"ours": {}})} == {"open"}
    faulty = record()
    faulty["crowd"] |= {"faults": ["map: a fault"], "growth": 0.2, "most_megabytes": 1300.0}
    assert [t.state for t in targets(faulty)[-3:]] == ["missed"] * 3


def test_the_readme_tells_of_all_that_was_measured_and_of_what_could_not_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "RESULTS", tmp_path)
    write_json(tmp_path / "app.json", record())
    text = waiting.app()
    for words in (
        "first chart",
        "click on a point",
        "Embedding Atlas",
        "10 visitors",
        "**met**",
        "without a browser",
        "200,000 points",
        "first visit receives 2.0 MB",
    ):
        assert words in text
    assert "it did not start" in text


@pytest.mark.browser
def test_the_stopwatch_runs_from_the_press_to_what_is_shown() -> None:
    async def timed() -> float:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = await browser.new_page()
            await page.set_content(LATE)
            with pytest.raises(TooSlow, match="not shown within 0 s"):
                await seconds(page, lambda: asyncio.sleep(0), THERE, limit=0.2)
            await page.set_content(LATE)
            result = await seconds(page, page.get_by_role("button").click, THERE)
            await browser.close()
            return result

    # In a thread of its own: browser tests may have left a loop running in this one.
    with ThreadPoolExecutor(1) as one:
        assert 0.3 <= one.submit(asyncio.run, timed()).result() < 10


def test_a_run_that_was_stopped_goes_on_with_the_part_that_is_missing(tmp_path: Path) -> None:
    worked: list[str] = []

    async def part(name: str) -> str:
        worked.append(name)
        return f"{name} measured"

    async def both(parts: Parts, second: str) -> list[str]:
        return [await parts.of(name, lambda n=name: part(n)) for name in ("cold", second)]  # type: ignore[misc]

    def run(work: Any) -> Any:
        with ThreadPoolExecutor(1) as one:
            return one.submit(asyncio.run, work).result()

    path, how = tmp_path / "parts.json", {"repeats": "30"}
    run(Parts(path, how).of("cold", lambda: part("cold")))
    assert run(both(Parts(path, how), "crowd")) == ["cold measured", "crowd measured"]
    assert worked == ["cold", "crowd"]
    run(Parts(path, {"repeats": "5"}).of("cold", lambda: part("cold")))
    assert worked == ["cold", "crowd", "cold"]
    Parts(path, how).close()
    assert not path.exists()


@pytest.mark.browser
def test_every_click_that_is_measured_finds_its_place_and_its_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a small set: the pages change, and the benchmark is run once in months."""
    monkeypatch.setattr(room, "TRAIN", 200)
    monkeypatch.setattr(room, "VAL", 50)
    monkeypatch.setattr(room, "EPOCHS", 0.02)
    place = room.furnish(tmp_path, 400)
    clicks = len(pages.CHANGES)

    async def clicked(url: str) -> dict[str, Any]:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            told = await interactions(browser, url, place, clicks)
            await browser.close()
            return told

    with (
        app_process({"DMIL_CHECKPOINTS": str(place.root)}) as (url, pid),
        ThreadPoolExecutor(1) as one,
    ):
        told = one.submit(asyncio.run, clicked(url)).result()
        without = light.crowd(url, pid, place, 2.0)
    names = ("click", "colour", "page", "what_if", "next")
    assert {name: figures["repeats"] for name, figures in told.items()} == dict.fromkeys(
        names, clicks
    )
    assert without["faults"] == []
    assert without["clicks"]["repeats"] >= light.VISITORS
    assert light.cold_overview(place, 1)["seconds"]["p50"] > 0
