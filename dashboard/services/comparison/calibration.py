"""Calibration: does the confidence of a model match its accuracy?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from dashboard.services.sample.samples import in_split
from dashboard.services.store.catalog import Checkpoint, table
from dmil_core.metrics.scores import reliability

#: Draws of answers that a perfectly calibrated model might have given, for rows up to ENTRIES.
_DRAWS, _ENTRIES = 200, 4_000_000
#: Bins of confidence, equally wide.
BINS: Final = 15


def ends(number: int) -> tuple[float, float]:
    """From which confidence to which a bin goes; counted from 0."""
    return number / BINS, (number + 1) / BINS


@dataclass(frozen=True)
class Calibration:
    """Confidence of one model's predictions, and how often they are right; shares are 0 to 1.

    Attributes
    ----------
    curve : columns confidence, accuracy, rows: a row for each bin of confidence that has samples,
        with the number of the bin as its index; see `ends`.
    sure, accuracy : means over the samples.
    error : expected calibration error (ECE).
    luck : the ECE that a perfectly calibrated model with its confidences stays below 95 times in
        100: with few samples chance alone makes some.
    rows : samples.
    """

    curve: pd.DataFrame
    sure: float
    accuracy: float
    error: float
    luck: float
    rows: int

    @property
    def verdict(self) -> str:
        """``fine`` where luck explains the error, else ``bold`` (overconfident) or ``shy``
        (underconfident)."""
        if self.error <= self.luck:
            return "fine"
        return "bold" if self.sure > self.accuracy else "shy"


def calibration(checkpoint: Checkpoint, split: str) -> Calibration | None:
    """Calibration of a model's answers on a split; None for a split without samples."""
    rows = in_split(table(checkpoint), split)
    if rows.empty:
        return None
    sure, right = rows["confidence"].to_numpy(dtype=float), rows["correct"].to_numpy(dtype=bool)
    bins = reliability(sure, right, BINS)
    curve = pd.DataFrame(
        {"confidence": bins.confidence, "accuracy": bins.accuracy, "rows": bins.rows},
        index=np.unique(np.clip((sure * BINS).astype(int), 0, BINS - 1)),
    )
    return Calibration(
        curve, float(sure.mean()), float(right.mean()), bins.error, _luck(sure), len(rows)
    )


def _luck(sure: Any) -> float:
    """95% quantile of the ECE of a model that is right exactly as often as it says."""
    rng = np.random.default_rng(0)
    draws = int(np.clip(_ENTRIES // len(sure), 40, _DRAWS))
    errors = [reliability(sure, rng.random(len(sure)) < sure, BINS).error for _ in range(draws)]
    return float(np.quantile(errors, 0.95))
