"""The architecture is clicked through in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from dashboard.text import paper as text
from tests.browser.server import settled
from tests.browser.test_visitor import query, visit
from tests.dashboard.folders import REAL


def test_parts_are_clicked_chosen_by_key_and_found_again(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/paper?data={REAL}")
    page.get_by_role("button", name="S: synergy").click()
    page.wait_for_url(lambda url: "box=s" in url, timeout=20_000)
    pressed = page.locator("g.box[aria-pressed=true]")
    expect(pressed).to_have_attribute("data-id", "s")
    expect(page.get_by_text("The product makes XOR linear")).to_be_visible()
    box = page.get_by_role("button", name="M1: alone")
    box.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("predicts the class by itself")).to_be_visible(timeout=20_000)
    page.wait_for_url(lambda url: "box=m1" in url, timeout=20_000)
    expect(pressed).to_have_attribute("data-id", "m1")
    page.reload()
    settled(page)
    expect(pressed).to_have_attribute("data-id", "m1")
    assert query(page)["box"] == "m1"
    page.get_by_role("link", name="M1 of every sample on the latent map").click()
    page.wait_for_url(lambda url: "/map" in url and "latent=M1" in url, timeout=20_000)


def test_in_a_narrow_window_the_chosen_part_is_in_sight(phone: Page, app_url: str) -> None:
    phone.set_viewport_size({"width": 400, "height": 1600})
    for part in ("x1", "gate"):
        visit(phone, f"{app_url}/paper?data={REAL}&box={part}")
        chosen = phone.locator(f"g.box[data-id={part}][aria-pressed=true]")
        expect(chosen).to_be_in_viewport(ratio=0.95, timeout=20_000)
    # All of it, without scrolling to the side.
    for box in phone.locator("g.box").all():
        expect(box).to_be_in_viewport(ratio=0.95)
        place = box.bounding_box()
        assert place is not None
        assert place["width"] >= 40
    diagram = phone.locator(".diagram")
    assert diagram.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_the_paper_is_cited_and_its_entry_copied(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/paper?data={REAL}")
    link = page.get_by_role("link", name=text.TITLE)
    expect(link).to_have_attribute("href", text.PREPRINT)
    page.get_by_role("button", name="BibTeX").click()
    entry = page.get_by_test_id("stCode")
    expect(entry).to_contain_text(text.AUTHORS[0].split()[-1])
    entry.hover()
    copied = entry.get_by_role("button", name=re.compile("copy", re.IGNORECASE))
    expect(copied).to_be_visible()
