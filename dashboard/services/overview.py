"""A data set and a model at a glance: what the data is, and samples to start with."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard.services.sample import information
from dashboard.services.sample.samples import in_split
from dashboard.services.store.catalog import Checkpoint, table
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
    counts = table(checkpoint)["split"].value_counts()
    card = checkpoint.run.data_card if checkpoint.run else {}
    return About(
        title=str(card.get("title") or checkpoint.data),
        summary=str(card.get("summary", "")),
        rows={s: int(counts.get(s, 0)) for s in schema.SPLITS},
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
    result, frame = _checkpoint, in_split(table(_checkpoint), split)
    starts: dict[str, list[Start]] = {}
    right = frame[frame["correct"].to_numpy(dtype=bool)]
    for component, (values, unit) in _strengths(result, right, definition).items():
        starts[component] = _first(right, values, unit)
    wrong = frame[~frame["correct"].to_numpy(dtype=bool)]
    starts[MISLEADING] = _first(wrong, wrong["confidence"], "share")
    return starts


def _strengths(
    checkpoint: Checkpoint, rows: pd.DataFrame, definition: str
) -> dict[str, tuple[pd.Series, str]]:
    available = schema.components_in(rows.columns)
    if available:
        return {c: (rows[schema.gate(c)], "share") for c in available}
    bits = information.bits(checkpoint, definition)
    if bits is None:
        return {}
    parts = bits.loc[rows["id"]]
    return {c: (parts[c.lower()], "bits") for c in schema.COMPONENTS}


def most_confident(rows: pd.DataFrame) -> list[Start]:
    """Of some rows those that the model answers right with the highest confidence."""
    right = rows[rows["correct"].to_numpy(dtype=bool)]
    return _first(right, right["confidence"], "share")


def _first(rows: pd.DataFrame, values: pd.Series, unit: str) -> list[Start]:
    ordered = pd.DataFrame(
        {"id": rows["id"], "y": rows["y"], "value": values.to_numpy(dtype=float)}
    ).sort_values("value", ascending=False, kind="stable")
    of_each = ordered.drop_duplicates("y")
    rest = ordered.drop(of_each.index)
    best = pd.concat([of_each, rest]).head(STARTS)
    return [
        Start(str(i), str(y), float(v), unit)
        for i, y, v in zip(best["id"], best["y"], best["value"], strict=True)
    ]
