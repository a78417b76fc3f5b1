"""Progress: one share of the whole run, the same in the reports, the bar and the JSON lines."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.paradigms import PARADIGMS
from dmil_core.training.cross_fitting import OUT_OF_FOLD
from dmil_core.training.loop import FitState, Report, epochs
from dmil_core.training.progress import ProgressBar, ProgressLines
from dmil_core.training.run import plan, train
from dmil_core.training.trainer import Learning
from tests.core.builders import Stopped, batch, model, stage


def reports(dataset: Dataset, name: str, scale: float = 0.02) -> list[Report]:
    config = plan(dataset, name, 0, epochs_scale=scale)
    learning = Learning(dataset, config, torch.device("cpu"), epochs_scale=scale)
    return list(learning.epochs())


def check(fractions: list[float]) -> None:
    assert all(a < b for a, b in pairwise(fractions))
    assert fractions[0] > 0
    assert fractions[-1] == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("name", ["joint", "ensemble", "dmil", "mcr", "i2m2", "pretrained-frozen"])
def test_the_share_of_any_paradigm_rises_to_one(tiny: Dataset, name: str) -> None:
    check([r.fraction for r in reports(tiny, name)])


def test_the_share_of_three_modalities_rises_to_one() -> None:
    three = load_dataset("switch-three:classes=2,block=4,train=64,val=32,test=32")
    check([r.fraction for r in reports(three, "dmil", 0.01)])


def test_out_of_fold_models_are_part_of_the_run(tiny: Dataset) -> None:
    seen = reports(tiny, "dmil")
    before = [r.fraction for r in seen if r.stage == OUT_OF_FOLD]
    assert 0.1 < before[-1] < 0.9
    assert before == [r.fraction for r in seen[: len(before)]]


def test_a_stage_that_ends_early_leaps_to_its_end() -> None:
    # Nothing is trained, so that no epoch is better than the first one.
    stages = (
        stage("first", lr=0.0, epochs=50, patience=2),
        stage("second", lr=0.0, epochs=10, patience=2),
    )
    seen = list(epochs(model("joint"), stages, batch(), batch(seed=1), 0, FitState()))
    assert [r.stage for r in seen] == ["first"] * 3 + ["second"] * 3
    fractions = [r.fraction for r in seen]
    assert fractions[1] == pytest.approx(2 / 60)
    assert fractions[2] == pytest.approx(50 / 60)
    check(fractions)


def test_a_stage_that_trains_more_takes_more_of_the_run() -> None:
    few, all_ = stage("few", ("head.",)), stage("all")
    seen = list(epochs(model("joint"), (few, all_), batch(), batch(), 0, FitState()))
    assert 0 < seen[len(seen) // 2 - 1].fraction < 0.5


def test_a_run_that_goes_on_does_not_begin_at_zero(tiny: Dataset, tmp_path: Path) -> None:
    seen: list[float] = []

    def stop(report: Report) -> None:
        seen.append(report.fraction)
        if report.stage == "interact":
            raise Stopped

    with pytest.raises(Stopped):
        train(tiny, "dmil", 0, tmp_path, epochs_scale=0.02, on_epoch=stop)
    more: list[float] = []
    train(tiny, "dmil", 0, tmp_path, epochs_scale=0.02, on_epoch=lambda r: more.append(r.fraction))
    check([*seen, *more])


def test_bar_and_lines_show_the_share_of_the_report(
    tiny: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = reports(tiny, "ensemble")
    lines = ProgressLines()
    with ProgressBar() as bar:
        for report in seen:
            lines(report)
            bar(report)
    captured = capsys.readouterr()
    told = [json.loads(line) for line in captured.out.splitlines()]
    assert [t["fraction"] for t in told] == [round(r.fraction, 4) for r in seen]
    assert [t["stage"] for t in told] == [r.title for r in seen]
    assert told[0]["message"].startswith("epoch 1 of at most")
    last = captured.err.rsplit("\r", 1)[-1]
    assert "100%" in last
    assert seen[-1].title in last


def test_another_run_begins_another_bar(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("joint", "1 everything", 1, 2, 0.5, 0.5, 0.5)
    with ProgressBar() as bar:
        for fraction in (0.5, 1.0, 0.5, 1.0):
            bar(replace(report, fraction=fraction))
    assert capsys.readouterr().err.count("\n") == 2


def test_the_history_does_not_keep_the_share() -> None:
    state = FitState()
    report = next(epochs(model("joint"), (stage(),), batch(), batch(), 0, state))
    assert report.fraction > 0
    assert "fraction" not in state.history[0]


def test_every_paradigm_of_the_list_has_a_cost(tiny: Dataset) -> None:
    for name in PARADIGMS:
        config = plan(tiny, name, 0, epochs_scale=0.01)
        learning = Learning(tiny, config, torch.device("cpu"), epochs_scale=0.01)
        assert (learning._share_of_cross_fitting() > 0) == (config.folds > 0)
