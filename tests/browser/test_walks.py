"""How many clicks three visitors need: with a table of their own, from a number to the samples
behind it, and through the ten minutes of a talk."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.text import presenting
from tests.browser.server import settled
from tests.browser.test_presenting import PATHS, at
from tests.browser.test_visitor import query, visit
from tests.browser.test_your_data import CARD, cancel
from tests.dashboard.folders import GENERATED, Room
from tests.dashboard.folders import table_of as table


class Hand:
    """A pointer that counts what it does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def click(self, target: Locator) -> None:
        """Click, and wait until the page has answered."""
        target.click()
        self.clicks += 1
        self.page.wait_for_timeout(300)
        settled(self.page)

    def pick(self, name: str, content: bytes) -> None:
        """Choose a file in the dialog that a click opens."""
        with self.page.expect_file_chooser() as dialog:
            self.page.locator("[data-testid=stFileUploaderDropzone] button").first.click()
        self.clicks += 1
        file = {"name": name, "mimeType": "text/csv", "buffer": content}
        dialog.value.set_files(files=[file])
        self.page.wait_for_timeout(500)
        settled(self.page)


def plants() -> bytes:
    """A table of two inputs: the leaf alone decides, the petal is noise."""
    rng = np.random.default_rng(0)
    lines = ["leaf_length,leaf_width,petal_length,petal_width,kind"]
    for row in range(150):
        kind = row % 3
        leaf = rng.normal(3.0 * kind, 0.4, 2)
        petal = rng.normal(0.0, 1.0, 2)
        lines.append(",".join([*(f"{v:.3f}" for v in (*leaf, *petal)), "abc"[kind]]))
    return "\n".join(lines).encode()


@pytest.mark.timeout(600)
def test_from_a_table_to_what_was_found_in_it_in_at_most_six_clicks(
    page: Page, app_url: str
) -> None:
    visit(page, app_url)
    hand = Hand(page)
    hand.click(page.get_by_role("link", name="Your data").first)
    hand.pick("plants.csv", plants())
    expect(page.get_by_label("Name of input 1")).to_have_value("leaf")
    expect(page.get_by_label("Name of input 2")).to_have_value("petal")
    hand.click(page.get_by_role("button", name="Save and train"))
    card = page.locator(CARD).filter(has_text="plants")
    finding = card.locator("[class*=st-key-finding-]").first
    # Once dmil is there, so are bits.
    expect(finding).to_contain_text(re.compile(r"of 1\.5\d bits"), timeout=300_000)
    expect(finding).to_contain_text("Leaf alone determines nearly all of kind")
    settled(page)
    hand.click(card.get_by_role("link", name="Samples"))
    page.wait_for_url(lambda url: "data=my-plants" in url)
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Sample")
    assert hand.clicks <= 6
    cancel(page, app_url)


def test_from_a_headline_number_to_the_wrong_samples_in_at_most_four_clicks(
    page: Page, app_url: str, room: Room
) -> None:
    frame = table(room, GENERATED, "dmil")
    test = frame[frame["split"] == "test"]
    wrong = test[~test["correct"]]
    visit(page, f"{app_url}/?data={GENERATED}")
    hand = Hand(page)
    hand.click(page.locator("header").get_by_text("Compare", exact=True))
    hand.click(page.get_by_text("Leaderboard", exact=True).last)
    hand.click(page.locator("[data-mark='wrong dmil']"))
    page.wait_for_url(lambda url: urlsplit(url).path == "/samples" and "show=wrong" in url)
    expect(page.get_by_text(f"{len(wrong):,} of {len(test):,} samples")).to_be_visible()
    assert query(page)["sample"] in set(wrong["id"].astype(str))
    expect(page.locator("[data-testid=stMain]")).to_contain_text("wrong")
    assert hand.clicks <= 4


def test_the_talk_is_one_link_and_at_most_five_clicks(page: Page, app_url: str) -> None:
    visit(page, f"{app_url}/?data={GENERATED}&present=1&pace=fast")
    hand = Hand(page)
    for number in range(2, len(PATHS) + 1):
        hand.click(page.locator(".st-key-present_next button"))
        at(page, number)
    assert presenting.MINUTES <= 10
    assert hand.clicks <= 5
