"""A paradigm's stages for three modalities, from those for two: the third is treated as the second.

Stages are written for two modalities. What they say of the second one, at the same weight, they
then say of the third as well, so an ablation of one is an ablation of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from dmil_core.config import Stage

#: Loss terms and prefixes of parameter names of the second modality -> those of the third.
THIRD: Final[Mapping[str, str]] = {
    "ce_x2": "ce_x3",
    "ce_known_x2": "ce_known_x3",
    "kl_2": "kl_3",
    "rebuild_2": "rebuild_3",
    "intra2.": "intra3.",
    "encoders.x2.": "encoders.x3.",
    "encoders.norm2.": "encoders.norm3.",
    "heads.1.": "heads.2.",
}


def with_third(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The same stages for three modalities.

    A stage about the second modality alone is followed by its twin about the third.
    """
    return tuple(new for stage in stages for new in _with_third(stage))


def _with_third(stage: Stage) -> tuple[Stage, ...]:
    names = (*stage.trainable, *stage.losses)
    if any(name not in THIRD for name in names):
        return (_changed(stage, _and_third),)
    twin = replace(stage, name=stage.name.replace("2", "3"), title=stage.title.replace("2", "3"))
    return stage, _changed(twin, lambda name: (THIRD.get(name, name),))


def _and_third(name: str) -> tuple[str, ...]:
    return (name, THIRD[name]) if name in THIRD else (name,)


def _changed(stage: Stage, change: Callable[[str], tuple[str, ...]]) -> Stage:
    """The stage with other terms and prefixes in place of each, at its weight."""

    def weights(table: Mapping[str, float]) -> dict[str, float]:
        return {new: w for name, w in table.items() for new in change(name)}

    return replace(
        stage,
        trainable=tuple(new for prefix in stage.trainable for new in change(prefix)),
        losses=weights(stage.losses),
        watch=weights(stage.watch),
        lr_factors=weights(stage.lr_factors),
    )
