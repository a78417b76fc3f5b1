"""DMIL, joint and ensemble. Each forward takes (x1, x2) or (x1, x2, x3), one row per sample.

Shapes: B samples, M modalities, C = M + 2 components, K classes, D latent size; logits are in
nats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from dmil_core.config import ModelConfig
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
from dmil_core.schema import Component, components, dmil_latents, modality_numbers


@dataclass(frozen=True)
class Output:
    """What every architecture returns.

    Attributes
    ----------
    logits
        (B, K).
    unimodal
        (B, M, K) logits from each modality alone, or None where the architecture has none.
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
        (B, C), rows sum to 1, in the order of ``schema.components``.
    components
        (B, C, K) logits of each component's own head.
    gate_logits
        (B, C), before the softmax.
    explained_logits
        (B,) before the logistic function: the share of the sample that any component explains;
        None where the model does not tell.
    posteriors
        Name -> Gaussian or point, for the KL terms; those that the model has.
    draws
        Name -> (B, D), the draws the decoders rebuild from.
    features
        z of each modality, (B, F).
    """

    gate: Tensor
    components: Tensor
    gate_logits: Tensor
    explained_logits: Tensor | None
    posteriors: dict[str, Posterior]
    draws: dict[str, Tensor]
    features: tuple[Tensor, ...]

    @property
    def names(self) -> tuple[Component, ...]:
        """The components that ``gate`` and ``components`` are of."""
        return components(len(self.features))

    @property
    def present(self) -> tuple[Component, ...]:
        """The components that the model has: all, or all but R, whose gate is then 0."""
        return self.names if "R" in self.posteriors else self.names[1:]


class Rebuilt(NamedTuple):
    """(made, wanted) pairs of the decoders and the helper posteriors v(R|M_m)."""

    inputs: tuple[tuple[Tensor, Tensor], ...]
    parts: tuple[tuple[Tensor, Tensor], ...]
    helpers: tuple[Posterior, ...]


class Encoders(nn.Module):
    """Every modality's encoder and a LayerNorm on each feature vector.

    Without the norm the encoder can shrink its features in stage 1 until the synergy basis is
    below the noise of the posteriors.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.modalities = config.modalities
        for m, encoder in enumerate(config.encoders, start=1):
            self.add_module(f"x{m}", build_encoder(encoder))
        for m, size in enumerate(self.sizes(), start=1):
            self.add_module(f"norm{m}", nn.LayerNorm(size))

    def each(self) -> tuple[nn.Module, ...]:
        """The encoders, x1 first."""
        return _numbered(self, "x", self.modalities)

    def sizes(self) -> tuple[int, ...]:
        """Feature size of each z."""
        return tuple(int(encoder.feature_size) for encoder in self.each())  # type: ignore[arg-type]

    def target_sizes(self) -> tuple[int, ...]:
        """Size of what a decoder of each input has to rebuild."""
        return tuple(int(encoder.target_size) for encoder in self.each())  # type: ignore[arg-type]

    def targets(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """What a decoder of each input has to rebuild, (B, target size)."""
        pairs = zip(self.each(), inputs, strict=True)
        return tuple(encoder.target(x) for encoder, x in pairs)  # type: ignore[operator]

    def features(self, m: int, x: Tensor) -> Tensor:
        """z of modality ``m`` (from 0), (B, F)."""
        return getattr(self, f"norm{m + 1}")(getattr(self, f"x{m + 1}")(x))

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.features(m, x) for m, x in enumerate(inputs))


def _numbered(parent: nn.Module, stem: str, count: int) -> tuple[nn.Module, ...]:
    """The parts ``<stem>1``, ``<stem>2`` ... of a module."""
    return tuple(getattr(parent, f"{stem}{m}") for m in range(1, count + 1))


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
        count, self.names = config.modalities, components(config.modalities)
        for m, (size, target) in enumerate(zip(sizes, targets, strict=True), start=1):
            self.add_module(f"intra{m}", intra(size, d, k, target, layer))
        self.consistency = Consistency(d, layer, count) if config.consistency else Unshared()
        self.synergy = Fusion(d, 4 * d, d, count)
        present = self.names if config.consistency else self.names[1:]
        self.heads = nn.ModuleDict(
            {c: nn.Linear(d, k) if c in present else Silent(k) for c in self.names}
        )
        known = 2 * count * d + (count + 1) * k
        self.gate = Gate(known, 4 * d, present, config.explained, count)

    def intra(self) -> tuple[Any, ...]:
        """The intra-modality decompositions, that of x1 first."""
        return _numbered(self, "intra", self.config.modalities)

    def forward(self, *x: Tensor) -> DmilOutput:
        z, intra = self.encoders(*x), self.intra()
        q_m, q_n = zip(*(split(own) for split, own in zip(intra, z, strict=True)), strict=True)
        drawn = self._draw(*q_m, *q_n)
        m, n = drawn[: len(z)], drawn[len(z) :]
        q_shared = self.consistency(*m)
        s = self.synergy(*n)
        draws = dict(zip(self.names, (*self._draw(*q_shared), s), strict=True))
        unimodal = torch.stack([p.head(own) for p, own in zip(intra, m, strict=True)], dim=1)
        components = torch.stack([self.heads[c](draws[c]) for c in self.names], dim=1)
        evidence = [unimodal.softmax(dim=-1).flatten(1), components[:, -1].softmax(dim=-1)]
        gate_logits, explained_logits = self.gate(torch.cat([*m, *n, *evidence], dim=-1))
        gate = gate_logits.softmax(dim=-1)
        names = dmil_latents(len(z))[1:-1]  # between Z and S, which are no posteriors
        said = zip(names, (*q_m, *q_n, *q_shared), strict=True)
        posteriors = {name: q for name, q in said if name in self.latent_names}
        latents = {"Z": torch.cat(z, dim=-1), **{k: q.mu for k, q in posteriors.items()}}
        return DmilOutput(
            logits=(gate.unsqueeze(-1) * components).sum(dim=1),
            unimodal=unimodal,
            latents={**latents, "S": s},
            gate=gate,
            components=components,
            gate_logits=gate_logits,
            explained_logits=explained_logits,
            posteriors=posteriors,
            draws={**draws, **dict(zip(names, drawn, strict=False))},
            features=z,
        )

    def rebuild(self, out: DmilOutput, *x: Tensor) -> Rebuilt:
        """What the decoders make of the draws, beside what they should make, for the losses."""
        numbers = modality_numbers(self.config.modalities)
        m, n, u = ([out.draws[f"{part}{i}"] for i in numbers] for part in "MNU")
        targets = self.encoders.targets(*x) if self.config.rebuild == "input" else out.features
        inputs = (part.rebuild(*own) for part, *own in zip(self.intra(), m, n, strict=True))
        parts = self.consistency.rebuild(out.draws["R"], *u)
        return Rebuilt(
            inputs=tuple((made, t.detach()) for made, t in zip(inputs, targets, strict=True)),
            parts=tuple(zip(parts, m, strict=False)),
            helpers=self.consistency.helpers(*m),
        )

    def _draw(self, *posteriors: Posterior) -> tuple[Tensor, ...]:
        """One draw each, the mean outside of training. What is one posterior is one draw."""
        different = {id(q): q for q in posteriors}
        drawn = {key: sample(q) if self.training else q.mu for key, q in different.items()}
        return tuple(drawn[id(q)] for q in posteriors)


