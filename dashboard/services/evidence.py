"""What there is to see of R, U1, U2 and S in a data set: samples, counts, and who is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services import overview
from dashboard.services.overview import Start
from dashboard.services.sample import information, samples, thumbnails
from dashboard.services.sample.samples import in_split
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, table
from dmil_core import schema
from dmil_core.partial_information.pointwise import PARTS, largest_part

#: What decides of which kind a sample is.
TRUTH, GATE, BITS = "truth", "gate", "bits"
#: Models whose accuracy is shown for each kind, besides the chosen one.
COMPARED: Final = ("ensemble", "joint", "dmil")
#: A sample is an example of a component with at least this share.
_CLEAR: Final = 0.5
#: Columns of the strip of all samples.
_COLUMNS: Final = 400


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
    frame = in_split(table(checkpoint), split)
    sorted_ = _component_of(checkpoint, frame, definition)
    if sorted_ is None or frame.empty:
        return None
    by, of = sorted_
    ready = {c.model: c for c in catalog.ready(checkpoint.data, checkpoint.seed)}
    models = {
        m: table(ready[m])["correct"].reindex(frame.index)
        for m in dict.fromkeys((*COMPARED, checkpoint.model))
        if m in ready
    }
    starts = overview.starts(checkpoint, split, definition)
    kinds = []
    for component in samples.components(checkpoint):
        member = (of == component).to_numpy()
        count = int(member.sum())
        shown = [s for s in starts.get(component, ()) if _is_clear(s)]
        if by == TRUTH and not shown:
            shown = overview.most_confident(frame[member])
        right = {
            m: float(correct[member].astype(float).mean()) for m, correct in models.items() if count
        }
        kinds.append(
            Kind(component, count, count / len(frame), _examples(checkpoint, shown), right)
        )
    return Evidence(by, tuple(kinds))


def wrong(checkpoint: Checkpoint, split: str, definition: str) -> tuple[Example, ...]:
    """The samples that the model answers wrong with the highest confidence."""
    starts = overview.starts(checkpoint, split, definition)
    return _examples(checkpoint, starts.get(overview.MISLEADING, ()))


def _component_of(
    checkpoint: Checkpoint, frame: pd.DataFrame, definition: str
) -> tuple[str, pd.Series[str]] | None:
    if schema.INTERACTION_TYPE in frame and frame[schema.INTERACTION_TYPE].notna().all():
        return TRUTH, frame[schema.INTERACTION_TYPE].astype(str)
    if "dominant" in frame:
        return GATE, frame["dominant"].astype(str)
    bits = information.bits(checkpoint, definition)
    if bits is None:
        return None
    largest = largest_part(*(bits[p].to_numpy() for p in PARTS))
    return BITS, pd.Series(largest, index=bits.index).reindex(frame.index).astype(str)


def _is_clear(start: Start) -> bool:
    """Whether a sample really is of its kind, and not only the most so of a set without it."""
    return start.value >= _CLEAR if start.unit == "share" else start.value > 0


def _examples(checkpoint: Checkpoint, starts: Sequence[Start]) -> tuple[Example, ...]:
    ids = [s.sample for s in starts]
    columns = thumbnails.columns(checkpoint, ids) if ids else {}
    frame = table(checkpoint)
    weights = samples.gates_of(frame.loc[ids])
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
    if not schema.components_in(table(checkpoint).columns):
        return None
    return _gates(str(checkpoint.folder), checkpoint.stamp, split, checkpoint)


@st.cache_resource(max_entries=32, show_spinner=False)
def _gates(folder: str, key: str, split: str, _checkpoint: Checkpoint) -> Gates | None:
    frame = in_split(table(_checkpoint), split)
    components = tuple(schema.components_in(frame.columns))
    if frame.empty:
        return None
    weights: NDArray[Any] = frame[[schema.gate(c) for c in components]].to_numpy(dtype=float)
    largest = weights.argmax(axis=1)
    order = np.lexsort((-weights.max(axis=1), largest))
    groups = np.array_split(weights[order], min(_COLUMNS, len(order)))
    counts = np.bincount(largest, minlength=len(components))
    return Gates(
        components,
        np.stack([g.mean(axis=0) for g in groups]),
        dict(zip(components, counts.tolist(), strict=True)),
    )


def truth_by_gate(checkpoint: Checkpoint, split: str) -> pd.DataFrame | None:
    """Counts of samples: rows are true interaction types, columns the component of the largest
    gate; None where one of the two is not known."""
    frame = in_split(table(checkpoint), split)
    if frame.empty or "dominant" not in frame or schema.INTERACTION_TYPE not in frame:
        return None
    if frame[schema.INTERACTION_TYPE].isna().any():
        return None
    names = list(samples.components(checkpoint))
    counts = pd.crosstab(frame[schema.INTERACTION_TYPE], frame["dominant"])
    return counts.reindex(index=names, columns=names, fill_value=0)
