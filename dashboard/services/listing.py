"""The list of samples: which rows filters leave, in which order, and what they are ordered by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.services.comparison.models import frozen_wrong
from dashboard.services.map import slices
from dashboard.services.sample import information, samples, texts
from dashboard.services.sample.estimates import kept_stamp
from dashboard.services.sample.samples import COLUMNS, rows_in
from dashboard.services.store.catalog import (
    Checkpoint,
    DataProblem,
    checkpoint_catalog,
    predictions,
)
from dashboard.services.store.rows import Mask, Positions, Rows
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
#: Quantities that are names.
_NAMES = ("class", "prediction", "dominant", "interaction_type")


def selected(checkpoint: Checkpoint, view: View) -> Rows:
    """The rows that the view's split, search and filters leave, in the view's order."""
    rows = _kept(checkpoint, view)
    if view.needs:
        return Rows(rows.table, _ordered(checkpoint, rows, view))
    told = kept_stamp(checkpoint) if view.order.startswith("bits-") else ""
    key = ("order", *_asked(checkpoint, view), view.order, view.definition, view.estimator, told)
    return Rows(rows.table, rows.table.kept(key, lambda: _ordered(checkpoint, rows, view)))


def selection(checkpoint: Checkpoint, view: View) -> Rows | None:
    """The samples that the view's filters leave of its split; None without a filter."""
    return _kept(checkpoint, view) if filters_of(view) else None


def _asked(checkpoint: Checkpoint, view: View) -> tuple[object, ...]:
    """What decides which rows are left, but for the checkpoint's own table."""
    filters = filters_of(view)
    if not filters:
        return (view.split,)
    # Filters may ask other models, and the data set.
    others = tuple(c.stamp for c in checkpoint_catalog().of(checkpoint.data))
    asks_data = view.search or view.flag or view.flags
    data = getattr(samples.source(checkpoint), "digest", "") if asks_data else ""
    return (view.split, str(filters), view.definition, others, data)


def _kept(checkpoint: Checkpoint, view: View) -> Rows:
    rows = rows_in(checkpoint, view.split)
    if not filters_of(view):
        return rows

    def found() -> Positions:
        at: Positions = rows.positions[_mask(checkpoint, rows, view)]
        return at

    if view.needs:  # the answers to changed inputs are kept elsewhere, and not for ever
        return Rows(rows.table, found())
    return Rows(rows.table, rows.table.kept(("kept", *_asked(checkpoint, view)), found))


def _mask(checkpoint: Checkpoint, rows: Rows, view: View) -> Mask:
    keep = np.ones(len(rows), dtype=bool)
    if view.search:
        keep &= _matches(checkpoint, rows, view.search)
    if view.confidence:
        keep &= _within(rows.numbers("confidence"), *range_of(view.confidence))
    if view.show in ("right", "wrong"):
        keep &= rows.correct == (view.show == "right")
    for column, wanted in (
        ("y", view.truth),
        ("pred", view.predicted),
        ("dominant", view.dominant),
        (schema.INTERACTION_TYPE, view.interaction_type),
    ):
        if wanted and column in rows.columns:
            keep &= rows.words(column).equal(wanted)
    if view.flag:
        keep &= _flagged(checkpoint, rows, view.flag)
    if view.flags:
        keep &= _flagged_exactly(checkpoint, rows, names_in(view.flags))
    if view.alone:
        keep &= _no_input_alone(checkpoint, rows)
    if view.needs:
        keep &= _needing(checkpoint, rows, view)
    for models, right in ((view.right, True), (view.wrong, False)):
        for name in names_in(models):
            keep &= _answered(checkpoint, rows, name, right)
    if view.answers:
        keep &= _as_different(different_answers(checkpoint)[rows.positions], view.answers)
    if view.slice:
        keep &= _in_slice(rows, view)
    if (
        view.show == "apart"
        and (same := information.agree(checkpoint, view.definition)) is not None
    ):
        keep &= ~same[rows.positions]
    return keep


def _matches(checkpoint: Checkpoint, rows: Rows, search: str) -> Mask:
    """Rows whose id, class, prediction or text has it."""
    # regex=False: a visitor's text is never a pattern.
    mask: Mask = rows.table.having(search)[rows.positions]
    for column in ("y", "pred"):
        words = rows.words(column)
        some = pd.Series(words.names, dtype=object).str.contains(search, case=False, regex=False)
        mask |= np.append(some.to_numpy(dtype=bool), False)[words.codes]
    if (lines := texts.texts(checkpoint)) is not None:
        said = lines.reindex(list(rows.ids)).fillna("")
        mask |= said.str.contains(search, case=False, regex=False).to_numpy(dtype=bool)
    return mask


def _within(confidence: NDArray[Any], low: float, high: float) -> Mask:
    """The bin of a calibration curve: its upper end belongs to the next, but for the last."""
    mask: Mask = (confidence >= low) & ((confidence < high) | (high == 1))
    return mask


