"""Runs of the comparison are taken as they are, and only where they are of the same thing."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from benchmarks import runs
from benchmarks.runs import (
    add_common,
    compared,
    interval,
    is_run_of,
    record_path,
    scale_of,
    spread,
)
from dmil_core.checkpoint import read_run
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import ResourceError
from dmil_core.io.atomic import write_lines
from dmil_core.training.run import plan, train

SPEC = "switch:classes=2,noise=0.4,block=2,train=80,val=40,test=60"
QUICK = 0.02


@pytest.fixture(scope="module")
def pair() -> Dataset:
    """180 rows of two classes."""
    return load_dataset(SPEC)


@pytest.fixture(scope="module")
def comparison(pair: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a comparison leaves: a joint run of seed 0 with three times the learning rate."""
    root = tmp_path_factory.mktemp("comparison")
    train(pair, "joint", 0, joint(root, pair), epochs_scale=QUICK, lr_scale=3.0)
    return root


def joint(root: Path, pair: Dataset) -> Path:
    return root / pair.slug / "runs" / pair.slug / "joint" / "seed0"


def test_a_run_is_taken_whatever_its_learning_rate(
    pair: Dataset, comparison: Path, tmp_path: Path
) -> None:
    run = compared(pair, "joint", 0, tmp_path, comparison, QUICK)
    assert run.folder == joint(comparison, pair)
    assert scale_of(run, pair) == 3.0
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


def test_a_run_of_other_settings_is_not_taken(pair: Dataset, comparison: Path) -> None:
    run = read_run(joint(comparison, pair))
    assert is_run_of(run, pair, plan(pair, "joint", 0, epochs_scale=QUICK))
    assert not is_run_of(run, pair, plan(pair, "joint", 0))
    assert not is_run_of(run, pair, plan(pair, "joint", 1, epochs_scale=QUICK))
    assert not is_run_of(run, pair, plan(pair, "multi-loss", 0, epochs_scale=QUICK))
    unfinished = replace(run, finished=False)
    assert not is_run_of(unfinished, pair, plan(pair, "joint", 0, epochs_scale=QUICK))


def test_what_is_missing_is_trained_with_the_rate_that_was_chosen(
    pair: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path))
    tried = [
        {"data": pair.name, "paradigm": "joint", "seed": 1000, "lr_scale": s, "val_accuracy": v}
        for s, v in ((1.0, 0.6), (0.3, 0.8))
    ]
    write_lines(tmp_path / pair.slug / "tuning.jsonl", tried)
    rates = []
    for name in ("joint", "ensemble"):
        run = compared(pair, name, 0, tmp_path / "out", tmp_path / "none", QUICK)
        rates.append(scale_of(run, pair))
    assert rates == [0.3, 1.0]


def test_records_come_in_order_of_the_work() -> None:
    result: Any = spread(sorted, [([5, 4],), ([1],), ([3, 2],)], jobs=2)
    assert result == [4, 5, 1, 2, 3]


def test_a_single_seed_has_no_interval() -> None:
    alone = {"mean": 0.25, "low": None, "high": None, "pairs": 1, "p": None}
    assert interval([0.5], [0.25]) == alone
    result = interval([0.5, 0.7], [0.4, 0.4])
    # Seeds with splits of their own share training rows, so that they say less.
    wider = interval([0.5, 0.7], [0.4, 0.4], test_ratio=0.3)
    assert wider["low"] < result["low"]  # type: ignore[operator]
    assert result["mean"] == pytest.approx(0.2)
    assert result["low"] < 0.2 < result["high"]  # type: ignore[operator]


def test_only_a_whole_run_is_the_record(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", nargs="+", default=["a", "b"])
    add_common(parser, ("joint", "dmil"), 5, str(tmp_path))
    record = tmp_path / "results" / "some.json"
    for words in ([], ["--jobs", "1"], ["--data", "a", "b"]):
        assert record_path(parser, parser.parse_args(words), record) == record
    for words in (["--seeds", "1"], ["--data", "a"], ["--epochs-scale", "0.1"]):
        assert record_path(parser, parser.parse_args(words), record) == tmp_path / "some.json"


#: Options that make less of a benchmark than all, so that its record goes where ``--out`` says.
PARTS = {"app.__main__": ["--repeats", "1"], "app.soak": [], "fidelity": ["--no-twins"]}
WORK = ("finished", "spread", "soak", "measure", "run", "references", "run_recipe")


@pytest.mark.parametrize(
    "name", ["app.__main__", "app.soak", "architectures", "collapse", "corruption", "dominance",
             "fidelity", "live", "recipes", "theorem", "three", "unseen"],
)  # fmt: skip
def test_a_record_that_cannot_be_written_is_refused_before_anything_is_measured(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module(f"benchmarks.{name}")
    (tmp_path / "file").touch()
    out = str(tmp_path / "file" / "record.json")
    monkeypatch.setattr(sys, "argv", [name, "--out", out, *PARTS.get(name, ["--seeds", "1"])])

    def measured(*_: object) -> None:
        raise AssertionError("what is measured cannot be written")

    for work in WORK:
        monkeypatch.setattr(module, work, measured, raising=False)
        monkeypatch.setattr(runs, work, measured, raising=False)
    with pytest.raises(ResourceError, match="cannot be written"):
        module.main()
