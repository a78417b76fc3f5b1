"""The baselines: joint learning and the ensemble. Each forward takes (x1, x2) or (x1, x2, x3).

Shapes: B samples, M modalities, K classes, F features, D latent size; logits are in nats.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from dmil_core.config import ModelConfig
from dmil_core.models.decomposition import Fusion
from dmil_core.models.encoders import Encoders
from dmil_core.models.outputs import Output
from dmil_core.schema import modality_numbers


def feature_names(modalities: int) -> tuple[str, ...]:
    """Z1, Z2 ...: the latents that are one encoder's features."""
    return tuple(f"Z{m}" for m in modality_numbers(modalities))


def shared_fusion(config: ModelConfig) -> Fusion:
    """The fusion of joint learning and of every compared method: (B, 2D) of each modality -> (B,
    D)."""
    d = config.latent_size
    return Fusion(2 * d, config.fusion_size or 4 * d, d, config.modalities)


class Joint(nn.Module):
    """Joint learning: fusion and one head. The fusion is DMIL's, so it can represent synergy."""

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
        return self.fusion(*(project(f) for project, f in zip(self.project, z, strict=True)))

    def alone(self, *z: Tensor) -> Tensor:
        """(B, M, K) logits of the heads on each modality's features."""
        return torch.stack([head(f) for head, f in zip(self.heads, z, strict=True)], dim=1)


class Ensemble(nn.Module):
    """One model per modality, trained independently; their probabilities or logits are averaged.

    Logits are not bounded, so that an overconfident model dominates an average of logits. The
    models are also the frozen unimodal pair of a seed, to which every paradigm's synergy indicator
    refers.
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
        """Every z, (B, F) each; NaN for a modality that is not trained in this stage."""
        return tuple(self._features(m, x_m) for m, x_m in enumerate(x))

    def alone(self, *z: Tensor) -> Tensor:
        """(B, M, K) logits of the models."""
        return torch.stack([head(f) for head, f in zip(self.heads, z, strict=True)], dim=1)

    def _mean(self, unimodal: Tensor) -> Tensor:
        if self.config.average == "logits":
            return unimodal.mean(dim=1)
        return unimodal.log_softmax(dim=-1).logsumexp(dim=1) - math.log(len(self.heads))

    def _features(self, m: int, x: Tensor) -> Tensor:
        """(B, F) of one modality. While another one is trained it is not computed but NaN, so that
        a loss that reads it by mistake is noticed."""
        if self.training and not self.heads[m].weight.requires_grad:
            return x.new_full((len(x), self.encoders.sizes()[m]), math.nan, dtype=torch.float32)
        return self.encoders.features(m, x)
