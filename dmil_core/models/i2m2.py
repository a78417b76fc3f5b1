"""I2M2: a product of three models (Madaan, Makino, Chopra, Cho, NeurIPS 2024).

Shapes: B samples, K classes, F features per modality, D latent size; logits are in nats.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from dmil_core.config import ModelConfig
from dmil_core.models.baselines import Ensemble, Joint
from dmil_core.models.outputs import Output


@dataclass(frozen=True)
class I2m2Output(Output):
    """Output of the product.

    ``logits == unimodal.sum(1) + both`` by construction.

    Attributes
    ----------
    both
        (B, K) logits of q12, the model of both modalities.
    """

    both: Tensor


class I2m2(Ensemble):
    """Inter- and intra-modality models: p(y|x1,x2) prop. to q1(y|x1) q2(y|x2) q12(y|x1,x2).

    The product of the three renormalised is softmax(o1 + o2 + o12) of their logits. q1 and q2 are
    the ensemble's two models; q12 is a whole joint model with encoders of its own, so there are
    four encoders and twice the parameters.

    Madaan, Makino, Chopra, Cho: Jointly Modeling Inter- & Intra-Modality Dependencies for
    Multi-modal Learning. NeurIPS 2024.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.both = Joint(config)
        self.latent_names = self.both.latent_names

    def forward(self, *x: Tensor) -> I2m2Output:
        z1, z2 = self.features(*x)
        unimodal, joint = self.alone(z1, z2), self.both(*x)
        latents = {"Z1": z1, "Z2": z2, "F": joint.latents["F"]}
        return I2m2Output(unimodal.sum(dim=1) + joint.logits, unimodal, latents, joint.logits)
