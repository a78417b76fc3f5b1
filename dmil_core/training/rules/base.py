"""A rule turns a batch into gradients. The plain one: the weighted losses, one backward pass.

Most published balancing methods are such a rule for the same joint model: they differ from the
plain one in what happens between the losses and the optimiser's step. The module of a method has
its paper, its equations and where this implementation deviates; the paradigm of the same name has
the architecture and the stages.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from dmil_core.config import Stage
from dmil_core.errors import ConfigError
from dmil_core.models.batch import Batch, Rows
from dmil_core.training.losses import ModelOutputs, evaluate, total


class Rule:
    """Computes the gradient of every trainable parameter, along which the optimiser steps.

    Each stage has a new one. What it keeps between batches is returned by ``state``, so that a
    stopped training continues as if it had not been stopped. It draws from torch's global
    generator only.

    Parameters
    ----------
    model
        The model in training, its trainable parameters chosen.
    stage
        Its ``losses`` are the weights of the terms, its ``settings`` replace some ``defaults``.
    train
        All training rows.

    Raises
    ------
    ConfigError
        If the rule has no setting of a name that the stage gives.
    """

    #: The rule's hyperparameters by name.
    defaults: ClassVar[dict[str, float]] = {}
    #: Whether an epoch can be left and entered again in its middle, with nothing but `state`.
    divisible: ClassVar[bool] = True

    def __init__(self, model: nn.Module, stage: Stage, train: Rows) -> None:
        unknown = sorted(set(stage.settings) - set(self.defaults))
        if unknown:
            known = ", ".join(self.defaults) or "none"
            raise ConfigError(
                f"setting {', '.join(unknown)}: the rule {stage.rule!r} takes {known}"
            )
        self.model = model
        self.stage = stage
        self.settings = {**self.defaults, **stage.settings}

    def start_epoch(self, train: Rows, epoch: int) -> None:
        """Called before the first batch of every epoch, counted from 0; model in training mode."""

    def gradients(self, batch: Batch) -> Tensor:
        """Add the gradients of one batch to parameters that hold none; returns the loss, nats."""
        loss = self.loss(evaluate(self.model, batch, self.stage.smoothing))
        loss.backward()
        return loss.detach()

    def loss(self, outputs: ModelOutputs) -> Tensor:
        """The scalar that ``gradients`` differentiates, nats."""
        return total(outputs, self.stage.losses, self.stage.modality).mean()

    def state(self) -> dict[str, Tensor]:
        """What has to be stored when training stops between two steps."""
        return {}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Restore a stored state; an empty one is a fresh start."""


def scale_gradients(parameters: list[nn.Parameter], factor: float | Tensor) -> None:
    """Multiply the gradients of these parameters in place."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad.mul_(factor)


def modality_parameters(model: nn.Module, m: int) -> list[nn.Parameter]:
    """The trainable parameters of modality ``m``'s encoder (0 or 1): encoder and norm."""
    prefixes = (f"encoders.x{m + 1}.", f"encoders.norm{m + 1}.")
    return [p for n, p in model.named_parameters() if n.startswith(prefixes) and p.requires_grad]
