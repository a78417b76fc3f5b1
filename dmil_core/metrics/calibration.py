"""One number that makes logits calibrated (Guo, Pleiss, Sun, Weinberger, ICML 2017)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from dmil_core.partial_information.pmf import Floats

#: Temperatures that are tried lie between 1 over it and it.
MOST: Final = 16.0


def best_temperature(logits: Floats, y: NDArray[np.int64]) -> float:
    """The temperature t of least mean cross-entropy of softmax(logits / t), logits (N, K)."""
    rows = np.arange(len(y))

    def loss(log_t: float) -> float:
        return -float(log_softmax(logits / np.exp(log_t), axis=1)[rows, y].mean())

    bound = float(np.log(MOST))
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))
