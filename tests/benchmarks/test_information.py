"""The benchmark of information: errors are what they say, and a bar that is not met is told."""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import information, information_coverage
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
    assert "`lsmi`, quoted" in text
    assert "99.0 % (exact: 99.5 %)" in text
    assert "Intervals of set means" not in text
    (tmp_path / "information-coverage.json").write_text(json.dumps(coverage_record()), "utf-8")
    assert "| XOR | 100.0 % (0.0 %) |" in bits.information()


# --- coverage ------------------------------------------------------------------------------


def coverage_record(
    away: float = 0.05, fit: float = 0.03, sets: int = 40, worth: bool = True
) -> dict[str, Any]:
    """Means that all lie ``away`` bits beside the exact 0.5, with errors .01 over rows, ``fit`` by
    the fit, and no bias; with the worth of the inputs, or as records were before it."""
    quantities = [*information_coverage.QUANTITIES, *(information_coverage.WORTH if worth else ())]
    runs = [
        {
            "distribution": distribution, "seed": seed, "rows": 1600, "refits": 16,
            "quantity": quantity, "mean": 0.5 + away, "error_rows": 0.01, "deviation_fit": fit,
            "bias_fit": 0.0,
        }
        for distribution in information_coverage.DISTRIBUTIONS
        for seed in range(sets)
        for quantity in quantities
    ]  # fmt: skip
    true = {d: dict.fromkeys(by_name(), 0.5) for d in information_coverage.DISTRIBUTIONS}
    switch = {"rows": 100.0, "worth": 1.1, "exact": 1.0, "error_rows": 0.01, "error": 0.06}
    return {"runs": runs, "means": information_coverage.summary(runs, true), "switch": switch}


def test_coverage_is_the_share_of_intervals_that_hold_the_exact_value() -> None:
    for mean in coverage_record()["means"]:
        assert (mean["coverage"], mean["coverage_rows"]) == (1.0, 0.0)
    for mean in coverage_record(fit=0.02)["means"]:
        assert mean["coverage"] == 0.0
    states = [t.state for t in information_coverage.targets(coverage_record())]
    assert states == ["met", "met", "met", "met"]
    assert information_coverage.targets(coverage_record(fit=0.0))[0].state == "missed"
    assert information_coverage.targets(coverage_record(sets=3))[0].state == "open"


def test_the_worth_of_an_input_is_judged_apart() -> None:
    """Its coverage is in no figure of the other quantities."""
    record = coverage_record()
    for run in record["runs"]:
        if run["quantity"] == "worth_x2" and run["distribution"] == "XOR" and run["seed"] < 4:
            run["mean"] += 1.0
    true = {d: dict.fromkeys(by_name(), 0.5) for d in information_coverage.DISTRIBUTIONS}
    record["means"] = information_coverage.summary(record["runs"], true)
    of = {(m["distribution"], m["quantity"]): m["coverage"] for m in record["means"]}
    assert of["XOR", "worth_x2"] == 0.9
    assert of["XOR", "all"] == of["XOR", "worth_x1"] == 1.0
    (judged,) = [t for t in information_coverage.targets(record) if "worth of an input" in t.claim]
    assert (judged.state, judged.failing) == ("missed", ("XOR, x2: 90.0%",))


def test_a_record_without_worth_is_shown_and_measured_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = coverage_record(worth=False)
    assert not [t for t in information_coverage.targets(old) if "worth of an input" in t.claim]
    path = tmp_path / "information-coverage.json"
    monkeypatch.setattr(bits, "read", lambda name: json.loads(path.read_text("utf-8")))
    path.write_text(json.dumps(old), "utf-8")
    assert "worth of x1" not in bits.coverage()
    assert "| XOR | 100.0 % (0.0 %) |" in bits.coverage()
    path.write_text(json.dumps(coverage_record()), "utf-8")
    assert "| all | worth of x1 | worth of x2 |" in bits.coverage()
    settings = information_coverage.settings_of("XOR", 0)
    assert information_coverage.of_worth(settings) != settings


def test_a_set_is_measured_as_a_data_set_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(information_coverage, "DISTRIBUTIONS", {"XOR": "gaussian:distribution=xor"})
    runs = information_coverage.measure("XOR", 0, rows=300, refits=4)
    assert [run["quantity"] for run in runs] == list(by_name())
    by = {run["quantity"]: run for run in runs}
    assert by["worth_x2"]["mean"] == pytest.approx(by["i12"]["mean"] - by["i1"]["mean"])
    assert by["worth_x2"]["mean"] == pytest.approx(by["u2"]["mean"] + by["s"]["mean"])
    exact = information_coverage.exact("XOR", rows=20_000)
    assert exact["i1"] == exact["r"] == pytest.approx(0.0, abs=1e-9)
    assert by["i12"]["mean"] == pytest.approx(exact["i12"], abs=0.3)
    assert information_coverage.error_of(by["i12"]) > by["i12"]["error_rows"] > 0.0


def test_the_command_goes_on_from_a_partial_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every set but those of one distribution is there, so that this one alone is estimated."""
    runs = [
        run | {"settings": of_worth if run["quantity"] in information_coverage.WORTH else settings}
        for run in coverage_record()["runs"]
        for settings in [information_coverage.settings_of(run["distribution"], run["seed"])]
        for of_worth in [information_coverage.of_worth(settings)]
    ]
    path = tmp_path / "information-coverage.json"
    path.write_text(json.dumps({"runs": runs}), "utf-8")
    monkeypatch.setattr(information_coverage, "exact", lambda d: dict.fromkeys(by_name(), 0.55))
    monkeypatch.setattr(
        information_coverage, "worth_of_switch", lambda: coverage_record()["switch"]
    )
    monkeypatch.setattr(sys, "argv", ["information", "--coverage", "--records", str(tmp_path)])
    assert information.main() == 0
    printed = capsys.readouterr().out
    assert "280 of 280 parts are in" in printed
    assert "met: the same of all seven quantities" in printed
    assert json.loads(path.read_text("utf-8"))["means"][0]["exact"] == 0.55


def by_name() -> tuple[str, ...]:
    return (*information_coverage.QUANTITIES, *information_coverage.WORTH)


def test_options_of_the_coverage_are_refused_without_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["information", "--records", "somewhere"])
    with pytest.raises(SystemExit, match="2"):
        information.main()
    assert "of --coverage" in capsys.readouterr().err
