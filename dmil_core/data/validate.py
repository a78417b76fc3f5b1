"""Everything that is wrong with a set of arrays, found in one pass.

``check`` never raises for bad content: each fault becomes an ``Issue`` with the rows it is about
and what to do, so that a user can repair a file once instead of once per fault.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import Card, Modality
from dmil_core.data.labels import (
    MOST_FRACTIONS,
    UNKNOWN,
    Labels,
    alike,
    indices,
    indices_by_name,
    read_labels,
)
from dmil_core.data.new_split import with_validation
from dmil_core.schema import MODALITY_NUMBERS, SPLITS, Component, Kind, components

Severity = Literal["error", "warning"]
#: "train" needs rows of every class in train and val; "predict" only warns about splits and
#: labels, and needs none of them.
Purpose = Literal["train", "predict"]
Arrays = Mapping[str, NDArray[Any]]

REQUIRED: Final = ("x1", "x2", "y")
#: The array of a third modality.
THIRD: Final = "x3"
OPTIONAL: Final = (
    THIRD, "split", "group", "id", "interaction_type",
    "media_index1", "media_index2", "media_index3",
)  # fmt: skip
FLAG_PREFIX: Final = "flag_"

#: Shapes a kind allows, as text and as a test of ``shape[1:]``.
_SHAPES: Final[dict[Kind, tuple[str, Callable[[tuple[int, ...]], bool]]]] = {
    "vector": ("(N, D)", lambda s: len(s) == 1),
    "image": ("(N, H, W) or (N, H, W, 3)", lambda s: len(s) == 2 or (len(s) == 3 and s[2] == 3)),
    "sequence": ("(N, T, C)", lambda s: len(s) == 2),
    "audio": ("(N, T, F)", lambda s: len(s) == 2),
    "text": ("(N,) of text", lambda s: len(s) == 0),
}
_MAX_FLOAT32: Final = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Offer:
    """What can be done about an issue at once: a field of ``Repairs`` and the value it gets.

    Attributes
    ----------
    text : of the button, such as "Drop 2 rows".
    option : name of the field.
    value : what it is set to.
    """

    text: str
    option: str
    value: str | int | tuple[str, ...]


@dataclass(frozen=True)
class Issue:
    """One fault: what it is, the rows it is about (none if about the whole), and what to do.

    ``repair`` says what is done about it, or is offered, with counts; "" where only the user can do
    something. ``offers`` are the choices there are.
    """

    title: str
    rows: tuple[int, ...]
    severity: Severity
    what_to_do: str
    repair: str = ""
    offers: tuple[Offer, ...] = ()

    @property
    def where(self) -> str:
        """Its first rows as a part of a sentence; empty if it is about the whole."""
        return _row_text(self.rows)

    def __str__(self) -> str:
        return f"{self.title}{self.where}. {self.what_to_do}"


def errors(issues: list[Issue]) -> list[Issue]:
    """The issues that make a set unusable."""
    return [i for i in issues if i.severity == "error"]


def check(
    arrays: Arrays,
    card: Card | None = None,
    purpose: Purpose = "train",
    damaged: tuple[str, ...] = (),
) -> list[Issue]:
    """All issues of the arrays and of their fit to the card, errors first.

    Parameters
    ----------
    arrays : by name, as in the .npz file.
    card : the card, or None when the file has none.
    purpose : what the set is for; "predict" turns faults of the splits and labels into warnings.
    damaged : names of arrays whose fault is already known; nothing more is said about them.
    """
    issues: list[Issue] = []
    bad = set(damaged)
    for issue, name in unreadable(arrays, bad):
        issues.append(issue)
        bad.add(name)
    sound = {name: a for name, a in arrays.items() if name not in bad}
    issues += _check_names(sound, bad, purpose)
    third = THIRD in arrays or THIRD in bad
    issues += _check_third(third, card)
    issues += _check_lengths(sound)
    rowwise = {name: a for name, a in sound.items() if a.ndim > 0}
    issues += _check_inputs(rowwise, card)
    issues += _check_labels(rowwise, card, purpose)
    issues += check_split(rowwise, card, purpose)
    issues += _check_extras(rowwise, components(3 if third else 2))
    # New rows are not split.
    if "split" not in arrays and "split" not in bad and purpose == "train":
        issues.append(_no_split("group" in arrays))
    return sorted(issues, key=lambda i: i.severity)


def guess_kind(x: NDArray[Any]) -> Kind:
    """The most likely kind of an array that no card describes."""
    if x.dtype.kind == "U":
        return "text"
    if x.ndim == 4 or (x.ndim == 3 and x.dtype == np.uint8):
        return "image"
    return "sequence" if x.ndim == 3 else "vector"


# --- the file as a whole -------------------------------------------------------------------


def unreadable(arrays: Arrays, known: Collection[str] = ()) -> Iterator[tuple[Issue, str]]:
    """Arrays whose values are neither numbers nor text: an error and the name of each.

    Parameters
    ----------
    arrays : by name, as in the .npz file.
    known : names of arrays that are left out.
    """
    for name, a in arrays.items():
        if name in known:
            continue
        if a.dtype.hasobject:
            yield object_array(name), name
        elif a.dtype.names is not None or a.dtype.kind == "V":
            yield _error(f"{name!r} is a record array ({a.dtype})", "Store plain numbers."), name
        elif a.dtype.kind == "S":
            yield _error(f"{name!r} holds bytes", "Store text: array.astype(str)."), name
        elif a.dtype.kind == "U" and (rows := _not_unicode(a)):
            what = "Correct the characters of these rows; they cannot be written as UTF-8."
            yield _error(f"{name!r} holds text that is not valid Unicode", what, rows), name


def object_array(name: str) -> Issue:
    """The issue of an array of Python objects, which is never unpickled."""
    return _error(
        f"{name!r} holds Python objects (pickled), which are never loaded",
        "Store it with a plain type: numbers, or text as array.astype(str).",
    )


def _not_unicode(a: NDArray[Any]) -> tuple[int, ...]:
    if a.size == 0 or a.dtype.itemsize == 0:
        return ()
    native = np.ascontiguousarray(a, dtype=a.dtype.newbyteorder("="))
    codes = native.reshape(len(native) if native.ndim else 1, -1).view(np.uint32)
    bad = (codes > 0x10FFFF) | ((codes >= 0xD800) & (codes <= 0xDFFF))
    return _rows(np.any(bad, axis=1))


def _check_names(arrays: Arrays, bad: set[str], purpose: Purpose) -> Iterator[Issue]:
    for name in REQUIRED:
        if name == "y" and purpose == "predict":
            continue
        if name not in arrays and name not in bad:
            yield _error(
                f"the array {name!r} is missing",
                "Save all three: numpy.savez_compressed(path, x1=..., x2=..., y=...).",
            )
    known = (*REQUIRED, *OPTIONAL)
    for name in arrays:
        if name not in known and not name.startswith(FLAG_PREFIX):
            near = difflib.get_close_matches(name, known, n=1)
            hint = (
                f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(known)}, flag_*."
            )
            yield _warning(f"the array {name!r} is not used", hint)


def _check_third(there: bool, card: Card | None) -> Iterator[Issue]:
    """Whether file and card agree that there is a third modality."""
    if card is None or there == (len(card.modalities) > 2):
        return
    if there:
        yield _error(
            f"the file has {THIRD!r}, the card describes two modalities",
            "Describe the third one in the card, or leave the array out.",
        )
    else:
        yield _error(
            f"the card describes three modalities, the array {THIRD!r} is missing",
            "Save it, or describe two modalities in the card.",
        )


def _check_lengths(arrays: Arrays) -> Iterator[Issue]:
    for name in (n for n, a in arrays.items() if a.ndim == 0 and _is_used(n)):
        yield _error(f"{name!r} is a single value", "Store one entry per row.")
    lengths = {n: len(a) for n, a in arrays.items() if a.ndim > 0 and _is_used(n)}
    if len(set(lengths.values())) > 1:
        got = ", ".join(f"{name} {n}" for name, n in lengths.items())
        yield _error(f"the arrays have unequal lengths ({got})", "Store one entry per row in each.")
    if lengths and not any(lengths.values()):
        yield _error("the set has no rows", "Store at least some rows of every class.")


def _is_used(name: str) -> bool:
    return name in REQUIRED or name in OPTIONAL or name.startswith(FLAG_PREFIX)


# --- inputs --------------------------------------------------------------------------------


def _check_inputs(arrays: Arrays, card: Card | None) -> Iterator[Issue]:
    for m in MODALITY_NUMBERS:
        name = f"x{m}"
        if name not in arrays or (card and m > len(card.modalities)):
            continue
        x = arrays[name]
        kind = card.modalities[m - 1].kind if card else guess_kind(x)
        yield from _check_input(name, x, kind, arrays.get(f"{FLAG_PREFIX}without_{name}"))
        if card is not None:
            yield from _check_columns(name, x, card.modalities[m - 1])
        if card is None and x.ndim >= 2:
            yield _warning(
                f"no card says what {name!r} is; its shape {x.shape} is taken as {kind}",
                "Write a card.json beside the file to name the kind, the classes and the source.",
            )


def _check_input(
    name: str, x: NDArray[Any], kind: Kind, lacks: NDArray[Any] | None = None
) -> Iterator[Issue]:
    """Issues of one input; ``lacks`` says which rows are known to lack it."""
    expected, fits = _SHAPES[kind]
    if kind == "text":
        if x.dtype.kind != "U":
            yield _error(f"{name!r} has type {x.dtype}, expected text", "Store it as text.")
        elif fits(x.shape[1:]):
            empty = np.char.str_len(np.char.strip(x)) == 0
            if lacks is not None and lacks.shape == empty.shape and lacks.dtype.kind == "b":
                empty &= ~lacks
            if rows := _rows(empty):
                yield _warning(f"{name!r} is empty text", "Check these rows.", rows)
    elif x.dtype.kind not in "biuf":
        yield _error(f"{name!r} has type {x.dtype}, expected numbers", "Store real numbers.")
    elif rows := _not_finite(x):
        yield _error(
            f"{name!r} has values that are NaN, infinite or too large for 32 bits",
            "Fill or drop these rows.",
            rows,
        )
    if not fits(x.shape[1:]):
        yield _error(
            f"{name!r} has shape {x.shape}, expected {expected} for kind {kind}",
            _of_shape(name, x, kind),
        )
    elif 0 in x.shape[1:]:
        yield _error(f"{name!r} has shape {x.shape}: no values per row", "Store the values.")


def _of_shape(name: str, x: NDArray[Any], kind: Kind) -> str:
    """What to do about a shape that its kind does not allow; never what scrambles pictures."""
    if kind == "image" and x.ndim == 4 and x.shape[1] in (1, 3, 4):
        return (
            f"Its channels come first: move them to the end by numpy.moveaxis({name}, 1, -1), and "
            "keep three of them, or one as (N, H, W). Reshaping would scramble the pictures."
        )
    if kind == "image" and x.ndim == 4 and x.shape[3] in (1, 4):
        return f"Keep its colours, {name}[..., :3], or of one channel {name}[..., 0]."
    return "Reshape the array, or correct the kind in the card."


def _check_columns(name: str, x: NDArray[Any], modality: Modality) -> Iterator[Issue]:
    """Whether the columns on the card are those of the array."""
    if not modality.columns:
        return
    if modality.kind != "vector":
        yield _error(
            f"the card names columns of {name!r}, which is of kind {modality.kind}",
            "Only vectors have columns: leave them out of the card.",
        )
        return
    described = sum(column.width for column in modality.columns)
    if x.ndim == 2 and described != x.shape[1]:
        yield _error(
            f"{name!r} has {x.shape[1]} numbers a row, the columns on the card have {described}",
            "Describe every number, in order (a one-hot category has one for each word), or leave "
            "the columns out of the card.",
        )


def _not_finite(x: NDArray[Any]) -> tuple[int, ...]:
    if x.dtype.kind != "f":
        return ()
    with np.errstate(invalid="ignore"):
        bad = ~(np.abs(x) <= _MAX_FLOAT32) if x.itemsize > 4 else ~np.isfinite(x)
    return _rows(bad.reshape(len(x), -1).any(axis=1)) if x.size else ()


# --- labels --------------------------------------------------------------------------------


def _check_labels(arrays: Arrays, card: Card | None, purpose: Purpose) -> Iterator[Issue]:
    if "y" not in arrays:
        return
    labels = read_labels(arrays["y"])
    if labels.problem:
        yield _error(f"'y' {labels.problem}", labels.what_to_do, labels.rows)
        return
    many = len(labels.classes) if arrays["y"].dtype.kind == "f" and labels.index is None else 0
    if many > MOST_FRACTIONS and purpose == "train":
        yield _error(
            f"'y' holds {many:,} different numbers with fractions, expected classes",
            "Join the numbers into a few ranges, and store the range of each row, as dmil convert "
            "does with --quantiles.",
        )
        return
    if not len(labels.names):
        return
    serious: Severity = "error" if purpose == "train" else "warning"
    yield from _check_label_values(labels, card, serious)
    present = len(labels.classes)
    if purpose == "predict":
        return
    if present < 2:
        yield _error(
            f"the labels have {present} class, expected at least 2",
            "Add rows of another class; with one class there is nothing to predict.",
        )
    elif card is None and present > max(100, len(labels.names) // 2):
        yield _warning(
            f"the labels have {present} classes", "Check that y is a class, not a value."
        )
    yield from _check_spelling(labels, card)


def _check_label_values(labels: Labels, card: Card | None, serious: Severity) -> Iterator[Issue]:
    if rows := _rows(labels.missing):
        what = "Name the class of these rows, or drop them."
        title = "the label is empty text" if labels.index is None else "the label is NaN"
        yield Issue(title, rows, serious, what)
    if card is None:
        return
    k = len(card.classes)
    expected = "the card's classes"
    if labels.index is not None:
        expected = f"the card's {k} classes (0 to {k - 1})"
    outside = (indices(labels, card.classes) < 0) & ~labels.missing
    if rows := _rows(outside):
        got = ", ".join(str(v)[:40] for v in np.unique(labels.names[outside])[:5].tolist())
        yield Issue(f"labels outside {expected}: {got}", rows, serious, "Correct y or the card.")


def _check_spelling(labels: Labels, card: Card | None) -> Iterator[Issue]:
    """Classes that may be meant as one, and labels that are taken as one."""
    yield from spelled_alike(labels.classes if card is None else card.classes)
    if card is None:
        yield from taken_as_one(labels)


def spelled_alike(classes: tuple[str, ...]) -> Iterator[Issue]:
    """Classes that may be meant as one, since they differ by case or blanks alone."""
    for names in alike(classes):
        listed = ", ".join(repr(name[:40]) for name in names[:5])
        yield _warning(
            f"classes that differ only by case or blanks: {listed}",
            "Write their labels alike if they are one class.",
        )


def taken_as_one(labels: Labels) -> Iterator[Issue]:
    """Labels of one class that are written in several ways."""
    if len(np.unique(labels.stored[~labels.missing])) > len(labels.classes):
        rows = _rows(labels.stored != labels.names)
        count = "1 row is" if len(rows) == 1 else f"{len(rows):,} rows are"
        yield _warning(
            f"the label of {count} written otherwise than the class, such as "
            f"{labels.stored[rows[0]][:40]!r} for {labels.names[rows[0]][:40]!r}",
            "They are taken as one class.",
            rows,
        )


# --- splits and groups ---------------------------------------------------------------------


def check_split(arrays: Arrays, card: Card | None, purpose: Purpose) -> Iterator[Issue]:
    """Issues of ``split``, alone and with ``y``, ``group`` and the card's counts."""
    if "split" not in arrays:
        return
    split = arrays["split"]
    if split.ndim != 1 or split.dtype.kind != "U":
        yield _error(
            f"'split' is {split.dtype} of shape {split.shape}, expected text of shape (N,)",
            "Store one of train, val, test per row.",
        )
        return
    known = np.isin(split, np.asarray(SPLITS))
    if rows := _rows(~known):
        got = ", ".join(repr(str(v)[:40]) for v in np.unique(split[~known])[:5])
        yield _error(f"unknown split {got}", "Use train, val or test, spelt so.", rows)
    yield from _check_split_classes(arrays, split, card, purpose)
    yield from _check_leaks(arrays, split, purpose)
    yield from _check_counts(split, card)