def _flagged(checkpoint: Checkpoint, rows: Rows, flag: str) -> Mask:
    data = samples.source(checkpoint)
    if isinstance(data, DataProblem) or flag not in data.flags:
        return np.zeros(len(rows), dtype=bool)
    return _marked(rows, data, np.asarray(data.flags[flag], dtype=bool))


def _flagged_exactly(checkpoint: Checkpoint, rows: Rows, flags: Sequence[str]) -> Mask:
    """Rows with these flags and no other of the set's."""
    data = samples.source(checkpoint)
    if isinstance(data, DataProblem) or not set(flags) <= set(data.flags):
        return np.zeros(len(rows), dtype=bool)
    mask = np.ones(len(data.ids), dtype=bool)
    for name, values in data.flags.items():
        mask &= np.asarray(values, dtype=bool) == (name in flags)
    return _marked(rows, data, mask)


def _marked(rows: Rows, data: Any, mask: Mask) -> Mask:
    """The rows that a mask over the data set's rows means."""
    return rows.table.among(np.asarray(data.ids)[mask].tolist())[rows.positions]


def _no_input_alone(checkpoint: Checkpoint, rows: Rows) -> Mask:
    """Rows that every model of one input of the ensemble gets wrong; none without an ensemble."""
    pair = checkpoint_catalog().get(checkpoint.data, "ensemble", checkpoint.seed)
    wrong = frozen_wrong(pair) if pair.status == "ready" else None
    if wrong is None:
        return np.zeros(len(rows), dtype=bool)
    return rows.inside(wrong)


def _needing(checkpoint: Checkpoint, rows: Rows, view: View) -> Mask:
    """Which rows are right, and wrong without a component or with an input blank."""
    if view.needs in schema.ALL_COMPONENTS:
        broken = components.breaks(checkpoint, view.needs)
    else:
        broken = inputs.breaks(checkpoint, view.split, int(view.needs.removeprefix("x")))
    return rows.table.among(broken.index[broken.to_numpy(dtype=bool)])[rows.positions]


def _in_slice(rows: Rows, view: View) -> Mask:
    """A slice that cannot be read leaves nothing out; the map says why."""
    members = slices.members(view.data, read(view.slice))
    if isinstance(members, DataProblem):
        return np.ones(len(rows), dtype=bool)
    return rows.inside(members)


# --- several models -------------------------------------------------------------------------


def _answered(checkpoint: Checkpoint, rows: Rows, name: str, right: bool) -> Mask:
    """Which rows another model gets right, or wrong; none of a model that there is not."""
    other = checkpoint_catalog().get(checkpoint.data, *model_in(name, checkpoint.seed))
    if other.status != "ready":
        return np.zeros(len(rows), dtype=bool)
    at = rows.at_in(predictions(other))
    return np.asarray((predictions(other).numbers("correct")[at] == right) & (at >= 0), dtype=bool)


def different_answers(checkpoint: Checkpoint) -> NDArray[np.int8]:
    """How many different answers the models of this set and seed give, by position in the
    checkpoint's table."""
    ready = checkpoint_catalog().ready(checkpoint.data, checkpoint.seed)
    key = ("different", tuple(c.stamp for c in ready))
    return predictions(checkpoint).kept(key, lambda: _different(checkpoint, ready))


def _different(checkpoint: Checkpoint, ready: Sequence[Checkpoint]) -> NDArray[np.int8]:
    rows, classes = Rows(predictions(checkpoint)), samples.classes(checkpoint)
    predicted = []
    for other in map(predictions, ready):
        at = rows.at_in(other)
        codes = other.words("pred").among(classes)[at]
        predicted.append(np.where(at >= 0, codes, -1).astype(np.int32, copy=False))
    codes = np.sort(np.stack(predicted, axis=1), axis=1)
    # Of samples that a model's table does not have, its answer is none and does not count.
    counts = 1 + (np.diff(codes, axis=1) > 0).sum(axis=1) - (codes[:, 0] < 0)
    return counts.astype(np.int8)


def answer_counts(checkpoint: Checkpoint, split: str) -> dict[str, int]:
    """For each of ``state.ANSWERS`` how many samples of the split it leaves, none left out."""
    counts = different_answers(checkpoint)[rows_in(checkpoint, split).positions]
    return {a: n for a in ANSWERS if (n := int(_as_different(counts, a).sum()))}


def _as_different(counts: NDArray[Any], answers: str) -> Mask:
    return np.asarray(counts == 1 if answers == "same" else counts >= int(answers), dtype=bool)


# --- order ----------------------------------------------------------------------------------


def quantities(checkpoint: Checkpoint) -> tuple[str, ...]:
    """What this checkpoint's list can be ordered by, of ``state.QUANTITIES``."""
    columns = predictions(checkpoint).columns
    bits = bool(information.estimators(checkpoint))
    gated = schema.components_in(columns)

    def known(name: str) -> bool:
        kind, _, component = name.partition("-")
        if kind in ("contribution", "bits"):
            return component in gated if kind == "contribution" else bits
        return COLUMNS[name] in columns

    return tuple(name for name in QUANTITIES if known(name))


