"""The notebooks run, say what is true, and are their scripts."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import jupytext
import pytest

import dmil_core
from dmil_core.schema import COMPONENTS, gate

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NOTEBOOKS = ("interactions", "own_model")
#: Lines from a trained model to the app, of its export as well.
MOST_LINES = 10


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    """What the script's variables are at its end."""
    return runpy.run_path(str(EXAMPLES / "interactions.py"))


def test_the_small_distributions_are_as_described(run: dict[str, Any]) -> None:
    redundant, eyes, xor = run["redundant"], run["two_eyes"], run["xor"]
    assert [redundant[k] for k in ("i1", "i2", "i12", "r")] == pytest.approx([1, 1, 1, 1])
    assert eyes.i1 + eyes.i2 > 1 > eyes.i12 > eyes.i1
    assert [xor[k] for k in ("i1", "i2", "i12", "s")] == pytest.approx([0, 0, 1, 1])


def test_the_ensemble_does_not_learn_xor_and_the_others_do(run: dict[str, Any]) -> None:
    right = run["right"]
    # A sum of what each input says is right on at most three of XOR's four cells.
    assert right["ensemble"] < 0.8
    assert min(right["joint"], right["dmil"]) > 0.95


def test_the_gate_finds_the_interaction_types(run: dict[str, Any]) -> None:
    for c in COMPONENTS:
        assert run["weights"].loc[c, gate(c)] > 0.8


def test_contributions_add_up(run: dict[str, Any]) -> None:
    assert run["parts"].sum() == pytest.approx(run["score"], abs=1e-4)


def test_definitions_agree_on_sums_alone(run: dict[str, Any]) -> None:
    result = run["definitions"]
    assert result[["i1", "i2", "i12"]].nunique().max() == 1
    assert result["r"].nunique() > 1
    assert result["u1"].min() < 0
    assert (run["cases"]["i1"] < 0).any()


# --- a model of one's own ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def own() -> dict[str, Any]:
    """What the variables are at the end of the notebook of a model of one's own."""
    return runpy.run_path(str(EXAMPLES / "own_model.py"))


def test_a_network_that_adds_up_is_found_to_add_up(own: dict[str, Any]) -> None:
    found = own["found"]
    assert found.accuracy > 0.7
    assert found.emap_accuracy == pytest.approx(found.accuracy, abs=0.03)
    assert found.intervals["interaction_share"].high < 0.06
    assert 0.7 < own["variance"]["x2"] < 0.9
    assert 0.1 < own["variance"]["x1"] < 0.3
    parts = own["information"]
    assert min(parts["u2"], parts["r"]) > 0.5
    # What the picture adds to the name.
    assert abs(parts["u1"] + parts["s"]) < 0.25 * parts["u2"]


def test_one_that_cannot_add_up_is_found_not_to(own: dict[str, Any]) -> None:
    control = own["control"]
    assert control.accuracy > 0.95
    assert control.emap_accuracy < 0.65
    assert control.interaction_share > 0.9


def test_the_export_answers_alike_and_both_were_in_the_app(own: dict[str, Any]) -> None:
    assert own["difference"] < 1e-3
    assert own["exported"].interaction_share == pytest.approx(own["found"].interaction_share, 0.01)
    assert own["app"].url.endswith("model=late-fusion-onnx")
    assert not own["app"].running


def test_from_the_trained_model_to_the_app_is_a_few_lines() -> None:
    cells = jupytext.read(EXAMPLES / "own_model.py").cells
    titles = [c.source.splitlines()[0] if c.cell_type == "markdown" else "" for c in cells]
    start = titles.index("## 2. From the model to the app")
    end = titles.index("## 3. What is found")
    code = "\n".join(c.source for c in cells[start:end] if c.cell_type == "code")
    assert code.count(".show(") == 2
    assert "torch.onnx.export(" in code
    assert len([line for line in code.splitlines() if line.strip()]) <= MOST_LINES


# --- all of them -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_it_uses_the_public_interface_alone(name: str) -> None:
    script = (EXAMPLES / f"{name}.py").read_text("utf-8")
    assert "import dmil_core as dmil\n" in script
    assert "from dmil_core" not in script
    assert set(re.findall(r"\bdmil\.(\w+)", script)) <= set(dmil_core.__all__)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_script_and_notebook_have_the_same_cells(name: str) -> None:
    script, notebook = (jupytext.read(EXAMPLES / f"{name}.{e}") for e in ("py", "ipynb"))
    assert [(c.cell_type, c.source) for c in notebook.cells] == [
        (c.cell_type, c.source) for c in script.cells
    ]
    assert not any(c.get("outputs") for c in notebook.cells)
