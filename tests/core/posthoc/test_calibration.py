"""Calibration on the labels of other samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import log_softmax

from dmil_core.posthoc.calibration import FOLDS, Calibration
from tests.core.posthoc.known import Floats, Ints


def drawn(rows: int, seed: int = 0) -> tuple[Floats, Ints]:
    """True log probabilities (N, 3), and classes that follow them."""
    rng = np.random.default_rng(seed)
    log_p = log_softmax(2.0 * rng.standard_normal((rows, 3)), axis=1)
    y = (np.exp(log_p).cumsum(axis=1) > rng.random((rows, 1))).argmax(axis=1)
    return log_p, y


def loss(q: Floats, y: Ints) -> float:
    return float(-np.log(q[np.arange(len(y)), y]).mean())


def test_one_that_is_too_sure_becomes_as_sure_as_it_may_be() -> None:
    log_p, y = drawn(2000)
    too_sure = log_softmax(3.0 * log_p + [0.0, 1.0, 0.0], axis=1)[None]
    fitted = Calibration.fit(too_sure, y, 0)
    assert fitted.slopes.mean() == pytest.approx(1 / 3, abs=0.05)
    q = fitted.probabilities(too_sure)
    np.testing.assert_allclose(q.sum(axis=1), 1.0)
    assert loss(q, y) == pytest.approx(loss(np.exp(log_p), y), abs=0.01)
    assert loss(np.exp(too_sure[0]), y) > loss(q, y) + 0.1


def test_one_that_is_right_and_few_samples_change_little() -> None:
    log_p, y = drawn(2000)
    q = Calibration.fit(log_p[None], y, 0).probabilities(log_p[None])
    assert np.abs(q - np.exp(log_p)).max() < 0.08
    log_p, y = drawn(10)
    few = Calibration.fit(log_p[None], y, 0)
    assert np.abs(few.slopes - 1).max() < 0.7


def test_a_sample_is_not_judged_by_its_own_label() -> None:
    log_p, y = drawn(100)
    scores = np.stack([log_p, np.random.default_rng(1).standard_normal((100, 3))])
    before = Calibration.fit(scores, y, 0)
    fold = before.fold[0]
    changed = y.copy()
    changed[0] = (y[0] + 1) % 3
    after = Calibration.fit(scores, changed, 0)
    np.testing.assert_array_equal(before.slopes[fold], after.slopes[fold])
    others = np.arange(FOLDS) != fold
    assert (before.slopes[others] != after.slopes[others]).all()
    assert np.bincount(before.fold).tolist() == [20] * FOLDS
