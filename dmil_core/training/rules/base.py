"""A rule turns a batch into gradients. The plain one: weigh the losses, go backward once.

Most published balancing methods are such a rule over the same joint model; they differ from the
plain one in what they do between the losses and the optimiser's step.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from dmil_core.config import Stage
from dmil_core.errors import ConfigError
from dmil_core.models.batch import Batch
from dmil_core.training.losses import Evidence, evaluate, total


class Rule:
    """Leaves in every trainable parameter's ``grad`` what the optimiser shall step along.

    A new one begins each stage. What it remembers between batches is named by ``state``, so that
    a stopped training goes on as if it had not been stopped; it draws from torch's global
    generator only.

    Parameters
    ----------
    model
        The model in training, its trainable parameters chosen.
    stage
        Its ``losses`` are the terms to weigh, its ``settings`` replace some of ``defaults``.
    train
        All training rows.

    Raises
    ------
    ConfigError
        If a setting has a name that the rule does not know.
    """

    #: The rule's numbers, by name.
    defaults: ClassVar[dict[str, float]] = {}

    def __init__(self, model: nn.Module, stage: Stage, train: Batch) -> None:
        unknown = sorted(set(stage.settings) - set(self.defaults))
        if unknown:
            known = ", ".join(self.defaults) or "none"
            raise ConfigError(
                f"setting {', '.join(unknown)}: the rule {stage.rule!r} takes {known}"
            )
        self.model = model
        self.stage = stage
        self.settings = {**self.defaults, **stage.settings}

    def start_epoch(self, train: Batch, epoch: int) -> None:
        """Called before the first batch of every epoch, counted from 0; model in training mode."""

    def gradients(self, batch: Batch) -> Tensor:
        """Add the gradients of one batch to parameters that hold none; returns the loss, nats."""
        loss = self.loss(evaluate(self.model, batch))
        loss.backward()
        return loss.detach()

    def loss(self, evidence: Evidence) -> Tensor:
        """What ``gradients`` goes backward from, in nats, no dimension."""
        return total(evidence, self.stage.losses).mean()

    def state(self) -> dict[str, Tensor]:
        """What has to be kept when training stops between two epochs."""
        return {}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Take up a kept state; an empty one is a fresh start."""


def scale_gradients(parameters: list[nn.Parameter], factor: float | Tensor) -> None:
    """Multiply the gradients of these parameters in place."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.mul_(factor)


def modality_parameters(model: nn.Module, m: int) -> list[nn.Parameter]:
    """The trainable parameters of modality ``m``'s encoder (0 or 1): encoder and norm."""
    prefixes = (f"encoders.x{m + 1}.", f"encoders.norm{m + 1}.")
    return [p for n, p in model.named_parameters() if n.startswith(prefixes) and p.requires_grad]


def true_class_probability(logits: Tensor, y: Tensor) -> Tensor:
    """(B,) probability that logits (B, K) give the true class y (B,)."""
    return torch.softmax(logits, dim=-1).gather(1, y[:, None]).squeeze(1)
