"""Every page on a model that was trained elsewhere, of which a table of predictions is known."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from dashboard.services.store.catalog import checkpoint_catalog
from dashboard.state.view import View
from dashboard.text import messages
from dmil_core.data.catalog import load_dataset
from dmil_core.io.paths import checkpoints_root
from dmil_core.io.tables import read_table
from dmil_core.posthoc.imported import import_predictions
from tests.dashboard import drawn
from tests.dashboard.folders import APP

SET, HEADS, PLAIN = "emoji", "with-heads", "only.p"
PAGES = ("", "samples", "what-if", "map", "compare", "worth", "trust", "paper")
LOOKS = ("agreement", "pair", "groups", "calibration", "training")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models of ours, and the ensemble's predictions as those of another: with heads for each
    input, and of test rows alone without heads."""
    shipped, root = checkpoints_root() / SET, tmp_path_factory.mktemp("external")
    for model in ("joint", "dmil"):
        shutil.copytree(shipped / model, root / SET / model)
    dataset = load_dataset(SET)
    table = read_table(shipped / "ensemble" / "seed0" / "predictions.parquet")
    full = [f"p_{c}" for c in dataset.classes]
    alone = [f"px{m}_{c}" for m in (1, 2) for c in dataset.classes]
    for name, rows in (
        (HEADS, table[["id", *full, *alone]]),
        (PLAIN, table[table["split"] == "test"][["id", *full]]),
    ):
        import_predictions(rows, dataset, name, root / SET / name / "seed0")
    return root


@pytest.fixture(autouse=True)
def _there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(root))


def opened(page: str, **chosen: Any) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.session_state["view"] = View(data=SET, **chosen)
    app._page_hash = calc_hash(page) if page else ""
    app.run()
    assert not app.exception
    texts = [str(e.value) for kind in ("markdown", "error", "warning") for e in app.get(kind)]
    assert not [text for text in texts if messages.fault().title in text]
    return app


@pytest.mark.parametrize("model", [HEADS, PLAIN])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens(page: str, model: str) -> None:
    app = opened(page, model=model)
    assert app.session_state["view"].model == model
    if page == "what-if":
        assert [i.value for i in app.info if "Only the predictions" in str(i.value)]


@pytest.mark.parametrize("look", LOOKS)
def test_it_is_compared_sample_by_sample(look: str) -> None:
    opened("compare", model=PLAIN, part="samples", look=look)


def test_it_is_judged_by_its_own_rows(root: Path) -> None:
    (whole,) = (c for c in checkpoint_catalog().of(SET, 0) if c.model == HEADS)
    (part,) = (c for c in checkpoint_catalog().of(SET, 0) if c.model == PLAIN)
    assert whole.run is not None
    assert part.run is not None
    assert whole.run.metrics["test"] == part.run.metrics["test"]
    assert set(part.run.metrics) == {"test"}


@pytest.mark.parametrize(
    ("model", "words"), [(HEADS, "those of its columns px1"), (PLAIN, "no columns")]
)
def test_what_takes_the_model_itself_is_said(model: str, words: str) -> None:
    for page, chosen in (
        ("", {}), ("samples", {}), ("model", {"look": "interactions"}),
    ):  # fmt: skip
        app = opened(page, model=model, **chosen)
        told = [str(i.value) for i in app.info if "takes the model itself" in str(i.value)]
        assert [t for t in told if words in t], page
    names = [m.name for m in load_dataset(SET).card.modalities]
    answers = app_table(opened("samples", model=model))
    assert {f"{n} alone" for n in names} <= set(answers) or model == PLAIN


def app_table(app: AppTest) -> list[str]:
    """Who is among the predictions of a sample."""
    rows = drawn.texts(drawn.drawing(app, "opinions"))
    return [row[2:].partition(":")[0] for row in rows if row[:1] in "✓✗"]
