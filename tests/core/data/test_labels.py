"""The same label has one class however it is stored, in arrays and in tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dmil_core.api import from_table
from dmil_core.data.catalog import load_dataset
from dmil_core.data.labels import alike, indices, indices_by_name, read_labels
from dmil_core.data.validate import check, errors
from dmil_core.errors import DataError
from tests.core.data.sets import sound_arrays, sound_card

N = 60
ORDER = np.resize([0, 1, 1], N)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (ORDER, ("0", "1")),
        (ORDER.astype(np.uint8), ("0", "1")),
        (ORDER.astype(np.float32), ("0", "1")),
        (ORDER.astype(str), ("0", "1")),
        (np.array(["0.0", "1.0"])[ORDER], ("0", "1")),
        (np.array([" 0", "+1 "])[ORDER], ("0", "1")),
        (ORDER[:, None], ("0", "1")),
        (np.eye(2)[ORDER], ("0", "1")),
        (np.eye(2, dtype=bool)[ORDER], ("0", "1")),
        (ORDER.astype(bool), ("false", "true")),
        (np.array(["False", "True"])[ORDER], ("false", "true")),
        (np.array(["FALSE", "true "])[ORDER], ("false", "true")),
        (np.array(["-1", "+1"])[ORDER], ("-1", "1")),
        (np.array([9, 10])[ORDER], ("9", "10")),
        (np.array(["9", "10"])[ORDER], ("9", "10")),
        (np.array([9.5, 10.0])[ORDER], ("9.5", "10")),
        (np.array(["9.5", "10.0"])[ORDER], ("9.5", "10")),
        (np.array(["Mu\u0308ller", "M\u00fcnch"])[ORDER], ("M\u00fcller", "M\u00fcnch")),
        (np.array([0.1, 0.2], np.float32)[ORDER], ("0.1", "0.2")),
        # Versions and codes are names: nothing is cut off from them.
        (np.array(["1.1", "1.10"])[ORDER], ("1.1", "1.10")),
        (np.array(["007", "07"])[ORDER], ("007", "07")),
        (np.array(["none", "NA"])[ORDER], ("NA", "none")),
    ],
)
def test_one_rule_for_labels_of_every_type(y: NDArray[Any], classes: tuple[str, ...]) -> None:
    labels = read_labels(y)
    assert labels.classes == classes
    expected = ORDER if labels.names[0] == classes[0] else 1 - ORDER
    assert indices_by_name(labels, classes).tolist() == expected.tolist()


def column_and_array(tmp_path: Path, y: NDArray[Any]) -> list[tuple[tuple[str, ...], list[int]]]:
    """Classes and class of each row from an .npz file, a CSV, a Parquet file and a DataFrame."""
    rng = np.random.default_rng(0)
    numbers = rng.standard_normal((2, N, 2))
    np.savez(tmp_path / "a.npz", x1=numbers[0], x2=numbers[1], y=y)
    frame = pd.DataFrame({f"x{m}_{i}": numbers[m - 1, :, i] for m in (1, 2) for i in (0, 1)})
    frame["y"] = y
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    sets = [
        load_dataset(str(tmp_path / "a.npz")),
        from_table(tmp_path / "a.csv"),
        from_table(tmp_path / "a.parquet"),
        from_table(frame),
    ]
    return [(d.classes, d.y.tolist()) for d in sets]


@pytest.mark.parametrize(
    "y",
    [ORDER, ORDER.astype(float), ORDER.astype(bool), ORDER.astype(str), np.array([9, 10])[ORDER]],
    ids=["int", "float", "bool", "text", "two digits"],
)
def test_arrays_and_tables_agree(tmp_path: Path, y: NDArray[Any]) -> None:
    first, *others = column_and_array(tmp_path, y)
    assert first[1] == ORDER.tolist()
    assert others == [first] * 3


def test_numbers_count_the_classes_of_a_card_and_text_names_them() -> None:
    card = ("1", "0")
    assert indices(read_labels(np.array([0, 1, 2])), card).tolist() == [0, 1, -1]
    assert indices(read_labels(np.array([0.0, 1.0])), card).tolist() == [0, 1]
    assert indices(read_labels(np.array(["0", "1.0", "2"])), card).tolist() == [1, 0, -1]


def test_a_name_that_is_there_exactly_comes_first() -> None:
    labels = read_labels(np.array(["1.0", "1", "True", "true", "x"]))
    assert indices_by_name(labels, ("1.0", "1", "true")).tolist() == [0, 1, 2, 2, -1]


@given(st.lists(st.text(), min_size=1, max_size=8))
def test_every_text_has_its_own_class(texts: list[str]) -> None:
    labels = read_labels(np.array(texts))
    index = indices_by_name(labels, labels.classes)
    assert (index >= 0).tolist() == (~labels.missing).tolist()
    named = np.array((*labels.classes, ""))[index]
    assert named.tolist() == labels.names.tolist()


@given(st.lists(st.floats(width=32), min_size=1, max_size=8))
def test_any_number_is_read(values: list[float]) -> None:
    labels = read_labels(np.array(values, np.float32))
    assert labels.problem or labels.missing.tolist() == np.isnan(values).tolist()


def test_names_that_differ_by_case_or_blanks() -> None:
    assert alike(("Cat", "cat", "dog", "New York", "new  york", "NewYork")) == (
        ("Cat", "cat"), ("New York", "new  york", "NewYork"),
    )  # fmt: skip
    y = np.resize(["Cat", "cat", "dog"], 30)
    arrays = sound_arrays() | {"y": y}
    (issue,) = [i for i in check(arrays) if "differ only" in i.title]
    assert issue.severity == "warning"
    assert "'Cat', 'cat'" in issue.title
    card = sound_card(classes=("a", "A", "b"))
    assert any("'a', 'A'" in i.title for i in check(sound_arrays(), card))


def test_labels_of_one_class_that_are_written_in_two_ways_are_counted() -> None:
    y = np.resize(["cat", "dog"], 30).astype("U8")
    y[4] = "cat "
    (issue,) = [i for i in check(sound_arrays() | {"y": y}) if "written" in i.title]
    assert "1 row is written otherwise than the class, such as 'cat ' for 'cat'" in issue.title
    assert issue.rows == (4,)
    assert not errors([issue])


def test_a_number_to_predict_is_no_label(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((N, 2))
    np.savez(tmp_path / "a.npz", x1=x, x2=x, y=x[:, 0])
    with pytest.raises(DataError, match="60 different numbers with fractions, expected classes"):
        load_dataset(str(tmp_path / "a.npz"))
