"""Statistical comparison of methods over data sets: paired differences, their multiplicity, and
average ranks.

A table is (data sets, methods) of scores, larger is better, as a pandas frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences, its 95 % interval, in the unit of what was compared, and the
    two-sided p-value of no difference."""

    mean: float
    low: float
    high: float
    pairs: int
    p: float = math.nan


def paired_difference(first: ArrayLike, second: ArrayLike, test_ratio: float = 0.0) -> Difference:
    """Mean of ``first`` - ``second``, paired by position (seeds), by a corrected t test.

    The J differences of splits of the same rows are not independent, as their training rows
    overlap. Nadeau and Bengio (Machine Learning 2003) take (1/J + n_test/n_train) s^2 as the
    variance of the mean, s^2 the sample variance of the differences, instead of s^2 / J.

    Parameters
    ----------
    test_ratio
        n_test / n_train. With 0 it is Student's paired t test: of runs that differ in more than
        their split, or that share one.

    Returns
    -------
    A single pair has no interval and no p-value (NaN); equal differences have an interval of no
    width, and the p-value 0, or 1 where they are 0.

    Raises
    ------
    ValueError
        If the two are not of equal length, or empty.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(f"expected two equally long rows of numbers, got {a.shape} and {b.shape}")
    if not test_ratio >= 0:
        raise ValueError(
            f"expected the ratio of test to training rows, 0 or more; got {test_ratio}"
        )
    from scipy.stats import t

    d = a - b
    mean, pairs = float(d.mean()), len(d)
    if pairs == 1:
        return Difference(mean, math.nan, math.nan, 1)
    error = float(d.std(ddof=1)) * math.sqrt(1 / pairs + test_ratio)
    half = float(t.ppf(0.975, pairs - 1)) * error
    # Equal differences of floating-point numbers are not quite equal.
    if error <= 1e-12 * max(abs(mean), 1e-3):
        return Difference(mean, mean, mean, pairs, 0.0 if abs(mean) > 1e-12 else 1.0)
    p = 2 * float(t.sf(abs(mean) / error, pairs - 1))
    return Difference(mean, mean - half, mean + half, pairs, p)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p-values of a family of tests, by Holm's step-down rule (Holm, 1979).

    The i-th smallest of k p-values is multiplied by k - i + 1; what is adjusted never falls below
    that of a smaller one, nor rises above 1. A hypothesis is rejected at 5 % where the adjusted
    value is at most .05; the probability of any false rejection is then at most 5 %. NaN stays NaN
    and does not count.
    """
    p = np.asarray(p_values, dtype=float)
    result = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    times = np.arange(len(order), 0, -1)
    result[order] = np.minimum(np.maximum.accumulate(p[order] * times), 1.0)
    return result


def average_ranks(scores: pd.DataFrame) -> pd.Series:
    """Mean rank of each method over the data sets, best first; 1 is best, ties share their ranks.

    Raises
    ------
    ValueError
        If a score is missing: a mean over different sets compares nothing.
    """
    if scores.isna().any(axis=None):
        holes = [str(c) for c in scores.columns[scores.isna().any()]]
        raise ValueError(f"scores of {', '.join(holes)} are missing on some data sets")
    return scores.rank(axis=1, ascending=False).mean().sort_values(kind="stable")


def critical_difference(methods: int, datasets: int, alpha: float = 0.05) -> float:
    """Nemenyi's critical difference of average ranks (Demsar, JMLR 2006).

    CD = q_alpha sqrt(k (k + 1) / (6 N)), q_alpha the studentised range over sqrt 2. Average ranks
    of k methods over N data sets that are closer than this do not differ significantly.
    """
    from scipy.stats import studentized_range

    q = studentized_range.ppf(1 - alpha, methods, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(methods * (methods + 1) / (6 * datasets)))


def friedman(scores: pd.DataFrame) -> float:
    """p-value of Friedman's test that all methods have equal ranks on these data sets."""
    from scipy.stats import friedmanchisquare

    return float(friedmanchisquare(*(scores[m] for m in scores.columns)).pvalue)


def cliques(ranks: pd.Series, critical: float) -> list[list[str]]:
    """Largest groups of methods, in order of rank, whose ranks all lie within ``critical``."""
    names, values = [str(n) for n in ranks.index], ranks.to_numpy()
    groups: list[list[str]] = []
    last = -1
    for start in range(len(names)):
        end = int(np.searchsorted(values, values[start] + critical, side="right")) - 1
        if end > last and end > start:
            groups.append(names[start : end + 1])
        last = max(last, end)
    return groups
