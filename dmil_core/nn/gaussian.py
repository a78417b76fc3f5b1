"""Diagonal Gaussian posteriors: sampling and KL, pure functions over a (mu, logvar) pair."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Gaussian(NamedTuple):
    """A diagonal Gaussian per sample; ``mu`` and ``logvar`` are (B, D)."""

    mu: Tensor
    logvar: Tensor


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


def sample(q: Gaussian) -> Tensor:
    """Reparameterised draw from ``q``, (B, D): mu + exp(logvar / 2) * eps."""
    return q.mu + torch.exp(0.5 * q.logvar) * torch.randn_like(q.mu)


def kl_standard(q: Gaussian) -> Tensor:
    """KL(q || N(0, I)) in nats per dimension, (B,): the mean over D of the closed form."""
    return 0.5 * (q.mu.square() + q.logvar.exp() - 1.0 - q.logvar).mean(dim=-1)


def kl_between(q: Gaussian, p: Gaussian) -> Tensor:
    """KL(q || p) of two diagonal Gaussians in nats per dimension, (B,)."""
    ratio = torch.exp(q.logvar - p.logvar)
    shift = (q.mu - p.mu).square() * torch.exp(-p.logvar)
    return 0.5 * (ratio + shift - 1.0 - q.logvar + p.logvar).mean(dim=-1)
