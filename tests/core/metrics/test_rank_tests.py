"""Statistics over several data sets, against textbook numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmil_core.metrics.rank_tests import (
    average_ranks,
    cliques,
    critical_difference,
    friedman,
    holm,
    paired_difference,
)


def test_paired_difference_by_hand() -> None:
    """Differences 1, 2, 3: mean 2, sd 1, t_2 = 4.303, so 2 -+ 4.303 / sqrt 3."""
    result = paired_difference([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert (result.mean, result.pairs) == (2.0, 3)
    assert (result.low, result.high) == pytest.approx((2 - 2.4841, 2 + 2.4841), abs=1e-4)


def test_a_single_seed_has_no_interval() -> None:
    result = paired_difference([0.9], [0.8])
    assert result.mean == pytest.approx(0.1)
    assert np.isnan([result.low, result.high]).all()


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0, 2.0]), ([], []), ([[1.0]], [[1.0]])])
def test_unpaired_rows_are_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match="equally long"):
        paired_difference(a, b)


def test_the_corrected_interval_by_hand() -> None:
    """Mean 2, sd 1, t_2 = 4.303: the variance of the mean is 1/3 + 22/65 instead of 1/3."""
    result = paired_difference([2.0, 4.0, 6.0], [1.0, 2.0, 3.0], 22 / 65)
    half = 4.302653 * np.sqrt(1 / 3 + 22 / 65)
    assert (result.low, result.high) == pytest.approx((2 - half, 2 + half), abs=1e-5)
    assert result.p > paired_difference([2.0, 4.0, 6.0], [1.0, 2.0, 3.0]).p > 0.05


def test_p_is_below_five_percent_where_the_interval_leaves_out_zero() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        d = paired_difference(rng.normal(0.5, 1, 5), np.zeros(5), 0.3)
        assert (d.p < 0.05) == (d.low > 0 or d.high < 0)
    assert paired_difference([0.5, 0.6], [0.5, 0.6]).p == 1.0
    assert paired_difference([0.7, 0.8], [0.5, 0.6]).p == 0.0


def test_holm_by_hand() -> None:
    """Sorted .01 .02 .03 .04 times 4 3 2 1 is .04 .06 .06 .04, and none falls again."""
    assert holm([0.02, np.nan, 0.04, 0.01, 0.03]) == pytest.approx(
        [0.06, np.nan, 0.06, 0.04, 0.06], nan_ok=True
    )
    assert holm([0.5, 0.9]).tolist() == [1.0, 1.0]
    assert not len(holm([]))


def test_holm_rejects_a_true_hypothesis_in_at_most_one_family_of_twenty() -> None:
    p = np.random.default_rng(0).random((4000, 24))
    assert np.mean([holm(family).min() <= 0.05 for family in p]) < 0.06
    assert np.mean(p.min(axis=1) <= 0.05) > 0.6


def test_ranks_share_ties_and_come_best_first() -> None:
    scores = pd.DataFrame({"a": [0.9, 0.8], "b": [0.7, 0.8], "c": [0.8, 0.1]})
    ranks = average_ranks(scores)
    assert ranks.to_dict() == {"a": 1.25, "b": 2.25, "c": 2.5}
    assert list(ranks.index) == ["a", "b", "c"]


@given(st.integers(2, 8), st.integers(1, 9), st.integers(0, 10**6))
def test_ranks_of_k_methods_add_up(k: int, n: int, seed: int) -> None:
    scores = pd.DataFrame(np.random.default_rng(seed).random((n, k)))
    assert average_ranks(scores).sum() == pytest.approx(k * (k + 1) / 2)


def test_a_missing_score_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="scores of b are missing"):
        average_ranks(pd.DataFrame({"a": [1.0, 1.0], "b": [1.0, np.nan]}))


def test_critical_difference_of_the_textbook() -> None:
    """Demsar (2006), section 3.2.2: four methods, 14 sets, q = 2.569 gives 1.25."""
    assert critical_difference(4, 14) == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), abs=2e-3)
    assert critical_difference(2, 30) == pytest.approx(1.960 * np.sqrt(1 / 30), abs=2e-3)


def test_friedman_sees_a_method_that_always_wins() -> None:
    rng = np.random.default_rng(0)
    same = pd.DataFrame(rng.random((20, 4)))
    assert friedman(same) > 0.05
    same[0] += 1.0
    assert friedman(same) < 0.01


def test_cliques_are_the_largest_groups_within_reach() -> None:
    ranks = pd.Series({"a": 1.0, "b": 1.8, "c": 2.5, "d": 4.0})
    assert cliques(ranks, 1.0) == [["a", "b"], ["b", "c"]]
    assert cliques(ranks, 1.6) == [["a", "b", "c"], ["c", "d"]]
    assert cliques(ranks, 0.1) == []
    assert cliques(ranks, 9.0) == [["a", "b", "c", "d"]]
