"""The product is in the comparison's record like a method, and nothing is trained for it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.comparison import add_products
from dmil_core.data.catalog import load_dataset
from dmil_core.experiments import records
from dmil_core.experiments.compare import compare, read_results

SPEC = "switch:classes=2,noise=0.4,block=2,train=80,val=40,test=60"


def test_every_seed_with_both_runs_gets_a_product_once(tmp_path: Path) -> None:
    dataset, path = load_dataset(SPEC), tmp_path / "results.jsonl"
    compare([dataset], ["joint"], 2, tmp_path, epochs_scale=0.02)
    add_products(dataset, tmp_path, path)
    lines = read_results(path)
    assert [(r["paradigm"], r["seed"]) for r in lines] == [
        (p, s) for s in (0, 1) for p in ("ensemble", "joint", "product")
    ]
    for seed in (0, 1):
        digests = {r["data_digest"] for r in lines if r["seed"] == seed}
        assert len(digests) == 1
    assert set(records.tidy(lines)["paradigm"]) == {"ensemble", "joint", "product"}
    before = path.read_bytes()
    add_products(dataset, tmp_path, path)
    assert path.read_bytes() == before
    # A comparison that goes on keeps them.
    compare([dataset], ["joint"], 2, tmp_path, epochs_scale=0.02)
    assert path.read_bytes() == before


def test_runs_that_are_gone_leave_the_record_as_it_is(tmp_path: Path) -> None:
    dataset, path = load_dataset(SPEC), tmp_path / "results.jsonl"
    compare([dataset], ["joint"], 1, tmp_path, epochs_scale=0.02)
    before = path.read_bytes()
    add_products(dataset, tmp_path / "elsewhere", path)
    assert path.read_bytes() == before
