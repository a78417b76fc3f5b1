"""Inputs that say nothing, and rows that two splits share, get a note with their share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from dmil_core.api import from_table
from dmil_core.data.card import MediaSpec
from dmil_core.data.content import check_content
from dmil_core.data.defaults import complete
from dmil_core.data.validate import Issue
from dmil_core.schema import Kind

N = 100
RNG = np.random.default_rng(0)
NOISE = RNG.standard_normal((N, 3)).astype(np.float32)
SPLIT = np.array(["train", "val", "test", "train", "test"])[np.arange(N) % 5]
IMAGES = RNG.integers(0, 255, (N, 6, 6), dtype=np.uint8)


def notes(x: NDArray[Any], x2: NDArray[Any] = NOISE, kind: Kind | None = None) -> tuple[Issue, ...]:
    """Of a set whose first input is ``x``."""
    arrays = {"x1": x, "x2": x2, "y": np.arange(N) % 2, "split": SPLIT}
    completed = complete(arrays, None, "mine")
    if kind is None:
        return completed.issues
    first, second = completed.card.modalities
    first = replace(first, kind=kind, media=MediaSpec("image"))
    return check_content(completed.arrays, replace(completed.card, modalities=(first, second)))


def note(*arguments: Any, **options: Any) -> Issue:
    (issue,) = notes(*arguments, **options)
    assert issue.severity == "warning"
    return issue


def changed(x: NDArray[Any], rows: slice | list[int], value: Any) -> NDArray[Any]:
    out = x.copy()
    out[rows] = value
    return out


def test_nothing_is_said_of_sound_inputs() -> None:
    texts = np.array([f"word{i % 7} and {i % 3}" for i in range(N)])
    for x in (NOISE + 1, texts, IMAGES, RNG.standard_normal((N, 5, 2))):
        assert notes(x) == ()


@pytest.mark.parametrize(
    ("x", "share"),
    [
        (np.zeros((N, 3)), "the same in every row"),
        (np.full(N, "same words"), "the same in every row"),
        (changed(np.zeros((N, 3)), [1, 2, 3], 1.0), "the same in 97 % of the rows, all but 3 rows"),
        (changed(np.zeros((N, 3)), [5], -0.0), "the same in every row"),
    ],
)
def test_an_input_that_is_equal_nearly_everywhere(x: NDArray[Any], share: str) -> None:
    assert note(x).title == f"input 1 is {share}"


def test_an_input_that_is_equal_in_nine_of_ten_rows_is_left_alone() -> None:
    assert notes(changed(np.zeros((N, 3)), slice(10), NOISE[:10])) == ()


def test_words_that_no_training_row_has() -> None:
    for texts in (
        np.array([f"unique{i} text{i}" for i in range(N)]),
        np.array([f"folder/file_{i}.png" for i in range(N)]),
    ):
        issue = note(texts)
        assert "100 % of the words of val and test are in no training row" in issue.title
        assert issue.rows == tuple(np.flatnonzero(SPLIT != "train").tolist())


def test_texts_of_new_words_alone() -> None:
    texts = np.array([f"word{i % 7} and a few others {i % 3}" for i in range(N)])
    rows = np.flatnonzero(SPLIT != "train")[:9].tolist()
    issue = note(changed(texts, rows, "unheard"))
    assert "only words that are in no training row in 9 rows of val and test (15 %;" in issue.title
    assert issue.rows == tuple(rows)


def test_chinese_has_no_new_words_where_its_characters_are_known() -> None:
    signs = "早上画面精美值得推荐很喜欢这部电影"
    texts = np.array(["".join(RNG.permutation(list(signs))[:9]) for _ in range(N)])
    assert notes(texts) == ()


def test_texts_that_are_cut() -> None:
    texts = np.array([f"word{i % 7} and {i % 3}" for i in range(N)], dtype="U2000")
    issue = note(changed(texts, [3, 4], "word " * 300))
    assert issue.title == (
        "input 1 has over 256 words in 2 rows (2 %), up to 300: what follows is not read"
    )
    assert issue.rows == (3, 4)
    assert notes(changed(texts, [3, 4], "word " * 256)) == ()


def test_numbers_that_are_constant_in_training_rows() -> None:
    x = NOISE.copy()
    x[SPLIT == "train", 1] = 7.0
    assert note(x).title == (
        "input 1: 1 of its 3 numbers (33 %) is the same in all training rows (number 2)"
    )


@pytest.mark.parametrize(
    ("x", "kind", "what"),
    [
        (np.full((N, 6, 6), 255, np.uint8), None, "blank in 100 rows (100 %)"),
        (np.zeros((N, 9, 4)), "audio", "silent in 100 rows (100 %)"),
        (changed(IMAGES, [2, 9], 0), None, "blank in 2 rows (2 %)"),
        (np.stack([changed(IMAGES, [2], 0)] * 3, axis=-1), None, "blank in 1 row (1 %)"),
        (changed(RNG.random((N, 5, 2)), [7], [1.0, 2.0]), None, "constant over time in 1 row"),
        (changed(RNG.random((N, 9, 4)), slice(50), -6.9), "audio", "silent in 50 rows (50 %)"),
    ],
)
def test_samples_in_which_nothing_happens(x: NDArray[Any], kind: Kind | None, what: str) -> None:
    assert f"input 1 is {what}" in note(x, kind=kind).title


def test_test_rows_that_are_copies_of_training_rows() -> None:
    train, test = (np.flatnonzero(name == SPLIT) for name in ("train", "test"))
    x1, x2 = NOISE + 1, NOISE.copy()
    x1[test[:6]], x2[test[:6]] = x1[train[0]], x2[train[0]]
    x1[test[7]] = x1[train[1]]  # one input alone is no copy
    issue = note(x1, x2)
    assert issue.title == "6 of 40 test rows (15 %) have the same inputs as a training row"
    assert issue.rows == tuple(test[:6].tolist())


def test_nothing_is_said_where_nothing_is_trained() -> None:
    arrays = {"x1": np.zeros((3, 2)), "x2": np.zeros((3, 2))}
    assert complete(arrays, None, "mine", "predict").issues == ()


def test_an_input_is_called_by_its_name() -> None:
    frame = pd.DataFrame(NOISE, columns=["a", "b", "c"]).assign(constant=1.0, y=np.arange(N) % 2)
    dataset = from_table(frame, x1=["a", "constant"], x2=["b", "c"], y="y")
    (issue,) = [i for i in dataset.issues if "same in all" in i.title]
    assert issue.title == (
        "input 1 (a + constant): 1 of its 2 numbers (50 %) is the same in all training rows "
        "('constant')"
    )
