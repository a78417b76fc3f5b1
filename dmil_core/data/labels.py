"""From stored labels to classes: one rule for arrays and tables, for training and new rows.

The same label may be stored as ``0``, ``0.0`` or ``"0"``, and as ``True``, ``"True"`` or
``"true"``. Each of these is one class here, named ``0`` and ``true``:

- numbers that are whole are named without a decimal point; other numbers as they are printed;
- truth values are ``false`` and ``true``, also where all labels are these words;
- text without the blanks around it, its letters composed (NFC), and where all labels are numbers,
  as numbers, unless that would make one of two labels, as of the codes ``007`` and ``07``;
- a column (N, 1) is its only column, and (N, K) with a single 1 in every row is the index of the 1.

Classes that are all numbers stand in the order of the numbers, others in that of the text.

Shapes: N rows, K classes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.ranges import number_name, ranges_of

#: A class's index where a row has no label, or one that is no class.
UNKNOWN: Final = -1

#: Different numbers with fractions that may be classes; more are a number to predict.
MOST_FRACTIONS: Final = 20

_WHOLE: Final = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.0*)?")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
#: A number as it is written where it is no code with zeros in front.
_PLAIN: Final = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_TRUTH: Final = ("false", "true")
#: Largest number up to which every whole number is exact as a float.
_EXACT: Final = 2.0**53


@dataclass(frozen=True, eq=False)
class Labels:
    """Labels of N rows.

    Attributes
    ----------
    names : (N,) text, the class of each row; "" where there is none.
    stored : (N,) text as it was stored; ``names`` where labels are no text.
    index : (N,) the labels themselves where they are whole numbers or truth values, not text: a
        card counts its classes by them. None for text; -1 where there is none.
    problem, what_to_do, rows : what is wrong with them ("has shape ..."), if they are no labels.
    """

    names: NDArray[np.str_]
    stored: NDArray[np.str_]
    index: NDArray[np.int64] | None = None
    problem: str = ""
    what_to_do: str = ""
    rows: tuple[int, ...] = field(default=())

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(N,) which rows have no label."""
        return np.asarray(self.names == "")

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in their order."""
        names = sorted(set(self.names.tolist()) - {""})
        return tuple(sorted(names, key=_as_number) if all(map(_NUMBER.fullmatch, names)) else names)


def read_labels(y: NDArray[Any]) -> Labels:
    """Labels from an array of any shape and type; never raises for what it holds.

    Parameters
    ----------
    y : (N,), (N, 1), or (N, K) with a single 1 in every row: integers, whole numbers, truth values
        or text. Empty text and NaN are no label.
    """
    if y.ndim == 2 and y.dtype.kind in "biufU":
        places = from_indicators(y)
        y = y[:, 0] if y.shape[1] == 1 else y if places is None else places
    if y.ndim != 1:
        return _refused(f"has shape {y.shape}, expected (N,)", "Store one label per row.")
    if y.dtype.kind == "b":
        return _of(y, lambda v: _TRUTH[int(v)], y.astype(np.int64))
    if y.dtype.kind in "iu":
        fits = y.dtype != np.uint64 or not len(y) or int(y.max()) < 2**63
        return _of(y, str, y.astype(np.int64) if fits else None)
    if y.dtype.kind == "f":
        return _of_floats(y)
    if y.dtype.kind == "U":
        return _of_text(y)
    return _refused(
        f"has type {y.dtype}, expected integers or text",
        "Convert the labels: y.astype(int) or y.astype(str).",
    )


def from_indicators(y: NDArray[Any]) -> NDArray[np.int64] | None:
    """(N,) the place of the 1 in each row of (N, K); None where not every row has a single 1 among
    zeros."""
    if y.ndim != 2 or y.dtype.kind not in "biuf" or y.shape[1] < 2 or not len(y):
        return None
    ones = y == 1
    if (ones.sum(axis=1) == 1).all() and (ones | (y == 0)).all():
        return ones.argmax(axis=1).astype(np.int64)
    return None


def indices(labels: Labels, classes: Sequence[str]) -> NDArray[np.int64]:
    """(N,) index of each label among the classes of a card; -1 for what is none of them.

    Numbers count the classes from 0; text names them.
    """
    if labels.index is None:
        return indices_by_name(labels, classes)
    inside = (labels.index >= 0) & (labels.index < len(classes))
    return np.where(inside, labels.index, UNKNOWN)


def indices_by_name(labels: Labels, classes: Sequence[str]) -> NDArray[np.int64]:
    """(N,) index of the class of the same name, however the label is stored; -1 without one.

    Where text is exactly the name of a class it is that class. Otherwise ``1.0`` is ``1``, ``True``
    is ``true``, blanks around a name do not count, and of classes that are ranges a number is in
    the one that holds it.
    """
    exact = {name: k for k, name in enumerate(classes)}
    plain: dict[str, int] = {}
    for name, k in exact.items():
        plain.setdefault(plain_name(name), k)
    ranges = ranges_of(classes)

    def index(name: str) -> int:
        place = exact.get(name, plain.get(plain_name(name), UNKNOWN) if name else UNKNOWN)
        if place == UNKNOWN and ranges is not None and _NUMBER.fullmatch(name.strip()):
            return int(ranges.places(np.asarray([float(name)]))[0])
        return place

    found = _mapped(labels.stored, index, np.int64)
    by_rule = _mapped(labels.names, index, np.int64)  # as 1.50 is named 1.5
    return np.where(found == UNKNOWN, by_rule, found)


def plain_name(name: str) -> str:
    """A class's name in the form in which names of any storage are compared."""
    name = _composed(name)
    if _WHOLE.fullmatch(name):
        return _whole(name)
    return name.lower() if name.lower() in _TRUTH else name


