"""The architectures by name: what a config's ``architecture`` stands for."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from dmil_core.config import ModelConfig
from dmil_core.models.baselines import Ensemble, Joint
from dmil_core.models.dmil import Dmil
from dmil_core.models.i2m2 import I2m2
from dmil_core.models.i2moe import I2moe
from dmil_core.models.mib import Mib
from dmil_core.models.mmtm import Mmtm
from dmil_core.models.qmf import Qmf

ARCHITECTURES: dict[str, Callable[[ModelConfig], nn.Module]] = {
    "dmil": Dmil,
    "joint": Joint,
    "ensemble": Ensemble,
    "qmf": Qmf,
    "mmtm": Mmtm,
    "mib": Mib,
    "i2m2": I2m2,
    "i2moe": I2moe,
}


def build(config: ModelConfig) -> nn.Module:
    """An untrained model of the configured architecture."""
    return ARCHITECTURES[config.architecture](config)
