"""PMR: class prototypes measure which modality lags, and attract its features.

Fan, Xu, Wang, Wang, Guo: PMR: Prototypical Modal Rebalance for Multimodal Learning. CVPR 2023.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from dmil_core.models.batch import Rows
from dmil_core.models.outputs import Output
from dmil_core.training.gate_target import true_class_probability
from dmil_core.training.losses import ModelOutputs, evaluate
from dmil_core.training.rules.base import Rule

ROWS = 2048
MODALITIES = ("Z1", "Z2")


class Pmr(Rule):
    """L + alpha (b PCE_1 + g PCE_2) - mu (g H_1 + b H_2), in nats, L being the stage's losses.

    PCE_m is the cross-entropy of -distance(z_m, class means of z_m) as logits, H_m the entropy of
    their softmax. With s_m the mean probability of the true class and rho = s_1 / s_2 over the
    batch, b = clip(1/rho - 1, 0, 1) and g = clip(rho - 1, 0, 1): only the modality that lags is
    attracted by its prototypes, and only the entropy of the leading one is raised, in the first
    ``early`` of the epochs.

    Deviations. This is the form printed in the paper; the released code has b and g of 0 or 1 and
    no entropy. The prototypes are constant within an epoch and computed before each from all
    training rows, where the release takes a tenth of them, so they need neither momentum nor a
    state. A class without training rows has no prototype and takes no part.
    """

    #: ``temperature``: see :func:`prototype_logits`.
    defaults: ClassVar[dict[str, float]] = {
        "alpha": 1.0,
        "mu": 0.01,
        "early": 0.25,
        "temperature": 0.25,
    }
    #: Prototypes are those of the weights at the start of an epoch.
    divisible = False

    prototypes: tuple[Tensor, ...] = ()
    position: Tensor
    epoch = 0

    def start_epoch(self, train: Rows, epoch: int) -> None:
        self.epoch = epoch
        self.model.eval()
        with torch.no_grad():
            chunks = list(train.chunks(ROWS))
            outs = [evaluate(self.model, chunk).out for chunk in chunks]
            self._set_prototypes(outs, torch.cat([chunk.y for chunk in chunks]))
        self.model.train()

    def _set_prototypes(self, outs: list[Output], y: Tensor) -> None:
        """Class means of each modality's features (classes present, F); class -> its row there."""
        counts = torch.bincount(y, minlength=outs[0].logits.shape[1])
        present = counts > 0
        self.position = present.cumsum(0) - 1
        means = []
        for name in MODALITIES:
            z = torch.cat([out.latents[name] for out in outs])
            sums = z.new_zeros(len(counts), z.shape[1]).index_add(0, y, z)
            means.append(sums[present] / counts[present, None])
        self.prototypes = tuple(means)

    def loss(self, outputs: ModelOutputs) -> Tensor:
        y = self.position[outputs.batch.y]
        logits = [
            prototype_logits(outputs.out.latents[name], means, self.settings["temperature"])
            for name, means in zip(MODALITIES, self.prototypes, strict=True)
        ]
        attraction = [cross_entropy(values, y) for values in logits]
        scores = (true_class_probability(v.softmax(dim=-1), y).mean().detach() for v in logits)
        b, g = imbalance_coefficients(*scores)
        extra = self.settings["alpha"] * (b * attraction[0] + g * attraction[1])
        if self.epoch < self.settings["early"] * self.stage.epochs:
            h1, h2 = (entropy(values).mean() for values in logits)
            extra = extra - self.settings["mu"] * (g * h1 + b * h2)
        return super().loss(outputs) + extra


def prototype_logits(z: Tensor, prototypes: Tensor, temperature: float) -> Tensor:
    """(B, K) logits -|z - c_k| / (temperature sqrt(F)) of features (B, F) and prototypes (K, F).

    Behind a LayerNorm |z| is about sqrt(F), so that distances grow with F until the softmax of the
    published form saturates. Divided by sqrt(F) they are root mean squares per dimension, at most
    2, and ``temperature`` sets the scale of the logits.
    """
    # Without the matrix form a distance of zero is zero, and cdist then gives a gradient of zero.
    distance = torch.cdist(z, prototypes, compute_mode="donot_use_mm_for_euclid_dist")
    return -distance / (temperature * z.shape[1] ** 0.5)


def imbalance_coefficients(s1: Tensor, s2: Tensor) -> tuple[Tensor, Tensor]:
    """How far each modality's score is behind the other's, (b, g) in [0, 1]; one of them is 0."""
    ratio = s1.clamp_min(1e-8) / s2.clamp_min(1e-8)
    return (1.0 / ratio - 1.0).clamp(0.0, 1.0), (ratio - 1.0).clamp(0.0, 1.0)


def entropy(logits: Tensor) -> Tensor:
    """(B,) entropy of the softmax of logits (B, K), nats."""
    logs = logits.log_softmax(dim=-1)
    return -(logs.exp() * logs).sum(dim=-1)
