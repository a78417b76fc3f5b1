"""Intervals of shares, and how often simulated intervals contain what they are of."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from dmil_core.metrics.intervals import by_group, of_share, wilson
from dmil_core.metrics.rank_tests import paired_difference

#: What every interval of 95 % has to reach in simulations.
COVERAGE = 0.93


@pytest.mark.parametrize(("right", "rows"), [(0, 10), (3, 17), (349, 350), (54, 54)])
def test_wilson_is_that_of_scipy(right: int, rows: int) -> None:
    reference = binomtest(right, rows).proportion_ci(method="wilson")
    assert wilson(right, rows) == pytest.approx((reference.low, reference.high), abs=1e-12)


def test_nothing_has_no_interval() -> None:
    assert np.isnan(wilson(0, 0)).all()
    assert np.isnan(of_share(np.zeros(0, dtype=bool))).all()
    assert np.isnan(by_group([1, 0, 1], np.array(["a", "a", "a"]))).all()
    with pytest.raises(ValueError, match="values and groups"):
        by_group([1, 0], np.array(["a"]))


@pytest.mark.parametrize("rows", [20, 50, 350])
def test_coverage_of_wilson(rows: int) -> None:
    rng = np.random.default_rng(0)
    shares = rng.uniform(0.02, 0.98, 20_000)
    right = rng.binomial(rows, shares)
    ends = np.array([wilson(k, rows) for k in range(rows + 1)])[right]
    assert ((ends[:, 0] <= shares) & (shares <= ends[:, 1])).mean() >= COVERAGE


def test_groups_by_hand() -> None:
    # Sums of residuals of the groups: -0.5, 0.5; two groups, one degree of freedom.
    low, high = by_group([0, 1, 1, 1], np.array(["a", "a", "b", "b"]))
    error = np.sqrt(2 / 1 * (0.5**2 + 0.5**2)) / 4
    assert (low, high) == pytest.approx((0.75 - 12.7062 * error, 0.75 + 12.7062 * error), abs=1e-4)
    assert of_share([0, 1, 1, 1], np.array(["a", "a", "b", "b"])) == (0.0, 1.0)


def test_samples_that_are_their_own_groups_are_independent() -> None:
    values = np.random.default_rng(1).normal(size=200)
    low, high = by_group(values, np.arange(200))
    half = 1.97196 * values.std(ddof=1) / np.sqrt(200)  # t of 199 degrees of freedom
    assert (high - low) / 2 == pytest.approx(half, rel=1e-5)


def test_groups_without_a_spread_have_an_interval_of_as_many_samples() -> None:
    assert of_share([1, 1, 1, 1], np.array([0, 0, 1, 1])) == wilson(2, 2)


@pytest.mark.parametrize("groups", [2, 3, 10])
def test_coverage_by_group_where_persons_differ(groups: int) -> None:
    """Accuracy of a model on persons, each with a rate of its own, and 150 to 280 rows."""
    rng = np.random.default_rng(groups)
    inside = []
    for _ in range(3000):
        rate = rng.beta(12, 4, groups)
        sizes = rng.integers(150, 281, groups)
        group = np.repeat(np.arange(groups), sizes)
        low, high = by_group(rng.random(len(group)) < rate[group], group)
        inside.append(low <= 12 / 16 <= high)
    assert np.mean(inside) >= COVERAGE


@pytest.mark.parametrize(("train", "val", "test"), [(65, 13, 22), (50, 10, 30)])
def test_coverage_of_the_corrected_resampled_t_test(train: int, val: int, test: int) -> None:
    """Two classifiers, each a threshold on a feature of its own, over five splits of the same rows.

    What the interval is of is the difference of their expected accuracies after training on as many
    rows as a split has. Student's interval of the same splits covers too seldom.
    """
    rng = np.random.default_rng(train)
    n, splits, repeats = train + val + test, 5, 1500
    y = rng.permuted(np.tile(np.arange(n) % 2, (repeats, 1)), axis=1)
    x = rng.normal(size=(2, repeats, n)) + np.array([1.0, 0.9])[:, None, None] * y
    scores = np.empty((2, repeats, splits))
    for s in range(splits):
        order = rng.permuted(np.tile(np.arange(n), (repeats, 1)), axis=1)
        learn, judge = order[:, :train], order[:, n - test :]
        scores[:, :, s] = [_accuracy(f, y, learn, judge) for f in x]
    wanted = _expected(1.0, train) - _expected(0.9, train)
    corrected, student = (
        [paired_difference(a, b, ratio) for a, b in zip(*scores, strict=True)]
        for ratio in (test / train, 0.0)
    )
    assert np.mean([d.low <= wanted <= d.high for d in corrected]) >= COVERAGE
    assert np.mean([d.low <= wanted <= d.high for d in student]) < COVERAGE


def _accuracy(x: np.ndarray, y: np.ndarray, learn: np.ndarray, judge: np.ndarray) -> np.ndarray:
    """Of the threshold halfway between the class means of some rows (repeats, rows), on others."""
    seen, label = np.take_along_axis(x, learn, 1), np.take_along_axis(y, learn, 1)
    means = [(seen * (label == k)).sum(1) / (label == k).sum(1) for k in (0, 1)]
    said = np.take_along_axis(x, judge, 1) > ((means[0] + means[1]) / 2)[:, None]
    return np.asarray((said == np.take_along_axis(y, judge, 1)).mean(axis=1))


def _expected(distance: float, train: int) -> float:
    """Mean accuracy of such thresholds, which are normal around the best one."""
    from scipy.stats import norm

    best, points = distance / 2, np.random.default_rng(0).normal(size=200_000)
    thresholds = best + points / np.sqrt(train)
    right = norm.cdf(thresholds) + norm.sf(thresholds - distance)
    return float(right.mean() / 2)
