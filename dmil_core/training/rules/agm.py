"""AGM: attribute the logits to the modalities and modulate the gradient of each.

Li, Li, Hu, Lei, Li, Zhou: Boosting Multi-modal Model Performance with Adaptive Gradient
Modulation. ICCV 2023.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from dmil_core.config import Stage
from dmil_core.models.batch import Batch, Rows
from dmil_core.training.gate_target import true_class_probability
from dmil_core.training.losses import ModelOutputs, evaluate
from dmil_core.training.rules.base import Rule

_SMALLEST = 1e-8
_STEEPEST = 10.0


class Agm(Rule):
    """Adaptive gradient modulation (AGM).

    The logits are split into phi_1 + phi_2 (:func:`shares`), and s_m = CE(phi_m, y). The ratio
    r_m = exp(s_other - s_m) measures how far modality m leads; r*_m is the same of the running
    means of s over all batches so far. The gradient that flows back through phi_m, into every
    parameter, is multiplied by kappa_m = exp(alpha min(r*_m - r_m, 10)): it is reduced for a
    modality that leads by more than it usually does.

    Deviations. A modality is removed by setting its features, after their LayerNorm, to zero at
    the input of the fusion, not by an input of zeros: that has the same meaning for every encoder,
    also for text, and costs two more passes through the fusion, none through an encoder. The
    fusion has neither dropout nor batch statistics, so its mode need not be switched. The first
    batch, without a past, gets kappa = 1. The training loop's clipping of the norm replaces that
    of the release. ``until`` is the share of the stage's epochs that are modulated; the release
    stops after a fixed 20, which here would end with the warm-up of the learning rate.
    """

    defaults: ClassVar[dict[str, float]] = {"alpha": 1.0, "until": 1.0}

    epoch = 0

    def __init__(self, model: nn.Module, stage: Stage, train: Rows) -> None:
        super().__init__(model, stage, train)
        self.means = torch.zeros(2, device=train.device)
        self.batches = torch.zeros((), device=train.device)

    def start_epoch(self, train: Rows, epoch: int) -> None:
        self.epoch = epoch

    def gradients(self, batch: Batch) -> Tensor:
        outputs = evaluate(self.model, batch, self.stage.smoothing)
        if self.epoch < self.settings["until"] * self.stage.epochs:
            outputs = self._modulated(outputs)
        loss = self.loss(outputs)
        loss.backward()
        return loss.detach()

    def _modulated(self, outputs: ModelOutputs) -> ModelOutputs:
        """The same logits, whose gradient is multiplied by kappa_m on its way through phi_m."""
        out = outputs.out
        z1, z2 = out.latents["Z1"], out.latents["Z2"]
        first, second = self._fused(z1, torch.zeros_like(z2)), self._fused(torch.zeros_like(z1), z2)
        phi = shares(out.logits, first, second)
        costs = torch.stack([cost(p, outputs.batch.y) for p in phi.detach()])
        kappa = modulation_coefficients(
            costs, self.means if self.batches > 0 else costs, self.settings["alpha"]
        )
        self.batches = self.batches + 1
        self.means = self.means + (costs - self.means) / self.batches
        slope = (kappa[:, None, None] * (phi - phi.detach())).sum(dim=0)
        return replace(outputs, out=replace(out, logits=out.logits.detach() + slope))

    def _fused(self, z1: Tensor, z2: Tensor) -> Tensor:
        return self.model.head(self.model.fuse(z1, z2))  # type: ignore[operator]

    def state(self) -> dict[str, Tensor]:
        return {"means": self.means, "batches": self.batches}

    def load_state(self, state: dict[str, Tensor]) -> None:
        if state:
            self.means = state["means"].to(self.means)
            self.batches = state["batches"].to(self.batches)


def shares(both: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """(2, B, K) phi_m of logits with both modalities, the first alone, the second alone.

    phi_1 = (f(x1, x2) - f(0, x2) + f(x1, 0)) / 2, and phi_1 + phi_2 = f(x1, x2).
    """
    return torch.stack([both - second + first, both - first + second]) / 2


def cost(logits: Tensor, y: Tensor) -> Tensor:
    """Mean CE of logits (B, K) for classes y (B,), nats; no probability counts below 1e-8."""
    return -true_class_probability(logits.softmax(dim=-1), y).clamp(min=_SMALLEST).log().mean()


def modulation_coefficients(costs: Tensor, means: Tensor, alpha: float) -> Tensor:
    """(2,) kappa_m from each modality's cost on this batch and its running mean, both (2,)."""
    lead, usual = ((s.flip(0) - s).exp() for s in (costs, means))
    return (alpha * (usual - lead).clamp(max=_STEEPEST)).exp()
