"""log p(x|y) of one input by a mixture of Gaussians for each class, its size chosen by BIC."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from dmil_core.information.calibration import Ints
from dmil_core.partial_information.pmf import Floats

#: Numbers of Gaussians that are tried.
MIXTURES: Final = (1, 2, 3, 4, 5, 6, 8)
#: Largest number of features for which full covariance matrices are tried.
MAX_FULL_COVARIANCE_DIM: Final = 32
#: Number of larger mixtures in a row without a lower BIC after which the search stops.
PATIENCE: Final = 2
#: Largest number of rows of a class that a mixture is fitted to.
MOST_ROWS: Final = 8000
ROWS_PER_GAUSSIAN: Final = 5
_RIDGE: Final = 1e-4


@dataclass(frozen=True)
class Densities:
    """One mixture for each class."""

    mixtures: tuple[GaussianMixture, ...]

    def log_density(self, x: Floats) -> Floats:
        """(N, K) log p(x|y) of rows (N, D) with each class, in nats."""
        if not len(x):
            return np.empty((0, len(self.mixtures)))
        return np.stack([m.score_samples(x) for m in self.mixtures], axis=1)


def fit_densities(x: Floats, y: Ints, classes: int, seed: int) -> Densities:
    """Fit a mixture to each class of rows (N, D); sizes by the Bayesian information criterion."""
    rng = np.random.default_rng([seed, 8])
    result = []
    for k in range(classes):
        rows = rng.permutation(np.flatnonzero(y == k))[:MOST_ROWS]
        result.append(_best(x[rows], seed))
    return Densities(tuple(result))


def _best(x: Floats, seed: int) -> GaussianMixture:
    """The mixture of least BIC: for each covariance type, larger mixtures while BIC falls.

    ``tied`` mixtures share one covariance matrix.
    """
    n, d = x.shape
    full = ["tied", "full"] if d <= MAX_FULL_COVARIANCE_DIM and n > 2 * d else []
    tried: list[tuple[float, GaussianMixture]] = []
    for covariance in ("spherical", "diag", *full):
        best, stale = np.inf, 0
        for count in MIXTURES:
            if (count > 1 and n < ROWS_PER_GAUSSIAN * count) or stale == PATIENCE:
                break
            mixture = GaussianMixture(
                count, covariance_type=covariance, reg_covar=_RIDGE, random_state=seed
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                bic = float(mixture.fit(x).bic(x))
            tried.append((bic, mixture))
            stale = 0 if bic < best else stale + 1
            best = min(best, bic)
    return min(tried, key=lambda pair: pair[0])[1]
