"""What the eye gets: a dark page for who has set the system to dark, and parts that are told apart
without colour."""

from __future__ import annotations

import io
import re
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page

from dmil_core.schema import COMPONENTS, contribution
from tests.browser.test_visitor import visit
from tests.dashboard.folders import GENERATED, REAL, Room, table_of

#: WCAG AA for text of normal size.
ENOUGH = 4.5


def luminance(colour: str) -> float:
    """WCAG's relative luminance of a CSS colour."""
    result = [float(v) for v in re.findall(r"[\d.]+", colour)]
    assert len(result) == 3 or result[3] == 1, f"not an opaque colour: {colour}"
    linear = [
        v / 255 / 12.92 if v / 255 <= 0.04045 else ((v / 255 + 0.055) / 1.055) ** 2.4
        for v in result[:3]
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_as_dark_as_the_system_and_its_figures_are_read(
    page: Page, app_url: str, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    visit(page, f"{app_url}/samples?data={GENERATED}&model=dmil")
    style = "(e, name) => getComputedStyle(e)[name]"
    ground = page.locator("[data-testid=stApp]").evaluate(style, "backgroundColor")
    assert (luminance(ground) < 0.05) == (scheme == "dark")

    def colours(drawn: str, least: int) -> set[str]:
        page.wait_for_selector(drawn, timeout=30_000)
        texts = page.locator(f"{drawn} text:not(:empty)")
        assert texts.count() > least
        return {one.evaluate(style, "fill") for one in texts.all()}

    result = colours("svg.bars", 20)
    visit(page, f"{app_url}/model?data={GENERATED}&look=calibration")
    result |= colours("svg.reliability", 8)
    visit(page, f"{app_url}/model?data={GENERATED}&look=training")
    result |= colours(".js-plotly-plot .main-svg", 8)
    assert min(contrast(colour, ground) for colour in result) >= ENOUGH


def every_part(table: pd.DataFrame) -> tuple[str, str]:
    """A sample and a class to whose score each component gives much: there are bars to look at."""
    classes = [c.removeprefix("p_") for c in table.columns if c.startswith("p_")]
    given = [table[[contribution(c, cls) for c in COMPONENTS]].abs() for cls in classes]
    least = [(g.min(axis=1) / g.sum(axis=1)).to_numpy() for g in given]
    cls, row = np.unravel_index(np.argmax(least), np.shape(least))
    return str(table["id"].iloc[row]), classes[cls]


def grey(page: Page, bar: Locator, width: int) -> NDArray[np.float64]:
    """The inside of a bar as the screen shows it, 0 to 255, ``width`` pixels of it."""
    box = bar.bounding_box()
    assert box
    assert box["width"] > width + 4
    inside = {"x": box["x"] + 2, "y": box["y"] + 2, "width": width, "height": box["height"] - 4}
    shot = page.screenshot(clip=inside)  # type: ignore[arg-type]
    return np.asarray(Image.open(io.BytesIO(shot)).convert("L"), dtype=float)


def stripes(picture: NDArray[np.float64]) -> tuple[float, float]:
    """How striped a bar is, and which way its stripes lean: -1 to 1, 0 for both or neither."""
    down, right = np.gradient(picture)
    size = float((down**2 + right**2).mean())
    return size**0.5, float(2 * (down * right).mean() / size) if size > 1 else 0.0


def test_without_any_colour_the_components_look_unlike_each_other(
    page: Page, app_url: str, room: Room
) -> None:
    sample, cls = every_part(table_of(room, GENERATED, "dmil").query("split == 'test'"))
    where = f"data={GENERATED}&model=dmil&sample={sample}&class={cls}"
    visit(page, f"{app_url}/samples?{where}")
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setEmulatedVisionDeficiency", {"type": "achromatopsia"})
    chart = page.locator(".st-key-waterfall svg.bars")
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    names = chart.locator("tspan").all_text_contents()
    assert tuple(names[:-1]) == COMPONENTS
    bars = chart.locator("rect").all()[: len(COMPONENTS)]
    looks = [stripes(grey(page, bar, 16)) for bar in bars]
    for (a, one), (b, other) in combinations(zip(COMPONENTS, looks, strict=True), 2):
        apart = (one[0] > 2) != (other[0] > 2) or abs(one[1] - other[1]) > 0.3
        assert apart, f"{a} and {b} look alike in grey: {one}, {other}"


def test_a_line_never_ends_between_a_letter_and_what_it_stands_for(
    phone: Page, app_url: str
) -> None:
    page = visit(phone, f"{app_url}/?data={REAL}")
    letters = page.locator(".st-key-legend .stMarkdownBadge")
    below = """badge => {
      const words = document.createRange();
      const { nextSibling: next } = badge;  // a space, and the words or the bold name of an input
      if (next.length > 1) {
        words.setStart(next, 1);
        words.setEnd(next, 2);
      } else {
        words.selectNode(next.nextSibling);
      }
      return words.getBoundingClientRect().top - badge.getBoundingClientRect().bottom;
    }"""
    for width in range(330, 440, 10):
        page.set_viewport_size({"width": width, "height": 800})
        assert max(one.evaluate(below) for one in letters.all()) < 0, width


#: Whether the element and all around it are there to be seen, and how its focus is drawn.
_FOCUS = """e => {
  const style = getComputedStyle(e);
  const shown = [];
  for (let one = e; one; one = one.parentElement) shown.push(getComputedStyle(one).opacity);
  return [style.outlineStyle, style.outlineWidth, style.outlineColor, Math.min(...shown)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_of_the_keyboard_is_seen_on_links_and_tools_of_tables(
    page: Page, app_url: str, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    visit(page, f"{app_url}/?data={GENERATED}&model=dmil")
    ground = page.locator("[data-testid=stApp]").evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )

    def seen(focused: Locator) -> None:
        page.keyboard.press("Tab")
        focused.focus()
        page.wait_for_timeout(400)
        line, width, colour, opacity = focused.evaluate(_FOCUS)
        assert (line, width, opacity) == ("solid", "2px", 1)
        # Half transparent or not, the colour has to differ from the ground as a mark must.
        rgb = "rgb(" + ", ".join(re.findall(r"[\d.]+", colour)[:3]) + ")"
        assert contrast(rgb, ground) >= 3

    seen(page.get_by_role("link", name="Samples", exact=False).first)
    seen(page.locator("[data-testid=stPageLink] a").first)
    visit(page, f"{app_url}/model?data={GENERATED}&model=dmil&look=training")
    seen(page.locator("[data-testid=stElementToolbar] button").first)
