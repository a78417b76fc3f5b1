"""Scores of predictions, over numpy arrays. Shares are 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Reliability:
    """How often predictions of about the same confidence are right; bins without rows are left out.

    Attributes
    ----------
    confidence, accuracy : (B,) means of each bin.
    rows : (B,) how many it has.
    """

    confidence: Floats
    accuracy: Floats
    rows: NDArray[np.integer]

    @property
    def error(self) -> float:
        """Expected calibration error: mean gap between the two over rows; NaN without rows."""
        if not len(self.rows):
            return float("nan")
        gap = np.abs(self.confidence - self.accuracy)
        return float((gap * self.rows).sum() / self.rows.sum())


def reliability(confidence: Floats, correct: Bools, bins: int = 15) -> Reliability:
    """Confidence and accuracy over equal-width bins of confidence."""
    place = np.clip((confidence * bins).astype(int), 0, bins - 1)
    rows = np.bincount(place, minlength=bins)
    sure, right = (
        np.bincount(place, weights=v, minlength=bins)[rows > 0] for v in (confidence, correct)
    )
    held = rows[rows > 0]
    return Reliability(sure / held, right / held, held)


def expected_calibration_error(confidence: Floats, correct: Bools, bins: int = 15) -> float:
    """ECE: mean gap between confidence and accuracy over equal-width bins of confidence."""
    return reliability(confidence, correct, bins).error if len(correct) else 0.0


def auroc(score: Floats, positive: Bools) -> float:
    """Probability that a positive row outranks a negative one, ties counted half.

    NaN where one of the two kinds is missing.
    """
    from scipy.stats import rankdata

    n_pos = int(positive.sum())
    n_neg = len(positive) - n_pos
    if n_pos == 0 or n_neg == 0:
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[positive].sum() - n_pos * (n_pos + 1) / 2) / (n_pos * n_neg))


def macro_f1(y: NDArray[np.integer], pred: NDArray[np.integer], classes: int) -> float:
    """Mean F1 over the classes that occur in ``y`` or ``pred``."""
    hits = np.bincount(y[y == pred], minlength=classes)
    total = np.bincount(y, minlength=classes) + np.bincount(pred, minlength=classes)
    seen = total > 0
    return float((2 * hits[seen] / total[seen]).mean())


def mean_average_precision(probabilities: Floats, y: NDArray[np.integer]) -> float:
    """mAP: mean over the classes that occur in ``y`` of each one's average precision.

    Average precision of a class: mean, over its rows, of the precision among all rows ranked at
    least as high by its probability; ``probabilities`` (N, K).
    """
    from sklearn.metrics import average_precision_score

    classes = np.unique(y)
    return float(np.mean([average_precision_score(y == k, probabilities[:, k]) for k in classes]))


def synergy_indicator(correct: Bools, *alone: Bools) -> float:
    """Share of rows a model gets right while every frozen unimodal model is wrong."""
    return float((correct & ~np.logical_or.reduce(alone)).mean())


def missed_indicator(correct: Bools, *alone: Bools) -> float:
    """The mirror of the synergy indicator: share of rows a model gets wrong although at least one
    of the frozen unimodal models is right."""
    return float((~correct & np.logical_or.reduce(alone)).mean())


def synergy_ceiling(*alone: Bools) -> float:
    """The most the indicator can reach: the share that all frozen unimodal models get wrong."""
    return float((~np.logical_or.reduce(alone)).mean())


def bootstrap_interval(
    values: Floats | Bools, seed: int = 0, draws: int = 1000
) -> tuple[float, float]:
    """95 % percentile interval of the mean of ``values`` (N,) under resampling of rows."""
    if len(values) == 0:
        return float("nan"), float("nan")
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), size=draws)
    means = counts @ np.asarray(values, dtype=float) / len(values)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)
