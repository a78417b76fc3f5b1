"""OGM-GE: the gradient of the encoder that is ahead is reduced (Peng et al., CVPR 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from dmil_core.training.losses import Evidence
from dmil_core.training.rules.base import modality_parameters
from dmil_core.training.rules.modulation import SMALLEST, Modulation


class OgmGe(Modulation):
    """On-the-fly gradient modulation with generalisation enhancement (OGM-GE).

    Peng, Wei, Deng, Wang, Hu: Balanced Multimodal Learning via On-the-fly Gradient Modulation.
    CVPR 2022. With rho_m = s_m / s_other, encoder m's gradient becomes::

        k_m g + e,   k_m = 1 - tanh(alpha rho_m) if rho_m > 1 else 1,   e ~ N(0, std(g)^2)

    The heads learn from detached features, so they only observe. The released code touches
    4-D tensors alone, which are few or none in most encoders. Here every tensor of the encoder
    and its norm is scaled, so that the encoder is braked as a whole.

    The noise stands for the spread between batches, with the spread inside one tensor as its
    measure. Vectors (biases, a norm's gain and shift) get none: as in the release, and because
    the spread of so few entries of unlike meaning measures nothing; a single entry has none.
    An entry with gradient 0, as of a word that no row of the batch holds, gets none either: it
    has no spread between batches, and padding must stay zero. ``noise`` scales e; 0 is OGM.
    """

    defaults: ClassVar[dict[str, float]] = {"alpha": 0.8, "until": 0.5, "noise": 1.0}

    def heads_loss(self, evidence: Evidence) -> Tensor:
        features = (evidence.out.latents[f"Z{m}"].detach() for m in (1, 2))
        observed = self.model.alone(*features)  # type: ignore[operator]
        return super().heads_loss(replace(evidence, out=replace(evidence.out, unimodal=observed)))

    def factors(self, scores: Tensor) -> Tensor:
        return brakes(scores, self.settings["alpha"])

    def modulate(self, m: int, factor: Tensor) -> None:
        brake(modality_parameters(self.model, m), factor, self.settings["noise"])


def brakes(scores: Tensor, alpha: float) -> Tensor:
    """(2,) OGM-GE's k_m from (2,) scores."""
    rho = scores / scores.flip(0).clamp(min=SMALLEST)
    return torch.where(rho > 1, 1 - torch.tanh(alpha * rho), torch.ones_like(rho))


def brake(parameters: Sequence[nn.Parameter], factor: float | Tensor, noise: float) -> None:
    """g <- factor g + noise e in place, e ~ N(0, std(g)^2); see :class:`OgmGe` for where e is 0."""
    for parameter in parameters:
        g = parameter.grad
        if g is None:
            continue
        scaled = factor * g
        if noise and g.ndim > 1:
            scaled += noise * g.std(correction=0) * torch.randn_like(g) * (g != 0)
        parameter.grad = scaled
