"""Splits that a file leaves out keep classes in proportion and groups together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmil_core.data.new_split import make_split, with_validation
from dmil_core.data.npz import read_dataset
from dmil_core.errors import DataError


@given(st.lists(st.integers(0, 4), min_size=1, max_size=200), st.integers(0, 3))
def test_a_class_of_three_rows_is_in_every_split(labels: list[int], seed: int) -> None:
    y = np.array(labels)
    split = make_split(y, seed=seed)
    for value in np.unique(y):
        inside = split[y == value]
        assert "train" in inside
        assert len(inside) < 3 or set(inside) == {"train", "val", "test"}
        assert abs(np.sum(inside == "test") - 0.2 * len(inside)) <= 1
    assert np.array_equal(split, make_split(y, seed=seed))


@settings(deadline=None)
@given(st.integers(3, 60), st.integers(1, 30), st.integers(0, 3))
def test_groups_are_never_divided(groups: int, size: int, seed: int) -> None:
    group = np.repeat(np.arange(groups), size)
    y = np.arange(len(group)) % 3
    split = make_split(y, group, seed)
    assert all(len(set(split[group == g])) == 1 for g in range(groups))
    assert set(split) == {"train", "val", "test"}
    if groups >= 20:
        shares = [np.mean(split == s) for s in ("train", "val", "test")]
        # one group too many or too few in each of the three classes
        assert np.abs(np.array(shares) - (0.7, 0.1, 0.2)).max() <= 3 / groups


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=120))
def test_an_eighth_of_each_class_becomes_val(rows: list[tuple[int, bool]]) -> None:
    y = np.array([k for k, _ in rows])
    split = np.where([trains for _, trains in rows], "train", "test")
    made = with_validation(split, y)
    counts = [int(((split == "train") & (y == k)).sum()) for k in range(4)]
    if made is None:
        assert max(counts) < 2
        return
    assert np.array_equal(made == "test", split == "test")
    for k, n in enumerate(counts):
        assert np.sum((made == "val") & (y == k)) == max(round(n / 8), int(n >= 2))
    assert np.array_equal(made, with_validation(split, y))


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 8), st.integers(0, 3))
def test_groups_that_become_val_stay_whole_and_leave_every_class(
    groups: int, size: int, seed: int
) -> None:
    group = np.repeat(np.arange(groups), size)
    y = np.arange(len(group)) % 2
    made = with_validation(np.full(len(group), "train"), y, group, seed)
    if made is None:
        assert groups < 3
        return
    assert all(len(set(made[group == g])) == 1 for g in range(groups))
    assert set(y[made == "train"]) == set(y)
    if groups >= 16:
        assert np.mean(made == "val") == pytest.approx(1 / 8, abs=2 / groups)


def test_a_file_with_train_and_test_alone_can_be_trained_on(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, split = rng.normal(size=(2, 48, 2)), np.resize(["train", "train", "train", "test"], 48)
    arrays = {"x1": x[0], "x2": x[1], "y": np.resize(["a", "a", "b", "b"], 48), "split": split}
    np.savez(tmp_path / "t.npz", **arrays)
    dataset = read_dataset(tmp_path / "t.npz")
    taken = np.flatnonzero(dataset.split == "val")
    assert len(taken) == 5  # of 24 rows of a and 12 of b
    assert np.array_equal(dataset.split == "test", split == "test")
    issue = next(i for i in dataset.issues if "'val'" in i.title)
    assert "the split 'val' has no rows; 5 of 36 training rows are taken for it" in issue.title
    assert issue.rows == tuple(taken)
    # The same rows whatever they are read for, or no model would know its set again.
    assert read_dataset(tmp_path / "t.npz", "predict").digest == dataset.digest
    np.savez(tmp_path / "t.npz", **arrays, group=np.where(split == "train", 0, 1))
    with pytest.raises(DataError, match=r"'val' has no rows.*\n*.*train has too few"):
        read_dataset(tmp_path / "t.npz")
