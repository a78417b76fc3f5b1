"""Curves over severities: they start clean, and say which way the gates went."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.corruption import detected, measure, settings_of, severities, sign, summary
from benchmarks.runs import compared
from dmil_core.data.catalog import load_dataset

SPEC = "switch:classes=2,noise=0.4,block=2,train=80,val=40,test=60"


def test_curves_of_a_run_start_at_its_own_figures(tmp_path: Path) -> None:
    a = Namespace(out=tmp_path, comparison=tmp_path / "none", epochs_scale=0.02, records=None)
    curves = measure(SPEC, "dmil", 3, a)
    run = compared(load_dataset(SPEC), "dmil", 3, tmp_path, a.comparison, 0.02)
    assert [(c["modality"], c["corruption"]) for c in curves] == [
        (m, k) for m in (1, 2) for k in ("noise", "blank", "swapped")
    ]
    assert {c["settings"] for c in curves} == {settings_of(SPEC, "dmil", 3, a)}
    for c in curves:
        assert c["accuracy"][0] == pytest.approx(run.metrics["test"]["accuracy"], abs=1e-5)
        assert c["gate_R"][0] == pytest.approx(run.metrics["test"]["mean_gate_R"], abs=1e-5)
        assert len(c["accuracy"]) == len(c["gate_S"]) == len(c["explained"]) == 5
        assert c["detected"][0] == 0.5
        assert all(0 <= v <= 1 for v in c["detected"])
        gates = [sum(c[f"gate_{p}"][i] for p in ("R", "U1", "U2", "S")) for i in range(5)]
        assert gates == pytest.approx([1.0] * 5, abs=1e-4)


def test_noise_on_words_is_a_share_and_noise_on_numbers_is_not() -> None:
    emoji = load_dataset("emoji")
    assert severities(emoji, 1, "noise") == (0.0, 0.5, 1.0, 2.0, 4.0)
    assert severities(emoji, 2, "noise") == severities(emoji, 1, "blank")


def test_the_summary_is_over_seeds_and_a_response_is_corrupted_less_clean() -> None:
    named = {"data": "d", "paradigm": "dmil", "modality": 2, "name": "sound"}
    named |= {"corruption": "blank", "severity": [0.0, 1.0]}
    gates = {"gate_U1": [0.2, 0.6], "gate_U2": [0.3, 0.1], "gate_S": [0.0, 0.1]}
    runs = [
        {**named, "seed": s, "accuracy": [0.9, v], **gates, "gate_R": [0.5, 0.2]}
        for s, v in ((0, 0.5), (1, 0.7))
    ]
    table = summary(runs)
    (curve,), (response,) = table["curves"], table["responses"]
    assert curve["accuracy"] == [0.9, 0.6]
    assert curve["accuracy_sd"] == pytest.approx([0.0, 0.141421], abs=1e-5)
    assert curve["seeds"] == 2
    # x2 is corrupted, so the other modality's own part is U1.
    changes = {k: response[k]["mean"] for k in ("other", "own", "R")}
    assert changes == pytest.approx({"other": 0.4, "own": -0.2, "R": -0.3})
    assert "explained" not in response


def test_entropy_of_a_head_separates_rows_that_it_knows_from_rows_that_it_does_not() -> None:
    heads = {"px1_a": [0.99, 0.98], "px1_b": [0.01, 0.02]}
    heads |= {"px2_a": [0.5, 0.5], "px2_b": [0.5, 0.5]}
    clean = sign(pd.DataFrame(heads), 1, ("a", "b"))
    corrupted = sign(pd.DataFrame(heads), 2, ("a", "b"))
    assert clean is not None
    assert corrupted == pytest.approx([np.log(2)] * 2)
    assert detected(clean, corrupted) == 1.0
    assert detected(clean, clean) == 0.5
    assert sign(pd.DataFrame({"p_a": [0.5]}), 1, ("a", "b")) is None
