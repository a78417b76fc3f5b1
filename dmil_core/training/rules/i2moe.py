"""Experts told apart by what they say when one modality is taken away.

Xin et al.: I2MoE: Interpretable Multimodal Interaction-aware Mixture-of-Experts. ICML 2025. Let o
be an expert's logits and o^m its logits with the features of modality m replaced:

    uniq_m  lives on modality m:        max(0, |o - o^j| - |o - o^m| + margin),   j the other one
    syn     needs both:                 mean over m of cos(o, o^m), to be small
    red     is content with either:     mean over m of 1 - cos(o, o^m)

Their mean is added to the stage's losses with a weight. The paper replaces features by Gaussian
noise, which no encoder makes; here they are those of another sample of the batch.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, triplet_margin_loss

from dmil_core.config import Stage
from dmil_core.errors import ConfigError
from dmil_core.models.batch import Batch
from dmil_core.models.i2moe import I2moe, I2moeOutput
from dmil_core.training.losses import Evidence
from dmil_core.training.rules.base import Rule


class Experts(Rule):
    """Adds to the losses ``weight`` times the mean of the four experts' interaction losses."""

    #: The published scripts sweep the weight from 0.1 to 0.7.
    defaults: ClassVar[dict[str, float]] = {"weight": 0.1, "margin": 1.0}

    def __init__(self, model: nn.Module, stage: Stage, train: Batch) -> None:
        super().__init__(model, stage, train)
        if not isinstance(model, I2moe):
            raise ConfigError("the rule 'experts' needs a mixture of experts (i2moe)")
        self.ask = model.ask

    def loss(self, evidence: Evidence) -> Tensor:
        """CE of the mixture and what tells the experts apart, no dimension."""
        out = evidence.out
        assert isinstance(out, I2moeOutput)
        z1, z2 = out.latents["Z1"], out.latents["Z2"]
        # Batches come shuffled, so the row before is a random other one, and never the same.
        without = self.ask(z1.roll(1, 0), z2), self.ask(z1, z2.roll(1, 0))
        apart = interaction_losses(out.experts, *without, self.settings["margin"])
        return super().loss(evidence) + self.settings["weight"] * apart.mean()


def interaction_losses(whole: Tensor, without1: Tensor, without2: Tensor, margin: float) -> Tensor:
    """(4,) means over the batch, in the order of ``rivals.EXPERTS``.

    Parameters
    ----------
    whole, without1, without2
        (B, 4, K) logits with nothing, modality 1 and modality 2 replaced.
    margin
        Of the distances of logits, nats.
    """
    one, two, syn, red = range(4)
    unique1 = triplet_margin_loss(whole[:, one], without2[:, one], without1[:, one], margin)
    unique2 = triplet_margin_loss(whole[:, two], without1[:, two], without2[:, two], margin)
    both = (without1, without2)
    cosines = [cosine_similarity(whole, w, dim=-1).mean(dim=0) for w in both]  # (4,) each
    alike = torch.stack(cosines).mean(dim=0)
    return torch.stack([unique1, unique2, alike[syn], 1.0 - alike[red]])
