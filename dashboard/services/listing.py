"""The list of samples: which rows filters leave, in which order, and what they are ordered by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.comparison.models import frozen_wrong
from dashboard.services.map import slices
from dashboard.services.sample import information, samples
from dashboard.services.sample.samples import COLUMNS, in_split
from dashboard.services.store.catalog import Checkpoint, DataProblem, checkpoint_catalog, table
from dashboard.services.trust import components, inputs
from dashboard.state.slices import read
from dashboard.state.view import (
    ANSWERS,
    QUANTITIES,
    UP,
    View,
    filters_of,
    model_in,
    names_in,
    range_of,
)
from dmil_core import schema

#: Rows of one page of the list. They are sent again with each click, pictures and all, which for a
#: hundred are 50 to 130 KB.
PAGE = 100

Mask = NDArray[np.bool_]


def selected(checkpoint: Checkpoint, view: View) -> pd.DataFrame:
    """The rows that the view's split, search and filters leave, in the view's order."""
    return _ordered(checkpoint, _kept(checkpoint, view), view)


def selection(checkpoint: Checkpoint, view: View) -> pd.Index[str] | None:
    """Ids of the samples that the view's filters leave of its split; None without a filter."""
    if not filters_of(view):
        return None
    return _kept(checkpoint, view).index


def _kept(checkpoint: Checkpoint, view: View) -> pd.DataFrame:
    frame = in_split(table(checkpoint), view.split)
    keep = np.ones(len(frame), dtype=bool)
    if view.search:
        keep &= _matches(frame, view.search)
    if view.confidence:
        keep &= _within(frame["confidence"].to_numpy(dtype=float), *range_of(view.confidence))
    if view.show in ("right", "wrong"):
        keep &= frame["correct"].to_numpy(dtype=bool) == (view.show == "right")
    for column, wanted in (
        ("y", view.truth),
        ("pred", view.predicted),
        ("dominant", view.dominant),
        (schema.INTERACTION_TYPE, view.interaction_type),
    ):
        if wanted and column in frame.columns:
            keep &= (frame[column] == wanted).to_numpy()
    if view.flag:
        keep &= _flagged(checkpoint, frame, view.flag)
    if view.flags:
        keep &= _flagged_exactly(checkpoint, frame, names_in(view.flags))
    if view.alone:
        keep &= _no_input_alone(checkpoint, frame)
    if view.needs:
        keep &= _needing(checkpoint, frame, view)
    for models, right in ((view.right, True), (view.wrong, False)):
        for name in names_in(models):
            keep &= _answered(checkpoint, frame, name, right)
    if view.answers:
        keep &= _as_different(different_answers(checkpoint)[frame["id"]].to_numpy(), view.answers)
    if view.slice:
        keep &= _in_slice(frame, view)
    rows = frame[keep]
    return information.apart(checkpoint, rows, view.definition) if view.show == "apart" else rows


def _matches(frame: pd.DataFrame, search: str) -> Mask:
    # regex=False: a visitor's text is never a pattern.
    columns = (frame[c].astype(str) for c in ("id", "y", "pred"))
    hits = [c.str.contains(search, case=False, regex=False).to_numpy(dtype=bool) for c in columns]
    mask: Mask = np.logical_or.reduce(hits)
    return mask


def _within(confidence: NDArray[np.float64], low: float, high: float) -> Mask:
    """The bin of a calibration curve: its upper end belongs to the next, but for the last."""
    mask: Mask = (confidence >= low) & ((confidence < high) | (high == 1))
    return mask


def _flagged(checkpoint: Checkpoint, frame: pd.DataFrame, flag: str) -> Mask:
    data = samples.source(checkpoint)
    if isinstance(data, DataProblem) or flag not in data.flags:
        return np.zeros(len(frame), dtype=bool)
    return _marked(frame, data, np.asarray(data.flags[flag], dtype=bool))


