"""What a paradigm is, and how its stages are adapted to the size of a data set."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from dmil_core.config import ArchitectureOptions, Stage, Weight

REFERENCE_ROWS = 8000


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


def stages_for(paradigm: Paradigm, rows: int, modalities: int = 2) -> tuple[Stage, ...]:
    """The stages for a training set of ``rows``.

    A small set gets smaller batches and, where those are few, somewhat more epochs: between as
    many epochs and as many optimiser steps as the reference has, never fewer epochs. Patience
    grows with the epochs.
    """
    batch = 256 if rows >= REFERENCE_ROWS else 64 if rows > 500 else 32
    per_epoch = max(1, math.ceil(rows / batch))
    reference = math.ceil(REFERENCE_ROWS / 256)

    def fitted(stage: Stage) -> Stage:
        epochs = min(200, max(1, round(stage.epochs * max(1.0, math.sqrt(reference / per_epoch)))))
        patience = max(5, round(epochs / 3))
        return replace(stage, epochs=epochs, patience=patience, batch_size=batch)

    return tuple(fitted(s) for s in paradigm.stages_of(modalities))


def _with_weights_for(stage: Stage, modalities: int) -> Stage:
    def complete(weights: dict[str, Weight]) -> dict[str, Weight]:
        return {
            name: (*w, *w[-1:] * (modalities - len(w))) if isinstance(w, tuple) else w
            for name, w in weights.items()
        }

    return replace(stage, losses=complete(stage.losses), watch=complete(stage.watch))
