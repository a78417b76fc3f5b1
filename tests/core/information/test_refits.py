"""Errors of means by the fit: what they are made of, and that they are large enough."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from dmil_core.data.synthetic.gaussian import gaussian_distribution
from dmil_core.errors import ConfigError
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.posteriors import Settings
from dmil_core.information.refits import Refits, refit
from dmil_core.information.truth import exact_pointwise, known_distribution
from dmil_core.partial_information.pointwise import QUANTITIES, means

#: d(S) of i1, i2, i12 and r: four samples of a quarter each, around -0.03, -0.06, -0.12 and 0.
DIFFERENCES = np.array([-0.03, -0.06, -0.12, 0.0]) + 0.01 * np.array(
    [[1.0, 0, 0, 1], [-1.0, 0, 0, 1], [1.0, 0, 0, -1], [-1.0, 0, 0, -1]]
)


def made(differences: NDArray[np.float64] = DIFFERENCES, share: float = 0.25) -> Refits:
    return Refits(("same-sign",), share, differences)


def test_variance_is_scaled_from_a_quarter_of_the_rows_and_bias_extrapolated() -> None:
    error = made().error({"i1": 1.0}, "same-sign")
    # sd .01 sqrt(4/3) of the samples; a quarter has 3 times the variance that n rows add to it.
    assert error.deviation == pytest.approx(0.01 * np.sqrt(4 / 3) / np.sqrt(3))
    # Slowest allowed: I - I(n) = c n^-1/2, and I(n) - I(n/4) is the same again.
    assert error.bias == pytest.approx(0.03)
    assert error.root_mean_square == pytest.approx(np.hypot(error.deviation, error.bias))
    assert made(share=0.5).error({"i1": 1.0}, "same-sign").bias == pytest.approx(
        0.03 / (np.sqrt(2) - 1)
    )


def test_a_steady_r_may_hide_two_biases_that_cancel() -> None:
    """r did not change from n/4 to n rows, but i1 and i2 rose by .045 on average: noise in r fell
    by as much, and what is left of the two, at exponents 1/2 and 1, need not cancel."""
    assert made().error({"r": 1.0}, "same-sign").bias == pytest.approx(0.045 - 0.045 / 3)


def test_biases_of_a_difference_need_not_cancel() -> None:
    """i12 - i1, at exponents 1/2 and 1: between .12 - .01 and .04 - .03."""
    assert made().error({"i12": 1.0, "i1": -1.0}, "same-sign").bias == pytest.approx(0.11)
    worth = made().error({"u2": 1.0, "s": 1.0}, "same-sign")
    assert worth == made().error({"i12": 1.0, "i1": -1.0}, "same-sign")


def test_parts_follow_from_the_informations_and_r() -> None:
    for name, weights in {
        "u1": {"i1": 1.0, "r": -1.0},
        "s": {"i12": 1.0, "i1": -1.0, "i2": -1.0, "r": 1.0},
    }.items():
        one = made().error({name: 1.0}, "same-sign")
        other = made().error(weights, "same-sign")
        assert one.deviation == pytest.approx(other.deviation)
        assert one.bias == pytest.approx(other.bias)
    assert set(made().errors("same-sign")) == set(QUANTITIES)


def test_they_are_kept_as_json() -> None:
    back = Refits.from_json(json.loads(json.dumps(made().as_json())))
    assert (back.definitions, back.share) == (("same-sign",), 0.25)
    assert_allclose(back.differences, DIFFERENCES)
    for about in (
        {**made().as_json(), "share": 1.5},
        {**made().as_json(), "differences": [[1.0, 2.0]]},
    ):
        with pytest.raises(ValueError, match=r"refits|reshape"):
            Refits.from_json(about)


def test_without_refits_nothing_is_known() -> None:
    nothing = made(np.empty((0, 4)))
    assert nothing.errors("same-sign") == {}
    with pytest.raises(ConfigError, match="at least two refits"):
        nothing.error({"i1": 1.0}, "same-sign")
    with pytest.raises(ConfigError, match="none for 'ccs'"):
        made().error({"i1": 1.0}, "ccs")


@pytest.fixture(scope="module")
def rows() -> dict[str, NDArray[np.float64]]:
    return gaussian_distribution("gaussian:corners=10").sample(600, 3)


def test_few_rows_of_ten_classes_find_too_little_and_the_error_says_so(
    rows: dict[str, NDArray[np.float64]],
) -> None:
    """Over rows alone the interval of i12 is too narrow; with the fit it holds the exact mean."""
    data = rows["x1"], rows["x2"], rows["y"]
    estimator = PointwiseInformation().fit(*data)
    scores = estimator.score_samples(*data)
    distribution = known_distribution("gaussian:corners=10")
    assert distribution is not None
    true = exact_pointwise(distribution, *data)  # type: ignore[arg-type]
    by_fit = refit(estimator, *data, refits=4).errors("same-sign")
    plain, whole = means(scores), means(scores, fit_errors=by_fit)
    assert scores.i12.mean() < true.i12.mean()
    for name, mean in whole.items():
        assert mean.error > plain[name].error
        assert abs(mean.value - getattr(true, name).mean()) < 1.96 * mean.error, name


def test_rows_of_a_group_stay_together_and_a_half_is_taken_where_there_are_few_groups() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(10), 40)
    y = np.tile([0, 1], 200)
    x1 = y[:, None] + rng.standard_normal((400, 2)) + rng.standard_normal((10, 2))[groups]
    x2 = rng.standard_normal((400, 2))
    estimator = PointwiseInformation(settings=Settings(epochs=2)).fit(x1, x2, y, groups)
    assert refit(estimator, x1, x2, y, groups, refits=4).share == 0.5
    assert refit(estimator, x1, x2, y, refits=4).share == 0.25


def test_too_few_rows_for_any_sample_have_no_refits() -> None:
    drawn = gaussian_distribution("gaussian").sample(70, 0)
    data = drawn["x1"], drawn["x2"], drawn["y"]
    estimator = PointwiseInformation(settings=Settings(epochs=1)).fit(*data)
    assert refit(estimator, *data, refits=4).errors("same-sign") == {}
    with pytest.raises(ConfigError, match="multiple of 4"):
        refit(estimator, *data, refits=6)
