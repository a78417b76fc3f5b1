"""Scale each encoder's gradient by how well its modality alone does on the batch: OGM-GE, MLB.

Both compare s_m = sum_i p_m[y_i], the probability that modality m's own head gives the true
class, summed over the batch. The heads read the features, since our fusion is not additive and
no half of it speaks for one modality.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from dmil_core.errors import ConfigError
from dmil_core.losses import Batch, Evidence, evaluate, total
from dmil_core.rules.plain import Rule, modality_parameters, scale_gradients, true_class_probability

#: What the heads learn.
ALONE = {"ce_x1": 1.0, "ce_x2": 1.0}

_SMALLEST = 1e-8


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


class OgmGe(Modulation):
    """On-the-fly gradient modulation with generalisation enhancement (OGM-GE).

    Peng, Wei, Deng, Wang, Hu: Balanced Multimodal Learning via On-the-fly Gradient Modulation.
    CVPR 2022. With rho_m = s_m / s_other, encoder m's gradient becomes::

        k_m g + e,   k_m = 1 - tanh(alpha rho_m) if rho_m > 1 else 1,   e ~ N(0, std(g)^2)

    The heads learn from detached features, so they only observe. The released code touches
    4-D tensors alone, which are few or none in most encoders. Here every tensor of the encoder
    and its norm is scaled, so that the encoder is braked as a whole.

    The noise stands for the spread between batches, with the spread inside one tensor as its
    measure. Vectors (biases, a norm's gain and shift) get none: as in the release, and because
    the spread of so few entries of unlike meaning measures nothing; a single entry has none.
    An entry with gradient 0, as of a word that no row of the batch holds, gets none either: it
    has no spread between batches, and padding must stay zero. ``noise`` scales e; 0 is OGM.
    """

    defaults: ClassVar[dict[str, float]] = {"alpha": 0.8, "until": 0.5, "noise": 1.0}

    def heads_loss(self, evidence: Evidence) -> Tensor:
        features = (evidence.out.latents[f"Z{m}"].detach() for m in (1, 2))
        observed = self.model.alone(*features)  # type: ignore[operator]
        return super().heads_loss(replace(evidence, out=replace(evidence.out, unimodal=observed)))

    def factors(self, scores: Tensor) -> Tensor:
        return brakes(scores, self.settings["alpha"])

    def modulate(self, m: int, factor: Tensor) -> None:
        brake(modality_parameters(self.model, m), factor, self.settings["noise"])


class Mlb(Modulation):
    """Multi-loss gradient modulation (MLB): the heads teach too, and the weak one is pushed.

    Kontras et al.: Improving Multimodal Learning with Multi-Loss Gradient Modulation. BMVC 2024.
    L = CE + CE_1 + CE_2; with r_m = s_other / s_m all gradients of encoder m and of its columns
    of the fusion, here its projection, are multiplied by::

        k_m = 1 + (b_m - 1) tanh(alpha (r_m - 1)),   b_m = beta if r_m > 1 else 2

    ``beta`` is the largest push; at balance k_m is 1.
    """

    defaults: ClassVar[dict[str, float]] = {"alpha": 0.8, "until": 1.0, "beta": 2.0}

    def factors(self, scores: Tensor) -> Tensor:
        return pushes(scores, self.settings["alpha"], self.settings["beta"])

    def modulate(self, m: int, factor: Tensor) -> None:
        named = self.model.named_parameters()
        columns = [p for name, p in named if name.startswith(f"project.{m}.")]
        scale_gradients([*modality_parameters(self.model, m), *columns], factor)


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


def brakes(scores: Tensor, alpha: float) -> Tensor:
    """(2,) OGM-GE's k_m from (2,) scores."""
    rho = scores / scores.flip(0).clamp(min=_SMALLEST)
    return torch.where(rho > 1, 1 - torch.tanh(alpha * rho), torch.ones_like(rho))


def pushes(scores: Tensor, alpha: float, beta: float) -> Tensor:
    """(2,) MLB's k_m from (2,) scores."""
    r = scores.flip(0) / scores.clamp(min=_SMALLEST)
    reach = torch.where(r > 1, beta - 1.0, 1.0)
    return 1 + reach * torch.tanh(alpha * (r - 1))


def brake(parameters: Sequence[nn.Parameter], factor: float | Tensor, noise: float) -> None:
    """g <- factor g + noise e in place, e ~ N(0, std(g)^2); see :class:`OgmGe` for where e is 0."""
    for parameter in parameters:
        g = parameter.grad
        if g is None:
            continue
        scaled = factor * g
        if noise and g.ndim > 1:
            scaled += noise * g.std(correction=0) * torch.randn_like(g) * (g != 0)
        parameter.grad = scaled