def _flagged_exactly(checkpoint: Checkpoint, frame: pd.DataFrame, flags: Sequence[str]) -> Mask:
    """Rows with these flags and no other of the set's."""
    data = samples.source(checkpoint)
    if isinstance(data, DataProblem) or not set(flags) <= set(data.flags):
        return np.zeros(len(frame), dtype=bool)
    mask = np.ones(len(data.ids), dtype=bool)
    for name, values in data.flags.items():
        mask &= np.asarray(values, dtype=bool) == (name in flags)
    return _marked(frame, data, mask)


def _marked(frame: pd.DataFrame, data: Any, mask: Mask) -> Mask:
    """The rows of a table that a mask over the data set's rows means."""
    return frame["id"].isin(set(np.asarray(data.ids)[mask].tolist())).to_numpy()


def _no_input_alone(checkpoint: Checkpoint, frame: pd.DataFrame) -> Mask:
    """Rows that every model of one input of the ensemble gets wrong; none without an ensemble."""
    pair = checkpoint_catalog().get(checkpoint.data, "ensemble", checkpoint.seed)
    wrong = frozen_wrong(pair) if pair.status == "ready" else None
    if wrong is None:
        return np.zeros(len(frame), dtype=bool)
    return np.asarray(wrong.reindex(frame.index).fillna(False), dtype=bool)


def _needing(checkpoint: Checkpoint, frame: pd.DataFrame, view: View) -> Mask:
    """Which rows are right, and wrong without a component or with an input blank."""
    if view.needs in schema.ALL_COMPONENTS:
        broken = components.breaks(checkpoint, view.needs)
    else:
        broken = inputs.breaks(checkpoint, view.split, int(view.needs.removeprefix("x")))
    return frame["id"].isin(broken.index[broken.to_numpy(dtype=bool)]).to_numpy()


def _in_slice(frame: pd.DataFrame, view: View) -> Mask:
    """A slice that cannot be read leaves nothing out; the map says why."""
    ids = slices.members(view.data, read(view.slice))
    if isinstance(ids, DataProblem):
        return np.ones(len(frame), dtype=bool)
    return np.asarray(frame.index.isin(ids), dtype=bool)


# --- several models -------------------------------------------------------------------------


def _answered(checkpoint: Checkpoint, frame: pd.DataFrame, name: str, right: bool) -> Mask:
    """Which rows another model gets right, or wrong; none of a model that there is not."""
    other = checkpoint_catalog().get(checkpoint.data, *model_in(name, checkpoint.seed))
    if other.status != "ready":
        return np.zeros(len(frame), dtype=bool)
    correct = table(other)["correct"].reindex(frame["id"])
    return np.asarray((correct == right).to_numpy(), dtype=bool)


def different_answers(checkpoint: Checkpoint) -> pd.Series[int]:
    """How many different answers the models of this set and seed give, by sample."""
    ready = checkpoint_catalog().ready(checkpoint.data, checkpoint.seed)
    return _different(checkpoint.stamp, tuple(c.stamp for c in ready), checkpoint, ready)


@st.cache_resource(max_entries=16, show_spinner="Comparing the models' answers …")
def _different(
    key: str, others: tuple[str, ...], _checkpoint: Checkpoint, _ready: Sequence[Checkpoint]
) -> pd.Series[int]:
    ids = table(_checkpoint)["id"]
    classes = pd.Index(samples.classes(_checkpoint))
    predicted = [classes.get_indexer(pd.Index(table(c)["pred"].reindex(ids))) for c in _ready]
    codes = np.sort(np.stack(predicted, axis=1), axis=1)
    # Of samples that a model's table does not have, its answer is none and does not count.
    counts = 1 + (np.diff(codes, axis=1) > 0).sum(axis=1) - (codes[:, 0] < 0)
    return pd.Series(counts, index=ids)


def answer_counts(checkpoint: Checkpoint, split: str) -> dict[str, int]:
    """For each of ``state.ANSWERS`` how many samples of the split it leaves, none left out."""
    counts = different_answers(checkpoint)[in_split(table(checkpoint), split)["id"]].to_numpy()
    return {a: n for a in ANSWERS if (n := int(_as_different(counts, a).sum()))}


def _as_different(counts: NDArray[Any], answers: str) -> Mask:
    return np.asarray(counts == 1 if answers == "same" else counts >= int(answers), dtype=bool)


# --- order ----------------------------------------------------------------------------------


