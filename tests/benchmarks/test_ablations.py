"""Ablations: gains are paired by seed, and a partial record is readable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import ablations
from benchmarks.tables import cells, reasons


def run(
    paradigm: str, seed: int, agreement: float, setting: str = "equal shares"
) -> dict[str, Any]:
    named = {"setting": setting, "paradigm": paradigm, "seed": seed, "accuracy": 0.5}
    return {**named, "gate_agreement": agreement, "gate_calibration_error": 0.25}


def test_what_a_change_gains_is_paired_by_seed() -> None:
    runs = [run("dmil", 0, 0.9), run("dmil", 1, 0.7), run("dmil-soft", 1, 0.6)]
    runs += [run("dmil-soft", 0, 0.8), run("dmil-soft", 7, 0.0)]
    ours, soft = ablations.summary(runs)
    assert (ours["seeds"], soft["seeds"]) == (2, 3)
    assert ours["gate_agreement"] == pytest.approx(0.8)
    assert "gate_agreement_gain" not in ours
    assert soft["gate_agreement_gain"]["mean"] == pytest.approx(-0.1)
    assert soft["gate_agreement_gain"]["pairs"] == 2


def test_a_set_without_known_interaction_type_has_accuracy_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = {"setting": "emoji", "paradigm": "dmil", "seed": 0, "accuracy": 0.625}
    means = ablations.summary([real, run("dmil", 0, 0.9)])
    assert {m["setting"]: "gate_agreement" in m for m in means} == {
        "emoji": False,
        "equal shares": True,
    }
    monkeypatch.setattr(cells, "RESULTS", tmp_path)
    (tmp_path / "ablations.json").write_text(json.dumps({"means": means}), "utf-8")
    row = reasons.ablations().splitlines()[-1]
    assert "90.0 (0.250)" in row
    assert "62.5" in row


@pytest.mark.parametrize(("agreement", "arrow"), [(0.6, "↓"), (0.95, "↑"), (0.9, "0)")])
def test_the_table_marks_what_is_clearly_better_or_worse_than_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, agreement: float, arrow: str
) -> None:
    runs = [run("dmil", s, 0.9 + s / 100) for s in range(3)]
    runs += [run("dmil-soft", s, agreement + s / 100 + (s == 1) / 1000) for s in range(3)]
    monkeypatch.setattr(cells, "RESULTS", tmp_path)
    result = json.dumps({"means": ablations.summary(runs)})
    (tmp_path / "ablations.json").write_text(result, "utf-8")
    ours, theirs = reasons.ablations().splitlines()[-2:]
    assert not {"↑", "↓"} & set(ours)
    assert theirs.rstrip(" |").endswith(arrow)
