"""OGM-GE: the gradient of the leading encoder is reduced (Peng et al., CVPR 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from dmil_core.training.losses import ModelOutputs
from dmil_core.training.rules.base import modality_parameters
from dmil_core.training.rules.modulation import SMALLEST, Modulation


class OgmGe(Modulation):
    """On-the-fly gradient modulation with generalisation enhancement (OGM-GE).

    Peng, Wei, Deng, Wang, Hu: Balanced Multimodal Learning via On-the-fly Gradient Modulation.
    CVPR 2022. With rho_m = s_m / s_other, encoder m's gradient becomes::

        k_m g + e,   k_m = 1 - tanh(alpha rho_m) if rho_m > 1 else 1,   e ~ N(0, std(g)^2)

    The unimodal heads are trained on detached features, so they do not affect the encoders.

    Deviations. The released code modulates 4-D tensors alone, which are few or none in most
    encoders; here every tensor of the encoder and its norm is scaled. The noise stands for the
    variation between batches, estimated by the standard deviation within a tensor. Vectors
    (biases, a norm's gain and shift) get none: as in the release, and because their few entries
    of different meaning give no estimate. An entry with gradient 0, such as the embedding of a
    word that is not in the batch, gets none either: it does not vary, and padding must stay zero.
    ``noise`` scales e; 0 is OGM.
    """

    defaults: ClassVar[dict[str, float]] = {"alpha": 0.8, "until": 0.5, "noise": 1.0}

    def heads_loss(self, outputs: ModelOutputs) -> Tensor:
        features = (outputs.out.latents[f"Z{m}"].detach() for m in (1, 2))
        unimodal = self.model.alone(*features)  # type: ignore[operator]
        return super().heads_loss(replace(outputs, out=replace(outputs.out, unimodal=unimodal)))

    def factors(self, scores: Tensor) -> Tensor:
        return modulation_coefficients(scores, self.settings["alpha"])

    def modulate(self, m: int, factor: Tensor) -> None:
        modulate_gradients(modality_parameters(self.model, m), factor, self.settings["noise"])


def modulation_coefficients(scores: Tensor, alpha: float) -> Tensor:
    """(2,) OGM-GE's k_m from (2,) scores."""
    rho = scores / scores.flip(0).clamp(min=SMALLEST)
    return torch.where(rho > 1, 1 - torch.tanh(alpha * rho), torch.ones_like(rho))


def modulate_gradients(
    parameters: Sequence[nn.Parameter], factor: float | Tensor, noise: float
) -> None:
    """g <- factor g + noise e in place, e ~ N(0, std(g)^2); see :class:`OgmGe` for where e is 0."""
    for parameter in parameters:
        g = parameter.grad
        if g is None:
            continue
        scaled = factor * g
        if noise and g.ndim > 1:
            scaled += noise * g.std(correction=0) * torch.randn_like(g) * (g != 0)
        parameter.grad = scaled
