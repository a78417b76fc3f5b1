"""What there is to see of R, U1, U2 and S in a data set: samples, counts, and who is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services import overview
from dashboard.services.overview import Start
from dashboard.services.sample import information, samples, thumbnails
from dashboard.services.sample.samples import rows_in
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, predictions
from dashboard.services.store.rows import Rows, crossed
from dmil_core import schema
from dmil_core.io.columns import Words

#: What decides of which kind a sample is.
TRUTH, GATE, BITS = "truth", "gate", "bits"
#: Models whose accuracy is shown for each kind, besides the chosen one.
COMPARED: Final = ("ensemble", "joint", "dmil")
#: A sample is an example of a component with at least this share.
_CLEAR: Final = 0.5
#: Columns of the strip of all samples.
_COLUMNS: Final = 400
#: Steps of a weight that samples are sorted by, so that those of five components have 16 bits.
_STEPS: Final = 2**16 // len(schema.ALL_COMPONENTS)


@dataclass(frozen=True)
class Example:
    """A sample that is shown small.

    Attributes
    ----------
    inputs : (``text`` or ``picture``, text or address) by modality number; empty where the data
        cannot be read.
    shares : component to its gate weight; empty for a model without a gate.
    """

    sample: str
    answer: str
    inputs: Mapping[int, tuple[str, str]]
    shares: Mapping[str, float]


@dataclass(frozen=True)
class Kind:
    """The samples of one component.

    Attributes
    ----------
    count, share : how many samples of the split, and which share of it.
    right : model to the share of these samples that it answers right.
    """

    component: str
    count: int
    share: float
    examples: tuple[Example, ...]
    right: Mapping[str, float]


@dataclass(frozen=True)
class Evidence:
    """A split, sorted by component.

    Attributes
    ----------
    by : `TRUTH` where the interaction types are known, else `GATE` or `BITS`: the largest part.
    """

    by: str
    kinds: tuple[Kind, ...]


def evidence(
    catalog: CheckpointCatalog, checkpoint: Checkpoint, split: str, definition: str
) -> Evidence | None:
    """The kinds of samples of a split; None where neither truth, gate nor heads say any."""
    rows = rows_in(checkpoint, split)
    sorted_ = _component_of(checkpoint, rows, definition)
    if sorted_ is None or rows.empty:
        return None
    by, of = sorted_
    ready = {c.model: c for c in catalog.ready(checkpoint.data, checkpoint.seed)}
    models = {
        m: rows.truth_in(predictions(ready[m]), "correct")
        for m in dict.fromkeys((*COMPARED, checkpoint.model))
        if m in ready
    }
    starts = overview.starts(checkpoint, split, definition)
    kinds = []
    for component in samples.components(checkpoint):
        member = of.equal(component)
        count = int(member.sum())
        shown = [s for s in starts.get(component, ()) if _is_clear(s)]
        if by == TRUTH and not shown:
            shown = overview.most_confident(rows.keep(member))
        right = {m: float(correct[member].mean()) for m, correct in models.items() if count}
        kinds.append(Kind(component, count, count / len(rows), _examples(checkpoint, shown), right))
    return Evidence(by, tuple(kinds))


def wrong(checkpoint: Checkpoint, split: str, definition: str) -> tuple[Example, ...]:
    """The samples that the model answers wrong with the highest confidence."""
    starts = overview.starts(checkpoint, split, definition)
    return _examples(checkpoint, starts.get(overview.MISLEADING, ()))


def _component_of(checkpoint: Checkpoint, rows: Rows, definition: str) -> tuple[str, Words] | None:
    if schema.INTERACTION_TYPE in rows.columns:
        known = rows.words(schema.INTERACTION_TYPE)
        if known.complete:
            return TRUTH, known
    if "dominant" in rows.columns:
        return GATE, rows.words("dominant")
    largest = information.largest(checkpoint, definition)
    return None if largest is None else (BITS, largest.take(rows.positions))


def _is_clear(start: Start) -> bool:
    """Whether a sample really is of its kind, and not only the most so of a set without it."""
    return start.value >= _CLEAR if start.unit == "share" else start.value > 0


def _examples(checkpoint: Checkpoint, starts: Sequence[Start]) -> tuple[Example, ...]:
    table, ids = predictions(checkpoint), [s.sample for s in starts]
    columns = thumbnails.columns(checkpoint, ids) if ids else {}
    weights = samples.gates_of(Rows(table, table.positions_of(ids))) if ids else []
    result = []
    for place, start in enumerate(starts):
        inputs = {
            m: ("text" if column.text else "picture", cell)
            for m, column in columns.items()
            if (cell := column.cells[place])
        }
        shares = weights[place] if weights else {}
        result.append(Example(start.sample, start.truth, inputs, shares))
    return tuple(result)


# --- all samples ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Gates:
    """The gates of a split, sorted by the largest weight.

    Attributes
    ----------
    weights : (columns, components) mean weights of neighbouring samples.
    counts : component to the number of samples in which its weight is the largest.
    """

    components: tuple[str, ...]
    weights: NDArray[np.float64]
    counts: dict[str, int]


def gates(checkpoint: Checkpoint, split: str) -> Gates | None:
    """All gates of a split at one look; None for a model without a gate."""
    if not schema.components_in(predictions(checkpoint).columns):
        return None
    return _gates(str(checkpoint.folder), checkpoint.stamp, split, checkpoint)


@st.cache_resource(max_entries=32, show_spinner=False)
def _gates(folder: str, key: str, split: str, _checkpoint: Checkpoint) -> Gates | None:
    rows = rows_in(_checkpoint, split)
    components = tuple(schema.components_in(rows.columns))
    if rows.empty:
        return None
    dominant = rows.words("dominant")
    # By component, and within it by weight in steps that nobody sees: 16 bits are sorted at once.
    steps = np.empty(len(rows), np.uint16)
    for place, component in enumerate(components):
        own = dominant.equal(component)
        less = 1 - np.nan_to_num(rows.numbers(schema.gate(component))[own])
        steps[own] = place * _STEPS + np.rint(less * (_STEPS - 1)).astype(np.uint16)
    order = np.argsort(steps, kind="stable")
    ends = np.linspace(0, len(order), min(_COLUMNS, len(order)) + 1).astype(int)
    weights = [
        np.add.reduceat(rows.numbers(schema.gate(c))[order], ends[:-1], dtype=float) / np.diff(ends)
        for c in components
    ]
    counts = dominant.counts()
    return Gates(components, np.stack(weights, axis=1), {c: counts.get(c, 0) for c in components})


def truth_by_gate(checkpoint: Checkpoint, split: str) -> pd.DataFrame | None:
    """Counts of samples: rows are true interaction types, columns the component of the largest
    gate; None where one of the two is not known."""
    rows = rows_in(checkpoint, split)
    if rows.empty or not {"dominant", schema.INTERACTION_TYPE} <= set(rows.columns):
        return None
    truth = rows.words(schema.INTERACTION_TYPE)
    if not truth.complete:
        return None
    names = samples.components(checkpoint)
    return crossed(truth, rows.words("dominant"), names)
