"""Total correlation of both features and the label, made as large as a batch can prove it.

Yu, Wu, Yang, Lu: Multimodal Classification via Total Correlation Maximization (TCMax).
ICLR 2026, arXiv:2602.13015.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from dmil_core.training.losses import Evidence
from dmil_core.training.rules.base import Rule
from dmil_core.training.rules.pairing import answers, joint_model


class Correlation(Rule):
    """-mean_i F[i, i, y_i] + logsumexp over (j, k, c) of F[j, k, c] - log(B^2 C), in nats.

    F[j, k, :] are the logits for z1 of row j beside z2 of row k. The loss takes the place of the
    cross-entropy; the stage's losses are what validation watches.

    The fast form of the paper needs logits that are a sum over modalities. Ours are not, so every
    pair is a pass through the fusion, and a batch of 256 would have 65,536. ``negatives`` caps the
    other rows that each row is paired with: a batch of up to ``negatives`` + 1 rows is taken
    whole, and in a larger one as many cyclic shifts are drawn, weighted so that the sum inside
    the logarithm is right on average. How many there are is a hyper-parameter of the method: the
    paper has 32 x 32 pairs on CREMA-D.

    The label prior: the reference measure gives all C labels the same share, as published. At the
    optimum F = log p(y|z1, z2) + log p(z1, z2) / (p(z1) p(z2)) + constant, so that the softmax over
    y is the posterior with the prior in it, and its argmax needs no correction under imbalance.
    But the value of the loss is then -(TC + log C - H(y)): what it says of total correlation is too
    much by log C - H(y).
    """

    defaults: ClassVar[dict[str, float]] = {"negatives": 31.0}

    def loss(self, evidence: Evidence) -> Tensor:
        own = evidence.out.logits
        reached = own.gather(1, evidence.batch.y[:, None]).mean()
        return self._normaliser(evidence, own) - reached

    def _normaliser(self, evidence: Evidence, own: Tensor) -> Tensor:
        """log of the mean of exp F over pairs of rows and labels, own pairs (B, K) known."""
        rows = len(own)
        drawn = min(int(self.settings["negatives"]), rows - 1)
        scores = [own.flatten()]
        if drawn > 0:
            shifts = 1 + torch.randperm(rows - 1)[:drawn]
            scores.append(self._others(evidence, shifts) + math.log((rows - 1) / drawn))
        return torch.cat(scores).logsumexp(dim=0) - math.log(rows * own.numel())

    def _others(self, evidence: Evidence, shifts: Tensor) -> Tensor:
        """F of every row j beside row j + shift of the batch, flattened."""
        z1, z2 = evidence.out.latents["Z1"], evidence.out.latents["Z2"]
        first = torch.arange(len(z1)).repeat(len(shifts))
        second = (torch.arange(len(z1)) + shifts[:, None]).flatten() % len(z1)
        model = joint_model(self.model)
        return answers(model, z1[first.to(z1.device)], z2[second.to(z2.device)]).flatten()
