"""The paradigms as values: which architecture, which stages, which losses, whose idea.

An ablation is ``dataclasses.replace`` of one of these, never a subclass.
"""

from __future__ import annotations

from dmil_core.errors import ConfigError
from dmil_core.paradigms.architectures import I2M2, I2MOE, MIB, MMTM, QMF
from dmil_core.paradigms.balancing import AGM, MCR, MLB, MMPARETO, OGM_GE, PMR, TCMAX
from dmil_core.paradigms.baselines import (
    ENSEMBLE,
    ENSEMBLE_LOGITS,
    JOINT,
    JOINT_FAST,
    JOINT_MATCHED,
    JOINT_SGD,
    MULTI_LOSS,
    PRETRAINED,
    PRETRAINED_FROZEN,
)  # fmt: skip
from dmil_core.paradigms.dmil import ABLATIONS, DMIL, DMIL_PAPER, DMIL_PAPER_SGD
from dmil_core.paradigms.paradigm import REFERENCE_ROWS, Paradigm, stages_for
from dmil_core.paradigms.recipe import RECIPES, STANDARD, Recipe, find_recipe

__all__ = [
    "PARADIGMS", "RECIPES", "REFERENCE_ROWS", "STANDARD",
    "Paradigm", "Recipe", "find_paradigm", "find_recipe", "stages_for",
]  # fmt: skip

PARADIGMS: dict[str, Paradigm] = {
    p.name: p
    for p in (
        *(JOINT, ENSEMBLE, DMIL, DMIL_PAPER, DMIL_PAPER_SGD, *ABLATIONS),
        *(ENSEMBLE_LOGITS, JOINT_MATCHED, JOINT_SGD, JOINT_FAST),
        *(MULTI_LOSS, PRETRAINED, PRETRAINED_FROZEN),
        *(OGM_GE, MLB, AGM, MMPARETO, PMR, MCR, TCMAX),
        *(QMF, MMTM, MIB, I2M2, I2MOE),
    )
}


def find_paradigm(name: str) -> Paradigm:
    """The paradigm of that name.

    Raises
    ------
    ConfigError
        Listing the names there are.
    """
    if name not in PARADIGMS:
        raise ConfigError(f"paradigm {name!r} does not exist; expected {', '.join(PARADIGMS)}")
    return PARADIGMS[name]
