"""Statistical comparison of methods over data sets: paired differences and average ranks.

A table is (data sets, methods) of scores, larger is better, as a pandas frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences and its 95 % interval, in the unit of what was compared."""

    mean: float
    low: float
    high: float
    pairs: int


def paired_difference(first: ArrayLike, second: ArrayLike) -> Difference:
    """Mean of ``first`` - ``second``, paired by position (seeds), with Student's t interval.

    A single pair has no interval (NaN); equal differences have one of no width.

    Raises
    ------
    ValueError
        If the two are not of equal length, or empty.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or not len(a):
        raise ValueError(f"expected two equally long rows of numbers, got {a.shape} and {b.shape}")
    from scipy.stats import t

    d = a - b
    if len(d) == 1:
        return Difference(float(d[0]), float("nan"), float("nan"), 1)
    half = t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    return Difference(float(d.mean()), float(d.mean() - half), float(d.mean() + half), len(d))


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
