"""The grading benchmark: what is found on known truth, recorded once."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

import dmil_core.training.run
from benchmarks import fidelity, grading
from benchmarks.study import Record

SPEC = "switch:train=400,val=100,test=120"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One setting with few rows, and short trainings."""
    for module in (fidelity, grading):
        monkeypatch.setattr(module, "SETTINGS", {"equal shares": SPEC})
    for name in ("train", "plan"):
        shorter = partial(getattr(dmil_core.training.run, name), epochs_scale=0.02)
        monkeypatch.setattr(dmil_core.training.run, name, shorter)
    fidelity.distribution_data.cache_clear()


@pytest.mark.usefixtures("small")
def test_a_record_has_what_each_way_finds(tmp_path: Path) -> None:
    record = Record(grading.STUDY, tmp_path / "grading.json")
    units = grading.units(["equal shares"], [grading.EXACT, "dmil"], 1, tmp_path)
    for unit in units:
        record.add(grading.run(*unit.arguments))
    assert record.missing(units) == []
    exact, ours = record.runs
    assert exact["found_partners"]["all"] > 0.8
    assert "found_gate" not in exact
    assert {"found_partners", "found_near", "found_embeddings", "found_gate"} <= set(ours)
    summary = record.content()["found"]
    assert summary["exact"]["partners"] == exact["found_partners"]["all"]
    assert set(summary["dmil"]) == {"partners", "near", "embeddings", "gate"}
    # Other rows or measures are another run.
    assert grading.settings_of("equal shares", "exact", 1) != exact["settings"]
