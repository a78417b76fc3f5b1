"""QMF: a ranking loss makes a modality's confidence lower where its past loss is higher.

Zhang, Wu, Zhang, Hu, Fu, Zhou, Peng: Provable Dynamic Fusion for Low-Quality Multimodal Data
(QMF). ICML 2023.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from dmil_core.config import Stage
from dmil_core.errors import ConfigError
from dmil_core.models.batch import Rows
from dmil_core.models.qmf import QmfOutput
from dmil_core.training.losses import ModelOutputs, ce_unimodal
from dmil_core.training.rules.base import Rule


class QmfRanking(Rule):
    """L + ``rank`` * (rank_1 + rank_2) in nats, L being the stage's losses.

    For neighbours (i, j) of a batch rank_m is the mean of
    max(0, sign(K_i - K_j) (c_i - c_j) + |K_i - K_j|), where c is the confidence in modality m and
    K a row's mean cross-entropy so far, rescaled from 0 for the least to 1 for the greatest of all
    rows seen.

    Deviations. The released code adds this margin with the other sign, so that wrong orders within
    it cost nothing; this is the form of the paper. Losses are averaged over the visits rather than
    summed, since within an epoch a row that has not been visited yet would look easy.
    """

    defaults: ClassVar[dict[str, float]] = {"rank": 0.1}

    def __init__(self, model: nn.Module, stage: Stage, train: Rows) -> None:
        super().__init__(model, stage, train)
        #: Sum of each modality's losses (2, N) and number of visits (N,) of the training rows.
        self.losses = torch.zeros(2, len(train), device=train.device)
        self.visits = torch.zeros(len(train), device=train.device)

    def loss(self, outputs: ModelOutputs) -> Tensor:
        if not isinstance(outputs.out, QmfOutput) or outputs.batch.index is None:
            raise ConfigError("this rule ranks confidences of known rows and needs a qmf model")
        self._record(outputs, outputs.batch.index)
        hardness = self._hardness(outputs.batch.index)
        confidence = outputs.out.confidence.unbind(dim=1)
        ranks = ranking(confidence[0], hardness[0]) + ranking(confidence[1], hardness[1])
        return super().loss(outputs) + self.settings["rank"] * ranks

    def _record(self, outputs: ModelOutputs, index: Tensor) -> None:
        losses = torch.stack([ce_unimodal(outputs, m).detach() for m in (0, 1)])
        self.losses[:, index] += losses
        self.visits[index] += 1

    def _hardness(self, index: Tensor) -> Tensor:
        """K of these rows, (2, B). All rows alike, as at the very start, are all of 0."""
        means = self.losses / self.visits.clamp_min(1.0)
        seen = means[:, self.visits > 0]
        low, high = (bound[:, None] for bound in seen.aminmax(dim=1))
        return (means[:, index] - low) / (high - low).clamp_min(1e-12)

    def state(self) -> dict[str, Tensor]:
        return {"losses": self.losses.clone(), "visits": self.visits.clone()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        if state:
            self.losses = state["losses"].to(self.losses.device, copy=True)
            self.visits = state["visits"].to(self.visits.device, copy=True)


def ranking(confidence: Tensor, hardness: Tensor) -> Tensor:
    """Mean margin ranking loss of each row (B,) and the next, the last one's being the first."""
    gap = hardness - hardness.roll(-1)
    wrong = gap.sign() * (confidence - confidence.roll(-1))
    return (wrong + gap.abs()).clamp_min(0.0).mean()
