"""DMIL: decomposition-based multimodal interaction learning (arXiv:2606.11614).

The forward pass takes (x1, x2) or (x1, x2, x3), one row per sample.

Shapes: B samples, M modalities, C = M + 2 components, K classes, D latent size; logits are in
nats.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from dmil_core.config import ModelConfig
from dmil_core.models.decomposition import (
    Consistency,
    Fusion,
    Gate,
    IntraModality,
    NoConsistency,
    NoIntraSplit,
    ZeroHead,
)
from dmil_core.models.encoders import Encoders, numbered
from dmil_core.models.outputs import DmilOutput, Reconstructions
from dmil_core.models.posteriors import GaussianHead, PointHead, Posterior, sample
from dmil_core.schema import components, dmil_latents, modality_numbers


class Dmil(nn.Module):
    """Decomposition-based multimodal interaction learning (arXiv:2606.11614).

    The paper's ablations replace a decomposition by a simpler module with the same interface.
    Latents that are then missing are not among ``latent_names``, and a missing component has a
    gate weight and logits of exactly 0.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        d, k = config.latent_size, config.classes
        self.config = config
        self.latent_names = latents_of(config)
        self.encoders = Encoders(config)
        sizes = self.encoders.sizes()
        targets = self.encoders.target_sizes() if config.reconstruct == "input" else sizes
        layer = GaussianHead if config.variational else PointHead
        intra = IntraModality if config.intra else NoIntraSplit
        count, self.names = config.modalities, components(config.modalities)
        for m, (size, target) in enumerate(zip(sizes, targets, strict=True), start=1):
            self.add_module(f"intra{m}", intra(size, d, k, target, layer))
        self.consistency = Consistency(d, layer, count) if config.consistency else NoConsistency()
        self.synergy = Fusion(d, 4 * d, d, count)
        present = self.names if config.consistency else self.names[1:]
        self.heads = nn.ModuleDict(
            {c: nn.Linear(d, k) if c in present else ZeroHead(k) for c in self.names}
        )
        known = 2 * count * d + (count + 1) * k
        self.gate = Gate(known, 4 * d, present, config.explained, count)

    def intra(self) -> tuple[Any, ...]:
        """The intra-modality decompositions, that of x1 first."""
        return numbered(self, "intra", self.config.modalities)

    def forward(self, *x: Tensor) -> DmilOutput:
        z, intra = self.encoders(*x), self.intra()
        q_m, q_n = zip(*(split(f) for split, f in zip(intra, z, strict=True)), strict=True)
        drawn = self._draw(*q_m, *q_n)
        m, n = drawn[: len(z)], drawn[len(z) :]
        q_shared = self.consistency(*m)
        s = self.synergy(*n)
        draws = dict(zip(self.names, (*self._draw(*q_shared), s), strict=True))
        unimodal = torch.stack([p.head(draw) for p, draw in zip(intra, m, strict=True)], dim=1)
        components = torch.stack([self.heads[c](draws[c]) for c in self.names], dim=1)
        if self.config.unimodal_terms:
            components = components + self._unimodal_terms(unimodal)
        predictions = [unimodal.softmax(dim=-1).flatten(1), components[:, -1].softmax(dim=-1)]
        gate_logits, explained_logits = self.gate(torch.cat([*m, *n, *predictions], dim=-1))
        gate = gate_logits.softmax(dim=-1)
        names = dmil_latents(len(z))[1:-1]  # between Z and S, which are no posteriors
        named = zip(names, (*q_m, *q_n, *q_shared), strict=True)
        posteriors = {name: q for name, q in named if name in self.latent_names}
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

    def _unimodal_terms(self, unimodal: Tensor) -> Tensor:
        """What each component's logits have of the unimodal heads' (B, M, K): (B, C, K).

        A product of experts: U_m builds on its own modality, R and S on all of them.
        """
        every = unimodal.sum(dim=1)
        shared = every if self.config.consistency else torch.zeros_like(every)
        return torch.stack([shared, *unimodal.unbind(dim=1), every], dim=1)

    def reconstruct(self, out: DmilOutput, *x: Tensor) -> Reconstructions:
        """The decoders' outputs with their targets, for the reconstruction losses."""
        numbers = modality_numbers(self.config.modalities)
        m, n, u = ([out.draws[f"{part}{i}"] for i in numbers] for part in "MNU")
        targets = self.encoders.targets(*x) if self.config.reconstruct == "input" else out.features
        inputs = (part.reconstruct(*mn) for part, *mn in zip(self.intra(), m, n, strict=True))
        components = self.consistency.reconstruct(out.draws["R"], *u)
        return Reconstructions(
            inputs=tuple((output, t.detach()) for output, t in zip(inputs, targets, strict=True)),
            components=tuple(zip(components, m, strict=False)),
            helpers=self.consistency.helpers(*m),
        )

    def _draw(self, *posteriors: Posterior) -> tuple[Tensor, ...]:
        """One draw of each, the mean outside of training; the same posterior gives one draw."""
        different = {id(q): q for q in posteriors}
        drawn = {key: sample(q) if self.training else q.mu for key, q in different.items()}
        return tuple(drawn[id(q)] for q in posteriors)


def latents_of(config: ModelConfig) -> tuple[str, ...]:
    """The latents of a decomposition of this kind, in the order of its forward pass."""
    without = "" if config.intra else "N"
    without += "" if config.consistency else "RU"
    return tuple(name for name in dmil_latents(config.modalities) if name[0] not in without)
