"""Runs of the comparison are taken as they are, and only where they are of the same thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.runs import chosen_scale, compared, interval, named, planned, scale_of
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.experiments.compare import compare, read_results
from dmil_core.io.atomic import write_lines
from dmil_core.training.run import train

SPEC = "switch:classes=2,noise=0.4,block=2,train=80,val=40,test=60"
QUICK = 0.02


@pytest.fixture(scope="module")
def pair() -> Dataset:
    """180 rows of two classes."""
    return load_dataset(SPEC)


@pytest.fixture(scope="module")
def comparison(pair: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a comparison leaves: a joint run of seed 0."""
    root = tmp_path_factory.mktemp("comparison")
    train(pair, "joint", 0, joint(root, pair), epochs_scale=QUICK)
    return root


def joint(root: Path, pair: Dataset) -> Path:
    return root / pair.slug / "runs" / pair.slug / "joint" / "seed0"


def choose(root: Path, pair: Dataset, scale: float) -> None:
    """Trials among which this factor on the rate is the best."""
    tried = [
        {"data": pair.name, "paradigm": "joint", "seed": 1000, "lr_scale": s, "val_accuracy": v}
        for s, v in ((1.0, 0.6), (scale, 0.8))
    ]
    write_lines(root / pair.slug / "tuning.jsonl", tried)


def test_a_run_of_the_comparison_is_taken(pair: Dataset, comparison: Path, tmp_path: Path) -> None:
    run = compared(pair, "joint", 0, tmp_path, comparison, QUICK)
    assert run.folder == joint(comparison, pair)
    assert not list(tmp_path.iterdir())


def test_a_run_of_other_rows_is_not_taken(
    pair: Dataset, comparison: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = load_dataset(SPEC.replace("noise=0.4", "noise=0.5"))
    joint(tmp_path, other).parent.mkdir(parents=True)
    joint(tmp_path, other).symlink_to(joint(comparison, pair))
    run = compared(other, "joint", 0, tmp_path / "out", tmp_path, QUICK)
    assert tmp_path / "out" in run.folder.parents
    assert run.data_digest == other.digest
    assert "training anew" in capsys.readouterr().err


@pytest.mark.parametrize(("scale", "rate"), [(QUICK, 3.0), (2 * QUICK, 1.0)])
def test_a_run_of_other_settings_is_not_taken(
    pair: Dataset, comparison: Path, tmp_path: Path, scale: float, rate: float
) -> None:
    choose(tmp_path / "records", pair, rate)
    run = compared(pair, "joint", 0, tmp_path / "out", comparison, scale, tmp_path / "records")
    assert tmp_path / "out" in run.folder.parents
    assert scale_of(run, pair) == rate


def test_what_is_missing_is_trained_with_the_rate_that_was_chosen(
    pair: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path))
    choose(tmp_path, pair, 0.3)
    rates = []
    for name in ("joint", "ensemble"):
        run = compared(pair, name, 0, tmp_path / "out", tmp_path / "none", QUICK)
        rates.append(scale_of(run, pair))
    assert rates == [0.3, 1.0]
    # A comparison that is being made elsewhere has its own; until then, those on record count.
    elsewhere = tmp_path / "unfinished"
    assert chosen_scale(pair, "joint", elsewhere) == 0.3
    choose(elsewhere, pair, 3.0)
    assert chosen_scale(pair, "joint", elsewhere) == 3.0


def test_a_planned_run_has_the_fingerprint_of_the_trained_one(
    pair: Dataset, tmp_path: Path
) -> None:
    compare([pair], ["joint"], 2, tmp_path, epochs_scale=QUICK)
    settings = {(r["paradigm"], r["seed"]): r["settings"] for r in read_results(
        tmp_path / "results.jsonl"
    )}  # fmt: skip
    assert settings == {
        (p, s): planned(SPEC, p, s, QUICK) for p in ("ensemble", "joint") for s in (0, 1)
    }


def test_work_is_named_by_its_words_and_numbers() -> None:
    assert named(("emoji", 3, ["joint", "dmil"], Path("x"))) == "emoji 3 joint dmil"
    assert named([f"run{n}" for n in range(100)]).endswith(" ...")


def test_a_single_seed_has_no_interval() -> None:
    alone = {"mean": 0.25, "low": None, "high": None, "pairs": 1, "p": None}
    assert interval([0.5], [0.25]) == alone
    result = interval([0.5, 0.7], [0.4, 0.4])
    # Seeds with splits of their own share training rows, so that they say less.
    wider = interval([0.5, 0.7], [0.4, 0.4], test_ratio=0.3)
    assert wider["low"] < result["low"]  # type: ignore[operator]
    assert result["mean"] == pytest.approx(0.2)
    assert result["low"] < 0.2 < result["high"]  # type: ignore[operator]
