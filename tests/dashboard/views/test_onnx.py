"""What if and Samples evaluate a model that was trained elsewhere, where its file is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import dmil_core as dmil
from dashboard.services import counterfactual
from dashboard.services.sample import interaction, where
from dashboard.services.store.catalog import Checkpoint, DataProblem, checkpoint_catalog
from dashboard.state.edits import Change
from dashboard.state.view import View
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.posthoc import onnx as door
from tests.core.onnx_files import crossing
from tests.dashboard import drawn
from tests.dashboard.folders import APP

SET, MODEL = "mfeat", "crossing"


@pytest.fixture(scope="module")
def data() -> Dataset:
    return load_dataset(SET)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, data: Dataset) -> Path:
    """A model whose logits are 1 + a(x1) b(x2), where a and b are 0 of a blank input."""
    root, rng = tmp_path_factory.mktemp("onnx"), np.random.default_rng(0)
    train, shifts, weights = data.rows("train"), [], []
    for m in (1, 2):
        x = data.x(m)[train].astype(np.float64)
        shifts.append(x.mean(axis=0))
        spread = np.maximum(x.std(axis=0), 1e-6)[:, None]
        weights.append(rng.normal(size=(x.shape[1], 10)) / spread / x.shape[1] ** 0.5)
    path = crossing(root / "model.onnx", weights[0], weights[1], shifts)
    dmil.import_model(path, data, MODEL, root / SET / MODEL / "seed0", partners=20)
    return root


@pytest.fixture
def checkpoint(root: Path, monkeypatch: pytest.MonkeyPatch) -> Checkpoint:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(root))
    return checkpoint_catalog().get(SET, MODEL, 0)


@pytest.fixture
def sample(data: Dataset) -> str:
    return str(data.ids[data.rows("test")[3]])


def opened(page: str, sample: str, **chosen: Any) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.session_state["view"] = View(data=SET, model=MODEL, sample=sample, **chosen)
    app._page_hash = calc_hash(page)
    app.run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    kinds = ("markdown", "info", "warning", "error", "text", "caption", "subheader")
    return "\n".join(str(e.value) for kind in kinds for e in app.get(kind))


def test_a_blank_input_makes_every_class_as_likely(
    checkpoint: Checkpoint, sample: str, data: Dataset
) -> None:
    found = counterfactual.outcome(checkpoint, sample, {1: Change("blank")}, {})
    assert isinstance(found, counterfactual.Outcome)
    stored = counterfactual.table(checkpoint).loc[sample]
    for c in data.classes:
        assert found.before[f"p_{c}"] == pytest.approx(stored[f"p_{c}"], abs=1e-4)
        assert found.after[f"p_{c}"] == pytest.approx(0.1, abs=1e-4)


def test_the_page_answers_for_a_changed_input(checkpoint: Checkpoint, sample: str) -> None:
    app = opened("what-if", sample, edit1="blank")
    said = texts(app)
    assert "**Edited**, it predicts" in said
    assert "(10% confidence)" in said
    assert "Only the predictions" not in said


def test_a_swapped_input_is_placed_on_the_map(
    checkpoint: Checkpoint, sample: str, data: Dataset
) -> None:
    donor = str(data.ids[data.rows("test")[9]])
    swapped = {m: Change("swap", donor=donor) for m in (1, 2)}
    found = counterfactual.moved(checkpoint, sample, swapped, "logits")
    there = counterfactual.moved(checkpoint, donor, {}, "logits")
    assert isinstance(found, counterfactual.Moved)
    assert isinstance(there, counterfactual.Moved)
    # With both inputs of another sample it lies where that one does.
    assert np.linalg.norm(found.two[1] - there.two[0]) < 0.1
    assert np.linalg.norm(found.two[0] - found.two[1]) > 0.01


def test_what_parts_do_together_adds_up_to_the_score(checkpoint: Checkpoint, sample: str) -> None:
    found = where.places(checkpoint, sample)
    assert isinstance(found, where.Places)
    effects = interaction.interaction(checkpoint, sample)
    assert isinstance(effects, interaction.Interaction)
    assert found.together.shape == (24, 24)
    assert found.together.sum() == pytest.approx(effects.score, rel=1e-3)
    both = next(v for name, v in effects.parts.items() if "\N{MULTIPLICATION SIGN}" in name)
    assert both == pytest.approx(effects.score, rel=0.3)
    said = texts(opened("samples", sample))
    assert "What the inputs do, alone and together" in said
    assert "effects" in " ".join(drawn.keys(opened("samples", sample)))


def test_without_onnxruntime_it_says_what_to_install(
    checkpoint: Checkpoint, sample: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "find_spec", lambda name: None if name == "onnxruntime" else name)
    from dashboard.services.store import loaded

    loaded._external.clear()
    interaction._interaction.clear()
    said = texts(opened("what-if", sample, edit1="blank"))
    assert "pip install 'dmil-explorer[onnx]'" in said
    assert str(checkpoint.folder) not in said
    assert isinstance(interaction.interaction(checkpoint, sample), DataProblem)
    said = texts(opened("samples", sample))
    assert "need onnxruntime" in said
    assert f"{MODEL} predicts" in said
