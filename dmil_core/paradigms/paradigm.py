"""What a paradigm is, and how its stages are adapted to the size of a data set."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from dmil_core.config import ArchitectureOptions, Stage, Weight
from dmil_core.paradigms.recipe import STANDARD, Recipe

#: The training rows that the epochs of :class:`Paradigm` are meant for.
REFERENCE_ROWS: Final = 4000
#: Epochs that no stage of a small set exceeds.
MOST_EPOCHS: Final = 200


@dataclass(frozen=True)
class Paradigm:
    """A training paradigm: architecture, losses and stages, for two modalities or also for three.

    Attributes
    ----------
    options
        The architecture and what is chosen about it.
    stages
        Written for ``REFERENCE_ROWS`` training rows; :func:`stages_for` scales the epochs.
    unimodal_first
        Whether each modality's encoder and head are trained alone before ``stages``; see
        :func:`unimodal_stage`.
    folds
        Number of folds of the cross-fitted responsibilities; 0 for none.
    most_modalities
        The largest number of modalities it supports: 2 or 3.
    """

    name: str
    title: str
    summary: str
    citation: str
    options: ArchitectureOptions
    stages: tuple[Stage, ...]
    unimodal_first: bool = False
    folds: int = 0
    most_modalities: int = 2

    def stages_of(self, modalities: int = 2) -> tuple[Stage, ...]:
        """Every stage for a number of modalities, those of single modalities included.

        Where the weight of a loss differs between two modalities, a third one has the weight of
        the second.
        """
        alone = range(1, modalities + 1) if self.unimodal_first else ()
        joint = (_with_weights_for(stage, modalities) for stage in self.stages)
        return (*(unimodal_stage(m) for m in alone), *joint)


def unimodal_stage(m: int) -> Stage:
    """Modality ``m``, from 1: its encoder and a head of its own, without the other modalities."""
    return Stage(
        f"alone-{m}",
        f"{m} modality {m} alone",
        (f"encoders.x{m}.", f"encoders.norm{m}.", f"heads.{m - 1}."),
        40,
        1e-3,
        {"ce_unimodal": 1.0},
        modality=m,
    )


def stages_for(
    paradigm: Paradigm, rows: int, modalities: int = 2, recipe: Recipe = STANDARD
) -> tuple[Stage, ...]:
    """The stages for a training set of ``rows``.

    The batch grows with the square root of the rows. So do, in proportion, the steps of an epoch,
    and the epochs become fewer by that root again: a set with a hundred times the rows takes ten
    times the steps of an epoch and about three times the steps in all.
    """
    batch = batch_size(rows)
    per_epoch, reference = (math.ceil(n / batch_size(n)) for n in (rows, REFERENCE_ROWS))

    def fitted(stage: Stage) -> Stage:
        epochs = min(MOST_EPOCHS, max(1, round(stage.epochs * math.sqrt(reference / per_epoch))))
        return replace(
            stage,
            epochs=epochs,
            batch_size=batch,
            patience=max(5, round(recipe.patience * epochs)) if recipe.patience else 0,
            smoothing=recipe.smoothing,
            averaging=recipe.averaging,
            keep=recipe.keep,
        )

    return tuple(fitted(s) for s in paradigm.stages_of(modalities))


def batch_size(rows: int) -> int:
    """Rows of a step: twice the square root of the rows, in whole multiples of 8, 8 at least."""
    return max(8, 8 * round(math.sqrt(rows) / 4))


def _with_weights_for(stage: Stage, modalities: int) -> Stage:
    def complete(weights: dict[str, Weight]) -> dict[str, Weight]:
        return {
            name: (*w, *w[-1:] * (modalities - len(w))) if isinstance(w, tuple) else w
            for name, w in weights.items()
        }

    return replace(stage, losses=complete(stage.losses), watch=complete(stage.watch))
