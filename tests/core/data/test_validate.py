"""Every fault is an issue with its rows, all faults come at once, and nothing raises."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from dmil_core.data.card import Card, ColumnSpec, MediaSpec, Modality
from dmil_core.data.dataset import from_arrays
from dmil_core.data.defaults import complete
from dmil_core.data.validate import Issue, check, errors
from dmil_core.schema import SPLITS, Kind
from tests.core.data.sets import sound_arrays, sound_card, three_arrays, three_card

Arrays = dict[str, NDArray[Any]]


def with_value(name: str, rows: list[int], value: Any) -> Callable[[Arrays], None]:
    def damage(arrays: Arrays) -> None:
        array = arrays[name].astype(object) if isinstance(value, str) else arrays[name].copy()
        array[rows] = value
        arrays[name] = array.astype(str) if isinstance(value, str) else array

    return damage


def put(name: str, value: Any) -> Callable[[Arrays], None]:
    return lambda arrays: arrays.__setitem__(name, value)


N = 30
# name of the fault, how to make it, what the title says, rows (None: not looked at)
FAULTS: list[tuple[str, Callable[[Arrays], None], str, tuple[int, ...] | None]] = [
    ("nan", with_value("x1", [3, 7], np.nan), "NaN", (3, 7)),
    ("infinity", with_value("x1", [29], np.inf), "infinite", (29,)),
    ("too large", put("x1", np.full((N, 4), 1e300)), "too large", tuple(range(N))),
    ("complex", put("x1", np.ones((N, 4), complex)), "expected numbers", ()),
    ("dates", put("x1", np.zeros((N, 4), "M8[s]")), "expected numbers", ()),
    ("flat vector", put("x1", np.ones(N)), "expected (N, D)", ()),
    ("no columns", put("x1", np.ones((N, 0))), "no values per row", ()),
    ("objects", put("x1", np.array([{}] * N, object)), "pickled", ()),
    ("records", put("x1", np.zeros(N, [("a", "f4")])), "record array", ()),
    ("bytes", put("x2", np.full(N, b"word")), "holds bytes", ()),
    ("numbers as text", put("x2", np.ones(N)), "expected text", ()),
    ("short x2", put("x2", np.full(N - 1, "w")), "unequal lengths", ()),
    ("single value", put("x1", np.float32(3)), "single value", ()),
    ("not unicode", put("x2", np.full(N, 0xD800, np.uint32).view("<U1")), "Unicode", None),
    ("missing y", lambda a: a.__delitem__("y"), "'y' is missing", ()),
    ("complex labels", put("y", np.zeros(N, complex)), "expected integers or text", ()),
    ("dates as labels", put("y", np.zeros(N, "M8[D]")), "expected integers or text", ()),
    ("infinite label", put("y", np.r_[np.inf, np.arange(1.0, N) % 3]), "'y' is infinite", (0,)),
    ("label NaN", put("y", np.r_[0.0, 1.0, np.nan, np.arange(3.0, N) % 3]), "label is NaN", (2,)),
    ("label table", put("y", np.zeros((N, 2), int)), "expected (N,)", ()),
    ("one class", put("y", np.zeros(N, int)), "1 class, expected at least 2", ()),
    ("label outside", with_value("y", [5], 3), "labels outside", (5,)),
    ("label below", with_value("y", [6], -1), "labels outside", (6,)),
    ("empty label", with_value("y", [4], " "), "label is empty", (4,)),
    ("unknown split", with_value("split", [2], "dev"), "unknown split 'dev'", (2,)),
    ("split of numbers", put("split", np.zeros(N, int)), "expected text", ()),
    ("no train rows", put("split", np.full(N, "val")), "'train' has no rows", ()),
    ("class not in train", put("y", np.r_[[0, 1] * 5, [0, 1, 2, 0] * 5]), "no row of class c", ()),
    ("leak", with_value("group", [0], 2), "more than one split", (0, *range(20, 30))),
    ("float groups", put("group", np.zeros(N)), "expected integers or text", ()),
    ("same id", with_value("id", [1, 8], "row-0"), "same id", (0, 1, 8)),
    ("empty id", with_value("id", [1], ""), "id is empty", (1,)),
    (
        "interaction_type",
        with_value("interaction_type", [9], "U3"),
        "unknown interaction type 'U3'",
        (9,),
    ),
    ("interaction type type", put("interaction_type", np.zeros(N, int)), "expected text", ()),
    ("flag", put("flag_odd", np.zeros(N)), "expected true/false", ()),
    ("media rows", put("media_index1", np.arange(N) - 1), "negative", (0,)),
    ("media row type", put("media_index2", np.zeros(N)), "expected integers", ()),
    ("no rows", lambda a: a.update({k: v[:0] for k, v in a.items()}), "set has no rows", ()),
]


def find(issues: list[Issue], title: str) -> list[Issue]:
    return [i for i in issues if title in i.title]


def test_a_sound_set_has_no_issues() -> None:
    assert check(sound_arrays(), sound_card()) == []


@pytest.mark.parametrize(
    ("damage", "title", "rows"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_each_fault_is_an_error_with_its_rows(
    damage: Callable[[Arrays], None], title: str, rows: tuple[int, ...] | None
) -> None:
    arrays = sound_arrays()
    damage(arrays)
    result = find(errors(check(arrays, sound_card())), title)
    assert len(result) == 1, check(arrays, sound_card())
    assert rows is None or result[0].rows == rows
    assert result[0].what_to_do


def test_a_sound_set_of_three_inputs_has_no_issues() -> None:
    assert check(three_arrays(), three_card()) == []
    without = errors(check(three_arrays()))
    assert without == []


#: Faults of a third input: what to put in its place, what the title says, rows.
THIRD_FAULTS: list[tuple[Any, str, tuple[int, ...]]] = [
    (np.where(np.arange(N)[:, None, None] == 4, np.nan, np.ones((N, 6, 2))), "NaN", (4,)),
    (np.ones((N, 6)), "'x3' has shape (30, 6), expected (N, T, C)", ()),
    (np.ones((N - 1, 6, 2)), "unequal lengths", ()),
    (np.array([{}] * N, object), "'x3' holds Python objects", ()),
]


@pytest.mark.parametrize(("x3", "title", "rows"), THIRD_FAULTS)
def test_each_fault_of_a_third_input(x3: NDArray[Any], title: str, rows: tuple[int, ...]) -> None:
    issues = errors(check(three_arrays() | {"x3": x3}, three_card()))
    assert [title in i.title for i in issues] == [True], issues
    assert issues[0].rows == rows


def test_file_and_card_must_agree_on_a_third_input() -> None:
    (extra,) = errors(check(sound_arrays() | {"x3": np.ones((N, 2))}, sound_card()))
    assert "the file has 'x3', the card describes two modalities" in extra.title
    missing = three_arrays()
    del missing["x3"]
    missing["interaction_type"] = sound_arrays()["interaction_type"]
    (absent,) = errors(check(missing, three_card()))
    assert "describes three modalities, the array 'x3' is missing" in absent.title


def test_u3_is_a_interaction_type_of_three_only() -> None:
    (issue,) = errors(check(sound_arrays() | {"interaction_type": np.full(N, "U3")}, sound_card()))
    assert issue.title == "unknown interaction type 'U3'"
    assert "Use R, U1, U2, S," in issue.what_to_do


def test_a_file_of_three_without_a_card_is_completed() -> None:
    completed = complete(three_arrays(), None, "mine")
    arrays, card = completed.arrays, completed.card
    assert [(m.name, m.kind) for m in card.modalities] == [
        ("x1", "vector"), ("x2", "text"), ("x3", "sequence"),
    ]  # fmt: skip
    dataset = from_arrays("mine", arrays, card)
    assert dataset.modalities == 3
    assert dataset.x(3).shape == (N, 6, 2)
    assert dataset.digest != from_arrays("two", sound_arrays(), sound_card()).digest


def test_faults_of_different_arrays_all_come_at_once() -> None:
    arrays = sound_arrays()
    for name in ("nan", "short x2", "complex labels", "unknown split", "leak", "same id", "flag"):
        next(f for f in FAULTS if f[0] == name)[1](arrays)
    arrays["interaction_type"] = np.array([None] * N, dtype=object)
    issues = errors(check(arrays, sound_card()))
    titles = ("NaN", "unequal", "integers or text", "unknown split", "more than one split")
    for title in (*titles, "same id", "true/false", "pickled"):
        assert find(issues, title), title


def test_a_missing_split_and_an_unused_array_are_warnings() -> None:
    arrays = sound_arrays()
    arrays["splits"] = arrays.pop("split")
    issues = check(arrays, sound_card())
    assert errors(issues) == []
    assert "Did you mean 'split'" in find(issues, "'splits' is not used")[0].what_to_do
    assert find(issues, "there is no 'split'")


def test_prediction_accepts_what_cannot_be_trained_on() -> None:
    arrays = sound_arrays()
    arrays["split"] = np.full(N, "test")
    arrays["y"] = np.zeros(N, int)
    assert errors(check(arrays, sound_card(), purpose="train"))
    assert errors(check(arrays, sound_card(), purpose="predict")) == []


def test_a_card_that_counts_other_rows_is_an_error() -> None:
    card = sound_card(counts={"train": 10, "val": 10, "test": 11})
    assert find(errors(check(sound_arrays(), card)), "the card counts")


def test_string_labels_must_be_classes_of_the_card() -> None:
    arrays = sound_arrays() | {"y": np.resize(["a", "b", "c", "d"], N)}
    (issue,) = find(check(arrays, sound_card()), "labels outside")
    assert issue.rows == tuple(range(3, N, 4))


@pytest.mark.parametrize(
    ("kind", "shape", "fits"),
    [
        ("image", (N, 8, 8), True), ("image", (N, 8, 8, 3), True), ("image", (N, 8, 8, 4), False),
        ("image", (N, 8), False), ("sequence", (N, 5, 2), True), ("sequence", (N, 5), False),
        ("audio", (N, 5, 2), True), ("vector", (N, 5), True), ("vector", (N, 5, 1), False),
    ],
)  # fmt: skip
def test_shapes_follow_the_kind(kind: Kind, shape: tuple[int, ...], fits: bool) -> None:
    words = sound_card().modalities[1]
    card = sound_card(modalities=(Modality("m", kind, "", MediaSpec("vector")), words))
    issues = errors(check(sound_arrays() | {"x1": np.zeros(shape)}, card))
    assert (issues == []) is fits


@pytest.mark.parametrize(
    ("kind", "columns", "says"),
    [
        ("vector", (ColumnSpec("a"), ColumnSpec("b")), "4 numbers a row, the columns .* have 2"),
        ("vector", (ColumnSpec("a"), ColumnSpec("b", categories=tuple("xyz"), one_hot=True)), ""),
        ("text", (ColumnSpec("a"),), "'x2', which is of kind text"),
    ],
)
def test_columns_of_the_card_are_those_of_the_array(
    kind: Kind, columns: tuple[ColumnSpec, ...], says: str
) -> None:
    modalities = [
        replace(m, columns=columns) if m.kind == kind else m for m in sound_card().modalities
    ]
    found = errors(check(sound_arrays(), sound_card(modalities=tuple(modalities))))
    assert bool(found) is bool(says)
    assert all(re.search(says, issue.title) for issue in found)


def test_many_rows_are_shown_shortened() -> None:
    arrays = sound_arrays() | {"x1": np.full((N, 4), np.nan)}
    text = str(errors(check(arrays, sound_card()))[0])
    assert "rows 0, 1, 2, 3, 4, 5, 6, 7 and 22 more" in text


dtypes = (
    hnp.boolean_dtypes() | hnp.integer_dtypes() | hnp.floating_dtypes()
    | hnp.complex_number_dtypes() | hnp.unicode_string_dtypes(max_len=4)
    | hnp.byte_string_dtypes(max_len=4) | hnp.datetime64_dtypes()
    | st.just(np.dtype([("a", "i4")])) | st.just(np.dtype(object))
)  # fmt: skip


@st.composite
def any_array(draw: st.DrawFn) -> NDArray[Any]:
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
    dtype = draw(dtypes)
    if dtype.hasobject:
        return np.full(shape, None, dtype=object)
    return draw(hnp.arrays(dtype, shape))


names = st.sampled_from([*sound_arrays(), "media_index1", "other", "flag_", "<b>"])


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(names, any_array(), max_size=9), st.booleans(), st.booleans())
def test_check_never_raises_and_what_passes_becomes_a_dataset(
    corrupted: Arrays, keep: bool, with_card: bool
) -> None:
    arrays = (sound_arrays() if keep else {}) | corrupted
    card: Card | None = sound_card() if with_card else None
    issues = check(arrays, card)
    assert all(i.title and i.what_to_do and str(i) for i in issues)
    if errors(issues):
        return
    completed = complete(arrays, card, "any")
    dataset = from_arrays("any", completed.arrays, completed.card)
    assert len(dataset) == len(dataset.x1) == len(dataset.x2) == len(dataset.ids)
    assert dataset.digest
    assert set(dataset.split) <= set(SPLITS)
    assert dataset.y.min() >= 0
    assert dataset.y.max() < len(dataset.classes)
