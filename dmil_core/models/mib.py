"""C-MIB: noisy codes of each modality and of the fusion (Mai, Zeng, Hu, IEEE TMM 2022).

Shapes: B samples, K classes, F features per modality, D latent size; logits are in nats.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dmil_core.config import ModelConfig
from dmil_core.models.baselines import shared_fusion
from dmil_core.models.encoders import Encoders
from dmil_core.models.outputs import Output
from dmil_core.models.posteriors import Gaussian, GaussianHead, sample


@dataclass(frozen=True)
class MibOutput(Output):
    """Output of the bottleneck.

    Attributes
    ----------
    posteriors
        Z1, Z2 and F -> Gaussian, for the KL terms; ``latents`` are their means.
    """

    posteriors: dict[str, Gaussian]


class Mib(nn.Module):
    """Multimodal information bottleneck: noisy codes of each modality and of the fusion.

    q(Z_m|z_m) and q(F|Z1, Z2) are Gaussian, and a head on each code predicts the class. Which of
    the codes a KL term narrows is a matter of losses: ``kl_codes`` and ``kl_fused`` together are
    C-MIB, the first alone is L-MIB, the second alone E-MIB.

    Mai, Zeng, Hu: Multimodal Information Bottleneck. IEEE TMM 2022. At test the codes are the
    posterior means; the published program draws there too, so that its answers vary. The codes
    stand where ``Joint`` has its projections, so that the two differ in noise and heads; the
    published one has a hidden layer of 1024 before each code.
    """

    latent_names = ("Z1", "Z2", "F")

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.encoders = Encoders(config)
        d, k = config.latent_size, config.classes
        self.posterior = nn.ModuleList(GaussianHead(f, 2 * d) for f in self.encoders.sizes())
        self.fusion = shared_fusion(config)
        self.fused = GaussianHead(d, d)
        self.heads = nn.ModuleList(nn.Linear(2 * d, k) for _ in range(2))
        self.head = nn.Linear(d, k)

    def forward(self, x1: Tensor, x2: Tensor) -> MibOutput:
        z1, z2 = self.encoders(x1, x2)
        q1, q2 = self.posterior[0](z1), self.posterior[1](z2)
        code1, code2 = self._draw(q1), self._draw(q2)
        q = self.fused(self.fusion(code1, code2))
        unimodal = torch.stack([self.heads[0](code1), self.heads[1](code2)], dim=1)
        posteriors = {"Z1": q1, "Z2": q2, "F": q}
        latents = {name: p.mu for name, p in posteriors.items()}
        return MibOutput(self.head(self._draw(q)), unimodal, latents, posteriors)

    def _draw(self, q: Gaussian) -> Tensor:
        return sample(q) if self.training else q.mu
