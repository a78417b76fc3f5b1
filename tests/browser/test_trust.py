"""A visitor asks whether the decomposition can be believed, and looks at what breaks it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.accessibility import faults
from tests.browser.server import settled
from tests.browser.test_visitor import query, visit
from tests.dashboard.folders import GENERATED, REAL, Room, table_of


def test_all_checks_are_on_the_first_screen_and_a_cell_leads_to_its_samples(
    page: Page, app_url: str, room: Room
) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    visit(page, f"{app_url}/trust?data={GENERATED}")
    cards = page.locator(".check")
    expect(cards).to_have_count(5)
    for place in range(5):
        box = cards.nth(place).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900
    table = table_of(room, GENERATED, "dmil").query("split == 'test'")
    gate = table[[f"gate_{c}" for c in ("R", "U1", "U2", "S")]].to_numpy().argmax(axis=1)
    count = int(((table["interaction_type"] == "U1").to_numpy() & (gate == 1)).sum())
    page.get_by_role("link", name=f"{count:,} samples: U1, largest gate U1").click()
    page.wait_for_url(lambda url: "/samples" in url)
    settled(page)
    assert {"interaction-type": "U1", "dominant": "U1"}.items() <= query(page).items()
    expect(page.get_by_text(f"{count:,} of {len(table):,} samples")).to_be_visible()


def test_an_input_is_removed_by_a_key_and_the_broken_samples_are_listed(
    page: Page, app_url: str
) -> None:
    visit(page, f"{app_url}/trust?data={REAL}")
    button = page.get_by_role("button", name="Run this check")
    button.focus()
    page.keyboard.press("Enter")
    card = page.locator(".check", has_text="Remove an input")
    expect(card).to_contain_text("image blank", timeout=60_000)
    settled(page)
    expect(button).to_have_count(0)
    assert faults(page) == []
    without = card.get_by_role("link", name=re.compile(r"[\d,]+ samples are wrong without image"))
    count = re.findall(r"[\d,]+", without.get_attribute("aria-label") or "")[0]
    without.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/samples" in url and "needs=x1" in url)
    settled(page)
    expect(page.get_by_text(re.compile(rf"^{count} of \d+ samples"))).to_be_visible()
    # The details of a check are chosen by its card, and the link keeps them.
    page.get_by_role("link", name="Trust").click()
    page.wait_for_url(lambda url: "/trust" in url)
    settled(page)
    page.locator(".check").get_by_role("link", name="Seeds", exact=True).click()
    page.wait_for_url(lambda url: "check=seeds" in url)


def test_old_addresses_lead_here(page: Page, app_url: str) -> None:
    for address in ("fidelity", "compare?part=samples&look=bits"):
        visit(page, f"{app_url}/{address}")
        page.wait_for_url(lambda url: "/trust" in url)
        settled(page)
        expect(page.locator("h1")).to_have_text("Trust")
    assert query(page)["check"] == "estimators"
    assert page.get_by_role("link", name="Trust").count() == 1


def test_a_phone_scrolls_in_one_direction_only(phone: Page, app_url: str) -> None:
    visit(phone, f"{app_url}/trust?data={GENERATED}&check=estimators")
    wide = phone.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 400
