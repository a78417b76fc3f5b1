"""What a visitor of our app does, and how the page tells that it shows what was asked for.

All that depends on how the pages are built is here.
"""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import urlencode

import numpy as np
from playwright.async_api import Locator, Page
from sklearn.neighbors import KDTree

from benchmarks.app.room import Room
from benchmarks.app.stopwatch import seconds
from dashboard.keys import key_of

#: The script has run to its end, and nothing on the page is of the run before.
SETTLED = """(() => document.querySelector("[data-testid=stApp]").dataset.testScriptState
  === "notRunning" && !document.querySelector("[data-stale=true]"))()"""
#: Our own drawings below elements with this selector, each in the shadow tree of its component.
_DRAWINGS = """[...document.querySelectorAll(`%s *`)]
  .map((e) => e.shadowRoot?.querySelector(".drawn > svg[role=img]")).filter(Boolean)"""
_DRAWN = f"({_DRAWINGS}.length > 0)"
#: The map's own object, inside its component, once it has points.
_THE_MAP = """[...document.querySelectorAll("*")]
  .map((e) => e.shadowRoot?.querySelector(".map")?.map).find((m) => m?.panes?.[0]?.scale)"""
_DRAWN_MAP = f"Boolean({_THE_MAP})"

TEXT = "() => Boolean(document.querySelector('[data-testid=stMain] h1')?.innerText)"
#: Bars, not only a picture of an input.
CHART = f"""() => {_DRAWINGS % "[data-testid=stMain]"}.some((svg) => svg.matches(".bars"))"""
MAP = f"() => {_DRAWN_MAP}"
#: The heading, both inputs and the gate of one sample, the gate with its own numbers; no other
#: part of the page is still the sample's before. It is asked at every change, so what takes time
#: comes last.
SAMPLE = f"""(arg) => {{
  if (!{SETTLED}) return false;
  const named = [...document.querySelectorAll("[data-testid=stMain] h2")]
    .some((h) => h.textContent.replaceAll("\\u2060", "") === `Sample ${{arg.id}}`);
  if (!named) return false;
  const media = arg.media.flatMap((name) => {_DRAWINGS % ".${name}"});
  const parts = document.querySelectorAll("[class*=st-key-gate-] [role=img] > span");
  const bars = [...parts].map((part) => parseFloat(part.title.split(" ")[1]) / 100);
  const told = arg.gates.every((gate, i) => Math.abs(bars[i] - gate) < 1e-4);
  return media.length >= 2 && told;
}}"""
#: The map is drawn with this name in its legend.
COLOURED = f"""(name) => {SETTLED} && [...({_THE_MAP}).host.querySelectorAll(".legend .group span")]
  .some((text) => text.textContent === name)"""
_FIGURES = f"""["gate_pairs", "contribution_pairs"].map((key) =>
  {_DRAWINGS % ".st-key-${key}"}[0].textContent)"""
FIGURES = f"() => {_FIGURES}"
#: Both figures of What if have other numbers than before.
ANSWERED = f"""(before) =>
  {SETTLED} && {_FIGURES}.every((figure, i) => figure !== before[i])"""
_ON_PAGE = f"(path) => location.pathname === path && {SETTLED} && %s"
#: Page title -> path, and what has to be on it.
PAGES = {
    "Samples": ("/samples", _DRAWN % ".st-key-waterfall"),
    "What if": ("/what-if", _DRAWN % ".st-key-gate_pairs"),
    "Latent map": ("/map", _DRAWN_MAP),
    "Leaderboard": ("/compare", "Boolean(document.querySelector('.st-key-choice_part'))"),
    "Overview": ("/", _DRAWN % ".st-key-accuracy"),
}
#: Pages that are in a menu of the bar, and its name.
MENUS = {"Leaderboard": "Compare"}
_POINTS = f"""() => {{
  const map = {_THE_MAP};
  return map.ids.map((id) => {{ const at = map.where(id); return [at.x, at.y, id]; }});
}}"""
#: Where the point of a sample is, null where something else lies over it.
_POINT = f"""(id) => {{
  const map = {_THE_MAP}, at = map.where(id);
  const there = document.elementFromPoint(at.x, at.y);
  return there && there === map.host.getRootNode().host ? [at.x, at.y] : null;
}}"""
#: Pixels to the nearest other point, where that is possible: a click has to mean one point.
_APART = 8.0

#: Changes of an input, each unlike the one before, the last before the first again.
CHANGES = ("blank", "noise", "swap", "values")
#: Colours of the map, and a name in each one's legend.
COLOURS = (("right or wrong", "right"), ("true interaction type", "S"), ("true class", "class 0"))


