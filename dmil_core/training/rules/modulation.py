"""Gradient modulation by unimodal performance on the batch, shared by OGM-GE and MLB.

Both compare s_m = sum_i p_m[y_i], the true-class probability of the head of modality m, summed
over the batch.

Deviation: the heads read the features. The papers take the half of an additive fusion that belongs
to a modality, and the fusion here is not additive.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from dmil_core.errors import ConfigError
from dmil_core.models.batch import Batch, Rows
from dmil_core.training.gate_target import true_class_probability
from dmil_core.training.losses import ModelOutputs, evaluate, total
from dmil_core.training.rules.base import Rule

#: The losses of the unimodal heads.
ALONE = {"ce_unimodal": 1.0}

SMALLEST = 1e-8


class Modulation(Rule):
    """One backward pass, then the gradient of every encoder times its coefficient.

    ``alpha`` is the steepness of the coefficient; ``until`` the share of the stage's epochs in
    which it is applied.
    """

    defaults: ClassVar[dict[str, float]] = {"alpha": 0.8, "until": 1.0}

    epoch = 0

    def start_epoch(self, train: Rows, epoch: int) -> None:
        self.epoch = epoch

    def gradients(self, batch: Batch) -> Tensor:
        outputs = evaluate(self.model, batch, self.stage.smoothing)
        loss = self.loss(outputs)
        (loss + self.heads_loss(outputs)).backward()
        if self.epoch < self.settings["until"] * self.stage.epochs:
            for m, factor in enumerate(self.factors(batch_scores(outputs))):
                self.modulate(m, factor)
        return loss.detach()

    def heads_loss(self, outputs: ModelOutputs) -> Tensor:
        """The scalar loss of the unimodal heads, nats."""
        return total(outputs, ALONE).mean()

    def factors(self, scores: Tensor) -> Tensor:
        """(2,) coefficients from (2,) scores."""
        raise NotImplementedError

    def modulate(self, m: int, factor: Tensor) -> None:
        """Change the gradients of modality ``m`` in place."""
        raise NotImplementedError


def batch_scores(outputs: ModelOutputs) -> Tensor:
    """(2,) s_m: true-class probability of each unimodal head, summed over the batch.

    Raises
    ------
    ConfigError
        If the model has no such heads.
    """
    unimodal = outputs.out.unimodal
    if unimodal is None:
        raise ConfigError("this rule compares unimodal heads and the model has none; set heads")
    y = outputs.batch.y
    each = (unimodal[:, m].detach().softmax(dim=-1) for m in (0, 1))
    return torch.stack([true_class_probability(p, y).sum() for p in each])