def values(checkpoint: Checkpoint, rows: Rows, quantity: str, view: View) -> NDArray[Any]:
    """(N,) a quantity of rows of this checkpoint's table: shares from 0 to 1, or bits; not a number
    where it is not known.

    A contribution is that to the model's answer; bits are told by whom the view chose.
    """
    kind, _, component = quantity.partition("-")
    if kind == "contribution":
        return _contribution(checkpoint, rows, component)  # type: ignore[arg-type]
    if kind == "bits":
        part = component.lower()
        bits = information.part_by(checkpoint, view.definition, view.estimator, part, view.split)
        return np.full(len(rows), np.nan) if bits is None else bits[rows.positions]
    if quantity == "id":
        return np.array(rows.ids[:], dtype=object)
    if quantity in _NAMES:
        return rows.words(COLUMNS[quantity]).texts()
    result = rows.numbers(COLUMNS[quantity])
    return 1.0 - result if quantity == "unexplained" else result


def _contribution(
    checkpoint: Checkpoint, rows: Rows, component: schema.Component
) -> NDArray[np.float64]:
    answer, result = rows.words("pred"), np.full(len(rows), np.nan)
    for cls in samples.classes(checkpoint):
        if cls in answer.names:
            own = answer.equal(cls)
            result[own] = rows.numbers(schema.contribution(component, cls))[own]
    return result / samples.NATS_PER_BIT


def ordered_by(checkpoint: Checkpoint, order: str) -> tuple[str, bool]:
    """The quantity of an order, and whether the smallest comes first.

    The quantity is empty for an order that has none, or where this checkpoint does not have it.
    """
    quantity, up = order.removesuffix(UP), order.endswith(UP)
    return (quantity, up) if quantity in quantities(checkpoint) else ("", False)


def _ordered(checkpoint: Checkpoint, rows: Rows, view: View) -> Positions:
    quantity, up = ordered_by(checkpoint, view.order)
    if quantity:
        order = order_of(_ranks(checkpoint, rows, quantity, view), up)
    elif view.order == "stored":
        return rows.positions
    else:
        order = most_telling(rows)
    at: Positions = rows.positions[order]
    return at


def _ranks(checkpoint: Checkpoint, rows: Rows, quantity: str, view: View) -> NDArray[Any]:
    """Numbers that have the order of a quantity."""
    if quantity == "id":
        return rows.table.ranks[rows.positions]
    if quantity in _NAMES:
        words = rows.words(COLUMNS[quantity])
        return words.among(sorted(words.names))
    return values(checkpoint, rows, quantity, view)


def order_of(numbers: NDArray[Any], up: bool) -> NDArray[np.intp]:
    """The order of numbers (N,), equal ones in the order they have; what is none is last."""
    if numbers.dtype.kind == "f":
        return np.argsort(numbers if up else -numbers, kind="stable")
    # Of two bytes each, codes and truth values are sorted ten times as fast.
    whole: NDArray[np.signedinteger[Any]] = numbers.astype(
        np.int64 if numbers.dtype.itemsize > 2 else np.int16
    )
    return np.argsort(whole if up else -whole, kind="stable")


def most_telling(rows: Rows) -> NDArray[np.intp]:
    """Positions of rows, those first that show most.

    With a gate: of each component in turn the sample with the largest weight of it, the more
    confident first where they are equal. Without one: the most confident of the wrong predictions,
    down to the most confident of the right ones.
    """
    available = schema.components_in(rows.columns)
    confidence = rows.numbers("confidence")
    if not available:
        return np.argsort(np.where(rows.correct, confidence, -confidence), kind="stable")
    top = rows.words("dominant").among(available)
    within, starts = [], []
    for place, component in enumerate(available):
        own = np.flatnonzero(top == place)
        weight = rows.numbers(schema.gate(component))[own]
        within.append(own[np.lexsort((-confidence[own], -weight))])
        # In turn: before a sample's own come as many of each other component, one more of those
        # before it, as long as there are any.
        starts.append(np.arange(len(own)))
    sizes = [len(own) for own in within]
    result = np.empty(len(rows), dtype=np.intp)
    for place, (own, turn) in enumerate(zip(within, starts, strict=True)):
        at = turn.copy()
        for other, size in enumerate(sizes):
            if other != place:
                at += np.minimum(turn + (other < place), size)
        result[at] = own
    return result


# --- pages ----------------------------------------------------------------------------------


def pages(rows: Rows) -> int:
    """How many pages a list has."""
    return max(1, -(-len(rows) // PAGE))


def page_of(rows: Rows, view: View) -> int:
    """The page to show, from 1: the view's, or the one that its sample is on."""
    if view.page:
        return min(view.page, pages(rows))
    position = rows.position_of(view.sample)
    return 1 if position is None else position // PAGE + 1
