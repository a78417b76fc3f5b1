"""The four modules of DMIL after the encoders (Yang et al., CVPR 2026, section on the model).

An ablation replaces one by a simpler module with the same interface: ``NoIntraSplit`` for the
intra-modality decomposition, ``NoConsistency`` and ``ZeroHead`` for consistency and the head of R.

Shapes: B samples, F features per modality, D latent size, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import combinations
from operator import mul
from typing import Any

import torch
from torch import Tensor, nn

from dmil_core.models.posteriors import GaussianHead, Point, Posterior, PosteriorHead
from dmil_core.schema import Component, components

#: Gate logit of a component that the model lacks: its weight is exactly 0, and a target of 0 for
#: it costs exactly 0 nats, where minus infinity would give NaN.
MASKED_LOGIT = -1e9


def mlp(in_features: int, hidden: int, out_features: int) -> nn.Sequential:
    """One hidden layer."""
    return nn.Sequential(nn.Linear(in_features, hidden), nn.GELU(), nn.Linear(hidden, out_features))


class IntraModality(nn.Module):
    """Splits z_m into q(M_m|z_m), which alone predicts y, and the residual q(N_m|z_m)."""

    def __init__(
        self, features: int, latent: int, classes: int, target: int,
        layer: PosteriorHead = GaussianHead,
    ) -> None:  # fmt: skip
        super().__init__()
        self.q_m = layer(features, latent)
        self.q_n = layer(features, latent)
        self.head = nn.Linear(latent, classes)
        self.decoder = mlp(2 * latent, 2 * features, target)

    def forward(self, z: Tensor) -> tuple[Posterior, Posterior]:
        return self.q_m(z), self.q_n(z)

    def reconstruct(self, m: Tensor, n: Tensor) -> Tensor:
        """The input, or the features, decoded from [M_m, N_m]: (B, target)."""
        return self.decoder(torch.cat([m, n], dim=-1))


class NoIntraSplit(nn.Module):
    """DMIL-CD, in place of ``IntraModality``: one latent M_m predicts y, reconstructs the input and
    is the input of synergy, N_m := M_m."""

    def __init__(
        self, features: int, latent: int, classes: int, target: int,
        layer: PosteriorHead = GaussianHead,
    ) -> None:  # fmt: skip
        super().__init__()
        self.q_m = layer(features, latent)
        self.head = nn.Linear(latent, classes)
        self.decoder = mlp(latent, 2 * features, target)

    def forward(self, z: Tensor) -> tuple[Posterior, Posterior]:
        m = self.q_m(z)
        return m, m

    def reconstruct(self, m: Tensor, _: Tensor) -> Tensor:
        """The input, or the features, decoded from M_m: (B, target)."""
        return self.decoder(m)


class Consistency(nn.Module):
    """Splits M1, M2 (and M3) into redundancy, q(R|M1,M2), and the uniqueness of each, q(U_m|M_m).

    With three modalities R is the information that at least two of them provide.
    """

    def __init__(
        self, latent: int, layer: PosteriorHead = GaussianHead, modalities: int = 2
    ) -> None:
        super().__init__()
        every, wide = range(modalities), modalities * latent
        self.q_r = nn.Sequential(nn.Linear(wide, wide), nn.GELU(), layer(wide, latent))
        self.q_u = nn.ModuleList(layer(latent, latent) for _ in every)
        self.v_r = nn.ModuleList(layer(latent, latent) for _ in every)
        self.decoder = nn.ModuleList(mlp(2 * latent, 2 * latent, latent) for _ in every)

    def forward(self, *m: Tensor) -> tuple[Posterior, ...]:
        """q(R|M1,M2), then the q(U_m|M_m)."""
        return self.q_r(torch.cat(m, dim=-1)), *_each(self.q_u, m)

    def helpers(self, *m: Tensor) -> tuple[Posterior, ...]:
        """v(R|M_m): the posterior of R from one modality, which is aligned with q(R|M1,M2)."""
        return _each(self.v_r, m)

    def reconstruct(self, r: Tensor, *u: Tensor) -> tuple[Tensor, ...]:
        """M_m decoded from [R, U_m], (B, D) of each modality."""
        return _each(self.decoder, [torch.cat([r, u_m], dim=-1) for u_m in u])


def _each(parts: nn.ModuleList, inputs: Sequence[Tensor]) -> tuple[Any, ...]:
    """The module of each modality on its input."""
    return tuple(part(x) for part, x in zip(parts, inputs, strict=True))


class NoConsistency(nn.Module):
    """DMIL-ID, in place of ``Consistency``: U_m := M_m, and R has size 0."""

    def forward(self, *m: Tensor) -> tuple[Posterior, ...]:
        return Point(m[0][:, :0]), *(Point(m_i) for m_i in m)

    def helpers(self, *_: Tensor) -> tuple[Posterior, ...]:
        """None: there is no R."""
        return ()

    def reconstruct(self, *_: Tensor) -> tuple[Tensor, ...]:
        """None: U_m is M_m."""
        return ()


class ZeroHead(nn.Module):
    """The head of a component that the model lacks: logits of exactly 0, (B, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def forward(self, x: Tensor) -> Tensor:
        return x.new_zeros(len(x), self.classes)


class Gate(nn.Module):
    """The learned gate over the components, and whether any of them explains the sample.

    Returns gate logits (B, C) in the order of ``components``, with ``MASKED_LOGIT`` for those that
    are not ``present``, and a logit (B,) of the explained share, or None without ``explained``.
    """

    absent: Tensor

    def __init__(self, in_features: int, hidden: int, present: tuple[Component, ...],
                 explained: bool = True, modalities: int = 2) -> None:  # fmt: skip
        super().__init__()
        names = components(modalities)
        self.body = mlp(in_features, hidden, len(names) + explained)
        absent = torch.tensor([c not in present for c in names])
        self.register_buffer("absent", absent, persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None]:
        out, count = self.body(x), len(self.absent)
        weights = out[:, :count].masked_fill(self.absent, MASKED_LOGIT)
        return weights, out[:, -1] if out.shape[1] > count else None


class Fusion(nn.Module):
    """f(a, b, a * b): the product makes XOR linearly separable. (B, D) twice -> (B, out).

    With three inputs it reads the three, the products of two and the product of all: information
    that only all three provide together is linear in the last, that of two in those before.

    DMIL's synergy and the fusion of joint learning are this same module, so that a comparison
    between them does not measure the head.
    """

    def __init__(self, size: int, hidden: int, out: int, modalities: int = 2) -> None:
        super().__init__()
        products = 2**modalities - 1
        self.body = nn.Sequential(
            nn.Linear(products * size, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(),
            nn.Linear(hidden, out),
        )  # fmt: skip

    def forward(self, *parts: Tensor) -> Tensor:
        chosen = (c for r in range(len(parts)) for c in combinations(parts, r + 1))
        return self.body(torch.cat([reduce(mul, c) for c in chosen], dim=-1))
