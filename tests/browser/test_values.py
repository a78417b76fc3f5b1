"""A visitor changes a number of a table by name, sees what comes of it, and takes it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server import running_app, settled
from tests.dashboard.named_columns import BIRDS, WIDE, bird_arrays, furnish


@pytest.fixture(scope="module")
def named_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on two sets whose tables have columns with names."""
    root = furnish(tmp_path_factory.mktemp("named"))
    with running_app({"DMIL_CHECKPOINTS": str(root)}) as url:
        yield url


def edit(page: Page, name: str) -> str:
    """What the address says of a change."""
    return parse_qs(urlsplit(page.url).query).get(name, [""])[-1]


def test_a_number_is_typed_and_taken_back(page: Page, named_url: str) -> None:
    page.goto(f"{named_url}/what-if?data={BIRDS}&sample=bird-180")
    settled(page)
    field = page.get_by_role("spinbutton", name="body mass (g)")
    before = bird_arrays()["x2"][180, 1]
    expect(field).to_have_value(f"{before:.0f}")
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    field.fill("9000")
    field.press("Enter")
    page.wait_for_url(lambda url: "edit2=set" in url, timeout=20_000)
    settled(page)
    assert edit(page, "edit2") == "set:1:9000"
    expect(page.get_by_text("Edited, it predicts")).to_be_visible()
    expect(page.get_by_text("Beyond the training rows")).to_be_visible()
    drawn = page.locator("svg.features", has_text=f"{before:,.0f} g → 9,000 g")
    expect(drawn).to_have_count(1)
    said = drawn.get_attribute("aria-label") or ""
    assert re.search(r"body mass .* changed to 9,000 g, .* standard deviations above", said)
    page.get_by_role("button", name="Undo").click()
    settled(page)
    assert edit(page, "edit2") == ""
    expect(field).to_have_value(f"{before:.0f}")
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()


def test_a_phone_shows_a_wide_table_without_scrolling_aside(phone: Page, named_url: str) -> None:
    phone.goto(f"{named_url}/what-if?data={WIDE}&model=joint")
    settled(phone)
    find = phone.get_by_placeholder("Search 300 features").first
    find.fill("GENE123")
    find.press("Enter")
    settled(phone)
    field = phone.get_by_role("spinbutton", name="GENE123")
    expect(field).to_have_count(1)
    field.fill("3")
    field.press("Enter")
    phone.wait_for_url(lambda url: "edit1=set" in url, timeout=20_000)
    settled(phone)
    main = "document.querySelector('[data-testid=stMain]')"
    assert phone.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    beyond = phone.evaluate(
        "[...document.querySelectorAll('svg.features')].some("
        "s => s.getBoundingClientRect().right > innerWidth + 1)"
    )
    assert not beyond
