"""The latent map as a visitor's hand finds it: where its points are on the screen."""

from __future__ import annotations

import math
from typing import Any

from playwright.sync_api import Page

_MAP = (
    "[...document.querySelectorAll('*')]"
    ".map(e => e.shadowRoot?.querySelector('.map')?.map).find(m => m?.panes?.[0]?.scale)"
)


def wait_for_map(page: Page) -> None:
    """Until points are drawn."""
    page.wait_for_function(f"() => {_MAP}", timeout=30_000)
    page.wait_for_timeout(300)


def point(page: Page, sample: str, pane: int = 0) -> dict[str, float]:
    """Where a sample's point is on the screen."""
    result: dict[str, float] = page.evaluate(
        f"([id, pane]) => {_MAP}.where(id, pane)", [sample, pane]
    )
    return result


def lonely(page: Page) -> str:
    """The sample whose point is farthest from every other, so that a click means it."""
    wait_for_map(page)
    text: str = page.evaluate(
        f"""() => {{
            const map = {_MAP}, at = map.ids.map(id => map.where(id));
            let best = [0, 0];
            at.slice(0, 400).forEach((a, i) => {{
                const gap = Math.min(...at.filter((b, j) => j !== i)
                    .map(b => Math.hypot(a.x - b.x, a.y - b.y)));
                if (gap > best[0]) best = [gap, i];
            }});
            return map.ids[best[1]];
        }}"""
    )
    return text


def scale(page: Page) -> float:
    """Pixels of one unit of the map: larger where it is zoomed in."""
    value: float = page.evaluate(f"() => {_MAP}.panes[0].scale")
    return value


def ringed(page: Page) -> str | None:
    """The sample that is ringed."""
    text: str | None = page.evaluate(f"() => {{ const m = {_MAP}; return m.ids[m.selected]; }}")
    return text


def of_map(page: Page, expression: str) -> Any:
    """The value of a JavaScript expression about the ``map``."""
    return page.evaluate(f"() => {{ const map = {_MAP}; return {expression}; }}")


def lasso(page: Page, middle: dict[str, float], radius: float) -> None:
    """Draw a circle with the mouse."""
    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(middle["x"] + radius, middle["y"])
    page.mouse.down()
    for step in range(1, 25):
        turn = 2 * math.pi * step / 25
        page.mouse.move(
            middle["x"] + radius * math.cos(turn), middle["y"] + radius * math.sin(turn)
        )
    page.mouse.up()


def members(page: Page) -> list[str]:
    """The samples that are shown as inside the slice."""
    items: list[Any] = page.evaluate(
        f"() => {{ const m = {_MAP}; return m.ids.filter((_, i) => m.members?.[i]); }}"
    )
    return [str(i) for i in items]