def _check_split_classes(
    arrays: Arrays, split: NDArray[Any], card: Card | None, purpose: Purpose
) -> Iterator[Issue]:
    y, names = _present_classes(arrays.get("y"), card, len(split))
    for name in SPLITS:
        inside = split == name
        needed: Severity = "error" if purpose == "train" and name != "test" else "warning"
        if not inside.any():
            yield _without_rows(name, needed, split, y, arrays.get("group"))
            continue
        present = set(np.unique(y[inside]).tolist())
        absent = [text for value, text in enumerate(names) if value not in present]
        if absent:
            shown = ", ".join(absent[:5]) + (f" and {len(absent) - 5} more" if absent[5:] else "")
            serious: Severity = "error" if purpose == "train" and name == "train" else "warning"
            title = f"the split {name!r} has no row of class {shown}"
            yield Issue(title, (), serious, "Split again so that every class is in every split.")


def _without_rows(
    name: str, needed: Severity, split: NDArray[Any], y: NDArray[np.int64],
    group: NDArray[Any] | None,
) -> Issue:  # fmt: skip
    """What to say of a split that nobody is in; val is taken from train where that can be done."""
    title = f"the split {name!r} has no rows"
    if name != "val" or needed == "warning" or (group is not None and group.shape != split.shape):
        return Issue(title, (), needed, "Give it rows.")
    made = with_validation(split, y, group)
    if made is None:
        what = "Give it rows: train has too few of each class, or of groups, to take some of them."
        return Issue(title, (), needed, what)
    return _warning(*taken_for_validation(title, split, made))


