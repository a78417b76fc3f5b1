"""Names that do harm if they are trusted, in a real browser: nothing runs, everything is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from dashboard.keys import key_of
from tests.browser.server import running_app, settled
from tests.dashboard.hostile_names import MODEL, NAMES, SET, furnish


@pytest.fixture(scope="module")
def hostile_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on the hostile set alone."""
    root = furnish(tmp_path_factory.mktemp("hostile"))
    with running_app({"DMIL_CHECKPOINTS": str(root)}) as url:
        yield url


@pytest.mark.parametrize(
    "path", ["", "samples", "what-if", "map", "compare", "disagreements", "model"]
)
def test_nothing_that_is_named_runs(page: Page, hostile_url: str, path: str) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    part = {"look": "pair"} if path == "disagreements" else {}
    query = urlencode({"data": SET, "model": MODEL, "seed": "0", "sample": NAMES[5], **part})
    page.goto(f"{hostile_url}/{path}?{query}")
    settled(page)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    assert "harmed" not in page.title()
    # Our own pictures have bold words, none of which is a name.
    bold = page.locator("[data-testid=stMain] b").all_inner_texts()
    assert not [words for words in bold if words.strip('"') == "m"]
    assert page.locator("[data-testid=stMain] script").count() == 0
    assert not faults


def test_a_figure_of_a_model_with_any_name_is_saved(
    page: Page, hostile_url: str, tmp_path: Path
) -> None:
    query = urlencode({"data": SET, "model": MODEL, "seed": "0", "sample": NAMES[0]})
    page.goto(f"{hostile_url}/samples?{query}")
    settled(page)
    page.locator(".st-key-save_sample button").first.click()
    control = page.locator(f".st-key-{key_of('save', 'waterfall')}")
    with page.expect_download() as download:
        control.get_by_role("button", name="SVG").click()
    assert download.value.suggested_filename.endswith("-waterfall.svg")
    assert "<svg" in Path(download.value.path()).read_text("utf-8")


def test_next_and_a_link_lead_to_every_kind_of_id(page: Page, hostile_url: str) -> None:
    query = urlencode({"data": SET, "model": "dmil", "order": "stored", "sample": NAMES[13]})
    page.goto(f"{hostile_url}/samples?{query}")
    settled(page)
    for name in NAMES[14:17]:
        page.get_by_role("button", name="Next").click()
        settled(page)
        start = " ".join(name.split())[:12].replace("\N{RIGHT-TO-LEFT OVERRIDE}", "")
        expect(page.locator("[data-testid=stMain] h2").first).to_contain_text(start[:8])
    page.reload()
    settled(page)
    expect(page.get_by_text("could not be used")).to_have_count(0)
    expect(page.locator("[data-testid=stMain] h2").first).to_contain_text("no-break")
