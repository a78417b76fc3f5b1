"""A teacher builds mixtures of logic gates in a real browser."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.browser.accessibility import faults
from tests.browser.server import settled
from tests.browser.test_visitor import query, visit
from tests.dashboard.folders import REAL


def expect_part(page: Page, name: str, value: str) -> None:
    """Wait until the bar of the chosen measure says this of a component."""
    chosen = page.locator(".measure[aria-pressed=true]")
    words = re.compile(rf"\b{name} {re.escape(value)}(,|$)")
    expect(chosen).to_have_attribute("aria-label", words, timeout=20_000)
    settled(page)


def reading(page: Page) -> Locator:
    return page.locator(".st-key-reading")


def test_gates_are_found_chosen_mixed_typed_and_reloaded(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/?data={REAL}")
    page.get_by_role("button", name="Learn").click()
    page.get_by_role("menuitem", name="Exact PID").click()
    page.wait_for_url(lambda url: urlsplit(url).path == "/gates")
    settled(page)
    expect_part(page, "S", "1.00")
    expect(reading(page)).to_contain_text("All of it is synergy (S)")

    page.get_by_role("radio", name="AND").click()
    page.wait_for_url(lambda url: "and%3D1" in url)
    expect_part(page, "R", "0.31")
    expect(reading(page)).to_contain_text("Measures disagree", timeout=20_000)
    settled(page)
    page.locator(".measure[data-mark=fl]").click()
    page.wait_for_url(lambda url: "measure=fl" in url)
    expect(reading(page)).to_contain_text("U1 (-0.25) and U2 (-0.25) are negative", timeout=20_000)

    page.go_back()
    expect_part(page, "R", "0.31")
    # The same by key: bars are buttons.
    page.locator(".measure[data-mark=iccs]").focus()
    page.keyboard.press("Space")
    page.wait_for_url(lambda url: "measure=iccs" in url)
    expect_part(page, "R", "0.10")
    page.locator(".measure[data-mark=broja]").focus()
    page.keyboard.press("Enter")
    expect_part(page, "R", "0.31")

    page.get_by_role("radio", name="Mix").click()
    expect(page.get_by_text("RDN: 25%")).to_be_visible(timeout=20_000)
    settled(page)
    page.get_by_role("slider", name="RDN").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("RDN: 24%")).to_be_visible(timeout=20_000)
    # Still in hand, though its name says another share now.
    page.keyboard.press("Home")
    expect(page.get_by_text("XOR: 33%")).to_be_visible(timeout=20_000)
    settled(page)
    mixed = query(page)["mixture"]
    assert "rdn" not in mixed

    page.get_by_role("radio", name="Table").click()
    typed = page.get_by_role("textbox", name="Truth table")
    expect(typed).to_have_value("0 0 -> 0\n0 1 -> 1\n1 0 -> 1\n1 1 -> 0", timeout=20_000)
    typed.fill("0 0 -> no\n0 1")
    typed.press("Control+Enter")
    expect(page.get_by_text("Row 2 expected x1 x2")).to_be_visible(timeout=20_000)
    expect_part(page, "S", "1.00")
    typed.fill("0 0 -> no\n1 1 -> yes")
    typed.press("Control+Enter")
    expect_part(page, "R", "1.00")
    page.wait_for_url(lambda url: "table" in url)
    page.reload()
    settled(page)
    expect_part(page, "R", "1.00")
    expect(page.get_by_role("textbox", name="Truth table")).to_have_value("0 0 -> no\n1 1 -> yes")
    page.get_by_role("button", name="Start again").click()
    expect_part(page, "S", "1.00")


def test_choice_bars_and_joint_distribution_are_on_the_first_screen(
    page: Page, app_url: str
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    visit(page, f"{app_url}/gates?mixture=gates:xor%3D1,rdn%3D1,unq1%3D1,unq2%3D1")
    expect_part(page, "U1", "0.00")
    mean = page.get_by_role("img", name="pointwise mean")
    expect(mean).to_have_attribute("aria-label", re.compile("U1 0.25"))
    expect(page.get_by_text("Why BROJA has R 0.50, U1 0.00")).to_be_visible()
    for seen in (page.get_by_role("radio", name="Mix"), mean, page.locator(".st-key-joint")):
        box = seen.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900
    assert faults(page) == []


def test_every_page_is_found_on_a_phone(phone: Page, app_url: str) -> None:
    visit(phone, f"{app_url}/?data={REAL}")
    phone.get_by_test_id("stExpandSidebarButton").click()
    expect(phone.get_by_role("link", name="Your data")).to_be_visible()
    phone.get_by_role("link", name="Exact PID").click()
    phone.wait_for_url(lambda url: urlsplit(url).path == "/gates")
    expect_part(phone, "S", "1.00")
