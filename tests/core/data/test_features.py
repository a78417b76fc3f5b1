"""Features of a vector input: names, words, and where a value lies among the training rows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dmil_core.data.card import ColumnSpec, MediaSpec, Modality
from dmil_core.data.dataset import Dataset, from_arrays
from dmil_core.data.features import encoded, features, most_telling, values
from dmil_core.errors import DataError
from tests.core.data.sets import sound_arrays, sound_card

COLUMNS = (
    ColumnSpec("mass", "g"),
    ColumnSpec("island", categories=("Biscoe", "Dream", "Torgersen"), one_hot=True),
    ColumnSpec("grade", categories=("low", "high")),
    ColumnSpec("mass", was_missing=True),
    ColumnSpec("always"),
)


def numbers(n: int = 30) -> NDArray[Any]:
    """Masses of 100 and 200 g in turn; mostly Biscoe; grades in turn; the last mass was missing."""
    x = np.zeros((n, 7), np.float32)
    x[:, 0] = 100 + 100 * (np.arange(n) % 2)
    x[np.arange(n), 1 + np.resize([0, 0, 1], n)] = 1
    x[:, 4] = np.arange(n) % 2
    x[-1, 5] = 1
    x[:, 6] = 0.1
    return x


def made(x: NDArray[Any] | None = None, columns: Any = COLUMNS, **arrays: Any) -> Dataset:
    """A set with these numbers as its first input; all rows but the last are training rows."""
    x = numbers() if x is None else x
    card = sound_card(
        modalities=(
            Modality("bird", "vector", "", MediaSpec("vector"), columns),
            sound_card().modalities[1],
        )
    )
    split = np.repeat(["train", "test"], [len(x) - 1, 1])
    return from_arrays("birds", sound_arrays(len(x)) | {"x1": x, "split": split} | arrays, card)


def test_every_feature_has_its_name_and_its_place() -> None:
    told = [(f.name, f.unit, f.start, f.width, f.categories) for f in features(made(), 1)]
    assert told == [
        ("mass", "g", 0, 1, ()),
        ("island", "", 1, 3, ("Biscoe", "Dream", "Torgersen")),
        ("grade", "", 4, 1, ("low", "high")),
        ("mass was missing", "", 5, 1, ("no", "yes")),
        ("always", "", 6, 1, ()),
    ]


def test_numbers_lie_among_the_training_rows_and_words_have_a_share() -> None:
    data = made()
    train = data.x1[data.rows("train")]
    mass, island, grade, missing, always = values(features(data, 1), data.x1[29])
    assert (mass.text, mass.value) == ("200", 200.0)
    column = train[:, 0].astype(float)
    assert mass.z == pytest.approx((200 - column.mean()) / column.std())
    assert (mass.feature.low, mass.feature.high) == (100, 200)
    assert (island.text, island.value) == ("Dream", 1.0)
    assert island.share == pytest.approx(train[:, 2].mean())
    assert (grade.text, grade.share) == ("high", pytest.approx(train[:, 4].mean()))
    assert (missing.text, missing.share) == ("yes", 0.0)
    # A constant column: its own value is usual, any other is not.
    assert (always.z, always.text) == (0.0, "0.1")
    other = data.x1[29].copy()
    other[6] = 0.2
    assert values(features(data, 1), other)[4].z == math.inf
    # No training row has that word; a third of them has the other one.
    told = [v.feature.name for v in most_telling(data, 1, data.x1[29], 3)]
    assert told == ["mass was missing", "mass", "island"]


@given(st.integers(0, 29), st.integers(0, 6))
def test_the_most_telling_are_those_of_all_values(place: int, count: int) -> None:
    data = made()
    row = data.x1[place].copy()
    row[6] += place % 2
    every = [v for v in values(features(data, 1), row) if not v.is_quiet]
    wanted = sorted(every, key=lambda v: v.telling, reverse=True)[:count]
    told = most_telling(data, 1, row, count)
    assert [v.telling for v in told] == pytest.approx([v.telling for v in wanted])
    assert all(not v.is_quiet for v in told)


def test_a_rare_word_tells_more_than_a_common_one() -> None:
    data = made()
    biscoe, dream = (values(features(data, 1), data.x1[row])[1] for row in (0, 2))
    assert biscoe.share > dream.share
    assert biscoe.telling < dream.telling
    # As rare as a distance of 1.96 standard deviations.
    assert replace(dream, share=0.05).telling == pytest.approx(1.95996, abs=1e-4)


def test_without_names_a_feature_is_known_by_its_place() -> None:
    data = made(columns=())
    assert [f.name for f in features(data, 1)][:3] == ["feature 1", "feature 2", "feature 3"]
    assert values(features(data, 1), data.x1[0])[0].text == "100"


def test_other_inputs_have_no_features() -> None:
    assert features(made(), 2) == ()


def test_without_training_rows_only_names_and_values_are_known() -> None:
    data = made(split=np.repeat("test", 30))
    mass, island, *_ = values(features(data, 1), data.x1[2])
    assert (mass.text, island.text) == ("100", "Dream")
    assert math.isnan(mass.z)
    assert math.isnan(island.share)
    assert mass.telling == island.telling == 0.0


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ([39.1, 40.25, 41.0], 39.1, "39.10"),
        ([3750.0, 3800.0, 3250.0], 3750.0, "3,750"),
        ([3750.0, 3800.0, 3250.0], 3750.5, "3,750.5"),
        ([0.12345, 1.23456, 2.34567], 1.23456, "1.235"),
        ([1e-7, 2e-7, 3.3e-7], 2e-7, "2e-07"),
        ([1.0, 2.0, 3.0], 1e12, "1e+12"),
        ([0.1, 0.5, 0.25], 0.0, "0.00"),
    ],
)
def test_a_number_is_written_as_its_column_is(column: list[float], value: float, text: str) -> None:
    x = np.resize(np.array(column, np.float32), (30, 1))
    feature = features(made(x, (ColumnSpec("c"),)), 1)[0]
    assert feature.written(float(np.float32(value))) == text


def test_what_spells_no_word_is_said() -> None:
    data = made()
    row = data.x1[0].copy()
    row[1:4] = 0
    assert values(features(data, 1), row)[1].text == "none of them"
    row[1:5] = 0.5
    told = values(features(data, 1), row)
    assert (told[1].text, told[1].value) == ("between words", -1.0)
    assert (told[2].text, told[2].value) == ("0.5000", -1.0)


@given(st.integers(0, 4), st.integers(0, 2))
def test_what_is_set_is_read_back(number: int, word: int) -> None:
    data = made()
    feature = features(data, 1)[number]
    value = float(word % max(1, len(feature.categories) or 3))
    row = data.x1[0].copy()
    for position, one in encoded(feature, value):
        row[position] = one
    assert values([feature], row)[0].value == value
    outside = np.ones(len(row), bool)
    outside[feature.start : feature.start + feature.width] = False
    np.testing.assert_array_equal(row[outside], data.x1[0][outside])


def test_a_category_has_only_its_words() -> None:
    island = features(made(), 1)[1]
    for value in (3.0, -1.0, 0.5):
        with pytest.raises(DataError, match="0 to 2"):
            encoded(island, value)


def test_a_value_that_is_set_was_not_missing_and_a_missing_one_is_filled() -> None:
    filled = ColumnSpec("mass", "g", fill=150.0)
    mass, *_, missing, _ = features(made(columns=(filled, *COLUMNS[1:])), 1)
    assert encoded(mass, 170.0) == ((0, 170.0), (5, 0.0))
    assert encoded(missing, 1.0) == ((5, 1.0), (0, 150.0))
    assert encoded(missing, 0.0) == ((5, 0.0),)