def quantities(checkpoint: Checkpoint) -> tuple[str, ...]:
    """What this checkpoint's list can be ordered by, of ``state.QUANTITIES``."""
    columns = table(checkpoint).columns
    bits = bool(information.estimators(checkpoint))
    gated = schema.components_in(columns)

    def known(name: str) -> bool:
        kind, _, component = name.partition("-")
        if kind in ("contribution", "bits"):
            return component in gated if kind == "contribution" else bits
        return COLUMNS[name] in columns

    return tuple(name for name in QUANTITIES if known(name))


def values(checkpoint: Checkpoint, rows: pd.DataFrame, quantity: str, view: View) -> pd.Series[Any]:
    """A quantity of rows of this checkpoint's table: shares from 0 to 1, or bits; not a number
    where it is not known.

    A contribution is that to the model's answer; bits are told by whom the view chose.
    """
    kind, _, component = quantity.partition("-")
    result: NDArray[Any]
    if kind == "contribution":
        result = _contribution(checkpoint, rows, component)  # type: ignore[arg-type]
    elif kind == "bits":
        bits = information.bits_by(checkpoint, view.definition, view.estimator)
        column = pd.Series(np.nan, rows["id"]) if bits is None else bits[component.lower()]
        result = np.asarray(column.reindex(rows["id"]))
    else:
        result = np.asarray(rows[COLUMNS[quantity]])
    if quantity == "unexplained":
        result = 1.0 - result
    return pd.Series(result, index=rows.index)


def _contribution(
    checkpoint: Checkpoint, rows: pd.DataFrame, component: schema.Component
) -> NDArray[np.float64]:
    classes = samples.classes(checkpoint)
    every = rows[[schema.contribution(component, c) for c in classes]].to_numpy(dtype=float)
    answer = [classes.index(c) for c in rows["pred"]]
    return np.asarray(every[np.arange(len(rows)), answer] / samples.NATS_PER_BIT)


def ordered_by(checkpoint: Checkpoint, order: str) -> tuple[str, bool]:
    """The quantity of an order, and whether the smallest comes first.

    The quantity is empty for an order that has none, or where this checkpoint does not have it.
    """
    quantity, up = order.removesuffix(UP), order.endswith(UP)
    return (quantity, up) if quantity in quantities(checkpoint) else ("", False)


def _ordered(checkpoint: Checkpoint, rows: pd.DataFrame, view: View) -> pd.DataFrame:
    quantity, up = ordered_by(checkpoint, view.order)
    if quantity:
        by = values(checkpoint, rows, quantity, view)
        return rows.loc[by.sort_values(ascending=up, kind="stable").index]
    return rows if view.order == "stored" else rows.iloc[most_telling(rows)]


def most_telling(rows: pd.DataFrame) -> NDArray[np.intp]:
    """Positions of rows, those first that show most.

    With a gate: of each component in turn the sample with the largest weight of it, the more
    confident first where they are equal. Without one: the most confident of the wrong predictions,
    down to the most confident of the right ones.
    """
    available = schema.components_in(rows.columns)
    confidence = rows["confidence"].to_numpy(dtype=float)
    if not available:
        return np.argsort(np.where(rows["correct"], confidence, -confidence), kind="stable")
    weights = rows[[schema.gate(c) for c in available]].to_numpy(dtype=float)
    top, largest = weights.argmax(axis=1), weights.max(axis=1)
    within = np.lexsort((-confidence, -largest, top))
    turn = np.empty(len(rows), dtype=np.intp)
    starts = np.searchsorted(top[within], top[within])
    turn[within] = np.arange(len(rows)) - starts
    return np.lexsort((top, turn))


# --- pages ----------------------------------------------------------------------------------


def pages(rows: pd.DataFrame) -> int:
    """How many pages a list has."""
    return max(1, -(-len(rows) // PAGE))


def page_of(rows: pd.DataFrame, view: View) -> int:
    """The page to show, from 1: the view's, or the one that its sample is on."""
    if view.page:
        return min(view.page, pages(rows))
    position = samples.neighbours_in(rows, view.sample)[2]
    return 1 if position is None else position // PAGE + 1
