"""Scores of predictions, over numpy arrays. Shares are 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Reliability:
    """Accuracy as a function of confidence, over B bins; bins without rows are left out.

    Attributes
    ----------
    confidence, accuracy : (B,) means of each bin.
    rows : (B,) number of rows in each bin.
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
    """Accuracy over equal-width bins of ``confidence`` (N,), ``correct`` (N,) being the hits."""
    index = np.clip((confidence * bins).astype(int), 0, bins - 1)
    counts = np.bincount(index, minlength=bins)
    confidence_sum, correct_sum = (
        np.bincount(index, weights=v, minlength=bins)[counts > 0] for v in (confidence, correct)
    )
    rows = counts[counts > 0]
    return Reliability(confidence_sum / rows, correct_sum / rows, rows)


def expected_calibration_error(confidence: Floats, correct: Bools, bins: int = 15) -> float:
    """ECE: mean gap between confidence and accuracy over equal-width bins of confidence."""
    return reliability(confidence, correct, bins).error if len(correct) else 0.0


def auroc(score: Floats, positive: Bools) -> float:
    """Area under the ROC curve of ``score`` (N,) for the rows that are ``positive`` (N,).

    The probability that a positive row has a higher score than a negative one, ties counted half;
    NaN where one of the two kinds is missing.
    """
    from sklearn.metrics import roc_auc_score

    if positive.all() or not positive.any():
        return float("nan")
    return float(roc_auc_score(positive, score))


def macro_f1(y: NDArray[np.integer], pred: NDArray[np.integer]) -> float:
    """Mean F1 over the classes that occur in ``y`` (N,) or ``pred`` (N,); NaN without rows."""
    from sklearn.metrics import f1_score

    return float(f1_score(y, pred, average="macro")) if len(y) else float("nan")


def mean_average_precision(probabilities: Floats, y: NDArray[np.integer]) -> float:
    """mAP: mean over the classes that occur in ``y`` of each one's average precision.

    Average precision of a class: mean, over its rows, of the precision among all rows ranked at
    least as high by its probability; ``probabilities`` (N, K).
    """
    from sklearn.metrics import average_precision_score

    classes = np.unique(y)
    return float(np.mean([average_precision_score(y == k, probabilities[:, k]) for k in classes]))


def synergy_indicator(correct: Bools, *unimodal_correct: Bools) -> float:
    """Share of rows that a model classifies correctly and every frozen unimodal model wrongly.

    All arguments are (N,) flags of correct answers.
    """
    return float((correct & ~np.logical_or.reduce(unimodal_correct)).mean())


def unimodal_loss_rate(correct: Bools, *unimodal_correct: Bools) -> float:
    """Share of rows that a model classifies wrongly and some frozen unimodal model correctly.

    The mirror of :func:`synergy_indicator`: redundant or unique information that fusion lost.
    """
    return float((~correct & np.logical_or.reduce(unimodal_correct)).mean())


def synergy_bound(*unimodal_correct: Bools) -> float:
    """Upper bound of :func:`synergy_indicator`: share of rows all unimodal models get wrong."""
    return float((~np.logical_or.reduce(unimodal_correct)).mean())
