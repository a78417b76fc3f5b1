"""QMF: unimodal logits weighed per sample by their confidence (Zhang et al., ICML 2023).

Shapes: B samples, K classes, F features per modality, D latent size; logits are in nats.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dmil_core.config import ModelConfig
from dmil_core.models.encoders import Encoders
from dmil_core.models.outputs import Output


@dataclass(frozen=True)
class QmfOutput(Output):
    """Output of quality-aware fusion.

    Attributes
    ----------
    confidence
        (B, 2) logsumexp(l_m) / 10 of each modality's logits, before it is cut off at zero.
    """

    confidence: Tensor


class Qmf(nn.Module):
    """Each modality's logits l_m, weighed per sample by the confidence c_m = logsumexp(l_m) / 10.

    logits = sum_m max(c_m, 0) l_m, with the gradient going through c_m as in the published RGB-D
    version (Zhang, Wu, Zhang, Hu, Fu, Zhou, Peng: Provable Dynamic Fusion for Low-Quality
    Multimodal Data. ICML 2023). Published c_m below zero turn a modality's vote around; here it
    then has none.

    c_m knows its own modality only, so the logits are a sum of functions of one input each:
    whatever the weights, synergy as in XOR cannot be represented.
    """

    latent_names = ("Z1", "Z2")

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoders = Encoders(config)
        self.heads = nn.ModuleList(nn.Linear(f, config.classes) for f in self.encoders.sizes())

    def forward(self, x1: Tensor, x2: Tensor) -> QmfOutput:
        z1, z2 = self.encoders(x1, x2)
        unimodal = torch.stack([self.heads[0](z1), self.heads[1](z2)], dim=1)
        confidence = unimodal.logsumexp(dim=-1) / 10.0
        logits = (confidence.clamp_min(0.0).unsqueeze(-1) * unimodal).sum(dim=1)
        return QmfOutput(logits, unimodal, {"Z1": z1, "Z2": z2}, confidence)
