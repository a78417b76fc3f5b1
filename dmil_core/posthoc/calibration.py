"""Calibration of what a model says of the classes, cross-fitted on the samples' own labels.

    log q(y|x) = sum_f a_f z_f,y(x) + c_y + const,

with scores z_f of the classes, a slope for each kind of score and an offset for each class: Platt's
method for several scores and classes (Platt, 1999; Guo, Pleiss, Sun, Weinberger, ICML 2017). Each
sample is judged by coefficients that were fitted to the other folds. These are the most probable
ones under a standard normal prior around "as it is" (the first slope 1, all others and the offsets
0), so that few samples change little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from dmil_core.partial_information.pmf import Floats
from dmil_core.posthoc.partners import Ints

FOLDS: Final = 5


@dataclass(frozen=True)
class Calibration:
    """Coefficients of each fold.

    Attributes
    ----------
    fold : (N,) fold of each sample, whose coefficients were fitted to the others.
    slopes : (folds, F) a.
    offsets : (folds, K) c.
    """

    fold: Ints
    slopes: Floats
    offsets: Floats

    @classmethod
    def fit(cls, scores: Floats, y: Ints, seed: int) -> Calibration:
        """Of scores (F, N, K), the first of them log probabilities up to a constant of each sample,
        and classes (N,)."""
        n = len(y)
        fold = np.random.default_rng([seed, 25]).permutation(n) % FOLDS
        fitted = [_fitted(scores[:, fold != k], y[fold != k]) for k in range(FOLDS)]
        slopes, offsets = (np.stack(part) for part in zip(*fitted, strict=True))
        return cls(fold, slopes, offsets)

    def probabilities(self, scores: Floats) -> Floats:
        """(N, K) q of scores (F, N, K) of the same samples."""
        a, c = self.slopes[self.fold], self.offsets[self.fold]
        logits = np.einsum("nf,fnk->nk", a, scores) + c
        q: Floats = np.exp(log_softmax(logits, axis=1))
        return q

    def of_others(self, scores: Floats) -> Floats:
        """(n, K) q of scores (F, n, K) of samples that no fold was fitted to, by the mean of the
        coefficients."""
        logits = np.einsum("f,fnk->nk", self.slopes.mean(axis=0), scores)
        q: Floats = np.exp(log_softmax(logits + self.offsets.mean(axis=0), axis=1))
        return q


def _fitted(scores: Floats, y: Ints) -> tuple[Floats, Floats]:
    """Slopes (F,) and offsets (K,) of least log loss, plus half their squared change."""
    kinds, n, classes = scores.shape
    usual = np.zeros(kinds + classes)
    usual[0] = 1.0
    rows = np.arange(n)

    def loss(t: Floats) -> tuple[float, Floats]:
        log_q = log_softmax(np.tensordot(t[:kinds], scores, axes=1) + t[kinds:], axis=1)
        excess = np.exp(log_q)
        excess[rows, y] -= 1.0
        away = t - usual
        slope = np.concatenate([np.einsum("fnk,nk->f", scores, excess), excess.sum(axis=0)])
        return float(-log_q[rows, y].sum() + 0.5 * away @ away), slope + away

    found = minimize(loss, usual, jac=True, method="L-BFGS-B").x
    return found[:kinds], found[kinds:]
