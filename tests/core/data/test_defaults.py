"""What a file leaves out is filled in: class names, ids, and a split."""

from __future__ import annotations

import numpy as np

from dmil_core.data.defaults import complete
from tests.core.data.sets import sound_arrays


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
