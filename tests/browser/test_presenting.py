"""A teacher presents: six stops in five clicks or keys, and a link to any of them."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from dashboard.text import presenting as text
from tests.browser import accessibility
from tests.browser.server import settled
from tests.browser.test_visitor import query, visit
from tests.dashboard.folders import GENERATED

#: How long a page may take on a busy machine.
PATIENCE = 60_000
PATHS = ["/", "/lessons", "/live", "/gates", "/samples", "/disagreements"]


def at(page: Page, number: int) -> None:
    """Wait for a stop, on its page."""
    bar = page.locator(".st-key-presenting")
    expect(bar).to_contain_text(f"{number} of {len(PATHS)}", timeout=PATIENCE)
    expect(bar).to_contain_text(text.STOPS[number - 1].title)
    page.wait_for_url(lambda url: urlsplit(url).path == PATHS[number - 1], timeout=PATIENCE)
    page.wait_for_url(lambda url: f"present={number}" in url, timeout=PATIENCE)


def test_the_presenters_path_is_walked_in_five_clicks(page: Page, app_url: str) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    visit(page, f"{app_url}/?data={GENERATED}&present=1&pace=fast")
    clicks = 0
    shown = {
        2: page.get_by_role("heading", name="The team guesses"),
        3: page.locator(".st-key-live_stage"),
        4: page.locator(".measure").first,
        5: page.locator("[class*='st-key-gate-']").first,
        6: page.get_by_role("main"),
    }
    for number in range(1, len(PATHS) + 1):
        at(page, number)
        if number > 1:
            expect(shown[number]).to_be_visible(timeout=PATIENCE)
        if number == 2:
            settled(page)
            assert accessibility.faults(page) == []
        if number < len(PATHS):
            page.locator(".st-key-present_next button").click()
            clicks += 1
    assert clicks == 5
    expect(page.locator(".st-key-present_next button")).to_be_disabled()
    assert query(page)["data"] == GENERATED
    # By the keys of a remote control; the link that is copied there opens the stop.
    settled(page)
    page.keyboard.press("PageUp")
    at(page, 5)
    assert query(page)["dominant"] == "S"
    link = page.url
    page.locator(".st-key-present_end button").click()
    expect(page.locator(".st-key-presenting")).to_have_count(0, timeout=PATIENCE)
    visit(page, link)
    at(page, 5)
    page.keyboard.press("PageDown")
    at(page, 6)


def test_the_path_begins_on_the_page_of_lessons_and_fits_a_phone(phone: Page, app_url: str) -> None:
    visit(phone, f"{app_url}/lessons?data={GENERATED}")
    phone.get_by_role("button", name=text.BEGIN).click()
    at(phone, 1)
    wide = phone.evaluate("() => document.querySelector('[data-testid=stMain]').scrollWidth")
    assert wide <= 400