def address(url: str, room: Room, page: str, **more: str) -> str:
    """Of a page that shows every sample of the room, in the order of its table."""
    return f"{url}/{page}?" + urlencode(query_of(room, **more))


def query_of(room: Room, **more: str) -> dict[str, str]:
    """What the address of such a page says."""
    return {"data": room.data, "split": "all", "order": "stored", **more}


async def settled(page: Page) -> None:
    """Wait until nothing happens any more."""
    await page.wait_for_selector("[data-testid=stMain] h1", timeout=120_000)
    for _ in range(2):
        await page.wait_for_function(f"() => {SETTLED}", timeout=120_000)
        await page.wait_for_timeout(300)


def shown(room: Room, sample: str) -> dict[str, Any]:
    """What `SAMPLE` looks for."""
    sides = (key_of("side", key_of("sample", sample), index) for index in range(2))
    media = [f"st-key-{key_of('vector', side)}" for side in sides]
    return {"id": sample, "media": media, "gates": room.gates(sample)}


async def points(page: Page, rng: random.Random, count: int) -> list[str]:
    """Samples whose points of the map stand apart and can be clicked.

    They are chosen with the panel beside the map open, as it is from the first click on.
    """
    await page.wait_for_function(MAP, timeout=120_000)
    for sample in await _lonely(page, count):
        if place := await page.evaluate(_POINT, sample):
            await page.mouse.click(*place)
            break
    await settled(page)
    some = await _lonely(page, count)
    rng.shuffle(some)
    result: list[str] = []
    for sample in some:
        if len(result) < count and await can_be_clicked(page, sample):
            result.append(sample)
    if len(result) < count:
        raise RuntimeError(f"{len(result)} points of the map can be clicked, expected {count}")
    return result


async def _lonely(page: Page, count: int) -> list[str]:
    """Samples whose points stand apart and are on the screen: several times as many as wanted."""
    found = await page.evaluate(_POINTS)
    at = np.array([p[:2] for p in found])
    size = page.viewport_size or {"width": 0, "height": 0}
    on_screen = (at > 0) & (at < [size["width"], size["height"]])
    inside = np.asarray(on_screen.all(axis=1))
    gaps = np.where(inside, KDTree(at).query(at, 2)[0][:, 1], -1.0)
    most = max(4 * count, int((gaps > _APART).sum()))
    return [str(found[i][2]) for i in np.argsort(-gaps)[:most].tolist() if inside[i]]


async def can_be_clicked(page: Page, sample: str) -> bool:
    """Whether a sample's point of the map is where a pointer reaches it."""
    return bool(await page.evaluate(_POINT, sample))


async def click_point(page: Page, room: Room, sample: str) -> float:
    """Seconds from the click on a sample's point of the map to the sample."""
    x, y = await page.evaluate(_POINT, sample)
    # As a hand would: there first, then the press.
    await page.mouse.move(x - 20, y - 4)
    await page.mouse.move(x, y)
    await page.wait_for_timeout(200)
    return await seconds(page, lambda: page.mouse.click(x, y), SAMPLE, shown(room, sample))


async def colour(page: Page, option: str, name: str) -> float:
    """Seconds from the choice of another colour to the map with this name in its legend."""
    await page.locator(".st-key-choice_colour input").click()
    there = page.get_by_role("option", name=option, exact=True)
    await there.wait_for()
    return await seconds(page, there.click, COLOURED, name)


async def change(page: Page, change: str, modality: int = 1) -> float:
    """Seconds from a change of one input on What if to new figures."""
    return await seconds(
        page, _change(page, change, modality).click, ANSWERED, await page.evaluate(FIGURES)
    )


def _change(page: Page, change: str, modality: int) -> Locator:
    return page.locator(f".st-key-choice_edit{modality}").get_by_role("radio", name=change)


async def switch(page: Page, title: str) -> float:
    """Seconds from a click on a page's name to that page."""
    path, there = PAGES[title]
    header = page.locator("header")
    if title in MENUS:
        await header.get_by_text(MENUS[title], exact=True).click()
        link = page.get_by_text(title, exact=True).last
    else:
        link = header.get_by_role("link", name=title, exact=False).first
    return await seconds(page, link.click, _ON_PAGE % there, path)


async def step(page: Page, room: Room, sample: str) -> float:
    """Seconds from a click on Next to the sample that comes next."""
    button = page.get_by_role("button", name="Next")
    return await seconds(page, button.click, SAMPLE, shown(room, sample))


async def current(page: Page) -> str:
    """The sample that is shown."""
    text = await page.locator("[data-testid=stMain] h2").first.inner_text()
    return text.replace("\u2060", "").removeprefix("Sample ").strip()
