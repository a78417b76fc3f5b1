"""Calibration of a classifier's logits by a temperature and a share of the class frequencies.

    q(y|x) = (1 - e) softmax(logits(x) / t)_y + e p(y)

The temperature t corrects the confidence (Guo, Pleiss, Sun, Weinberger, ICML 2017); the weight e of
the prior p bounds what a single row can cost: log q(y|x) / p(y) >= log e, however wrong the logits
are. Both minimise the mean cross-entropy of rows that the classifier was not trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, logsumexp

from dmil_core.metrics.calibration import MAX_TEMPERATURE
from dmil_core.partial_information.pmf import Floats

Ints = NDArray[np.int64]

#: Largest weight of the prior that is tried.
MAX_PRIOR_WEIGHT: Final = 0.5
#: Times that temperature and weight are improved in turn, at most.
_ROUNDS: Final = 4
#: Nats by which a round must lower the loss for another one.
_PROGRESS: Final = 1e-6


@dataclass(frozen=True)
class Calibrated:
    """A temperature and a weight of the prior.

    Attributes
    ----------
    temperature : what logits are divided by.
    prior_weight : e of the mixture with the prior, 0 to 1.
    """

    temperature: float
    prior_weight: float

    def log_probabilities(self, logits: Floats, prior: Floats) -> Floats:
        """(N, K) log q(y|x), nats, of logits (N, K) and class frequencies (K,)."""
        return mixed(log_softmax(logits / self.temperature, axis=1), prior, self.prior_weight)


def mixed(log_q: Floats, prior: Floats, prior_weight: float) -> Floats:
    """(..., K) log((1 - e) q + e p) of log q (..., K), the prior p (K,) and its weight e, nats."""
    if prior_weight == 0.0:
        return log_q
    values: Floats = np.logaddexp(
        np.log1p(-prior_weight) + log_q, np.log(prior_weight) + np.log(prior)
    )
    return values


def calibrate(
    logits: Floats, y: Ints, prior: Floats, prior_weight: float | None = None
) -> Calibrated:
    """The temperature and the weight of the prior of least mean cross-entropy on these rows.

    In turn, each by Brent's method: at a fixed temperature the loss is convex in the weight.

    Parameters
    ----------
    logits
        (N, K) of rows that the classifier was not trained on.
    y
        (N,) their classes, 0 to K - 1.
    prior
        (K,) class frequencies, all above 0.
    prior_weight
        The weight, where it is given; None to choose it, between 1 / N and ``MAX_PRIOR_WEIGHT``.
    """
    rows, log_p = np.arange(len(y)), np.log(prior)[y]
    least = 1.0 / len(y)
    weight = min(least, MAX_PRIOR_WEIGHT) if prior_weight is None else prior_weight

    def log_q_at(log_t: float) -> Floats:
        scaled = logits / np.exp(log_t)
        values: Floats = scaled[rows, y] - logsumexp(scaled, axis=1)
        return values

    def loss(log_q: Floats, e: float) -> float:
        if e == 0.0:
            return -float(log_q.mean())
        return -float(np.logaddexp(np.log1p(-e) + log_q, np.log(e) + log_p).mean())

    bound, best, log_t = float(np.log(MAX_TEMPERATURE)), np.inf, 0.0
    for _ in range(_ROUNDS):
        e = weight
        log_t = float(
            minimize_scalar(
                lambda v, e=e: loss(log_q_at(v), e), bounds=(-bound, bound), method="bounded"
            ).x
        )
        log_q = log_q_at(log_t)
        if prior_weight is None and least < MAX_PRIOR_WEIGHT:
            found = minimize_scalar(
                lambda v, log_q=log_q: loss(log_q, float(np.exp(v))),
                bounds=(np.log(least), np.log(MAX_PRIOR_WEIGHT)),
                method="bounded",
            )
            # Brent's method never quite reaches an end of the interval.
            weight = least if loss(log_q, least) <= found.fun else float(np.exp(found.x))
        now = loss(log_q, weight)
        if not now < best - _PROGRESS:
            break
        best = now
    return Calibrated(float(np.exp(log_t)), weight)