def alike(classes: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Groups of class names that differ by case, by blanks, or by what nobody sees: wide letters,
    ligatures, marks without a width."""
    groups: dict[str, list[str]] = {}
    for name in classes:
        groups.setdefault(_seen(name), []).append(name)
    return tuple(tuple(names) for names in groups.values() if len(names) > 1)


def _seen(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) != "Cf")


def _composed(text: str) -> str:
    """Text without the blanks around it, each letter with its marks as one."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _of(
    y: NDArray[Any], name: Callable[[Any], str], index: NDArray[np.int64] | None = None
) -> Labels:
    names = _mapped(y, name, np.str_)
    return Labels(names, names, index)


def _of_floats(y: NDArray[Any]) -> Labels:
    if rows := np.flatnonzero(np.isinf(y)).tolist():
        return _refused("is infinite", "Correct these rows.", rows)
    known = y[~np.isnan(y)].astype(np.float64)
    if (known == np.round(known)).all() and (np.abs(known) < _EXACT).all():
        index = np.where(np.isnan(y), UNKNOWN, np.nan_to_num(y)).astype(np.int64)
        return _of(y, lambda v: "" if np.isnan(v) else str(int(v)), index)
    return _of(y, lambda v: "" if np.isnan(v) else number_name(y.dtype.type(v)))


def _of_text(y: NDArray[np.str_]) -> Labels:
    present = {_composed(text) for text in np.unique(y).tolist()} - {""}
    names = dict(zip(present, present, strict=True))
    if all(map(_WHOLE.fullmatch, present)) or {t.lower() for t in present} <= set(_TRUTH):
        names = {text: plain_name(text) for text in present}
    elif all(map(_PLAIN.fullmatch, present)):
        numbers = {text: number_name(float(text)) for text in present}
        names = numbers if len(set(numbers.values())) == len(present) else names
    names[""] = ""
    return Labels(_mapped(y, lambda text: names[_composed(text)], np.str_), y)


def _refused(problem: str, what_to_do: str, rows: Sequence[int] = ()) -> Labels:
    nothing = np.empty(0, dtype=np.str_)
    return Labels(nothing, nothing, None, problem, what_to_do, tuple(rows))


def _mapped(values: NDArray[Any], each: Callable[[Any], Any], dtype: Any) -> NDArray[Any]:
    """``each`` of all values (N,), called once for every distinct one."""
    distinct, inverse = np.unique(values, return_inverse=True)
    return np.array([each(v) for v in distinct.tolist()], dtype=dtype)[inverse]


def _whole(text: str) -> str:
    """A whole number without sign of plus, decimal point and a minus before zero."""
    digits = text.partition(".")[0].removeprefix("+")
    return "0" if digits == "-0" else digits


def _as_number(name: str) -> tuple[float, str]:
    return float(name), name
