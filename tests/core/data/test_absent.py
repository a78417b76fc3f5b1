"""Rows that lack an input stay, and what the input would say is blank."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.errors import DataError
from dmil_core.training.run import train

N = 300


def arrays(**changes: Any) -> dict[str, Any]:
    """The class shows in x1 and, where it is there, in x2."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, N)
    x1, x2 = (rng.normal(size=(N, 3)) + 2 * y[:, None] for _ in range(2))
    lacks = np.arange(N) % 3 == 0
    split = np.resize(["train", "train", "train", "val", "test"], N)
    values = {"x1": x1, "x2": x2, "y": y, "split": split, "flag_without_x2": lacks}
    return {**values, **changes}


def stored(folder: Path, **changes: Any) -> Dataset:
    np.savez(folder / "set.npz", **arrays(**changes))
    return load_dataset(folder / "set.npz")


def test_a_lacking_input_is_the_mean_of_the_training_rows_that_have_it(tmp_path: Path) -> None:
    given = arrays()
    x2 = given["x2"].copy()
    x2[given["flag_without_x2"]] = np.nan
    data = stored(tmp_path, x2=x2)
    lacks = data.lacks(2)
    assert lacks is not None
    np.testing.assert_array_equal(lacks, given["flag_without_x2"])
    assert data.lacks(1) is None
    there = given["x2"][~lacks & (given["split"] == "train")].mean(axis=0)
    np.testing.assert_allclose(data.x2[lacks], np.tile(there, (lacks.sum(), 1)), rtol=1e-5)
    np.testing.assert_allclose(data.x2[~lacks], given["x2"][~lacks], rtol=1e-6)
    assert [i.title for i in data.issues if "x2" in i.title][-1] == "100 of 300 rows have no x2"


def test_what_stands_in_a_lacking_input_does_not_matter(tmp_path: Path) -> None:
    digests = set()
    for value in (0.0, 1e30, np.nan):
        x2 = arrays()["x2"]
        x2[arrays()["flag_without_x2"]] = value
        digests.add(stored(tmp_path, x2=x2).digest)
    assert len(digests) == 1


def test_a_lacking_text_has_no_words(tmp_path: Path) -> None:
    data = stored(tmp_path, x2=np.resize(["one word", "two words here"], N))
    lacks = data.lacks(2)
    assert lacks is not None
    assert set(data.x2[lacks].tolist()) == {""}
    assert "" not in data.x2[~lacks].tolist()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flag_without_x2": np.ones(N, bool)}, "no row has x2"),
        ({"flag_without_x1": np.arange(N) % 6 == 0}, "50 rows have no input at all"),
        ({"flag_without_x2": np.zeros(N)}, "expected true/false"),
        ({"flag_without_x2": np.zeros(3, bool)}, "unequal lengths"),
    ],
)
def test_flags_that_cannot_be_are_said(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        stored(tmp_path, **changes)


def test_a_model_keeps_what_the_other_input_says(tmp_path: Path) -> None:
    data = stored(tmp_path)
    lacks = data.lacks(2)
    assert lacks is not None
    run = train(data, "ensemble", 0, tmp_path / "runs" / "e", epochs_scale=0.3)
    from dmil_core.io.tables import read_table

    table = read_table(run.predictions)
    test = lacks & (data.split == "test")
    assert table["correct"].to_numpy(bool)[test].mean() > 0.8
