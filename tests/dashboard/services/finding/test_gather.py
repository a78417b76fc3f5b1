"""The numbers of a finding are those of the tables that the trainings wrote."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from dashboard.jobs import queue
from dashboard.jobs.queue import Jobs
from dashboard.services.finding.gather import numbers
from dashboard.services.finding.numbers import BITS, Numbers
from dashboard.services.finding.sentences import finding
from dashboard.services.store import catalog, own_sets, visitors
from dmil_core.checkpoint import PREDICTIONS_FILE
from dmil_core.information.store import FILE, InformationEstimates
from dmil_core.io.tables import read_table
from dmil_core.metrics.intervals import wilson
from tests.dashboard.trained_sets import saved, trained

ANN = visitors.hashed("a" * 32)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of uploads, of a visitor called Ann."""
    monkeypatch.setenv("DMIL_UPLOADS", str(tmp_path))
    monkeypatch.setattr(visitors, "visitor", lambda: ANN)
    monkeypatch.setitem(queue._OPEN, tmp_path / "jobs", Jobs(tmp_path / "jobs", at_once=0))
    monkeypatch.setattr(catalog, "_run", catalog._Run())
    catalog.begin()
    return tmp_path


def found(**how: object) -> tuple[own_sets.OwnSet, Numbers]:
    own = trained(ANN, **how)  # type: ignore[arg-type]
    result = numbers(own)
    assert result is not None
    return own, result


def test_there_is_none_before_joint_and_ensemble_are_trained() -> None:
    assert numbers(saved(ANN)) is None


def test_accuracies_are_means_over_runs_with_the_interval_of_one_split() -> None:
    own, n = found(seeds=3)
    means, alone = [], []
    for seed in range(3):
        frame = read_table(own.models / "ensemble" / f"seed{seed}" / PREDICTIONS_FILE)
        test = frame[frame["split"] == "test"]
        means.append((test["pred"] == test["y"]).mean())
        alone.append((test["pred_x1"] == test["y"]).mean())
    accuracy = n.accuracy["ensemble"]
    assert accuracy.value == pytest.approx(np.mean(means))
    assert (accuracy.low, accuracy.high) == pytest.approx(
        wilson(accuracy.value * len(test), len(test))
    )
    assert n.alone[0].value == pytest.approx(np.mean(alone))
    assert (n.runs, n.test_rows) == (3, len(test))
    assert n.label == "label"
    assert n.notes == ("A note.",)


def test_entropy_and_the_most_frequent_class_are_those_of_all_rows() -> None:
    own, n = found()
    y = read_table(own.models / "joint" / "seed0" / PREDICTIONS_FILE)["y"]
    shares = y.value_counts(normalize=True).to_numpy()
    assert n.entropy == pytest.approx(-(shares * np.log2(shares)).sum())
    assert n.largest == pytest.approx(shares.max())
    assert n.rows == len(y)


def test_bits_by_the_data_alone_are_means_with_the_error_of_the_fit() -> None:
    own, n = found(seeds=3, bits=True)
    kept = InformationEstimates.load(own.models / FILE)
    assert set(n.bits) == set(BITS)
    assert n.source == ("data" if n.found_by["data"] >= 0.95 * n.found_by["model"] else "model")
    if n.source == "data":
        i12 = kept.rows["i12"].to_numpy(float)
        assert n.bits["i12"].value == pytest.approx(i12.mean() / math.log(2))
        over_rows = i12.std(ddof=1) / math.sqrt(len(i12))
        fit = kept.fit_errors("same-sign")["i12"] if n.with_fit else 0.0
        assert n.bits["i12"].reach == pytest.approx(
            1.96 * math.hypot(over_rows, fit) / math.log(2), rel=1e-6
        )
    assert n.bits["add2"].value == pytest.approx(n.bits["u2"].value + n.bits["s"].value)
    assert n.bits["lead"].value == pytest.approx(n.bits["i1"].value - n.bits["i2"].value)
    assert set(n.found_by) == {"data", "model"}


def test_without_them_the_heads_of_dmil_tell_over_test_rows() -> None:
    _, n = found(seeds=2)
    assert n.source == "model"
    assert n.bits_rows == n.test_rows
    total = sum(n.bits[p].value for p in ("r", "u1", "u2", "s"))
    assert total == pytest.approx(n.bits["i12"].value)


def test_models_that_answer_alike_are_not_told_apart() -> None:
    own, n = found(seeds=3)
    frames = {
        m: read_table(own.models / m / "seed0" / PREDICTIONS_FILE).query("split == 'test'")
        for m in ("joint", "ensemble")
    }
    right = {m: (f["pred"] == f["y"]).to_numpy() for m, f in frames.items()}
    gap = right["joint"][6:].mean() - right["ensemble"][6:].mean()
    assert set(n.contrasts) == {"joint", "dmil"}
    joint = n.contrasts["joint"]
    # The swapped rows aside, runs are copies: their differences have next to no spread, and still
    # the rows decide.
    assert joint.rows.reach > 0
    if abs(gap) < joint.rows.reach:
        assert joint.verdict == "open"


def test_one_run_has_no_interval_of_its_differences() -> None:
    _, n = found(seeds=1)
    assert not n.contrasts["joint"].runs.known
    assert n.contrasts["joint"].verdict == "open"
    assert "One run does not show" in finding(n).paragraph


def test_quick_and_full_are_told_apart_and_a_split_of_the_file_is_no_split_of_a_run() -> None:
    own, n = found(thorough="quick")
    assert n.quick
    assert n.own_split
    about = own.data.with_name(own_sets.ABOUT_FILE)
    about.write_text(json.dumps({**json.loads(about.read_text()), "own_split": True}))
    job = own_sets.train(own, "full")
    assert not any(":split=" in a for s in job.steps for a in s.argv)
    about.write_text("[]")
    assert own.about == own_sets.About()
