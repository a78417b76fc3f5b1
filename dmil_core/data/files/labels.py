"""The class of every row of a column, from whatever file it comes.

What a stored label is called as a class is the rule of :mod:`dmil_core.data.labels`; here is which
cells are labels, and what is said of a column that has none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dmil_core.data import labels as rule
from dmil_core.data.files.kinds import (
    Facts,
    is_plain_number,
    is_text,
    numbers,
    stored_numbers,
    words_of,
)
from dmil_core.data.files.missing import ALWAYS, AMONG_NUMBERS, MOSTLY
from dmil_core.data.files.numbers import in_unit
from dmil_core.data.files.repairs import QUANTILES, Repairs
from dmil_core.data.files.roles import is_quantity
from dmil_core.data.files.table import Column
from dmil_core.data.ranges import Ranges, cut, ranges_of
from dmil_core.data.validate import Issue, Offer, Purpose, spelled_alike, taken_as_one

#: Longest class name or id: both stand in links and figures.
LONGEST_NAME: Final = 100
_SHOWN: Final = 5


@dataclass(frozen=True, eq=False)
class Labels:
    """The classes of the rows.

    Attributes
    ----------
    names : (N,) of the class of each row; "" where it is missing.
    missing : (N,) which rows have no class.
    classes : names in their order; empty where they cannot be told.
    """

    names: NDArray[np.str_]
    missing: NDArray[np.bool_]
    classes: tuple[str, ...]
    issues: tuple[Issue, ...] = ()


def labels(
    column: Column, facts: Facts, repairs: Repairs, purpose: Purpose = "train",
    like: Sequence[str] = (),
) -> Labels:  # fmt: skip
    """What class each row has.

    Parameters
    ----------
    purpose : "predict" takes numbers as they are, to be matched with the classes of a model.
    like : the classes of the model that new rows are for.
    """
    if facts.kind == "several labels":
        return _several(column, facts)
    if not is_text(column.data) and not is_plain_number(column.data):
        return _of_vectors(column, facts)
    if facts.why and facts.kind in ("empty", "unusable", "link", "file"):
        return _none(column, facts, f"the label {column.name!r} cannot be used: {facts.why}")
    spelled = facts.spelling is not None or is_plain_number(column.data)
    if spelled and purpose == "predict":
        ranges = ranges_of(like)
        if ranges is not None:
            return _within(column, facts, ranges)
    elif spelled and repairs.quantiles:
        return _cut(column, facts, repairs.quantiles)
    elif spelled and is_quantity(facts) and facts.kind != "constant":
        return _quantity(column, facts)
    return _named(column, facts, spelled)


def _named(column: Column, facts: Facts, spelled: bool) -> Labels:
    """Classes by the rule, which is asked once for each different cell."""
    different, codes = _different(column, facts)
    read = rule.read_labels(different)
    if read.problem:
        return _none(column, facts, f"the label {column.name!r} {read.problem}", read.what_to_do)
    called, classes = read.names, read.classes
    if unit := facts.unit if is_text(column.data) else "":  # 5 mg and 10 mg are doses, not 5 and 10
        called = np.where(called == "", "", np.char.add(called, f" {unit}"))
        classes = tuple(f"{name} {unit}" for name in classes)
    names = np.append(called, "")[codes]
    issues = list(spelled_alike(classes))
    if not spelled:
        issues += _like_missing(column.name, facts.counts)
    if len(set(read.stored[~read.missing].tolist())) > len(read.classes):
        issues += taken_as_one(rule.Labels(names, np.append(read.stored, "")[codes]))
    return Labels(names, names == "", classes, tuple(issues))


def _different(column: Column, facts: Facts) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The different labels (U,) as they are stored, and (N,) which each row has, -1 for none."""
    data = column.data
    there = ~facts.missing
    if is_text(data) and (facts.spelling is None or facts.spelling.plain):
        cells = words_of(data)
        words = np.asarray(cells.words.to_pylist(), dtype=np.str_)
        words[np.bincount(cells.codes[there], minlength=len(words)) == 0] = ""
        return words, np.where(there, cells.codes, -1).astype(np.int64)
    if is_text(data):
        values: NDArray[Any] = numbers(column, facts)
    else:
        values = data.reshape(len(data)) if isinstance(data, np.ndarray) else _plain_values(data)
    known, places = np.unique(values[there], return_inverse=True)
    codes = np.full(len(column), -1, dtype=np.int64)
    codes[there] = places.reshape(-1)
    return known, codes


def _plain_values(data: pa.ChunkedArray) -> NDArray[Any]:
    """(N,) numbers or truth values as they are stored; anything where there is none."""
    if pa.types.is_decimal(data.type):
        return stored_numbers(data)
    if pa.types.is_integer(data.type) or pa.types.is_boolean(data.type):
        data = pc.fill_null(data, 0 if pa.types.is_integer(data.type) else False)
    values: NDArray[Any] = data.to_numpy()
    return values


def _like_missing(name: str, counts: Mapping[str, int]) -> list[Issue]:
    """Whether a class has a name that usually means that there is none."""
    odd = [w for w in counts if w.lower() in (*ALWAYS, *MOSTLY, *AMONG_NUMBERS)]
    if not odd:
        return []
    shown = ", ".join(f"{w!r} ({counts[w]:,} rows)" for w in odd[:_SHOWN])
    title = f"classes of {name!r} are named as missing values often are: {shown}"
    what = "They are taken as classes. Give them other names, or empty these cells."
    return [Issue(title, (), "warning", what, what)]


