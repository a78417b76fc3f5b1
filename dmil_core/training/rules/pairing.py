"""Predictions of a joint model for features of different rows, for the rules that pair them."""

from __future__ import annotations

from torch import Tensor, nn

from dmil_core.errors import ConfigError
from dmil_core.models.baselines import Joint


def joint_model(model: nn.Module) -> Joint:
    """The model, checked to be one that fuses features.

    Raises
    ------
    ConfigError
        If it is of another architecture.
    """
    if not isinstance(model, Joint):
        raise ConfigError("this rule pairs features of different rows and needs a joint model")
    return model


def answers(model: Joint, z1: Tensor, z2: Tensor) -> Tensor:
    """(B, K) logits for features (B, F1) and (B, F2), of whatever rows."""
    return model.head(model.fuse(z1, z2))
