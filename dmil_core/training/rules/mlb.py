"""MLB: unimodal losses, and gradient coefficients above 1 for the encoder that lags.

Kontras et al.: Improving Multimodal Learning with Multi-Loss Gradient Modulation. BMVC 2024.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from dmil_core.training.rules.base import modality_parameters, scale_gradients
from dmil_core.training.rules.modulation import SMALLEST, Modulation


class Mlb(Modulation):
    """Multi-loss gradient modulation (MLB).

    Kontras et al.: Improving Multimodal Learning with Multi-Loss Gradient Modulation. BMVC 2024.
    L = CE + CE_1 + CE_2; with r_m = s_other / s_m all gradients of encoder m and of its columns
    of the fusion, here its projection, are multiplied by::

        k_m = 1 + (b_m - 1) tanh(alpha (r_m - 1)),   b_m = beta if r_m > 1 else 2

    ``beta`` is the largest coefficient; at balance k_m is 1.
    """

    defaults: ClassVar[dict[str, float]] = {"alpha": 0.8, "until": 1.0, "beta": 2.0}

    def factors(self, scores: Tensor) -> Tensor:
        return modulation_coefficients(scores, self.settings["alpha"], self.settings["beta"])

    def modulate(self, m: int, factor: Tensor) -> None:
        named = self.model.named_parameters()
        columns = [p for name, p in named if name.startswith(f"project.{m}.")]
        scale_gradients([*modality_parameters(self.model, m), *columns], factor)


def modulation_coefficients(scores: Tensor, alpha: float, beta: float) -> Tensor:
    """(2,) MLB's k_m from (2,) scores."""
    r = scores.flip(0) / scores.clamp(min=SMALLEST)
    reach = torch.where(r > 1, beta - 1.0, 1.0)
    return 1 + reach * torch.tanh(alpha * (r - 1))
