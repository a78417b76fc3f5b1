"""MMTM: both modalities scale each other's features (Joze et al., CVPR 2020).

Shapes: B samples, K classes, F features per modality, D latent size; logits are in nats.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dmil_core.config import ModelConfig
from dmil_core.models.baselines import Joint


class Mmtm(Joint):
    """Multimodal transfer module: both modalities determine the scale of each feature.

        s = relu(W [z1, z2]) of (F1 + F2) / 2 numbers,    z_m <- 2 sigmoid(W_m s) * z_m

    Joze, Shaban, Iuzzolino, Koishida: MMTM. CVPR 2020. Theirs sits between several blocks of two
    convolutional networks; our encoders are one block, which leaves the position after it. The
    factor 2 leaves features unchanged where the gate is at 1/2, and the gated features go to the
    fusion shared by all methods here instead of to one head each.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        sizes = self.encoders.sizes()
        squeezed = max(1, 2 * sum(sizes) // 4)
        self.squeeze = nn.Linear(sum(sizes), squeezed)
        self.excite = nn.ModuleList(nn.Linear(squeezed, f) for f in sizes)

    def fuse(self, *z: Tensor) -> Tensor:
        """The fused features (B, D) of the features after they have scaled each other."""
        return super().fuse(*(g * f for g, f in zip(self.gates(*z), z, strict=True)))

    def gates(self, z1: Tensor, z2: Tensor) -> tuple[Tensor, Tensor]:
        """What z1 and z2 are multiplied by, (B, F) each, between 0 and 2."""
        s = torch.relu(self.squeeze(torch.cat([z1, z2], dim=-1)))
        return 2.0 * torch.sigmoid(self.excite[0](s)), 2.0 * torch.sigmoid(self.excite[1](s))
