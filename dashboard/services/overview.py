"""A data set and a model at a glance: what the data is, and samples to start with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.sample import information
from dashboard.services.sample.samples import rows_in
from dashboard.services.store.catalog import Checkpoint, predictions
from dashboard.services.store.rows import Rows
from dmil_core import schema

#: How many samples of a kind to start with.
STARTS = 3
#: The kind of start that is no component: where the model is surest and wrong.
MISLEADING = "misleading"


@dataclass(frozen=True)
class About:
    """What a data set is, from the card stored with its checkpoint."""

    title: str
    summary: str
    rows: dict[str, int]
    classes: tuple[str, ...]
    cautions: tuple[str, ...]
    constructed: bool
    split_rule: str
    source: str
    licence: str


@dataclass(frozen=True)
class Start:
    """A sample worth looking at, and how far it is of its kind (0 to 1, or bits)."""

    sample: str
    truth: str
    value: float
    unit: str


def about(checkpoint: Checkpoint) -> About:
    """What the card says, with the rows of each split."""
    counts = predictions(checkpoint).words("split").counts()
    card = checkpoint.run.data_card if checkpoint.run else {}
    return About(
        title=str(card.get("title") or checkpoint.data),
        summary=str(card.get("summary", "")),
        rows={s: counts.get(s, 0) for s in schema.SPLITS},
        classes=checkpoint.run.classes if checkpoint.run else (),
        cautions=tuple(str(line) for line in card.get("cautions", ())),
        constructed=bool(card.get("constructed")),
        split_rule=str(card.get("split_rule", "")),
        source=str(card.get("source", "")),
        licence=str(card.get("licence", "")),
    )


def starts(checkpoint: Checkpoint, split: str, definition: str) -> dict[str, list[Start]]:
    """For each component the samples that are most of its kind, and where the model misleads.

    By the gate, of answers that are right; of a model without a gate by the bits of its heads, and
    of one without heads only where it misleads. Of a class no more than one where that is possible.
    """
    return _starts(str(checkpoint.folder), checkpoint.stamp, split, definition, checkpoint)


@st.cache_resource(max_entries=32, show_spinner="Looking for samples to start with …")
def _starts(
    folder: str, key: str, split: str, definition: str, _checkpoint: Checkpoint
) -> dict[str, list[Start]]:
    rows = rows_in(_checkpoint, split)
    starts: dict[str, list[Start]] = {}
    for component, values, unit in _strengths(_checkpoint, rows, split, definition):
        starts[component] = _first(rows, np.where(rows.correct, values, np.nan), unit)
    wrong = np.where(rows.correct, np.nan, rows.numbers("confidence"))
    starts[MISLEADING] = _first(rows, wrong, "share")
    return starts


def _strengths(
    checkpoint: Checkpoint, rows: Rows, split: str, definition: str
) -> Iterator[tuple[str, NDArray[Any], str]]:
    """Of each component how far samples (N,) are of its kind, and the unit of that."""
    if available := schema.components_in(rows.columns):
        for component in available:
            yield component, rows.numbers(schema.gate(component)), "share"
    elif information.has_unimodal_heads(checkpoint):
        for component in schema.COMPONENTS:
            bits = information.part(checkpoint, definition, component.lower(), split)
            if bits is not None:
                yield component, bits[rows.positions], "bits"


def most_confident(rows: Rows) -> list[Start]:
    """Of some rows those that the model answers right with the highest confidence."""
    return _first(rows, np.where(rows.correct, rows.numbers("confidence"), np.nan), "share")


def _first(rows: Rows, values: NDArray[Any], unit: str) -> list[Start]:
    """The rows with the largest values (N,), first the largest of each class; of equal ones the
    first; none where the value is none."""
    left = np.where(np.isnan(values), -np.inf, values)
    classes, others = rows.words("y").codes, left.copy()
    best: list[int] = []
    for remaining in (others, left):
        while len(best) < STARTS and len(left) and np.isfinite(remaining.max()):
            best.append(place := int(remaining.argmax()))
            others[classes == classes[place]] = -np.inf
            left[place] = -np.inf
    chosen = rows.take(np.array(best, dtype=np.intp))
    truths = chosen.words("y").texts()
    return [
        Start(sample, str(truth), float(values[place]), unit)
        for sample, truth, place in zip(chosen.ids, truths, best, strict=True)
    ]
