"""The figures of a collapsed gate, and the table of the released losses in both variants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.collapse import found
from benchmarks.tables import cells, reasons
from dmil_core import schema
from dmil_core.schema import COMPONENTS


def test_what_is_found_is_counted_within_each_type() -> None:
    gates = [(0.7, 0.1, 0.1, 0.1), (0.2, 0.5, 0.2, 0.1), (0.4, 0.3, 0.2, 0.1), (0.1, 0.1, 0.1, 0.7)]
    table = pd.DataFrame(gates, columns=[schema.gate(c) for c in COMPONENTS], index=[7, 8, 9, 3])
    table[schema.INTERACTION_TYPE] = ["R", "U1", "U1", "U2"]
    assert found(table) == {"R": 1.0, "U1": 0.5, "U2": 0.0}


def run(setting: str, seed: int, **figures: Any) -> dict[str, Any]:
    """A run as records of version 0.1 have it, but for the figures given."""
    heads = {"R": {"S": 0.2}, "S": {"R": 1.0}}
    gate = {"R": 0.6, "U1": 0.2, "U2": 0.1, "S": 0.1}
    plain = {"setting": setting, "seed": seed, "accuracy": 0.8, "accuracy_S": 0.2, "heads": heads}
    return {
        **plain,
        "agreement": 0.4,
        "gate": gate,
        "synergy_in": dict.fromkeys("ZMN", 0.0),
        **figures,
    }


@pytest.mark.parametrize("both", [False, True])
def test_the_table_has_the_variants_that_are_recorded(
    both: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = [run(s, 0) for s in ("equal shares", "x2 three times weaker")]
    if both:
        types = {"R": 0.5, "U1": 0.9, "U2": 0.7, "S": 0.1}
        record.append(
            run("equal shares", 0, paradigm="dmil-paper-sgd", found=types, optimizer="sgd", lr=1e-5)
        )
    monkeypatch.setattr(cells, "RESULTS", tmp_path)
    (tmp_path / "collapse.json").write_text(json.dumps({"runs": record}), "utf-8")
    lines = reasons.collapse().splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    assert [r[0] for r in rows[:2]] == ["`dmil-paper`, equal, 0", "`dmil-paper`, weaker, 0"]
    assert lines[-2].startswith("- `dmil-paper` (AdamW at 0.001 in stage 3): equal")
    assert "weight of U1 and U2 together 0.30" in lines[-2]
    if both:
        assert rows[0][3:7] == ["-"] * 4
        assert rows[2][3:7] == ["50.0 %", "90.0 %", "70.0 %", "10.0 %"]
        assert lines[-1].startswith("- `dmil-paper-sgd` (SGD at 1e-05 in stage 3): equal strengths")
        assert lines[-1].endswith("largest on U1 and U2 samples in 80.0 %.")
    else:
        assert "finds U1" not in lines[0]
        assert lines[-1] == "- `dmil-paper-sgd`: not measured yet."
