"""A model that was trained elsewhere, from a table or a file of ONNX to every page."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from dmil_core.cli import main
from dmil_core.data.catalog import load_dataset
from dmil_core.io.paths import checkpoints_root
from dmil_core.io.tables import read_table
from tests.browser.server import running_app, settled
from tests.core.onnx_files import crossing

SET, MODEL = "emoji", "late-fusion"
#: Of ONNX: it answers by a product of what it makes of each input.
ONNX_SET, ONNX_MODEL = "emoji-minilm", "product"


@pytest.fixture(scope="module")
def imported_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app on a model of ours and on the predictions of another, imported by the command."""
    shipped, root = checkpoints_root() / SET, tmp_path_factory.mktemp("imported")
    shutil.copytree(shipped / "dmil", root / SET / "dmil")
    classes = load_dataset(SET).classes
    table = read_table(shipped / "ensemble" / "seed0" / "predictions.parquet")
    columns = [f"{prefix}{c}" for prefix in ("p_", "px1_", "px2_") for c in classes]
    table[["id", *columns]].to_csv(root / "mine.csv", index=False)
    folder = root / SET / MODEL / "seed0"
    line = ["import", root / "mine.csv", "--data", SET, "--name", MODEL, "--out", folder]
    assert main([str(part) for part in (*line, "--map", "pca")]) == 0
    _import_onnx(root)
    with running_app({"DMIL_CHECKPOINTS": str(root)}) as url:
        yield url


def _import_onnx(root: Path) -> None:
    """By the command, as a user would."""
    data, rng = load_dataset(ONNX_SET), np.random.default_rng(0)
    inputs = [x.astype(np.float64) for x in data.inputs]
    spreads = [x.std(axis=0)[:, None] + 0.01 for x in inputs]
    weights = [rng.normal(size=(len(s), len(data.classes))) / s / 10 for s in spreads]
    means = [x[data.rows("train")].mean(axis=0) for x in inputs]
    model = crossing(root / "product.onnx", weights[0], weights[1], means)
    folder = root / ONNX_SET / ONNX_MODEL / "seed0"
    line = ["import", "--model", model, "--data", ONNX_SET, "--name", ONNX_MODEL, "--out", folder]
    assert main([*map(str, line), "--quiet"]) == 0


def test_a_model_of_onnx_answers_for_a_changed_input(page: Page, imported_url: str) -> None:
    """Without one of the factors nothing is left of the product: 8 classes, as likely each."""
    page.goto(f"{imported_url}/what-if?data={ONNX_SET}&model={ONNX_MODEL}&edit1=blank")
    settled(page)
    expect(page.get_by_text(re.compile(r"it predicts .* \(1[23]% confidence\)"))).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    settled(page)
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    page.goto(f"{imported_url}/samples?data={ONNX_SET}&model={ONNX_MODEL}")
    settled(page)
    expect(page.get_by_text("What the inputs do, alone and together")).to_be_visible()
    page.get_by_role("tab", name="Parts that act together").click()
    expect(page.get_by_text(re.compile("Strongest pairs: .* with"))).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)


def test_an_imported_model_is_on_every_page(page: Page, imported_url: str) -> None:
    pages = ("", "samples", "map", "compare", "disagreements", "model", "worth", "trust", "paper")
    for name in (*pages, "what-if"):
        page.goto(f"{imported_url}/{name}?data={SET}&model={MODEL}")
        settled(page)
        expect(page.get_by_text("Something went wrong")).to_have_count(0)
        expect(page.locator("[data-testid=stException]")).to_have_count(0)
    expect(page.get_by_text("Only the predictions of this model are known.")).to_be_visible()
    page.goto(f"{imported_url}/samples?data={SET}&model={MODEL}")
    settled(page)
    expect(page.get_by_text(re.compile(f"{MODEL} predicts"))).to_be_visible()


def test_the_worth_of_an_input_leads_to_the_samples_behind_it(
    page: Page, imported_url: str, tmp_path: Path
) -> None:
    page.goto(f"{imported_url}/worth?data={SET}&model={MODEL}&input=2")
    settled(page)
    verdict = page.get_by_text(re.compile(r"^Given picture, .* bits \("))
    expect(verdict).to_be_visible()
    page.get_by_role("radio", name="picture").click()
    settled(page)
    expect(page.get_by_text(re.compile(r"^Given name, .* bits \("))).to_be_visible()
    assert "input=1" in page.url
    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_for_url(lambda url: "price=0.11" in url, timeout=20_000)
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Report of this page").click()
    download.value.save_as(tmp_path / "report.html")
    report = (tmp_path / "report.html").read_text("utf-8")
    assert "What is picture worth?" in report
    link = page.get_by_test_id("stPageLink").first
    link.click()
    page.wait_for_url(lambda url: "/samples" in url and "sample=" in url, timeout=20_000)
    settled(page)
    expect(page.get_by_text(re.compile(f"{MODEL} predicts"))).to_be_visible()
