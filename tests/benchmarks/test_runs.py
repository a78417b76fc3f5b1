"""Runs of the comparison are taken as they are, and only where they are of the same thing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.runs import compared, interval, is_run_of, scale_of, spread
from dmil_core.checkpoint import Run, read_run
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.train import train

SPEC = "switch:classes=2,noise=0.4,block=2,train=1000,val=40,test=60"


@pytest.fixture(scope="module")
def pair() -> Dataset:
    """1100 rows of two classes."""
    return load_dataset(SPEC)


@pytest.fixture(scope="module")
def comparison(pair: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a comparison leaves: a joint run of seed 0 with three times the learning rate."""
    root = tmp_path_factory.mktemp("comparison")
    train(pair, "joint", 0, joint(root, pair), lr_scale=3.0)
    return root


def joint(root: Path, pair: Dataset) -> Path:
    return root / pair.slug / "runs" / pair.slug / "joint" / "seed0"


def test_a_run_is_taken_whatever_its_learning_rate(
    pair: Dataset, comparison: Path, tmp_path: Path
) -> None:
    run = compared(pair, "joint", 0, tmp_path, comparison)
    assert run.folder == joint(comparison, pair)
    assert scale_of(run, pair) == 3.0
    assert not list(tmp_path.iterdir())


def test_a_run_of_anything_else_is_not_taken(pair: Dataset, comparison: Path) -> None:
    run = read_run(joint(comparison, pair))
    other = load_dataset(SPEC.replace("noise=0.4", "noise=0.5"))
    shorter = tuple(replace(s, epochs=s.epochs - 1) for s in run.config.stages)
    assert is_run_of(run, pair, "joint", 0)
    assert not is_run_of(run, other, "joint", 0)
    assert not is_run_of(run, pair, "multi-loss", 0)
    assert not is_run_of(run, pair, "joint", 1)
    assert not is_run_of(replace(run, finished=False), pair, "joint", 0)
    assert not is_run_of(replace(run, config=replace(run.config, stages=shorter)), pair, "joint", 0)


def test_what_is_missing_is_trained_with_the_rate_that_was_chosen(
    pair: Dataset, tmp_path: Path
) -> None:
    tried = [
        {"data": pair.name, "paradigm": "joint", "seed": 1000, "lr_scale": s, "val_accuracy": v}
        for s, v in ((1.0, 0.6), (0.3, 0.8))
    ]
    record = tmp_path / pair.slug / "tuning.jsonl"
    record.parent.mkdir()
    record.write_text("".join(json.dumps(t) + "\n" for t in tried))
    rates = []
    for name in ("joint", "ensemble"):
        run: Run = compared(pair, name, 0, tmp_path / "out", tmp_path, epochs_scale=0.02)
        rates.append(scale_of(run, pair))
    assert rates == [0.3, 1.0]


def test_records_come_in_order_of_the_work() -> None:
    found: Any = spread(sorted, [([5, 4],), ([1],), ([3, 2],)], jobs=2)
    assert found == [4, 5, 1, 2, 3]


def test_a_single_seed_has_no_interval() -> None:
    assert interval([0.5], [0.25]) == {"mean": 0.25, "low": None, "high": None, "pairs": 1}
    found = interval([0.5, 0.7], [0.4, 0.4])
    assert found["mean"] == pytest.approx(0.2)
    assert found["low"] < 0.2 < found["high"]  # type: ignore[operator]
