"""log p(x|y) of one input by a mixture of Gaussians for each class, as many as the data ask for."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from dmil_core.information.posteriors import Ints
from dmil_core.partial_information.pmf import Floats

#: Numbers of Gaussians that are tried, and features up to which they are tilted.
MIXTURES: Final = (1, 2, 3, 4, 5, 6, 8)
MOST_TILTED: Final = 32
#: How often in a row more Gaussians may fail to help before no more are tried.
PATIENCE: Final = 2
#: Rows of a class that a mixture is fitted to, at most.
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
    """Fit each class of rows (N, D), the number of Gaussians by the information criterion of
    Schwarz (BIC)."""
    rng = np.random.default_rng([seed, 8])
    result = []
    for k in range(classes):
        rows = rng.permutation(np.flatnonzero(y == k))[:MOST_ROWS]
        result.append(_best(x[rows], seed))
    return Densities(tuple(result))


def _best(x: Floats, seed: int) -> GaussianMixture:
    """The mixture of the least BIC: of each shape, more and more Gaussians while that helps.

    ``tied`` ones share one shape: noise that is the same wherever it falls.
    """
    n, d = x.shape
    tilted = ["tied", "full"] if d <= MOST_TILTED and n > 2 * d else []
    tried: list[tuple[float, GaussianMixture]] = []
    for shape in ("spherical", "diag", *tilted):
        best, stale = np.inf, 0
        for count in MIXTURES:
            if (count > 1 and n < ROWS_PER_GAUSSIAN * count) or stale == PATIENCE:
                break
            mixture = GaussianMixture(
                count, covariance_type=shape, reg_covar=_RIDGE, random_state=seed
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                bic = float(mixture.fit(x).bic(x))
            tried.append((bic, mixture))
            stale = 0 if bic < best else stale + 1
            best = min(best, bic)
    return min(tried, key=lambda pair: pair[0])[1]
