"""The notebook runs, says what is true, and is its script."""

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


def test_it_uses_the_public_interface_alone() -> None:
    script = (EXAMPLES / "interactions.py").read_text("utf-8")
    assert "import dmil_core as dmil\n" in script
    assert "from dmil_core" not in script
    assert set(re.findall(r"\bdmil\.(\w+)", script)) <= set(dmil_core.__all__)


def test_script_and_notebook_have_the_same_cells() -> None:
    script, notebook = (jupytext.read(EXAMPLES / f"interactions.{e}") for e in ("py", "ipynb"))
    assert [(c.cell_type, c.source) for c in notebook.cells] == [
        (c.cell_type, c.source) for c in script.cells
    ]
    assert not any(c.get("outputs") for c in notebook.cells)
