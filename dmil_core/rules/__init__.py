"""How losses become gradients: the rules by name, one module per idea."""

from __future__ import annotations

from torch import nn

from dmil_core.config import Stage
from dmil_core.errors import ConfigError
from dmil_core.losses import Batch
from dmil_core.rules.experts import Experts
from dmil_core.rules.plain import Rule

RULES: dict[str, type[Rule]] = {
    "plain": Rule,
    "experts": Experts,
}


def build_rule(model: nn.Module, stage: Stage, train: Batch) -> Rule:
    """The rule that a stage names.

    Raises
    ------
    ConfigError
        If no rule has that name, or it does not know one of the stage's settings.
    """
    if stage.rule not in RULES:
        raise ConfigError(f"rule {stage.rule!r} does not exist; expected {', '.join(RULES)}")
    return RULES[stage.rule](model, stage, train)
