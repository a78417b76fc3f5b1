"""Inputs that some rows lack, such as a second sensor that was not there.

``flag_without_x2`` (N,) is true where a row has no x2. What the array holds there is not used: it
is replaced by a blank, the mean of the training rows that have the input, of a text no words. The
rows stay, so that a model learns from what their other inputs say and answers for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.validate import FLAG_PREFIX, Arrays, Issue, Purpose
from dmil_core.schema import MODALITY_NUMBERS, ModalityNumber

#: Name of the flag of an input, before its number; in a file it has ``flag_`` in front.
WITHOUT: Final = "without_x"


def flag_of(m: int) -> str:
    """Name of the array that says which rows lack input ``m``."""
    return f"{FLAG_PREFIX}{WITHOUT}{m}"


def absent(flags: Mapping[str, NDArray[np.bool_]], m: ModalityNumber) -> NDArray[np.bool_] | None:
    """(N,) which rows lack input ``m``, of the flags of a set; None where none does."""
    rows = flags.get(f"{WITHOUT}{m}")
    return rows if rows is not None and rows.any() else None


def filled(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """The arrays of a file, blank where an input is lacking.

    Arrays that do not fit each other stay as they are; the check of the file says so.
    """
    result = dict(arrays)
    for m, rows in _flags(arrays):
        x = np.array(arrays[f"x{m}"])
        if x.dtype.kind == "U":
            x[rows] = ""
        elif x.dtype.kind in "biuf":
            x[rows] = _blank(x, rows, arrays.get("split"))
        result[f"x{m}"] = x
    return result


def issues(arrays: Arrays, purpose: Purpose = "train") -> list[Issue]:
    """What is wrong with the flags, and how many rows lack an input; new rows may all lack it."""
    found, lacking, inputs = [], None, [m for m in MODALITY_NUMBERS if f"x{m}" in arrays]
    for m, rows in _flags(arrays):
        lacking = rows.astype(np.int64) + (0 if lacking is None else lacking)
        if rows.all() and purpose == "train":
            what = "Leave the input out, or the flag."
            found.append(Issue(f"no row has x{m}", (), "error", what))
            continue
        title = f"{int(rows.sum()):,} of {len(rows):,} rows have no x{m}"
        what = "The input is blank there: the mean of the training rows, of a text no words."
        found.append(Issue(title, (), "warning", what))
    if lacking is not None and (nothing := np.flatnonzero(lacking == len(inputs))).size:
        title = f"{len(nothing):,} rows have no input at all"
        found.append(Issue(title, tuple(nothing.tolist()), "error", "Drop these rows."))
    return found


def _flags(arrays: Arrays) -> Iterator[tuple[ModalityNumber, NDArray[np.bool_]]]:
    """The inputs that some rows lack, and these rows, as far as the arrays fit each other."""
    for m in MODALITY_NUMBERS:
        x, rows = arrays.get(f"x{m}"), arrays.get(flag_of(m))
        if x is None or rows is None or rows.dtype.kind != "b" or rows.ndim != 1:
            continue
        if x.ndim >= 1 and len(x) == len(rows) and rows.any():
            yield m, rows


def _blank(x: NDArray[Any], rows: NDArray[np.bool_], split: NDArray[Any] | None) -> NDArray[Any]:
    """(...) the mean of the training rows that have the input; of all rows without a split."""
    there = ~rows
    if split is not None and split.shape == rows.shape and (there & (split == "train")).any():
        there &= split == "train"
    if not there.any():
        return np.zeros(x.shape[1:], dtype=x.dtype)
    mean = x[there].mean(axis=0, dtype=np.float64)
    mean = np.nan_to_num(mean)  # what is not finite in other rows is an error of its own
    return (np.round(mean) if x.dtype.kind in "biu" else mean).astype(x.dtype)
