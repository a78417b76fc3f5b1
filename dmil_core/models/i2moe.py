"""I2MoE: a mixture of experts for kinds of interaction (Xin et al., ICML 2025).

Shapes: B samples, K classes, F features per modality, D latent size; logits are in nats.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from dmil_core.config import ModelConfig
from dmil_core.models.baselines import shared_fusion
from dmil_core.models.encoders import Encoders
from dmil_core.models.outputs import Output

#: What each expert is for, in the order of every (B, 4) and (B, 4, K) below.
EXPERTS: Final = ("uniq1", "uniq2", "syn", "red")


@dataclass(frozen=True)
class I2moeOutput(Output):
    """Output of the mixture.

    ``logits == (weights[..., None] * experts).sum(1)`` by construction.

    Attributes
    ----------
    weights
        (B, 4), rows sum to 1, in the order of :data:`EXPERTS`.
    experts
        (B, 4, K) logits of each expert.
    """

    weights: Tensor
    experts: Tensor


class Expert(nn.Module):
    """The joint model without its encoders: fuse, one head. (B, F1), (B, F2) -> (B, K)."""

    def __init__(self, config: ModelConfig, sizes: tuple[int, ...]) -> None:
        super().__init__()
        d = config.latent_size
        self.project = nn.ModuleList(nn.Linear(f, 2 * d) for f in sizes)
        self.fusion = shared_fusion(config)
        self.head = nn.Linear(d, config.classes)

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        return self.head(self.fusion(self.project[0](z1), self.project[1](z2)))


class I2moe(nn.Module):
    """Mixture of experts for interactions: four copies of one fusion over the same encoders.

    All four begin with the same weights and answer every sample; what makes them differ are the
    losses of the rule ``i2moe``. Softmax weights from both features mix their logits.

    Xin et al.: I2MoE: Interpretable Multimodal Interaction-aware Mixture-of-Experts. ICML 2025.
    """

    latent_names = ("Z1", "Z2")

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoders = Encoders(config)
        sizes, hidden = self.encoders.sizes(), 4 * config.latent_size
        first = Expert(config, sizes)
        self.experts = nn.ModuleDict({name: copy.deepcopy(first) for name in EXPERTS})
        self.gate = nn.Sequential(
            nn.Linear(sum(sizes), hidden), nn.GELU(), nn.Dropout(0.5), nn.Linear(hidden, 4)
        )

    def forward(self, x1: Tensor, x2: Tensor) -> I2moeOutput:
        z1, z2 = self.encoders(x1, x2)
        experts = self.expert_logits(z1, z2)
        weights = self.gate(torch.cat([z1, z2], dim=-1)).softmax(dim=-1)
        logits = (weights.unsqueeze(-1) * experts).sum(dim=1)
        return I2moeOutput(logits, None, {"Z1": z1, "Z2": z2}, weights, experts)

    def expert_logits(self, z1: Tensor, z2: Tensor) -> Tensor:
        """(B, 4, K) logits of every expert for these features."""
        return torch.stack([self.experts[name](z1, z2) for name in EXPERTS], dim=1)
