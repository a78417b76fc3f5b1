"""95 % intervals of shares of samples: Wilson's, and by groups of samples that belong together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Coverage of every interval.
LEVEL: Final = 0.95


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % interval, in the unit of the estimate.

    Attributes
    ----------
    value : the estimate.
    low, high : ends of the interval; NaN where it cannot be computed.
    """

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def positive(self) -> bool:
        """Whether the whole interval lies above 0; False where there is none."""
        return self.low > 0

    @property
    def negative(self) -> bool:
        """Whether the whole interval lies below 0."""
        return self.high < 0

    def scaled(self, by: float) -> Interval:
        """In another unit: all three times a positive number."""
        return Interval(self.value * by, self.low * by, self.high * by)


def wilson(right: float, rows: float) -> tuple[float, float]:
    """Wilson's score interval of a share of independent samples (Wilson, JASA 1927).

    (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), z = 1.96. Unlike a normal
    interval it stays within 0 and 1 and keeps its coverage with few samples.

    Parameters
    ----------
    right : how many samples have what is counted.
    rows : how many there are; none have no interval (NaN).
    """
    from scipy.stats import norm

    if not rows:
        return math.nan, math.nan
    z, share = float(norm.ppf(0.5 + LEVEL / 2)), right / rows
    scale = 1 + z**2 / rows
    middle = (share + z**2 / (2 * rows)) / scale
    half = z * math.sqrt(share * (1 - share) / rows + z**2 / (4 * rows**2)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def by_group(values: ArrayLike, group: NDArray[Any]) -> tuple[float, float]:
    """Interval of a mean over samples of which those of a group are not independent.

    The standard error of the mean m of n samples in G groups is the jackknife's that leaves out one
    group at a time (Cochran, Sampling Techniques, 1977, 6.17), se^2 = (G - 1)/G sum_g (m_g - m)^2,
    m_g - m = -sum_{i in g} (v_i - m) / (n - n_g); with groups of one size it is that of the mean of
    G group means. Its multiple is that of Student's t with G - 1 degrees of freedom.

    Parameters
    ----------
    values : (n,) numbers or flags.
    group : (n,) the group of each. A single group has no interval (NaN).

    Raises
    ------
    ValueError
        If the two are not of equal length.
    """
    from scipy.stats import t

    v = np.asarray(values, dtype=float)
    if v.shape != np.shape(group) or v.ndim != 1:
        raise ValueError(f"expected values and groups (n,), got {v.shape} and {np.shape(group)}")
    names, member = np.unique(group, return_inverse=True)
    count = len(names)
    if count < 2:
        return math.nan, math.nan
    mean = v.mean()
    left_out = np.bincount(member, v - mean, count) / (len(v) - np.bincount(member))
    error = math.sqrt((count - 1) / count * (left_out**2).sum())
    half = float(t.ppf(0.5 + LEVEL / 2, count - 1)) * error
    return float(mean - half), float(mean + half)


def of_share(flags: ArrayLike, group: NDArray[Any] | None = None) -> tuple[float, float]:
    """Interval of the share of flags (n,) that are set, within 0 and 1.

    Wilson's, or where samples are in groups the one by groups. Groups that all have the same share
    leave no spread to measure; then it is Wilson's of as many samples as there are groups.
    """
    set_ = np.asarray(flags, dtype=bool)
    if group is None or not len(set_):
        return wilson(float(set_.sum()), len(set_))
    low, high = by_group(set_, group)
    if low == high:
        count = len(np.unique(group))
        return wilson(count * float(set_.mean()), count)
    return (math.nan, math.nan) if math.isnan(low) else (max(0.0, low), min(1.0, high))
