"""DMIL, joint and ensemble. Each forward takes (x1, x2) and returns one row per sample.

Shapes: B samples, K classes, D latent size; logits are in nats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dmil_core.config import ModelConfig, Parts
from dmil_core.nn.decompose import (
    Consistency,
    Fusion,
    Gate,
    IntraModality,
    Silent,
    Undivided,
    Unshared,
)
from dmil_core.nn.encoders import build_encoder
from dmil_core.nn.gaussian import GaussianHead, PointHead, Posterior, sample
from dmil_core.schema import COMPONENTS, DMIL_LATENTS, Component


@dataclass(frozen=True)
class Output:
    """What every architecture returns.

    Attributes
    ----------
    logits
        (B, K).
    unimodal
        (B, 2, K) logits from each modality alone, or None where the architecture has none.
    latents
        Name -> (B, size), deterministic (posterior means).
    """

    logits: Tensor
    unimodal: Tensor | None
    latents: dict[str, Tensor]


@dataclass(frozen=True)
class DmilOutput(Output):
    """Output of the decomposition.

    ``logits == (gate[..., None] * components).sum(1)`` by construction.

    Attributes
    ----------
    gate
        (B, 4), rows sum to 1, in the order of ``schema.COMPONENTS``.
    components
        (B, 4, K) logits of each component's own head.
    gate_logits
        (B, 4), before the softmax.
    explained_logits
        (B,) before the logistic function: the share of the sample that any component explains;
        None where the model does not tell.
    posteriors
        Name -> Gaussian or point, for the KL terms; those that the model has.
    draws
        Name -> (B, D), the draws the decoders rebuild from.
    features
        (z1, z2), each (B, F).
    """

    gate: Tensor
    components: Tensor
    gate_logits: Tensor
    explained_logits: Tensor | None
    posteriors: dict[str, Posterior]
    draws: dict[str, Tensor]
    features: tuple[Tensor, Tensor]

    @property
    def present(self) -> tuple[Component, ...]:
        """The components that the model has: all, or all but R, whose gate is then 0."""
        return COMPONENTS if "R" in self.posteriors else COMPONENTS[1:]


class Rebuilt(NamedTuple):
    """(made, wanted) pairs of the decoders and the helper posteriors v(R|M_m)."""

    inputs: tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]
    parts: tuple[tuple[Tensor, Tensor], ...]
    helpers: tuple[Posterior, ...]


class Encoders(nn.Module):
    """Both modalities' encoders and a LayerNorm on each feature vector.

    Without the norm the encoder can shrink its features in stage 1 until the synergy basis is
    below the noise of the posteriors.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.x1 = build_encoder(config.encoders[0])
        self.x2 = build_encoder(config.encoders[1])
        self.norm1 = nn.LayerNorm(int(self.x1.feature_size))  # type: ignore[arg-type]
        self.norm2 = nn.LayerNorm(int(self.x2.feature_size))  # type: ignore[arg-type]

    def sizes(self) -> tuple[int, int]:
        """Feature size of z1 and z2."""
        return int(self.x1.feature_size), int(self.x2.feature_size)  # type: ignore[arg-type]

    def target_sizes(self) -> tuple[int, int]:
        """Size of what a decoder of x1 and x2 has to rebuild."""
        return int(self.x1.target_size), int(self.x2.target_size)  # type: ignore[arg-type]

    def features(self, m: int, x: Tensor) -> Tensor:
        """z of modality ``m`` (0 or 1), (B, F)."""
        return self.norm1(self.x1(x)) if m == 0 else self.norm2(self.x2(x))

    def forward(self, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
        return self.features(0, x1), self.features(1, x2)


class Dmil(nn.Module):
    """Decomposition-based multimodal interaction learning (arXiv:2606.11614).

    The paper's ablations leave a decomposition out. What stands in its place has the same
    interface; latents that are then missing are not among ``latent_names``, and a missing
    component has a gate and logits of exactly 0.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        d, k = config.latent_size, config.classes
        self.config = config
        self.latent_names = latents_of(config)
        self.encoders = Encoders(config)
        sizes = self.encoders.sizes()
        targets = self.encoders.target_sizes() if config.rebuild == "input" else sizes
        layer = GaussianHead if config.variational else PointHead
        intra = IntraModality if config.intra else Undivided
        self.intra1 = intra(sizes[0], d, k, targets[0], layer)
        self.intra2 = intra(sizes[1], d, k, targets[1], layer)
        self.consistency = Consistency(d, layer) if config.consistency else Unshared()
        self.synergy = Fusion(d, 4 * d, d)
        present = COMPONENTS if config.consistency else COMPONENTS[1:]
        self.heads = nn.ModuleDict(
            {c: nn.Linear(d, k) if c in present else Silent(k) for c in COMPONENTS}
        )
        self.gate = Gate(4 * d + 3 * k, 4 * d, present, config.explained)

    def forward(self, x1: Tensor, x2: Tensor) -> DmilOutput:
        z1, z2 = self.encoders(x1, x2)
        (q_m1, q_n1), (q_m2, q_n2) = self.intra1(z1), self.intra2(z2)
        m1, m2, n1, n2 = self._draw(q_m1, q_m2, q_n1, q_n2)
        q_r, q_u1, q_u2 = self.consistency(m1, m2)
        r, u1, u2 = self._draw(q_r, q_u1, q_u2)
        s = self.synergy(n1, n2)
        unimodal = torch.stack([self.intra1.head(m1), self.intra2.head(m2)], dim=1)
        draws = {"R": r, "U1": u1, "U2": u2, "S": s}
        components = torch.stack([self.heads[c](draws[c]) for c in COMPONENTS], dim=1)
        evidence = [unimodal.softmax(dim=-1).flatten(1), components[:, -1].softmax(dim=-1)]
        gate_logits, explained_logits = self.gate(torch.cat([m1, m2, n1, n2, *evidence], dim=-1))
        gate = gate_logits.softmax(dim=-1)
        names = ("M1", "M2", "N1", "N2", "R", "U1", "U2")
        said = zip(names, (q_m1, q_m2, q_n1, q_n2, q_r, q_u1, q_u2), strict=True)
        posteriors = {name: q for name, q in said if name in self.latent_names}
        latents = {"Z": torch.cat([z1, z2], dim=-1), **{k: q.mu for k, q in posteriors.items()}}
        return DmilOutput(
            logits=(gate.unsqueeze(-1) * components).sum(dim=1),
            unimodal=unimodal,
            latents={**latents, "S": s},
            gate=gate,
            components=components,
            gate_logits=gate_logits,
            explained_logits=explained_logits,
            posteriors=posteriors,
            draws={**draws, "M1": m1, "M2": m2, "N1": n1, "N2": n2},
            features=(z1, z2),
        )

    def rebuild(self, out: DmilOutput, x1: Tensor, x2: Tensor) -> Rebuilt:
        """What the decoders make of the draws, beside what they should make, for the losses."""
        d = out.draws
        targets = out.features
        if self.config.rebuild == "input":
            targets = (self.encoders.x1.target(x1), self.encoders.x2.target(x2))  # type: ignore[operator]
        inputs = self.intra1.rebuild(d["M1"], d["N1"]), self.intra2.rebuild(d["M2"], d["N2"])
        parts = self.consistency.rebuild(d["R"], d["U1"], d["U2"])
        return Rebuilt(
            inputs=((inputs[0], targets[0].detach()), (inputs[1], targets[1].detach())),
            parts=tuple(zip(parts, (d["M1"], d["M2"]), strict=False)),
            helpers=self.consistency.helpers(d["M1"], d["M2"]),
        )

    def _draw(self, *posteriors: Posterior) -> tuple[Tensor, ...]:
        """One draw each, the mean outside of training. What is one posterior is one draw."""
        different = {id(q): q for q in posteriors}
        drawn = {key: sample(q) if self.training else q.mu for key, q in different.items()}
        return tuple(drawn[id(q)] for q in posteriors)


def latents_of(parts: Parts) -> tuple[str, ...]:
    """The latents of a decomposition of these parts, in the order of its forward pass."""
    without = set() if parts.intra else {"N1", "N2"}
    without |= set() if parts.consistency else {"R", "U1", "U2"}
    return tuple(name for name in DMIL_LATENTS if name not in without)


def shared_fusion(config: ModelConfig) -> Fusion:
    """The fusion of joint learning and of every rival: (B, 2D) twice -> (B, D)."""
    d = config.latent_size
    return Fusion(2 * d, config.fusion_size or 4 * d, d)


class Joint(nn.Module):
    """Fuse, one head: the usual way. The fusion is DMIL's own, so it can represent synergy."""

    latent_names = ("Z1", "Z2", "F")

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoders = Encoders(config)
        d, k, sizes = config.latent_size, config.classes, self.encoders.sizes()
        self.project = nn.ModuleList(nn.Linear(f, 2 * d) for f in sizes)
        self.fusion = shared_fusion(config)
        self.head = nn.Linear(d, k)
        self.heads = nn.ModuleList(nn.Linear(f, k) for f in sizes if config.heads)

    def forward(self, x1: Tensor, x2: Tensor) -> Output:
        z1, z2 = self.encoders(x1, x2)
        fused = self.fuse(z1, z2)
        unimodal = self.alone(z1, z2) if len(self.heads) else None
        return Output(self.head(fused), unimodal, {"Z1": z1, "Z2": z2, "F": fused})

    def fuse(self, z1: Tensor, z2: Tensor) -> Tensor:
        """The fused features (B, D) that ``head`` reads."""
        return self.fusion(self.project[0](z1), self.project[1](z2))

    def alone(self, z1: Tensor, z2: Tensor) -> Tensor:
        """(B, 2, K) logits of the heads on each modality's features."""
        return torch.stack([self.heads[0](z1), self.heads[1](z2)], dim=1)


class Ensemble(nn.Module):
    """Two models that never see each other; their probabilities are averaged, or their logits.

    A logit has no upper end, so among logits an overconfident model outvotes the other one. The
    two are also *the* frozen unimodal pair of a seed, the reference of every paradigm's synergy
    indicator.
    """

    latent_names: tuple[str, ...] = ("Z1", "Z2")

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoders = Encoders(config)
        self.heads = nn.ModuleList(nn.Linear(f, config.classes) for f in self.encoders.sizes())

    def forward(self, x1: Tensor, x2: Tensor) -> Output:
        z1, z2 = self.features(x1, x2)
        unimodal = self.alone(z1, z2)
        return Output(self._mean(unimodal), unimodal, {"Z1": z1, "Z2": z2})

    def features(self, x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
        """z1 and z2, (B, F) each; NaN where the other one trains."""
        return self._features(0, x1), self._features(1, x2)

    def alone(self, z1: Tensor, z2: Tensor) -> Tensor:
        """(B, 2, K) logits of the two models."""
        return torch.stack([self.heads[0](z1), self.heads[1](z2)], dim=1)

    def _mean(self, unimodal: Tensor) -> Tensor:
        if self.config.average == "logits":
            return unimodal.mean(dim=1)
        return unimodal.log_softmax(dim=-1).logsumexp(dim=1) - math.log(2.0)

    def _features(self, m: int, x: Tensor) -> Tensor:
        """(B, F) of one modality. While the other one trains this one's turn is past or to come:
        it is not computed but NaN, so that a loss that reads it all the same is noticed."""
        if self.training and not self.heads[m].weight.requires_grad:
            return x.new_full((len(x), self.encoders.sizes()[m]), math.nan, dtype=torch.float32)
        return self.encoders.features(m, x)
