"""95 % intervals that cover the choice of the samples and that of the background set.

A mean over samples of means over partners varies with both. The two are crossed: all samples share
one background set. The variance is the sum of

- that over samples, s^2 / N of what each contributes (of a ratio, of its linearisation), and
- that over partners, by leaving out one of the G groups of partners at a time for all samples (the
  delete-a-group jackknife; Kott, Journal of Official Statistics 17, 2001):
  (G - 1) / G sum_g (T_g - mean of T_g)^2.

Where something was fitted to the samples, the mean square error by that fit is added.

What varies with single pairs of sample and partner is in both, so that the sum is somewhat too
large (Owen, The pigeonhole bootstrap, Annals of Applied Statistics 1, 2007; Cameron, Gelbach,
Miller, Journal of Business & Economic Statistics 29, 2011, subtract it; they warn that the
difference can be negative).
"""

from __future__ import annotations

import numpy as np

from dmil_core.metrics.intervals import LEVEL, Interval
from dmil_core.partial_information.pmf import Floats


def two_way(
    value: float, each: Floats, left_out: Floats,
    least: float = -np.inf, most: float = np.inf, fit_error: float = 0.0,
) -> Interval:  # fmt: skip
    """The interval of a mean, or of a smooth function of means.

    Parameters
    ----------
    value
        The estimate.
    each
        (N,) what each sample contributes: numbers whose mean varies as the estimate does.
    left_out
        (G,) the estimate without each group of partners.
    least, most
        Bounds that the estimate cannot be outside of.
    fit_error
        Root mean square error by whatever was fitted to the samples.
    """
    from scipy.stats import norm, t

    n, groups = len(each), len(left_out)
    if n < 2 or groups < 2:
        return Interval(value, float("nan"), float("nan"))
    over_rows = float(each.var(ddof=1)) / n
    deviations = left_out - left_out.mean()
    over_partners = float((deviations**2).sum()) * (groups - 1) / groups
    total = over_rows + over_partners + fit_error**2
    if total == 0.0:
        return Interval(value, value, value)
    if over_rows == over_partners == 0.0:
        half = fit_error * float(norm.ppf(0.5 + LEVEL / 2))
        return Interval(value, max(least, value - half), min(most, value + half))
    # Degrees of freedom of a sum of variances (Satterthwaite, Biometrics Bulletin 2, 1946).
    freedom = total**2 / (over_rows**2 / (n - 1) + over_partners**2 / (groups - 1))
    half = float(t.ppf(0.5 + LEVEL / 2, freedom)) * float(np.sqrt(total))
    return Interval(value, max(least, value - half), min(most, value + half))
