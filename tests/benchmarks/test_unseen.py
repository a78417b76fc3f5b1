"""Few-shot probes: perfect where the class is written there, chance where nothing is."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.unseen import (
    drawn,
    few_shot,
    headline,
    measure,
    standardized,
    summary,
    units_of,
)
from dmil_core.checkpoint import read_run
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.subset import split_classes
from dmil_core.errors import DataError

SPEC = "switch:classes=5,noise=0.4,block=4,train=300,val=60,test=100"


@pytest.fixture(scope="module")
def five() -> Dataset:
    """460 rows of five classes."""
    return load_dataset(SPEC)


def test_the_class_itself_as_representation_is_always_read(five: Dataset) -> None:
    assert few_shot(np.eye(5)[five.y], five, 1, 5, seed=0) == [1.0] * 5


def test_noise_says_nothing_however_many_shots(five: Dataset) -> None:
    z = np.random.default_rng(0).standard_normal((len(five), 16))
    assert np.mean(few_shot(z, five, 10, 30, seed=0)) == pytest.approx(0.2, abs=0.04)


def test_probes_never_see_a_test_row_when_they_learn(five: Dataset) -> None:
    # The class is written into test rows only: who learnt from them would read it.
    z = np.eye(5)[five.y] * (five.split == "test")[:, None]
    assert np.mean(few_shot(z, five, 10, 10, seed=0)) == pytest.approx(0.2, abs=0.05)


def test_draws_have_so_many_rows_of_each_class_and_repeat(five: Dataset) -> None:
    rows = five.rows("train")
    draws = list(drawn(five.y, rows, 3, 4, seed=1))
    for few in draws:
        assert np.bincount(five.y[few]).tolist() == [3] * 5
        assert set(few) <= set(rows)
    assert len({tuple(few) for few in draws}) == 4
    for one, again in zip(draws, drawn(five.y, rows, 3, 4, seed=1), strict=True):
        assert np.array_equal(one, again)
    with pytest.raises(DataError, match="expected 500 training rows of each class"):
        next(drawn(five.y, rows, 500, 1, seed=0))


def test_a_representation_is_measured_in_deviations_of_the_usual_rows() -> None:
    usual = np.array([[0.0, 5.0], [2.0, 5.0]])
    assert standardized(np.array([[3.0, 6.0]]), usual).tolist() == [[2.0, 1.0]]


def test_a_model_never_meets_the_classes_it_is_probed_on(five: Dataset, tmp_path: Path) -> None:
    a = Namespace(out=tmp_path, epochs_scale=0.02, paradigms=["dmil-paper"])
    measured = measure(SPEC, "dmil-paper", 2, a)
    (unit,) = units_of(SPEC, 2, a)
    assert unit.settings == {r["settings"] for r in measured}
    (folder,) = tmp_path.glob("runs/*/dmil-paper/seed2")
    seen, unseen = split_classes(5, 2)
    run = read_run(folder)
    assert run.classes == tuple(five.classes[c] for c in seen)
    assert {r["classes"] for r in measured} == {len(unseen)}
    names = ["R U1 U2 S", "R", "U1", "U2", "S", "M1 M2 N1 N2"]
    assert list(dict.fromkeys(r["representation"] for r in measured)) == names
    assert measured[0]["size"] == measured[-1]["size"] == 4 * run.config.model.latent_size
    assert all(0.0 <= r["accuracy"] <= 1.0 for r in measured)


def test_a_headline_is_what_the_answer_is_read_from() -> None:
    assert [headline(p) for p in ("joint", "ensemble", "dmil", "dmil-paper")] == [
        "F", "Z1 Z2", "R U1 U2 S", "R U1 U2 S",
    ]  # fmt: skip


def test_differences_pair_headlines_by_seed() -> None:
    def run(paradigm: str, seed: int, representation: str, accuracy: float) -> dict[str, object]:
        return {
            **{"data": "d", "paradigm": paradigm, "seed": seed, "shots": 1, "classes": 4},
            **{"representation": representation, "accuracy": accuracy},
        }

    runs = [run("joint", s, "F", v) for s, v in ((0, 0.5), (1, 0.6))]
    runs += [run("joint", s, "Z1 Z2", 0.9) for s in (0, 1)]
    runs += [run("dmil", s, "R U1 U2 S", v) for s, v in ((0, 0.6), (1, 0.8), (2, 0.1))]
    table = summary(runs)
    (difference,) = table["differences"]
    assert (difference["paradigm"], difference["pairs"]) == ("joint", 2)
    assert difference["mean"] == pytest.approx(0.15)
    assert [m["headline"] for m in table["means"]] == [True, False, True]
    assert [m["chance"] for m in table["means"]] == [0.25] * 3
