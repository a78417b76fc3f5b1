"""The benchmark of information: errors are what they say, and a bar that is not met is told."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import information
from benchmarks.tables import bits, cells
from dmil_core.partial_information.pointwise import Pointwise

LN2 = float(np.log(2.0))


def rows(**values: list[float]) -> Pointwise:
    given = {name: np.array(v) for name, v in values.items()}
    return Pointwise(**{f.name: given.get(f.name, np.zeros(2)) for f in fields(Pointwise)})


def test_errors_are_in_bits_and_signed_for_sets() -> None:
    told = rows(i1=[LN2, 2 * LN2], r=[LN2, 0.0])
    true = rows(i1=[LN2, LN2], r=[0.0, LN2])
    result = information.errors(told, true)
    assert result["error_i1"] == pytest.approx(0.5)
    assert result["r_rmse"] == pytest.approx(1.0)
    assert result["r_correlation"] == pytest.approx(-1.0)
    assert information.errors(told, rows())["r_correlation"] is None


def record(r_rmse: float) -> dict[str, Any]:
    runs = []
    for distribution in information.DISTRIBUTIONS:
        for size in information.SIZES:
            for seed in range(information.SEEDS):
                for definition in information.DEFINITIONS:
                    named = {
                        "distribution": distribution,
                        "rows": size,
                        "seed": seed,
                        "definition": definition,
                    }
                    errors = {f"error_{i}": -0.001 for i in information.SUMS}
                    run = {**named, **errors, "r_rmse": r_rmse, "r_correlation": 0.995}
                    run |= {"seconds": 3.0, "rows_per_s": 200_000.0}
                    if distribution == information.SWITCH:
                        run |= {"types": 0.99, "types_exact": 0.995}
                    runs.append(run)
    peer = {"times_ours": 20.0, "largest_error": 1e-3}
    exact = {"pmfs": 10_000, "seconds": 12.0, "largest_gap": 1e-9, "dit": peer, "cvxpy": peer}
    streamed = {"rows_per_s": 200_000.0, "mb_before": 400.0, "mb_peak": 600.0}
    means = information.summary(runs)
    return {"discrete": exact, "streaming": streamed, "runs": runs, "means": means}


def test_bars_are_met_or_missed_by_the_figures() -> None:
    assert {t.state for t in information.targets(record(0.05))} == {"met"}
    states = {t.claim: t for t in information.targets(record(0.3))}
    missed = states["errors of set and rows within the bars"]
    assert missed.state == "missed"
    assert any("XOR, 1,600 rows" in f for f in missed.failing)
    assert not any("ten classes, noise shared, 1,600" in f for f in missed.failing)


def test_the_readme_shows_the_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "RESULTS", tmp_path)
    (tmp_path / "information.json").write_text(json.dumps(record(0.05)), "utf-8")
    text = bits.information()
    assert "| two classes, noise shared, 1,600 | 0.0010 | 0.050 / 0.995 |" in text
    assert "0.198 / 0.916" in text
    assert "99.0 % (exact: 99.5 %)" in text
