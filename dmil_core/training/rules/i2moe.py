"""I2MoE: experts specialised by how their logits change when one modality is replaced.

Xin et al.: I2MoE: Interpretable Multimodal Interaction-aware Mixture-of-Experts. ICML 2025. Let o
be an expert's logits and o^m its logits with the features of modality m replaced:

    uniq_m  depends on modality m:      max(0, |o - o^j| - |o - o^m| + margin),   j the other one
    syn     depends on both:            mean over m of cos(o, o^m), to be small
    red     depends on neither alone:   mean over m of 1 - cos(o, o^m)

Their mean is added to the stage's losses with a weight.

Deviation: the paper replaces features by Gaussian noise, which is far from any encoder's output;
here they are those of another sample of the batch.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, triplet_margin_loss

from dmil_core.config import Stage
from dmil_core.errors import ConfigError
from dmil_core.models.batch import Rows
from dmil_core.models.i2moe import I2moe, I2moeOutput
from dmil_core.training.losses import ModelOutputs
from dmil_core.training.rules.base import Rule


class I2moeExperts(Rule):
    """Adds to the losses ``weight`` times the mean of the four experts' interaction losses."""

    #: The published scripts sweep the weight from 0.1 to 0.7.
    defaults: ClassVar[dict[str, float]] = {"weight": 0.1, "margin": 1.0}

    def __init__(self, model: nn.Module, stage: Stage, train: Rows) -> None:
        super().__init__(model, stage, train)
        if not isinstance(model, I2moe):
            raise ConfigError("the rule 'i2moe' needs a mixture of experts (i2moe)")
        self.expert_logits = model.expert_logits

    def loss(self, outputs: ModelOutputs) -> Tensor:
        """CE of the mixture and the weighted interaction losses, a scalar, nats."""
        out = outputs.out
        assert isinstance(out, I2moeOutput)
        z1, z2 = out.latents["Z1"], out.latents["Z2"]
        # Batches come shuffled, so the row before is a random other one, and never the same.
        without = self.expert_logits(z1.roll(1, 0), z2), self.expert_logits(z1, z2.roll(1, 0))
        specialised = interaction_losses(out.experts, *without, self.settings["margin"])
        return super().loss(outputs) + self.settings["weight"] * specialised.mean()


def interaction_losses(whole: Tensor, without1: Tensor, without2: Tensor, margin: float) -> Tensor:
    """(4,) means over the batch, in the order of ``models.i2moe.EXPERTS``.

    Parameters
    ----------
    whole, without1, without2
        (B, 4, K) logits with nothing, modality 1 and modality 2 replaced.
    margin
        Of the distances of logits, nats.
    """
    first, second, syn, red = range(4)
    unique1 = triplet_margin_loss(whole[:, first], without2[:, first], without1[:, first], margin)
    unique2 = triplet_margin_loss(
        whole[:, second], without1[:, second], without2[:, second], margin
    )
    both = (without1, without2)
    cosines = [cosine_similarity(whole, w, dim=-1).mean(dim=0) for w in both]  # (4,) each
    alike = torch.stack(cosines).mean(dim=0)
    return torch.stack([unique1, unique2, alike[syn], 1.0 - alike[red]])
