"""Scores against their definitions and numbers computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dmil_core.metrics import scores

pairs = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=60)
labels = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)


@given(pairs)
def test_auroc_is_the_share_of_pairs_in_the_right_order_ties_counted_half(
    rows: list[tuple[int, bool]],
) -> None:
    score, positive = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])
    value = scores.auroc(score, positive)
    if positive.all() or not positive.any():
        assert math.isnan(value)
    else:
        pairs = score[positive][:, None] - score[~positive]
        assert value == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean(), abs=1e-12)


def test_auroc_by_hand() -> None:
    positive = np.array([True, False, True, False])
    assert scores.auroc(np.array([4.0, 1.0, 3.0, 2.0]), positive) == 1.0
    assert scores.auroc(np.array([1.0, 4.0, 2.0, 3.0]), positive) == 0.0
    assert scores.auroc(np.zeros(4), positive) == 0.5
    assert scores.auroc(np.array([1.0, 1.0, 2.0, 0.0]), positive) == pytest.approx(3.5 / 4)


@given(labels)
def test_macro_f1_is_the_mean_over_the_classes_that_occur(rows: list[tuple[int, int]]) -> None:
    y, pred = np.array(rows).T
    hits = [((y == k) & (pred == k)).sum() for k in range(5)]
    total = [(y == k).sum() + (pred == k).sum() for k in range(5)]
    wanted = np.mean([2 * h / n for h, n in zip(hits, total, strict=True) if n])
    assert scores.macro_f1(y, pred) == pytest.approx(wanted, abs=1e-12)


def test_without_rows_there_is_no_macro_f1() -> None:
    assert math.isnan(scores.macro_f1(np.zeros(0, int), np.zeros(0, int)))


def test_ece_by_hand() -> None:
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55])
    correct = np.array([True, True, True, False, False, False])
    # |0.95 - 3/4| over four rows and |0.55 - 0| over two.
    assert scores.expected_calibration_error(confidence, correct, 10) == pytest.approx(
        (4 * 0.2 + 2 * 0.55) / 6
    )


def test_ece_of_certainty() -> None:
    sure = np.ones(10)
    assert scores.expected_calibration_error(sure, sure.astype(bool)) == 0.0
    assert scores.expected_calibration_error(sure, np.zeros(10, bool)) == 1.0
    assert scores.expected_calibration_error(np.zeros(0), np.zeros(0, bool)) == 0.0


@given(pairs, st.integers(1, 30))
def test_ece_is_the_textbook_sum_over_bins(rows: list[tuple[int, bool]], bins: int) -> None:
    confidence, correct = np.array([r[0] for r in rows]) / 6.1, np.array([r[1] for r in rows])
    wanted = 0.0
    for b in range(bins):
        inside = (confidence * bins >= b) & (confidence * bins < b + 1)
        if inside.any():
            wanted += inside.mean() * abs(confidence[inside].mean() - correct[inside].mean())
    assert scores.expected_calibration_error(confidence, correct, bins) == pytest.approx(wanted)


@given(hnp.arrays(bool, st.tuples(st.just(3), st.integers(1, 40))))
def test_synergy_is_bounded_by_its_upper_bound_and_by_the_accuracy(flags: np.ndarray) -> None:
    both, one, two = flags
    result = scores.synergy_indicator(both, one, two)
    assert 0 <= result <= min(scores.synergy_bound(one, two), both.mean())
    assert scores.synergy_indicator(np.ones_like(both), one, two) == scores.synergy_bound(one, two)


def test_synergy_by_hand() -> None:
    both = np.array([True, True, False, True, False])
    one = np.array([True, False, False, False, False])
    two = np.array([False, False, False, True, True])
    assert scores.synergy_indicator(both, one, two) == pytest.approx(1 / 5)
    assert scores.synergy_bound(one, two) == pytest.approx(2 / 5)


def ensemble_correct(
    p1: np.ndarray, p2: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean = (p1 + p2) / 2
    return mean.argmax(1) == y, p1.argmax(1) == y, p2.argmax(1) == y


@given(
    st.lists(
        st.tuples(st.floats(0, 1, width=16), st.floats(0, 1, width=16), st.integers(0, 1)),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_an_ensemble_of_two_classes_has_no_synergy(rows: list[tuple[float, float, int]]) -> None:
    a, b, y = np.array(rows).T
    p1, p2 = np.stack([a, 1 - a], axis=1), np.stack([b, 1 - b], axis=1)
    assert scores.synergy_indicator(*ensemble_correct(p1, p2, y.astype(int))) == 0.0


def test_an_ensemble_of_three_classes_can_have_some() -> None:
    p1, p2 = np.array([[0.0, 0.55, 0.45]]), np.array([[0.55, 0.0, 0.45]])
    assert scores.synergy_indicator(*ensemble_correct(p1, p2, np.array([2]))) == 1.0


def test_mean_average_precision_by_hand() -> None:
    """Class 0: its rows are first and third of four, (1 + 2/3) / 2; class 1: second and fourth."""
    first = np.array([0.9, 0.8, 0.6, 0.1])
    probabilities = np.stack([first, 1.0 - first], axis=1)
    y = np.array([0, 1, 0, 1])
    # Ranked by class 1's probability: 1, 0, 1, 0.
    wanted = ((1 + 2 / 3) / 2 + (1 + 2 / 3) / 2) / 2
    assert scores.mean_average_precision(probabilities, y) == pytest.approx(wanted)


def test_classes_that_do_not_occur_have_no_average_precision() -> None:
    probabilities = np.array([[0.7, 0.1, 0.2], [0.2, 0.1, 0.7]])
    assert scores.mean_average_precision(probabilities, np.array([0, 2])) == 1.0


def test_the_mirror_counts_what_one_modality_knew() -> None:
    correct = np.array([False, False, False, True, True])
    one = np.array([True, False, False, True, False])
    two = np.array([False, True, False, False, False])
    assert scores.unimodal_loss_rate(correct, one, two) == pytest.approx(2 / 5)
    assert scores.synergy_indicator(correct, one, two) == pytest.approx(1 / 5)


def test_reliability_by_hand() -> None:
    confidence = np.array([0.15, 0.05, 0.95, 0.85, 0.95])
    correct = np.array([False, True, True, True, False])
    result = scores.reliability(confidence, correct, 2)
    assert result.rows.tolist() == [2, 3]
    np.testing.assert_allclose(result.confidence, [0.1, 2.75 / 3])
    np.testing.assert_allclose(result.accuracy, [0.5, 2 / 3])
    assert result.error == pytest.approx(2 / 5 * 0.4 + 3 / 5 * 0.25)
    assert np.isnan(scores.reliability(np.zeros(0), np.zeros(0, bool)).error)
