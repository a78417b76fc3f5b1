"""How losses become gradients: the rules by name, one module per idea."""

from __future__ import annotations

from torch import nn

from dmil_core.config import Stage
from dmil_core.errors import ConfigError
from dmil_core.models.batch import Batch
from dmil_core.training.rules.agm import Agm
from dmil_core.training.rules.base import Rule
from dmil_core.training.rules.i2moe import Experts
from dmil_core.training.rules.mcr import Game
from dmil_core.training.rules.mlb import Mlb
from dmil_core.training.rules.mmpareto import MmPareto
from dmil_core.training.rules.ogm_ge import OgmGe
from dmil_core.training.rules.pmr import Prototypes
from dmil_core.training.rules.qmf import Ranking
from dmil_core.training.rules.tcmax import Correlation

RULES: dict[str, type[Rule]] = {
    "plain": Rule,
    "ogm-ge": OgmGe,
    "mlb": Mlb,
    "agm": Agm,
    "mmpareto": MmPareto,
    "prototypes": Prototypes,
    "game": Game,
    "correlation": Correlation,
    "ranking": Ranking,
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
