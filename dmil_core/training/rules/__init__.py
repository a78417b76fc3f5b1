"""How losses become gradients: the rules by name, one module for each published method."""

from __future__ import annotations

from torch import nn

from dmil_core.config import Stage
from dmil_core.errors import ConfigError
from dmil_core.models.batch import Rows
from dmil_core.training.rules.agm import Agm
from dmil_core.training.rules.base import Rule
from dmil_core.training.rules.i2moe import I2moeExperts
from dmil_core.training.rules.mcr import Mcr
from dmil_core.training.rules.mlb import Mlb
from dmil_core.training.rules.mmpareto import MmPareto
from dmil_core.training.rules.ogm_ge import OgmGe
from dmil_core.training.rules.pmr import Pmr
from dmil_core.training.rules.qmf import QmfRanking
from dmil_core.training.rules.tcmax import TcMax

RULES: dict[str, type[Rule]] = {
    "plain": Rule,
    "ogm-ge": OgmGe,
    "mlb": Mlb,
    "agm": Agm,
    "mmpareto": MmPareto,
    "pmr": Pmr,
    "mcr": Mcr,
    "tcmax": TcMax,
    "qmf": QmfRanking,
    "i2moe": I2moeExperts,
}


def build_rule(model: nn.Module, stage: Stage, train: Rows) -> Rule:
    """The rule that a stage names.

    Raises
    ------
    ConfigError
        If no rule has that name, or it has no setting of a name that the stage gives.
    """
    if stage.rule not in RULES:
        raise ConfigError(f"rule {stage.rule!r} does not exist; expected {', '.join(RULES)}")
    return RULES[stage.rule](model, stage, train)
