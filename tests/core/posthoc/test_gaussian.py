"""Gaussian information against figures that are known on paper."""

from __future__ import annotations

import numpy as np
import pytest

from dmil_core.errors import DataError
from dmil_core.posthoc.gaussian import gaussian_information, of_covariance

#: Y ~ N(0, 1), X1 = Y + N(0, 1), X2 = Y + N(0, 3); I = 1/2 log2(1 + sum of 1 / noise variance).
COVARIANCE = [[2.0, 1.0, 1.0], [1.0, 4.0, 1.0], [1.0, 1.0, 1.0]]
BITS = {"i1": 0.5, "i2": 0.2075, "i12": 0.6112, "r": 0.2075, "u1": 0.2925, "u2": 0.0, "s": 0.1112}


def test_a_known_covariance_gives_the_known_information() -> None:
    found = of_covariance(COVARIANCE).bits
    assert {n: round(getattr(found, n), 4) for n in BITS} == pytest.approx(BITS, abs=1e-4)


def test_samples_give_it_within_two_hundredths_of_a_bit() -> None:
    rng = np.random.default_rng(0)
    y = rng.standard_normal(20_000)
    x1, x2 = y + rng.standard_normal(y.size), y + np.sqrt(3) * rng.standard_normal(y.size)
    found = gaussian_information(x1, x2, y).bits
    assert {n: getattr(found, n) for n in BITS} == pytest.approx(BITS, abs=0.02)


def test_units_and_rotations_change_nothing() -> None:
    rng = np.random.default_rng(1)
    y = rng.standard_normal((500, 2))
    x1 = y + rng.standard_normal(y.shape)
    x2 = y @ rng.standard_normal((2, 3)) + rng.standard_normal((500, 3))
    here = gaussian_information(x1, x2, y)
    there = gaussian_information(1e6 * x1 @ [[0.6, -0.8], [0.8, 0.6]] + 5, x2 / 1e6, -y)
    assert there.i12 == pytest.approx(here.i12)
    assert there.s == pytest.approx(here.s)
    assert here.r + here.u1 + here.u2 + here.s == pytest.approx(here.i12)


@pytest.mark.parametrize(
    ("x1", "says"),
    [
        (np.ones(50), "never varies"),
        (np.arange(50.0), "linearly dependent"),
        (np.zeros(49), "as many rows of each"),
        (np.full(50, np.nan), "x1: expected finite numbers"),
        (["a"] * 50, "x1: expected numbers"),
        (np.zeros((50, 60)), "more rows than columns"),
    ],
)
def test_what_has_no_information_is_refused(x1: object, says: str) -> None:
    rng = np.random.default_rng(2)
    with pytest.raises(DataError, match=says):
        gaussian_information(x1, np.arange(50.0), rng.standard_normal(50))  # type: ignore[arg-type]


def test_a_covariance_needs_rows_of_y() -> None:
    with pytest.raises(DataError, match="more than 2 rows"):
        of_covariance([[1.0, 0.0], [0.0, 1.0]])
