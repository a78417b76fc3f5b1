"""The class of every row, by one rule wherever it comes from: CSV, Parquet, .npz, DataFrame.

``0``, ``0.0`` and ``"0"`` are the class 0; true and false are ``true`` and ``false`` however they
are written. Classes stand in the order that the file declares, as one of Hugging Face does; else
numbers in numerical order, words in that of the alphabet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dmil_core.data.files.kinds import (
    Facts,
    codes_of,
    is_plain_number,
    is_text,
    number_name,
    numbers,
    words_of,
)
from dmil_core.data.files.missing import ALWAYS, AMONG_NUMBERS, MOSTLY
from dmil_core.data.files.repairs import QUANTILES, Repairs
from dmil_core.data.files.roles import is_quantity
from dmil_core.data.files.table import Column
from dmil_core.data.validate import Issue, Offer, spelled_alike

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


def labels(column: Column, facts: Facts, repairs: Repairs) -> Labels:
    """What class each row has."""
    if facts.kind == "several labels":
        return _several(column, facts)
    if not is_text(column.data) and not is_plain_number(column.data):
        return _of_vectors(column, facts)
    if facts.why and facts.kind in ("empty", "unusable", "link", "file"):
        return _none(column, facts, f"the label {column.name!r} cannot be used: {facts.why}")
    spelled = facts.spelling is not None or is_plain_number(column.data)
    if spelled and repairs.quantiles:
        return _cut(column, facts, repairs.quantiles)
    if spelled and not column.classes and is_quantity(facts) and facts.kind != "constant":
        return _quantity(column, facts)
    if facts.counts:
        codes = codes_of(column, facts)
        order = list(facts.counts)
    else:
        codes, order = _many(column)
    return _named(column, facts, codes, order, spelled)


def _named(
    column: Column, facts: Facts, codes: NDArray[np.int64], order: list[str], spelled: bool
) -> Labels:
    """Classes from codes; words for true and false are written one way."""
    lower = [w.lower() for w in order]
    if not spelled and set(lower) <= {"true", "false"}:
        order = lower
    place = {w.strip(): k for k, w in enumerate(column.classes)}
    if not place:
        place = {w: k for k, w in enumerate(order if spelled else sorted(order))}
    classes = tuple(sorted(dict.fromkeys(order), key=lambda w: (place.get(w, len(place)), w)))
    names = np.asarray([*order, ""], dtype=np.str_)[codes]
    issues = [
        *spelled_alike(classes),
        *([] if spelled else _like_missing(column.name, facts.counts)),
    ]
    return Labels(names, codes < 0, classes, tuple(issues))


def _many(column: Column) -> tuple[NDArray[np.int64], list[str]]:
    """Codes and names of a column with very many different values."""
    if is_text(column.data):
        cells = words_of(column.data)
        trimmed = [w.strip() for w in cells.words.to_pylist()]
        order = sorted(set(trimmed) - {""})
        place = {w: k for k, w in enumerate(order)}
        index = np.asarray([place.get(w, -1) for w in trimmed], dtype=np.int64)
        return cells.spread(index, -1).astype(np.int64), order
    values = numbers(column, Facts(column.name, "number", np.zeros(len(column), dtype=bool)))
    known, codes = np.unique(values, return_inverse=True)
    codes = np.where(np.isnan(values), -1, codes)
    return codes, [number_name(v) for v in known.tolist() if not np.isnan(v)]


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
    edges = np.unique(np.quantile(present, np.arange(1, parts) / parts))
    # A class holds the values up to and with its edge.
    edges = edges[edges < present.max()]
    if not len(edges):
        title = f"the label {column.name!r} cannot be cut: most rows have the value {facts.high:g}"
        return _none(column, facts, title)
    marks = _short(edges)
    unit = f" {facts.unit}" if facts.unit else ""
    between = [f"{a} to {b}{unit}" for a, b in pairwise(marks)]
    classes = (f"up to {marks[0]}{unit}", *between, f"above {marks[-1]}{unit}")
    codes = np.searchsorted(edges, values, side="left")
    codes = np.where(np.isnan(values), -1, codes)
    names = np.asarray([*classes, ""], dtype=np.str_)[codes]
    sizes = ", ".join(f"{c}: {int((codes == k).sum()):,}" for k, c in enumerate(classes))
    title = f"the number {column.name!r} is cut into {len(classes)} classes of about equal size"
    what = f"Rows: {sizes}. What is learnt is which class, not the number."
    issue = Issue(title, (), "warning", what, what)
    return Labels(names, codes < 0, classes, (issue,))


def _short(edges: NDArray[np.float64]) -> list[str]:
    """Edges with as few digits as tell them apart."""
    for digits in range(3, 17):
        marks = [f"{e:.{digits}g}" for e in edges.tolist()]
        if len(set(marks)) == len(marks):
            return [m if "e" not in m else number_name(float(m)) for m in marks]
    return [repr(e) for e in edges.tolist()]


def _of_vectors(column: Column, facts: Facts) -> Labels:
    """Labels as rows of zeros with a one: the class is its place."""
    data = column.data
    array = data if isinstance(data, np.ndarray) else _rows_of(data)
    if array is None or array.ndim != 2 or array.dtype.kind not in "biuf":
        shape = () if array is None else array.shape[1:]
        why = facts.why or f"values of shape {shape} a row"
        title = f"the label {column.name!r} cannot be used: {why}"
        return _none(column, facts, title, "Store one class a row.")
    ones = array.astype(np.float64)
    if np.isin(ones, (0.0, 1.0)).all():
        places = ones.sum(axis=1)
        if (places == 1).all():
            codes = ones.argmax(axis=1)
            classes = tuple(str(k) for k in range(ones.shape[1]))
            return Labels(np.asarray(classes)[codes], np.zeros(len(ones), dtype=bool), classes)
        title = f"the label {column.name!r} has several labels a row, or none"
        rows = tuple(np.flatnonzero(places != 1).tolist())
        what = "A row has one class: store the class, or choose a column of them."
        issue = Issue(title, rows, "error", what, what)
        return Labels(np.full(len(ones), "", np.str_), np.zeros(len(ones), bool), (), (issue,))
    title = f"the label {column.name!r} has {ones.shape[1]} numbers a row, which are no classes"
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
