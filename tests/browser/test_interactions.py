"""What the inputs of a model do together: computed by a button, drawn, and looked at by sample."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dmil_core.io.paths import checkpoints_root
from dmil_core.posthoc.summary import FILE
from tests.browser.server import running_app, settled

SET, MODEL = "avdigits", "joint"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a shipped model, of which nothing is kept yet."""
    folder = tmp_path_factory.mktemp("runs") / SET / MODEL
    shutil.copytree(checkpoints_root() / SET / MODEL, folder)
    (folder / "seed0" / FILE).unlink(missing_ok=True)
    return folder / "seed0"


@pytest.fixture(scope="module")
def url(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root, uploads = folder.parents[2], tmp_path_factory.mktemp("uploads")
    with running_app({"DMIL_CHECKPOINTS": str(root), "DMIL_UPLOADS": str(uploads)}) as url:
        yield url


def test_it_is_computed_once_and_kept(page: Page, url: str, folder: Path) -> None:
    page.goto(f"{url}/?data={SET}&model={MODEL}")
    settled(page)
    expect(page.get_by_text(re.compile(r"evaluates the model on [\d,]+ inputs"))).to_be_visible()
    page.get_by_role("button", name=f"Compute for {MODEL}").click()
    drawing = page.get_by_role("img", name="Accuracy of the model, and of EMAP")
    expect(drawing).to_be_visible(timeout=240_000)
    expect(page.get_by_text(re.compile("^On 395 test samples"))).to_be_visible()
    assert (folder / FILE).exists()
    page.goto(f"{url}/model?data={SET}&look=interactions")
    settled(page)
    expect(drawing).to_be_visible()
    expect(page.get_by_role("button", name="Compute")).to_have_count(0)


def test_who_stands_in_is_chosen_and_kept_in_the_address(page: Page, url: str) -> None:
    page.goto(f"{url}/samples?data={SET}&model={MODEL}")
    settled(page)
    effects = page.get_by_role("img", name=re.compile("^Effects of the inputs"))
    before = effects.get_attribute("aria-label")
    page.get_by_role("radio", name="near neighbours").click()
    page.wait_for_url(lambda url: "background=near" in url, timeout=20_000)
    settled(page)
    expect(page.get_by_text("Those nearest in the input that is kept")).to_be_visible()
    assert effects.get_attribute("aria-label") != before
