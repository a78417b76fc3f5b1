"""Diagonal Gaussian posteriors and, where plain layers stand in for them, points.

Sampling and KL are pure functions over either: a point has no noise and no KL.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Gaussian(NamedTuple):
    """A diagonal Gaussian per sample; ``mu`` and ``logvar`` are (B, D)."""

    mu: Tensor
    logvar: Tensor


class Point(NamedTuple):
    """Output of a plain layer in place of a Gaussian: ``mu`` (B, D), and no variance."""

    mu: Tensor


Posterior = Gaussian | Point


class PointHead(nn.Linear):
    """Linear map to a point: (B, in) -> Point of (B, out), the plain layer of DMIL-FC."""

    def forward(self, input: Tensor) -> Point:  # type: ignore[override]
        return Point(super().forward(input))


class GaussianHead(nn.Linear):
    """Linear map to the parameters of a diagonal Gaussian: (B, in) -> Gaussian of (B, out).

    ``logvar`` is squashed smoothly into (-8, 4), so that no batch can overflow ``exp``.
    """

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(in_features, 2 * out_features)
        with torch.no_grad():  # start almost deterministic: noise is learned, not imposed
            self.bias[out_features:].fill_(-3.0)

    def forward(self, input: Tensor) -> Gaussian:  # type: ignore[override]
        mu, raw = super().forward(input).chunk(2, dim=-1)
        return Gaussian(mu, 6.0 * torch.tanh((raw + 2.0) / 6.0) - 2.0)


PosteriorHead = type[GaussianHead] | type[PointHead]


def sample(q: Posterior) -> Tensor:
    """Reparameterised draw from ``q``, (B, D): mu + exp(logvar / 2) * eps; of a point, itself."""
    if isinstance(q, Point):
        return q.mu
    return q.mu + torch.exp(0.5 * q.logvar) * torch.randn_like(q.mu)


def kl_standard(q: Posterior) -> Tensor:
    """KL(q || N(0, I)) in nats per dimension, (B,): the mean over D of the closed form.

    Exactly 0 for a point, so that a plain layer is not regularised.
    """
    if isinstance(q, Point):
        return q.mu.new_zeros(len(q.mu))
    return 0.5 * (q.mu.square() + q.logvar.exp() - 1.0 - q.logvar).mean(dim=-1)


def kl_between(q: Posterior, p: Posterior) -> Tensor:
    """KL(q || p) of two diagonal Gaussians in nats per dimension, (B,).

    Of two points the mean square of their difference, which is what the KL becomes for two
    Gaussians of variance 1/2.
    """
    if isinstance(q, Point) or isinstance(p, Point):
        return (q.mu - p.mu).square().mean(dim=-1)
    ratio = torch.exp(q.logvar - p.logvar)
    shift = (q.mu - p.mu).square() * torch.exp(-p.logvar)
    return 0.5 * (ratio + shift - 1.0 - q.logvar + p.logvar).mean(dim=-1)
