"""TCMax: maximise a lower bound of the total correlation of both features and the label.

Yu, Wu, Yang, Lu: Multimodal Classification via Total Correlation Maximization (TCMax).
ICLR 2026, arXiv:2602.13015.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from dmil_core.training.losses import ModelOutputs
from dmil_core.training.rules.base import Rule
from dmil_core.training.rules.pairing import answers, joint_model


class TcMax(Rule):
    """-mean_i F[i, i, y_i] + logsumexp over (j, k, c) of F[j, k, c] - log(B^2 C), in nats.

    F[j, k, :] are the logits for z1 of row j beside z2 of row k. The loss takes the place of the
    cross-entropy; the stage's losses are what validation watches.

    Deviation: the fast form of the paper needs logits that are a sum over modalities. Ours are
    not, so every pair is a pass through the fusion, and a batch of 256 would have 65,536.
    ``negatives`` limits the other rows that each row is paired with: a batch of up to
    ``negatives`` + 1 rows is used whole, and in a larger one as many cyclic shifts are drawn,
    weighted so that the sum inside the logarithm is unbiased. Their number is a hyperparameter of
    the method: the paper has 32 x 32 pairs on CREMA-D.

    The label prior: the reference measure gives all C labels the same share, as published. At the
    optimum F = log p(y|z1, z2) + log p(z1, z2) / (p(z1) p(z2)) + constant, so that the softmax over
    y is the posterior with the prior in it, and its argmax needs no correction under imbalance.
    But the value of the loss is then -(TC + log C - H(y)): it overestimates the total correlation
    by log C - H(y).
    """

    defaults: ClassVar[dict[str, float]] = {"negatives": 31.0}

    def loss(self, outputs: ModelOutputs) -> Tensor:
        logits = outputs.out.logits
        true = logits.gather(1, outputs.batch.y[:, None]).mean()
        return self._normaliser(outputs, logits) - true

    def _normaliser(self, outputs: ModelOutputs, logits: Tensor) -> Tensor:
        """log of the mean of exp F over pairs of rows and labels; ``logits`` of the true pairs."""
        rows = len(logits)
        drawn = min(int(self.settings["negatives"]), rows - 1)
        scores = [logits.flatten()]
        if drawn > 0:
            shifts = 1 + torch.randperm(rows - 1)[:drawn]
            scores.append(self._others(outputs, shifts) + math.log((rows - 1) / drawn))
        return torch.cat(scores).logsumexp(dim=0) - math.log(rows * logits.numel())

    def _others(self, outputs: ModelOutputs, shifts: Tensor) -> Tensor:
        """F of every row j beside row j + shift of the batch, flattened."""
        z1, z2 = outputs.out.latents["Z1"], outputs.out.latents["Z2"]
        first = torch.arange(len(z1)).repeat(len(shifts))
        second = (torch.arange(len(z1)) + shifts[:, None]).flatten() % len(z1)
        model = joint_model(self.model)
        return answers(model, z1[first.to(z1.device)], z2[second.to(z2.device)]).flatten()
