"""Temperature scaling of logits (Guo, Pleiss, Sun, Weinberger, ICML 2017)."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from dmil_core.partial_information.pmf import Floats

#: Temperatures are searched between its reciprocal and it.
MAX_TEMPERATURE: Final = 16.0


def best_temperature(logits: Floats, y: NDArray[np.int64]) -> float:
    """The temperature t that minimises the mean cross-entropy of softmax(logits / t).

    ``logits`` (N, K), ``y`` (N,) classes. By Brent's method; training's own search is over a grid.
    """
    rows = np.arange(len(y))

    def loss(log_t: float) -> float:
        return -float(log_softmax(logits / np.exp(log_t), axis=1)[rows, y].mean())

    bound = float(np.log(MAX_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x))