def _none(column: Column, facts: Facts, title: str, what: str = "Choose another column.") -> Labels:
    nothing = np.full(len(column), "", dtype=np.str_)
    issue = Issue(title, (), "error", what, what)
    return Labels(nothing, np.zeros(len(column), dtype=bool), (), (issue,))


def _several(column: Column, facts: Facts) -> Labels:
    example = next((w for w in facts.counts if facts.mark in w), "")
    shown = f", such as {example[:40]!r}" if example else ""
    return _none(
        column, facts, f"the label {column.name!r} has several labels in a cell{shown}",
        "A row has one class. Choose another column, or make one of a single label: whether it is "
        "there or not.",
    )  # fmt: skip


def _quantity(column: Column, facts: Facts) -> Labels:
    few = "every row has another" if facts.distinct == facts.rows else f"{facts.distinct:,} values"
    title = (
        f"the label {column.name!r} looks like a number to predict: {few}, from "
        f"{facts.low:.4g} to {facts.high:.4g}"
    )
    what = (
        "Choose a column of classes, or cut the number into 2 to 5 classes of about equal size "
        "(--quantiles 3)."
    )
    offers = tuple(Offer(f"Cut into {n} classes", "quantiles", n) for n in QUANTILES)
    nothing = np.full(len(column), "", dtype=np.str_)
    issue = Issue(title, (), "error", what, what, offers)
    return Labels(nothing, np.zeros(len(column), dtype=bool), (), (issue,))


def _cut(column: Column, facts: Facts, parts: int) -> Labels:
    """Classes of about equal size from a number."""
    values = numbers(column, facts)
    present = values[~np.isnan(values)]
    if not len(present):
        return _none(column, facts, f"the label {column.name!r} is empty")
    ranges = cut(present, parts, facts.unit)
    if ranges is None:
        title = f"the label {column.name!r} cannot be cut: most rows have the value {facts.high:g}"
        return _none(column, facts, title)
    title = (
        f"the number {column.name!r} is cut into {len(ranges.classes)} classes of about equal size"
    )
    return _of_ranges(ranges, values, title, "What is learnt is which class, not the number.")


def _within(column: Column, facts: Facts, ranges: Ranges) -> Labels:
    """Classes of new rows, by the edges that a model was trained with."""
    factor = in_unit(facts.unit, ranges.unit)
    if factor is None:
        title = (
            f"the label {column.name!r} is in {facts.unit}, and the model was trained on numbers "
            f"in {ranges.unit}"
        )
        return _none(column, facts, title)
    values = factor * numbers(column, facts)
    title = f"the number {column.name!r} is cut where it was in the training"
    return _of_ranges(ranges, values, title, "The classes are those of the model.")


def _of_ranges(ranges: Ranges, values: NDArray[np.float64], title: str, what: str) -> Labels:
    codes = ranges.places(values)
    names = np.asarray([*ranges.classes, ""], dtype=np.str_)[codes]
    sizes = ", ".join(f"{c}: {int((codes == k).sum()):,}" for k, c in enumerate(ranges.classes))
    what = f"Rows: {sizes}. {what}"
    issue = Issue(title, (), "warning", what, what)
    return Labels(names, codes < 0, ranges.classes, (issue,))


def _of_vectors(column: Column, facts: Facts) -> Labels:
    """Labels as rows of zeros with a one: the class is its place."""
    data = column.data
    array = data if isinstance(data, np.ndarray) else _rows_of(data)
    if array is None or array.ndim != 2 or array.dtype.kind not in "biuf":
        shape = () if array is None else array.shape[1:]
        why = facts.why or f"values of shape {shape} a row"
        title = f"the label {column.name!r} cannot be used: {why}"
        return _none(column, facts, title, "Store one class a row.")
    places = rule.from_indicators(array)
    if places is not None:
        classes = tuple(map(str, range(array.shape[1])))
        return Labels(np.asarray(classes)[places], np.zeros(len(array), dtype=bool), classes)
    if np.isin(array, (0, 1)).all():
        title = f"the label {column.name!r} has several labels a row, or none"
        rows = tuple(np.flatnonzero(array.sum(axis=1) != 1).tolist())
        what = "A row has one class: store the class, or choose a column of them."
        issue = Issue(title, rows, "error", what, what)
        nothing = np.full(len(array), "", np.str_)
        return Labels(nothing, np.zeros(len(array), bool), (), (issue,))
    title = f"the label {column.name!r} has {array.shape[1]} numbers a row, which are no classes"
    return _none(column, facts, title, "Store one class a row, as an array of shape (N,).")


def _rows_of(data: pa.ChunkedArray) -> NDArray[Any] | None:
    try:
        return np.asarray(data.to_pylist(), dtype=np.float64)
    except (ValueError, TypeError):
        return None


def check_names(role: str, column: str, values: NDArray[np.str_]) -> list[Issue]:
    """Names that would be unreadable in a list, cut off in a link, or run in a spreadsheet."""
    different, index = np.unique(values, return_inverse=True)
    text = different.tolist()
    issues = []
    for wrong, title, what in (
        ([len(v) > LONGEST_NAME for v in text], f"has over {LONGEST_NAME} characters",
         "Shorten it."),
        ([not v.isprintable() for v in text], "has characters that cannot be shown",
         "Remove line breaks and control characters."),
        ([v.startswith("=") for v in text], "starts with =, as a formula",
         "Save the table with its values instead."),
    ):  # fmt: skip
        if any(wrong):
            rows = tuple(np.flatnonzero(np.asarray(wrong)[index]).tolist())
            issues.append(Issue(f"the {role} {column!r} {title}", rows, "error", what))
    return issues
