"""A temperature and a share of the prior: what they are chosen to be, and what they bound."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy.special import log_softmax

from dmil_core.information.calibration import Calibrated, calibrate, mixed

PRIOR = np.array([0.5, 0.3, 0.2])


def drawn(n: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits (N, 3), and classes that follow them exactly."""
    rng = np.random.default_rng(seed)
    logits = np.log(PRIOR) + 2.0 * rng.standard_normal((n, 3))
    p = np.exp(log_softmax(logits, axis=1))
    return logits, (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)


def loss(logits: NDArray[np.float64], y: NDArray[np.int64], chosen: Calibrated) -> float:
    return -float(chosen.log_probabilities(logits, PRIOR)[np.arange(len(y)), y].mean())


def test_logits_that_are_right_are_left_nearly_as_they_are() -> None:
    chosen = calibrate(*drawn(4000), PRIOR)
    assert chosen.temperature == pytest.approx(1.0, abs=0.1)
    assert 1 / 4000 <= chosen.prior_weight < 0.01


def test_wrong_labels_raise_the_weight_of_the_prior_and_not_the_temperature() -> None:
    """A tenth of the labels drawn from the prior alone: that is the mixture."""
    logits, y = drawn(4000)
    rng = np.random.default_rng(1)
    y = np.where(rng.random(4000) < 0.1, rng.choice(3, 4000, p=PRIOR), y)
    chosen = calibrate(logits, y, PRIOR)
    assert chosen.prior_weight == pytest.approx(0.1, abs=0.04)
    assert chosen.temperature == pytest.approx(1.0, abs=0.15)


def test_no_other_pair_has_a_lower_loss() -> None:
    logits, y = drawn(500, 3)
    chosen = calibrate(3.0 * logits, y, PRIOR)
    least = loss(3.0 * logits, y, chosen)
    for t in np.geomspace(0.25, 8, 21):
        for e in np.geomspace(1 / 500, 0.5, 21):
            assert loss(3.0 * logits, y, Calibrated(float(t), float(e))) > least - 1e-4


@pytest.mark.parametrize("given", [None, 0.01])
def test_one_hopeless_row_costs_no_more_than_the_weight_allows(given: float | None) -> None:
    logits, y = drawn(400)
    logits[7] = 0.0
    logits[7, (y[7] + 1) % 3] = 1e6
    chosen = calibrate(logits, y, PRIOR, given)
    log_ratio = chosen.log_probabilities(logits, PRIOR)[np.arange(400), y] - np.log(PRIOR)[y]
    assert given is None or chosen.prior_weight == given
    assert log_ratio.min() >= np.log(max(chosen.prior_weight, 1 / 400)) - 1e-9
    assert chosen.temperature < 2.0  # the row does not decide over all others


def test_the_mixture_is_a_distribution_and_nothing_changes_without_a_weight() -> None:
    log_q = log_softmax(drawn(50)[0], axis=1)
    assert_allclose(np.exp(mixed(log_q, PRIOR, 0.3)).sum(axis=1), 1.0)
    assert np.array_equal(mixed(log_q, PRIOR, 0.0), log_q)
