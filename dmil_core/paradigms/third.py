"""A paradigm's stages for three modalities, from those for two: the third is treated as the second.

Stages are written for two modalities. What they say of the second one, at the same weight, they
then say of the third as well, so an ablation of one is an ablation of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    second = [name for name in (*stage.trainable, *stage.losses) if name in THIRD]
    if second and len(second) == len(stage.trainable) + len(stage.losses):
        return stage, replace(
            stage,
            name=stage.name.replace("2", "3"),
            title=stage.title.replace("2", "3"),
            trainable=tuple(THIRD[p] for p in stage.trainable),
            losses={THIRD[n]: w for n, w in stage.losses.items()},
            watch={THIRD[n]: w for n, w in stage.watch.items()},
        )
    both = replace(
        stage,
        trainable=tuple(new for p in stage.trainable for new in _beside(p)),
        losses={new: w for n, w in stage.losses.items() for new in _beside(n)},
        watch={new: w for n, w in stage.watch.items() for new in _beside(n)},
    )
    return (both,)


def _beside(name: str) -> tuple[str, ...]:
    return (name, THIRD[name]) if name in THIRD else (name,)
