"""Splits that a file leaves out keep classes in proportion and groups together."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dmil_core.data.defaults import complete, make_split
from tests.core.data.sets import sound_arrays


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


def test_integer_labels_without_a_card_become_names_in_numeric_order() -> None:
    arrays = {k: v for k, v in sound_arrays().items() if k in ("x1", "x2")}
    completed = complete(arrays | {"y": np.resize([10, -1, 9], 30)}, None, "mine")
    assert completed.card.classes == ("-1", "9", "10")
    assert completed.arrays["y"][:3].tolist() == [2, 0, 1]
    assert completed.arrays["id"][:2].tolist() == ["0", "1"]


def test_text_labels_without_a_card_are_sorted() -> None:
    arrays = sound_arrays() | {"y": np.resize(["b", "a"], 30)}
    assert complete(arrays, None, "mine").card.classes == ("a", "b")


def test_a_split_that_is_made_is_checked_like_one_that_is_given() -> None:
    """Two groups cannot fill three splits: nothing could be trained, but all can be predicted."""
    arrays = {k: v for k, v in sound_arrays().items() if k in ("x1", "x2")}
    arrays |= {"y": np.resize(["a", "b"], 30), "group": np.repeat(["left", "right"], 15)}
    for purpose, severity in (("train", "error"), ("predict", "warning")):
        issues = complete(arrays, None, "mine", purpose).issues
        assert any("has no rows" in i.title and i.severity == severity for i in issues)
    given = arrays | {"split": np.resize(["train", "val", "test"], 30)}
    assert complete(given, None, "mine").issues == ()
