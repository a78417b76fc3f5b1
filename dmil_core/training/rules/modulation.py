"""Scale each encoder's gradient by how well its modality alone does on the batch: OGM-GE, MLB.

Both compare s_m = sum_i p_m[y_i], the probability that modality m's own head gives the true
class, summed over the batch. The heads read the features, since our fusion is not additive and
no half of it speaks for one modality.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from dmil_core.errors import ConfigError
from dmil_core.models.batch import Batch
from dmil_core.training.losses import Evidence, evaluate, total
from dmil_core.training.rules.base import (
    Rule,
    true_class_probability,
)

#: What the heads learn.
ALONE = {"ce_x1": 1.0, "ce_x2": 1.0}

SMALLEST = 1e-8


class Modulation(Rule):
    """Backward as usual, then every encoder's gradient times a factor of its own.

    ``alpha`` is how sharply the factor answers to the scores; ``until`` the share of the stage's
    epochs in which it is applied at all.
    """

    defaults: ClassVar[dict[str, float]] = {"alpha": 0.8, "until": 1.0}

    epoch = 0

    def start_epoch(self, train: Batch, epoch: int) -> None:
        self.epoch = epoch

    def gradients(self, batch: Batch) -> Tensor:
        evidence = evaluate(self.model, batch)
        loss = self.loss(evidence)
        (loss + self.heads_loss(evidence)).backward()
        if self.epoch < self.settings["until"] * self.stage.epochs:
            for m, factor in enumerate(self.factors(batch_scores(evidence))):
                self.modulate(m, factor)
        return loss.detach()

    def heads_loss(self, evidence: Evidence) -> Tensor:
        """What teaches the heads, in nats, no dimension."""
        return total(evidence, ALONE).mean()

    def factors(self, scores: Tensor) -> Tensor:
        """(2,) factors from (2,) scores."""
        raise NotImplementedError

    def modulate(self, m: int, factor: Tensor) -> None:
        """Change the gradients of modality ``m`` in place."""
        raise NotImplementedError


def batch_scores(evidence: Evidence) -> Tensor:
    """(2,) s_m: true-class probability of each modality's own head, summed over the batch.

    Raises
    ------
    ConfigError
        If the model has no such heads.
    """
    unimodal = evidence.out.unimodal
    if unimodal is None:
        raise ConfigError("this rule compares unimodal heads and the model has none; set heads")
    y = evidence.batch.y
    return torch.stack([true_class_probability(unimodal[:, m].detach(), y).sum() for m in (0, 1)])
