"""What a user's callable returns, and what is said when it is something else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from dmil_core.errors import ConfigError, DataError
from dmil_core.posthoc.function import Function, called, length, taken

LOGITS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0]])


def probabilities() -> Any:
    e = np.exp(LOGITS)
    return e / e.sum(axis=1, keepdims=True)


def test_what_f_returns_is_recognised() -> None:
    assert Function.of(abs, LOGITS).output == "logits"
    assert Function.of(abs, probabilities()).output == "probabilities"
    assert Function.of(abs, LOGITS[:, :1]).output == "value"
    # Named, numbers that look like probabilities can be logits.
    assert Function.of(abs, probabilities(), "logits").output == "logits"


def test_scores_of_logits_and_of_their_probabilities_are_the_same() -> None:
    of_logits = Function(abs, "logits", 3).scores(LOGITS)
    of_probabilities = Function(abs, "probabilities", 3).scores(probabilities())
    np.testing.assert_allclose(of_logits, of_probabilities, atol=1e-12)
    np.testing.assert_allclose(of_logits.sum(axis=1), 0.0, atol=1e-12)
    log_p = Function(abs, "logits", 3).log_probabilities(of_logits)
    np.testing.assert_allclose(np.exp(log_p), probabilities(), atol=1e-12)


def test_a_probability_of_zero_stays_finite() -> None:
    f = Function(abs, "probabilities", 2)
    assert np.isfinite(f.scores(np.array([[1.0, 0.0]]))).all()


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor, torch.FloatTensor, list])
def test_arrays_tensors_and_lists_are_numbers(kind: Any) -> None:
    raw = called(lambda x: kind(x), [[[1.0, 2.0], [3.0, 4.0]]], 2)
    assert raw.dtype == np.float64
    assert raw.tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_gradients_and_half_precision_do_not_matter() -> None:
    value = torch.ones(2, 3, dtype=torch.bfloat16, requires_grad=True) * 2
    assert called(lambda: value, [], 2).tolist() == [[2.0] * 3] * 2


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (np.ones((3, 2)), r"expected an array \(2, K\), got \(3, 2\)"),
        (np.ones((2, 2, 2)), r"got \(2, 2, 2\)"),
        (np.ones((2, 0)), r"got \(2, 0\)"),
        ([[1.0, np.nan], [0.0, 1.0]], "NaN or infinite numbers for 1 of 2 rows"),
        ({"logits": 1}, "f returned dict; expected an array or a tensor"),
        ("yes", "f returned str"),
    ],
)
def test_anything_else_is_refused(returned: Any, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        called(lambda *_: returned, [None], 2)


def test_an_output_that_was_named_must_be_one() -> None:
    with pytest.raises(ConfigError, match=r"first row sums to 1\.5"):
        Function.of(abs, LOGITS, "probabilities")
    with pytest.raises(ConfigError, match="expected one number for each row, got 3"):
        Function.of(abs, LOGITS, "value")
    with pytest.raises(ConfigError, match="Of two classes f returns a column for each"):
        Function.of(abs, LOGITS[:, :1], "logits")
    with pytest.raises(ConfigError, match="expected one of logits, probabilities, value"):
        Function.of(abs, LOGITS, "odds")  # type: ignore[arg-type]


def test_rows_are_taken_in_the_type_that_they_came_in() -> None:
    rows = np.array([2, 0, 2])
    table = taken(pd.DataFrame({"a": [1, 2, 3]}, index=[7, 8, 9]), rows)
    assert table["a"].tolist() == [3, 1, 3]
    assert taken(torch.arange(3), rows).tolist() == [2, 0, 2]
    assert taken(["a", "b", "c"], rows) == ["c", "a", "c"]
    assert taken(np.array(["a", "b", "c"]), rows).tolist() == ["c", "a", "c"]


@pytest.mark.parametrize("x", [3, "a text", None])
def test_an_input_has_rows(x: Any) -> None:
    with pytest.raises(DataError, match="expected an array, a tensor, a table or a list"):
        length(x)
