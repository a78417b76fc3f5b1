"""The ablation of the recipe: runs differ by recipe alone, and a record is not repeated."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import recipes as bench
from benchmarks.study import Record
from benchmarks.tables import cells
from benchmarks.tables.recipes import recipes
from dmil_core.checkpoint import read_run
from tests.records import runs

SPEC = "switch:classes=2,noise=0.4,block=2,train=80,val=40,test=60"


def options(out: Path) -> Namespace:
    return Namespace(
        out=out,
        paradigms=["joint"],
        seeds=1,
        epochs_scale=0.02,
        jobs=1,
        engine="local",
        address=None,
    )


def test_a_recipe_changes_the_training_and_a_recorded_run_is_not_repeated(tmp_path: Path) -> None:
    a, path = options(tmp_path / "first"), tmp_path / "recipes.json"
    units = [bench.unit_of(SPEC, recipe, a) for recipe in ("standard", "early-stopping")]
    record = Record(bench.STUDY, path)
    for unit in record.missing(units):
        bench.run_recipe(unit, record, a)
    known = json.loads(path.read_text("utf-8"))["runs"]
    assert [(r["recipe"], r["paradigm"]) for r in known] == [
        (n, p) for n in ("standard", "early-stopping") for p in ("ensemble", "joint")
    ]
    assert frozenset(r["settings"] for r in known) == units[0].settings | units[1].settings
    assert len({r["settings"] for r in known}) == 4
    (folder,) = a.out.glob("*/early-stopping/runs/*/joint/seed0")
    assert read_run(folder).config.stages[0].smoothing == 0.0
    # On another machine there is the record alone, without its last run: that one is trained.
    path.write_text(json.dumps({"runs": known[:3]}), "utf-8")
    record, a = Record(bench.STUDY, path), options(tmp_path / "other")
    (unit,) = record.missing(units)
    bench.run_recipe(unit, record, a)
    assert [r["test"] for r in record.runs] == [r["test"] for r in known]
    assert not list(a.out.glob("*/standard/runs/*"))


def recorded(means: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """Recipe -> paradigm -> mean accuracy, on two sets and three seeds."""
    return [
        r | {"recipe": recipe}
        for recipe, of in means.items()
        for data in ("emoji", "watch")
        for r in runs(data, of, seeds=3)
    ]


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    means = {
        "standard": {"joint": 0.7, "dmil": 0.8},
        "early-stopping": {"joint": 0.65, "dmil": 0.6},
    }
    monkeypatch.setattr(cells, "RESULTS", tmp_path)
    (tmp_path / "recipes.json").write_text(json.dumps({"runs": recorded(means)}), "utf-8")
    return recipes()


def test_the_table_has_a_row_per_recipe_with_its_order(text: str) -> None:
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line[:3] == "| `"]
    assert rows[:2] == [
        ["`standard`", "70.0", "80.0", "dmil 1.00, joint 2.00"],
        [
            "`early-stopping`",
            "65.0 (-5.0, -5.0 to -5.0)",
            "60.0 (-20.0, -20.0 to -20.0)",
            "joint 1.00, dmil 2.00",
        ],
    ]
    assert rows[2] == ["`emoji`: `joint`", "70.0 ± 0.1", "65.0 ± 0.1"]


def test_how_far_recipes_move_what_is_said_beside_how_far_paradigms_are_apart(text: str) -> None:
    assert "differs by 5.0 points for `joint`, 20.0 points for `dmil`" in text
    assert "by 5.0\npoints (`early-stopping`) to 10.0 points (`standard`)" in text
    assert "Of 1 pairs of paradigms, 0 have the same order" in text
