"""What a paradigm is, and how its stages fit the size of a data set."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from dmil_core.config import Parts, Stage
from dmil_core.paradigms.third import with_third

REFERENCE_ROWS = 8000


@dataclass(frozen=True)
class Paradigm:
    """One way to learn from two modalities, some of them from three.

    Attributes
    ----------
    folds
        How many folds cross-fit the responsibilities; 0 where none are needed.
    stages
        Written for ``REFERENCE_ROWS`` training rows of two modalities; :func:`stages_for` scales
        the epochs and adds what a third one needs.
    most_modalities
        How many it can read: 2, or 3.
    """

    name: str
    title: str
    summary: str
    citation: str
    parts: Parts
    stages: tuple[Stage, ...]
    folds: int = 0
    most_modalities: int = 2


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

    stages = with_third(paradigm.stages) if modalities > 2 else paradigm.stages
    return tuple(fitted(s) for s in stages)
