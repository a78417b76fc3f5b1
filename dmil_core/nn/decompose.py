"""The four parts of DMIL after the encoders (Yang et al., CVPR 2026, section on the model).

An ablation puts something simpler with the same interface in a part's place: ``Undivided`` for
the intra-modality decomposition, ``Unshared`` and ``Silent`` for consistency and R's head.

Shapes: B samples, F features per modality, D latent size, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dmil_core.nn.gaussian import GaussianHead, Point, Posterior, PosteriorHead
from dmil_core.schema import COMPONENTS, Component

#: Gate logit of a component that the model lacks: its weight is exactly 0, and a target of 0 for
#: it costs exactly 0 nats, which minus infinity would turn into NaN.
NEVER = -1e9


def mlp(in_features: int, hidden: int, out_features: int) -> nn.Sequential:
    """One hidden layer."""
    return nn.Sequential(nn.Linear(in_features, hidden), nn.GELU(), nn.Linear(hidden, out_features))


class IntraModality(nn.Module):
    """Splits z_m into q(M_m|z_m), which predicts y alone, and q(N_m|z_m), which is the rest."""

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

    def rebuild(self, m: Tensor, n: Tensor) -> Tensor:
        """What [M_m, N_m] say of the input, (B, target)."""
        return self.decoder(torch.cat([m, n], dim=-1))


class Undivided(nn.Module):
    """DMIL-CD, in place of ``IntraModality``: one latent M_m predicts y alone, rebuilds the input
    and is the base of synergy, N_m := M_m."""

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

    def rebuild(self, m: Tensor, _: Tensor) -> Tensor:
        """What M_m says of the input, (B, target)."""
        return self.decoder(m)


class Consistency(nn.Module):
    """Splits M1 and M2 into what they share, q(R|M1,M2), and what is one's own, q(U_m|M_m)."""

    def __init__(self, latent: int, layer: PosteriorHead = GaussianHead) -> None:
        super().__init__()
        self.q_r = nn.Sequential(
            nn.Linear(2 * latent, 2 * latent), nn.GELU(), layer(2 * latent, latent)
        )
        self.q_u = nn.ModuleList(layer(latent, latent) for _ in range(2))
        self.v_r = nn.ModuleList(layer(latent, latent) for _ in range(2))
        self.decoder = nn.ModuleList(mlp(2 * latent, 2 * latent, latent) for _ in range(2))

    def forward(self, m1: Tensor, m2: Tensor) -> tuple[Posterior, Posterior, Posterior]:
        return self.q_r(torch.cat([m1, m2], dim=-1)), self.q_u[0](m1), self.q_u[1](m2)

    def helpers(self, m1: Tensor, m2: Tensor) -> tuple[Posterior, ...]:
        """v(R|M_m): each modality's own guess of R, which the alignment pulls to q(R|M1,M2)."""
        return self.v_r[0](m1), self.v_r[1](m2)

    def rebuild(self, r: Tensor, u1: Tensor, u2: Tensor) -> tuple[Tensor, ...]:
        """What [R, U_m] say of M_m, two (B, D)."""
        first = self.decoder[0](torch.cat([r, u1], dim=-1))
        return first, self.decoder[1](torch.cat([r, u2], dim=-1))


class Unshared(nn.Module):
    """DMIL-ID, in place of ``Consistency``: U1 := M1, U2 := M2, and R is nothing, of size 0."""

    def forward(self, m1: Tensor, m2: Tensor) -> tuple[Posterior, Posterior, Posterior]:
        return Point(m1[:, :0]), Point(m1), Point(m2)

    def helpers(self, _: Tensor, __: Tensor) -> tuple[Posterior, ...]:
        """No R, and nobody to guess it."""
        return ()

    def rebuild(self, _: Tensor, __: Tensor, ___: Tensor) -> tuple[Tensor, ...]:
        """U_m is M_m: nothing to rebuild."""
        return ()


class Silent(nn.Module):
    """The head of a component that the model lacks: logits of exactly 0, (B, classes)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes

    def forward(self, x: Tensor) -> Tensor:
        return x.new_zeros(len(x), self.classes)


class Gate(nn.Module):
    """Which component, and whether any: gate logits (B, 4) in the order of ``COMPONENTS``, of
    which only ``present`` ones get any weight, and a logit (B,) of "something explains this", or
    None where nothing teaches it."""

    absent: Tensor

    def __init__(self, in_features: int, hidden: int, present: tuple[Component, ...],
                 explained: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.body = mlp(in_features, hidden, len(COMPONENTS) + explained)
        absent = torch.tensor([c not in present for c in COMPONENTS])
        self.register_buffer("absent", absent, persistent=False)

    def forward(self, known: Tensor) -> tuple[Tensor, Tensor | None]:
        out = self.body(known)
        four = out[:, : len(COMPONENTS)].masked_fill(self.absent, NEVER)
        return four, out[:, -1] if out.shape[1] > len(COMPONENTS) else None


class Fusion(nn.Module):
    """f(a, b, a * b): the product makes XOR linearly separable. (B, D) twice -> (B, out).

    DMIL's synergy and the head of joint learning are this same module, so that no comparison
    between them measures the head.
    """

    def __init__(self, size: int, hidden: int, out: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(3 * size, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(),
            nn.Linear(hidden, out),
        )  # fmt: skip

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.body(torch.cat([a, b, a * b], dim=-1))