def latents_of(config: ModelConfig) -> tuple[str, ...]:
    """The latents of a decomposition of this kind, in the order of its forward pass."""
    without = "" if config.intra else "N"
    without += "" if config.consistency else "RU"
    return tuple(name for name in dmil_latents(config.modalities) if name[0] not in without)


def feature_names(modalities: int) -> tuple[str, ...]:
    """Z1, Z2 ...: the latents that are one encoder's features."""
    return tuple(f"Z{m}" for m in modality_numbers(modalities))


def shared_fusion(config: ModelConfig) -> Fusion:
    """The fusion of joint learning and of every rival: (B, 2D) of each modality -> (B, D)."""
    d = config.latent_size
    return Fusion(2 * d, config.fusion_size or 4 * d, d, config.modalities)


class Joint(nn.Module):
    """Fuse, one head: the usual way. The fusion is DMIL's own, so it can represent synergy."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.latent_names = (*feature_names(config.modalities), "F")
        self.encoders = Encoders(config)
        d, k, sizes = config.latent_size, config.classes, self.encoders.sizes()
        self.project = nn.ModuleList(nn.Linear(f, 2 * d) for f in sizes)
        self.fusion = shared_fusion(config)
        self.head = nn.Linear(d, k)
        self.heads = nn.ModuleList(nn.Linear(f, k) for f in sizes if config.heads)

    def forward(self, *x: Tensor) -> Output:
        z = self.encoders(*x)
        fused = self.fuse(*z)
        unimodal = self.alone(*z) if len(self.heads) else None
        latents = dict(zip(self.latent_names, (*z, fused), strict=True))
        return Output(self.head(fused), unimodal, latents)

    def fuse(self, *z: Tensor) -> Tensor:
        """The fused features (B, D) that ``head`` reads."""
        return self.fusion(*(part(own) for part, own in zip(self.project, z, strict=True)))

    def alone(self, *z: Tensor) -> Tensor:
        """(B, M, K) logits of the heads on each modality's features."""
        return torch.stack([head(own) for head, own in zip(self.heads, z, strict=True)], dim=1)


class Ensemble(nn.Module):
    """One model per modality, none sees another; their probabilities are averaged, or logits.

    A logit has no upper end, so among logits an overconfident model outvotes the other one. The
    models are also *the* frozen unimodal pair of a seed, the reference of every paradigm's synergy
    indicator.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.latent_names = feature_names(config.modalities)
        self.encoders = Encoders(config)
        self.heads = nn.ModuleList(nn.Linear(f, config.classes) for f in self.encoders.sizes())

    def forward(self, *x: Tensor) -> Output:
        z = self.features(*x)
        unimodal = self.alone(*z)
        return Output(self._mean(unimodal), unimodal, dict(zip(self.latent_names, z, strict=True)))

    def features(self, *x: Tensor) -> tuple[Tensor, ...]:
        """Every z, (B, F) each; NaN where another one trains."""
        return tuple(self._features(m, own) for m, own in enumerate(x))

    def alone(self, *z: Tensor) -> Tensor:
        """(B, M, K) logits of the models."""
        return torch.stack([head(own) for head, own in zip(self.heads, z, strict=True)], dim=1)

    def _mean(self, unimodal: Tensor) -> Tensor:
        if self.config.average == "logits":
            return unimodal.mean(dim=1)
        return unimodal.log_softmax(dim=-1).logsumexp(dim=1) - math.log(len(self.heads))

    def _features(self, m: int, x: Tensor) -> Tensor:
        """(B, F) of one modality. While another one trains this one's turn is past or to come:
        it is not computed but NaN, so that a loss that reads it all the same is noticed."""
        if self.training and not self.heads[m].weight.requires_grad:
            return x.new_full((len(x), self.encoders.sizes()[m]), math.nan, dtype=torch.float32)
        return self.encoders.features(m, x)
