"""MCR: a game in which each encoder maximises the influence of its modality on the prediction.

Kontras et al.: Balancing Multimodal Training Through Game-Theoretic Regularization (MCR).
NeurIPS 2025, arXiv:2411.07335.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from dmil_core.models.baselines import Joint
from dmil_core.training.losses import ModelOutputs
from dmil_core.training.rules.base import Rule
from dmil_core.training.rules.pairing import answers, joint_model


class Mcr(Rule):
    """L + ``game`` * L_MIPD + ``contrast`` * L_Con in nats, L being the stage's losses.

    D_m = E JSD(p(y|z1, z2), p(y|z1, z2 with z_m of another row)) measures how much the prediction
    depends on modality m, and L_MIPD_m = -D_m. Encoder 1 follows the gradient of
    L_MIPD_1 + k L_MIPD_2, encoder 2 that of L_MIPD_2 + k L_MIPD_1, with k the ``cooperation``:
    -1 is the paper's greedy player, 0 an independent one, +1 a cooperative one. Each D_m is
    computed once, on detached copies of the features, and only the encoders get its gradient. For
    the greedy game this equals the published sum of four terms on detached features, in which the
    gradient of the head cancels.

    L_Con is supervised contrastive over both modalities.

    Deviations. L_Con reads the fusion's projections of the features rather than the features,
    whose sizes may differ. The paper's L_CEB is left out: according to the paper it hurts encoders
    trained from scratch.

    JSD is at most ln 2 and rewards predictions that change under any exchange, right or wrong:
    watch the calibration.
    """

    #: ``permutations``: other rows tried per modality and batch; 32 in the paper.
    defaults: ClassVar[dict[str, float]] = {
        "game": 0.01,
        "contrast": 1.0,
        "temperature": 0.5,
        "permutations": 4.0,
        "cooperation": -1.0,
    }

    def loss(self, outputs: ModelOutputs) -> Tensor:
        model = joint_model(self.model)
        z = (outputs.out.latents["Z1"], outputs.out.latents["Z2"])
        projected = [project(values) for project, values in zip(model.project, z, strict=True)]
        together = contrast(projected[0], projected[1], outputs.batch.y, self.settings)
        moves = self._moves(model, *(values.detach().requires_grad_() for values in z))
        # Zero in value, as the greedy players' losses add up to, with the gradient ``move`` at z.
        play = sum(
            (((v - v.detach()) * move).sum() for v, move in zip(z, moves, strict=True)),
            z[0].new_zeros(()),
        )
        extra = self.settings["game"] * play + self.settings["contrast"] * together
        return super().loss(outputs) + extra

    def _moves(self, model: Joint, z1: Tensor, z2: Tensor) -> tuple[Tensor, Tensor]:
        """Gradients at z1 and z2 of the loss of each encoder, (B, F) each."""
        clean = answers(model, z1, z2)
        d1 = _dependence(clean, answers(model, *self._exchanged(z1, z2)))
        d2 = _dependence(clean, answers(model, *reversed(self._exchanged(z2, z1))))
        g11, g12 = torch.autograd.grad(d1, (z1, z2), retain_graph=True)
        g21, g22 = torch.autograd.grad(d2, (z1, z2))
        k = self.settings["cooperation"]
        return -(g11 + k * g21), -(g22 + k * g12)

    def _exchanged(self, z: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """``z`` of other rows beside ``other`` as it is, once for each permutation: (P B, F)."""
        orders = self.orders(len(z)).to(z.device)
        return z[orders.flatten()], other.repeat(len(orders), 1)

    def orders(self, rows: int) -> Tensor:
        """(P, rows) random orders of the rows of a batch."""
        return torch.stack(
            [torch.randperm(rows) for _ in range(int(self.settings["permutations"]))]
        )


def _dependence(clean: Tensor, exchanged: Tensor) -> Tensor:
    """Mean JSD of logits (B, K) and those after the exchange (P B, K)."""
    return divergence(clean.repeat(len(exchanged) // len(clean), 1), exchanged).mean()


def divergence(a: Tensor, b: Tensor) -> Tensor:
    """(B,) Jensen-Shannon divergence of two softmaxes of logits (B, K), 0 to ln 2 nats."""
    p, q = a.log_softmax(dim=-1), b.log_softmax(dim=-1)
    middle = torch.logaddexp(p, q) - math.log(2.0)
    return 0.5 * (p.exp() * (p - middle) + q.exp() * (q - middle)).sum(dim=-1)


def contrast(z1: Tensor, z2: Tensor, y: Tensor, settings: dict[str, float]) -> Tensor:
    """Supervised contrastive loss of both modalities' rows (B, E), in nats, no dimension.

    -mean over the 2B anchors i of the mean over rows p != i of the same class of
    log [exp(cos_ip / T) / sum over a != i of exp(cos_ia / T)], T the ``temperature`` (Khosla et
    al.: Supervised Contrastive Learning. NeurIPS 2020, L_out).
    """
    rows = torch.nn.functional.normalize(torch.cat([z1, z2]), dim=-1)
    label = torch.cat([y, y])
    self_ = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    similar = (rows @ rows.T / settings["temperature"]).masked_fill(self_, -math.inf)
    logs = similar.log_softmax(dim=-1).masked_fill(self_, 0.0)
    positive = (label[:, None] == label) & ~self_
    return -((logs * positive).sum(dim=-1) / positive.sum(dim=-1)).mean()
