"""Intervals over samples and partners."""

from __future__ import annotations

import numpy as np
import pytest

from dmil_core.metrics.intervals import Interval
from dmil_core.posthoc.intervals import two_way


def crossed(seed: int, rows: int = 60, groups: int = 20) -> Interval:
    """The mean of a table of rows and groups of partners with an effect of each, and of the two."""
    rng = np.random.default_rng(seed)
    table = rng.standard_normal((rows, 1)) + 0.5 * rng.standard_normal((1, groups))
    table = table + rng.standard_normal((rows, groups))
    left_out = (table.sum(axis=1, keepdims=True) - table).mean(axis=0) / (groups - 1)
    return two_way(float(table.mean()), table.mean(axis=1), left_out)


def test_they_hold_the_mean_of_crossed_effects() -> None:
    held = [i.low <= 0.0 <= i.high for i in map(crossed, range(400))]
    assert 0.93 <= np.mean(held) <= 0.99


def test_samples_alone_would_be_too_narrow() -> None:
    """What covers the samples alone misses the choice of the background set."""
    narrow = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        each = rng.standard_normal(60) + 0.5 * rng.standard_normal(20).mean()
        i = two_way(float(each.mean()), each, np.zeros(20))
        narrow.append(i.high - i.low)
    wide = [i.high - i.low for i in map(crossed, range(400))]
    assert np.mean(wide) > 1.1 * np.mean(narrow)


def test_ends_stay_within_bounds_and_units_can_change() -> None:
    i = two_way(0.98, np.array([1.0, 0.9, 1.0, 1.0]), np.array([0.9, 1.0, 0.99]), 0.0, 1.0)
    assert i.high == 1.0
    assert i.scaled(100.0) == Interval(98.0, pytest.approx(100 * i.low), 100.0)


def test_what_does_not_vary_has_an_interval_of_no_width_and_one_row_none() -> None:
    assert two_way(1.0, np.ones(5), np.ones(4)) == Interval(1.0, 1.0, 1.0)
    assert np.isnan(two_way(1.0, np.ones(1), np.ones(4)).low)
