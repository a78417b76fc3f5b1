"""MMPareto: combine an encoder's joint and unimodal gradient so that neither loss grows.

Wei, Hu: MMPareto: Boosting Multimodal Learning with Innocent Unimodal Assistance. ICML 2024.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from dmil_core.models.batch import Batch
from dmil_core.training.losses import evaluate, total
from dmil_core.training.rules.base import Rule, modality_parameters

#: The losses of the unimodal heads, whose gradients assist.
ALONE = {"ce_unimodal": 1.0}

_LEAST, _MOST = 1e-3, 1 - 1e-3
_SMALLEST = torch.finfo(torch.float32).tiny
#: Share of the lengths of what is summed, below which a sum is rounding and has no direction.
_ROUNDING = 1e-6


class MmPareto(Rule):
    """Pareto combination of multimodal and unimodal gradients (MMPareto).

    Encoder m has the gradient a of the stage's losses and b of CE_m, the loss of its head.
    Its tensors step along :func:`combine` of both, weighted by :func:`pareto_weights` of all its
    tensors together, times ``gamma``. Everything else gets a + b. One backward pass each serves
    both encoders, since the head of one modality reaches no other encoder.

    ``gamma`` amounts to a factor on the encoders' learning rate; ``joint-fast`` is the control for
    it.
    """

    defaults: ClassVar[dict[str, float]] = {"gamma": 1.5}

    def gradients(self, batch: Batch) -> Tensor:
        outputs = evaluate(self.model, batch, self.stage.smoothing)
        loss, alone = self.loss(outputs), total(outputs, ALONE).mean()
        moved = [p for p in self.model.parameters() if p.requires_grad]
        a = torch.autograd.grad(loss, moved, retain_graph=True, materialize_grads=True)
        b = torch.autograd.grad(alone, moved, materialize_grads=True)
        for parameter, joint, unimodal in zip(moved, a, b, strict=True):
            parameter.grad = joint + unimodal
        result = dict(zip(moved, zip(a, b, strict=True), strict=True))
        for m in (0, 1):
            encoder = modality_parameters(self.model, m)
            if not encoder:
                continue
            weights = pareto_weights([result[p] for p in encoder])
            for parameter in encoder:
                parameter.grad = self.settings["gamma"] * combine(*result[parameter], weights)
        return loss.detach()


def pareto_weights(pairs: list[tuple[Tensor, Tensor]]) -> Tensor:
    """(2,) weights of the joint and the unimodal gradient, given as pairs (a, b) of each tensor.

    Even where the two agree (a.b > 0). Where they do not, the weights of the shortest vector
    between them, w_a = (|b|^2 - a.b) / |a - b|^2, at least 0.001 each.
    """
    a, b = (torch.cat([pair[i].flatten() for pair in pairs]) for i in (0, 1))
    between = (a - b).square().sum()
    w = (b.square().sum() - a @ b) / between.clamp(min=_SMALLEST)
    w = torch.where(a @ b > 0, 0.5, w.clamp(_LEAST, _MOST))
    return torch.stack([w, 1 - w])


def combine(a: Tensor, b: Tensor, weights: Tensor) -> Tensor:
    """2 (w_a a + w_b b) for one tensor, made at least as long as a + b.

    Where the two cancel, no step serves both and what is left is rounding: it stays that short.
    """
    h = 2 * weights[0] * a + 2 * weights[1] * b
    length = h.norm()
    longer = ((a + b).norm() / length.clamp(min=_SMALLEST)).clamp(min=1.0)
    return h * torch.where(length > _ROUNDING * (a.norm() + b.norm()), longer, 1.0)
