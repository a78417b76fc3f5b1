"""Exact pointwise mutual information of rows that were drawn from a known distribution."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from dmil_core.data.synthetic import gate_mixture, gaussian, switch
from dmil_core.data.synthetic.gate_mixture_set import GateMixtureSet
from dmil_core.data.synthetic.spec import current_name
from dmil_core.data.synthetic.switch_distribution import SwitchDistribution
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import Definition, Pointwise, Surprise, split


class Distribution(Protocol):
    """Densities of two inputs with each class."""

    @property
    def prior(self) -> Floats:
        """(K,) p(y)."""

    def log_single(self, x: ArrayLike, modality: int) -> Floats:
        """(N, K) log p(x_m, y) in nats; modalities count from 1."""

    def log_joint(self, x1: ArrayLike, x2: ArrayLike) -> Floats:
        """(N, K) log p(x1, x2, y) in nats."""


class _Switch:
    """The ``switch`` distribution of two inputs as densities with each class."""

    def __init__(self, distribution: SwitchDistribution) -> None:
        self.distribution = distribution
        self.prior = distribution.prior

    def log_single(self, x: ArrayLike, modality: int) -> Floats:
        return self.distribution.log_class_single(x, modality)

    def log_joint(self, x1: ArrayLike, x2: ArrayLike) -> Floats:
        return self.distribution.log_classes(x1, x2)


def known_distribution(name: str) -> Distribution | None:
    """The distribution of a data set of two inputs by its name, with options; None where it is not
    known."""
    name = current_name(name)
    stem = name.partition(":")[0]
    if stem == switch.NAME:
        return _Switch(switch.switch_distribution(name))
    if stem == gate_mixture.NAME:
        return GateMixtureSet.from_spec(name).densities
    return gaussian.gaussian_distribution(name) if stem == gaussian.NAME else None


def exact_pointwise(
    distribution: Distribution, x1: ArrayLike, x2: ArrayLike, y: NDArray[np.integer],
    definition: Definition = "same-sign",
) -> Pointwise:  # fmt: skip
    """Exact pointwise mutual information of each row and its parts, in nats.

    Parameters
    ----------
    x1, x2
        (N, D) rows of the distribution.
    y
        (N,) their classes.
    """
    rows = np.arange(len(y))
    with np.errstate(divide="ignore"):  # a class that never occurs
        log_prior = np.log(distribution.prior)
    with_y = [
        distribution.log_single(x1, 1),
        distribution.log_single(x2, 2),
        distribution.log_joint(x1, x2),
    ]
    marginal = [logsumexp(log_p, axis=1) for log_p in with_y]
    # i(x;y) = log p(x,y) - log p(x) - log p(y)
    conditional = [log_p[rows, y] - log_prior[y] for log_p in with_y]
    i1, i2, i12 = (log_c - log_m for log_c, log_m in zip(conditional, marginal, strict=True))
    surprise = Surprise(-marginal[0], -marginal[1], -conditional[0], -conditional[1])
    return split(i1, i2, i12, definition, surprise)