def taken_for_validation(
    title: str, split: NDArray[Any], made: NDArray[Any]
) -> tuple[str, str, tuple[int, ...]]:
    """What to say where training rows become val: title, what is done, and the rows."""
    rows = _rows(made == "val")
    whole = int(np.sum(split == "train"))
    title = f"{title}; {len(rows):,} of {whole:,} training rows are taken for it"
    what = (
        "By class at random, seed 0, groups as a whole. Mark rows as val to choose them yourself."
    )
    return title, what, rows


def _present_classes(
    y: NDArray[Any] | None, card: Card | None, rows: int
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """(N,) class of each row, and the names of all classes; none where labels cannot be used."""
    labels = None if y is None else read_labels(y)
    if labels is None or labels.problem or len(labels.names) != rows:
        return np.full(rows, UNKNOWN), ()
    if card is not None:
        return indices(labels, card.classes), card.classes
    return indices_by_name(labels, labels.classes), tuple(c[:40] for c in labels.classes)


def _check_leaks(arrays: Arrays, split: NDArray[Any], purpose: Purpose) -> Iterator[Issue]:
    group = arrays.get("group")
    if group is None or group.shape != split.shape or group.dtype.kind not in "iuU":
        return  # a fault of the array itself is said by _check_extras
    _, index = np.unique(group, return_inverse=True)
    seen = np.zeros((int(index.max(initial=-1)) + 1, len(SPLITS)), dtype=bool)
    for s, name in enumerate(SPLITS):
        seen[index[split == name], s] = True
    leaking = seen.sum(axis=1) > 1
    if leaking.any():
        yield Issue(
            f"{int(leaking.sum())} groups have rows in more than one split, which leaks answers",
            _rows(leaking[index]),
            "error" if purpose == "train" else "warning",
            "Put all rows of a group into one split, or leave out 'split' to have that done.",
        )


def _check_counts(split: NDArray[Any], card: Card | None) -> Iterator[Issue]:
    if card is None or not card.counts:
        return
    got: dict[str, int] = {name: int(np.sum(split == name)) for name in SPLITS}
    expected: dict[str, int] = {name: card.counts.get(name, 0) for name in SPLITS}
    if got != expected:
        yield _error(
            f"the card counts {_count_text(expected)}, the file has {_count_text(got)}",
            "Use the card that belongs to this file, or remove 'counts' from it.",
        )


def _count_text(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items())


def _no_split(grouped: bool) -> Issue:
    how = "keeping groups together" if grouped else "with the classes in proportion"
    return _warning(
        f"there is no 'split'; rows are split 70/10/20 at random (seed 0), {how}",
        "Add 'split' (train, val, test per row) to decide yourself.",
    )


# --- the other arrays ----------------------------------------------------------------------


def _check_extras(arrays: Arrays, known: tuple[Component, ...]) -> Iterator[Issue]:
    for name in ("id", "group"):
        if name in arrays and (arrays[name].ndim != 1 or arrays[name].dtype.kind not in "iuU"):
            yield _wrong_type(name, arrays[name], "integers or text")
    ids = arrays.get("id")
    if ids is not None and ids.ndim == 1 and ids.dtype.kind in "iuU":
        yield from _check_ids(ids)
    if "interaction_type" in arrays:
        yield from _check_interaction_type(arrays["interaction_type"], known)
    for name, a in arrays.items():
        if name.startswith(FLAG_PREFIX) and (a.ndim != 1 or a.dtype.kind != "b"):
            yield _wrong_type(name, a, "true/false (bool)")
        if name.startswith("media_index") and name in OPTIONAL:
            yield from _check_media_index(name, a)


def _check_ids(ids: NDArray[Any]) -> Iterator[Issue]:
    _, index, counts = np.unique(ids, return_inverse=True, return_counts=True)
    if rows := _rows(counts[index] > 1):
        yield _error("the same id on several rows", "Give every row its own id.", rows)
    if ids.dtype.kind == "U" and (rows := _rows(np.char.str_len(np.char.strip(ids)) == 0)):
        yield _error("the id is empty text", "Give every row its own id.", rows)


def _check_interaction_type(
    interaction_type: NDArray[Any], known: tuple[Component, ...]
) -> Iterator[Issue]:
    if interaction_type.ndim != 1 or interaction_type.dtype.kind != "U":
        yield _wrong_type("interaction_type", interaction_type, "text")
        return
    outside = ~np.isin(interaction_type, np.asarray(known))
    if rows := _rows(outside):
        got = ", ".join(repr(str(v)[:40]) for v in np.unique(interaction_type[outside])[:5])
        what = f"Use {', '.join(known)}, or leave the array out where it is not known."
        yield _error(f"unknown interaction type {got}", what, rows)


def _check_media_index(name: str, a: NDArray[Any]) -> Iterator[Issue]:
    if a.ndim != 1 or a.dtype.kind not in "iu":
        yield _wrong_type(name, a, "integers")
    elif rows := _rows(a < 0):
        yield _error(f"{name!r} is negative", "Count media rows from 0.", rows)


def _wrong_type(name: str, a: NDArray[Any], expected: str) -> Issue:
    return _error(
        f"{name!r} is {a.dtype} of shape {a.shape}, expected {expected} of shape (N,)",
        "Store one entry per row.",
    )


# --- making issues -------------------------------------------------------------------------


def _error(title: str, what_to_do: str, rows: tuple[int, ...] = ()) -> Issue:
    return Issue(title, rows, "error", what_to_do)


def _warning(title: str, what_to_do: str, rows: tuple[int, ...] = ()) -> Issue:
    return Issue(title, rows, "warning", what_to_do)


def _rows(mask: NDArray[np.bool_]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(mask).tolist())


def _row_text(rows: tuple[int, ...]) -> str:
    if not rows:
        return ""
    shown = ", ".join(str(r) for r in rows[:8])
    more = f" and {len(rows) - 8:,} more" if len(rows) > 8 else ""
    return f" (row{'s' if len(rows) > 1 else ''} {shown}{more})"
