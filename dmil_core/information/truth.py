"""Exact pointwise information of rows that were drawn from a known law."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from dmil_core.data.synthetic import gaussian, switch, world
from dmil_core.data.synthetic.switch_distribution import SwitchLaw
from dmil_core.data.synthetic.world_set import WorldSet
from dmil_core.pid.pmf import Floats
from dmil_core.pid.pointwise import Definition, Pointwise, Surprise, split


class Law(Protocol):
    """Densities of two inputs with each class."""

    @property
    def prior(self) -> Floats:
        """(K,) p(y)."""

    def log_single(self, x: ArrayLike, modality: int) -> Floats:
        """(N, K) log p(x_m, y) in nats; modalities count from 1."""

    def log_joint(self, x1: ArrayLike, x2: ArrayLike) -> Floats:
        """(N, K) log p(x1, x2, y) in nats."""


class _Switch:
    """The ``switch`` law of two inputs as densities with each class."""

    def __init__(self, law: SwitchLaw) -> None:
        self.law = law
        self.prior = law.prior

    def log_single(self, x: ArrayLike, modality: int) -> Floats:
        return self.law.log_class_single(x, modality)

    def log_joint(self, x1: ArrayLike, x2: ArrayLike) -> Floats:
        return self.law.log_classes(x1, x2)


def known_law(name: str) -> Law | None:
    """The law of a data set of two inputs by its name, with options; None where it is not known."""
    stem = name.partition(":")[0]
    if stem == switch.NAME:
        return _Switch(switch.switch_law(name))
    if stem == world.NAME:
        return WorldSet.from_spec(name).densities
    return gaussian.gaussian_law(name) if stem == gaussian.NAME else None


def exact(
    law: Law, x1: ArrayLike, x2: ArrayLike, y: NDArray[np.integer],
    definition: Definition = "same-sign",
) -> Pointwise:  # fmt: skip
    """What each row's inputs say of its class, and how that is split, in nats.

    Parameters
    ----------
    x1, x2
        (N, D) rows of the law.
    y
        (N,) their classes.
    """
    rows = np.arange(len(y))
    with np.errstate(divide="ignore"):  # a class that never occurs
        log_prior = np.log(law.prior)
    with_y = [law.log_single(x1, 1), law.log_single(x2, 2), law.log_joint(x1, x2)]
    alone = [logsumexp(log_p, axis=1) for log_p in with_y]
    # i(x;y) = log p(x,y) - log p(x) - log p(y)
    given = [log_p[rows, y] - log_prior[y] for log_p in with_y]
    i1, i2, i12 = (inside - outside for inside, outside in zip(given, alone, strict=True))
    surprise = Surprise(-alone[0], -alone[1], -given[0], -given[1])
    return split(i1, i2, i12, definition, surprise)
