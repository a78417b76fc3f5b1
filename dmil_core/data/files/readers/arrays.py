"""NumPy files: the arrays of an .npz, or a single one of an .npy.

Arrays keep their values. Only what has one sensible reading is changed, and said: channels that
come first as in PyTorch, transparency, labels that are a column or one-hot.

Shapes: N rows, C channels, H height, W width, T moments.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dmil_core.data.files.budget import TABLE, Account, Cost
from dmil_core.data.files.limits import MIB, Limits
from dmil_core.data.files.members import unpacked_size
from dmil_core.data.files.readers.names import note
from dmil_core.data.files.readers.options import DEFAULT_OPTIONS, ReadOptions
from dmil_core.data.files.spellings import split_word
from dmil_core.data.files.table import Column, Table
from dmil_core.data.labels import from_indicators
from dmil_core.data.npz import npz_content
from dmil_core.data.validate import Issue, object_array, unreadable
from dmil_core.errors import DataError
from dmil_core.io.archives import check_directory

_MOST_ARRAYS: Final = 1000
_FEWER: Final = "Store fewer rows, or numbers as float32."
#: Names of arrays with one entry a row, where a second axis of length 1 means nothing.
_SINGLE: Final = (
    "y", "label", "labels", "target", "targets", "class", "classes",
    "id", "ids", "split", "group", "groups", "interaction_type",
)  # fmt: skip
#: Of these, the ones that are classes.
_LABELS: Final = _SINGLE[:7]
#: Numbers of channels that a picture can have: grey, colours, colours and transparency.
_CHANNELS: Final = (1, 3, 4)
#: A sequence with channels first has at least so many more moments than channels.
_LONGER: Final = 4
#: Neighbours along time differ by less than this share of what neighbouring channels do.
_SMOOTHER: Final = 0.7


def read_npz(
    content: bytes, name: str, account: Account, limits: Limits,
    options: ReadOptions = DEFAULT_OPTIONS,
) -> Table:  # fmt: skip
    """The arrays of an .npz file, a column each; nothing is unpickled.

    Parameters
    ----------
    account : what is charged for the arrays before they are read.

    Raises
    ------
    DataError
        If it is damaged or too large; a `BudgetError` if the account has no room for it.
    """
    check_directory(io.BytesIO(content), _MOST_ARRAYS)
    account.charge(TABLE, Cost(arrays=unpacked_size(content)), _FEWER)
    found = npz_content(content, name, limits.unpacked_mib * MIB)
    arrays: dict[str, NDArray[Any] | str] = dict(found.arrays)
    arrays |= dict.fromkeys(found.damaged, f"it {_PICKLED}")
    said = [i for i in found.issues if i not in {object_array(n) for n in found.damaged}]
    return _table(arrays, name, said, options)


_PICKLED: Final = (
    "holds Python objects (pickled), which are never loaded. Store it with a plain type: numbers, "
    "or text as array.astype(str)."
)


def read_npy(
    content: bytes, name: str, account: Account, limits: Limits,
    options: ReadOptions = DEFAULT_OPTIONS,
) -> Table:  # fmt: skip
    """The same of an .npy file: one array, called as the file.

    Raises
    ------
    DataError
        As for an .npz file.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("array.npy", content)
    table = read_npz(stream.getvalue(), name, account, limits, options)
    stem = PurePath(name).stem or "array"
    column = next(iter(table.columns.values()))
    made = Column(stem, column.data, column.storage, column.refusal)
    return Table({stem: made}, table.issues, origin=(name,))


def _table(
    arrays: Mapping[str, NDArray[Any] | str], name: str, said: list[Issue], options: ReadOptions
) -> Table:
    damaged = {n: a for n, a in arrays.items() if isinstance(a, str)}
    sound = {n: a for n, a in arrays.items() if not isinstance(a, str)}
    issues = list(said)
    if stacked := _stacked(sound):
        issues.append(note(f"the arrays of {', '.join(stacked[1])} are put one below the other",
                           "Which row was in which is the column 'split'."))  # fmt: skip
        sound, arrays = stacked[0], {**damaged, **stacked[0]}
    rows = _rows(sound)
    columns: dict[str, Column] = {}
    for n in arrays:
        if n in damaged:
            columns[n] = _refused(n, rows, "object", damaged[n])
            continue
        columns[n] = _column(n, sound[n], rows, options, issues)
    if not rows:
        raise DataError(f"{name} has no rows. Store at least some rows of every class.")
    return Table(columns, tuple(issues), origin=(name,))


def _stacked(
    arrays: Mapping[str, NDArray[Any]],
) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]] | None:
    """Arrays such as x1_train and x1_test as x1 and split, and the words for the splits; None where
    their names or shapes say otherwise."""
    parts: dict[str, dict[str, NDArray[Any]]] = {}
    for name, a in arrays.items():
        stem, _, word = name.rpartition("_")
        if not split_word(word):
            word, _, stem = name.partition("_")
        if not stem or not split_word(word) or not a.ndim:
            return None
        parts.setdefault(word, {})[stem] = a
    first, *others = parts.values() or [{}]
    alike = all({n: a.shape[1:] for n, a in part.items()} == {n: a.shape[1:] for n, a in
                first.items()} for part in others)  # fmt: skip
    even = all(len({len(a) for a in part.values()}) == 1 for part in parts.values())
    if not others or not alike or not even or len(set(map(split_word, parts))) < len(parts):
        return None
    made = {n: np.concatenate([part[n] for part in parts.values()]) for n in first}
    words = [np.full(len(next(iter(p.values()))), split_word(w)) for w, p in parts.items()]
    return {**made, "split": np.concatenate(words)}, tuple(parts)


def _rows(arrays: Mapping[str, NDArray[Any]]) -> int:
    """The length that most arrays have, of several such lengths the largest."""
    lengths = [len(a) for a in arrays.values() if a.ndim]
    return max(set(lengths), key=lambda n: (lengths.count(n), n), default=0)


def _refused(name: str, rows: int, storage: str, why: str) -> Column:
    return Column(name, pa.chunked_array([pa.nulls(rows)]), storage, why)


def _column(
    name: str, a: NDArray[Any], rows: int, options: ReadOptions, issues: list[Issue]
) -> Column:
    storage = f"{a.dtype} {a.shape}"
    if a.ndim == 0:
        return _refused(name, rows, storage, "it is a single value. Store one entry per row.")
    if len(a) != rows:
        why = f"it has {len(a):,} entries, the other arrays {rows:,}. Store one entry per row."
        return _refused(name, rows, storage, why)
    if a.dtype.kind == "S":
        a = _as_text(a)
    if fault := next((issue for issue, _ in unreadable({name: a})), None):
        return Column(name, a, storage, f"{fault.title}. {fault.what_to_do}")
    if a.dtype.kind == "c":
        why = (
            f"it holds complex numbers ({a.dtype}), expected real ones. Store numpy.abs(a), or "
            "a.real and a.imag beside each other."
        )
        return Column(name, a, storage, why)
    if a.dtype.kind in "mM":
        return _of_times(name, a, storage)
    if a.dtype.kind == "f" and a.itemsize > 8:
        a = a.astype(np.float64)
    if name.lower() in _SINGLE:
        return _of_single(name, a, storage, issues)
    if a.ndim > 2 and 0 not in a.shape:
        return _of_pictures_or_sequences(name, a, storage, options, issues)
    return Column(name, a, storage)


def _as_text(a: NDArray[Any]) -> NDArray[Any]:
    """Bytes as text where they are UTF-8, else as they are."""
    try:
        return np.char.decode(a, "utf-8")
    except UnicodeError:
        return a


def _of_times(name: str, a: NDArray[Any], storage: str) -> Column:
    try:
        return Column(name, pa.chunked_array([pa.array(a)]), storage)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return Column(name, a, storage, f"it holds times ({a.dtype}), expected numbers or text.")


# --- labels and the like -----------------------------------------------------------------------


def _of_single(name: str, a: NDArray[Any], storage: str, issues: list[Issue]) -> Column:
    """One entry a row: a column (N, 1) is one, and one-hot classes (N, K) are one."""
    if a.ndim > 1 and a.size == len(a):
        issues.append(_note(name, a, f"is read as ({len(a):,},)", "Nothing has to be done."))
        a = a.reshape(len(a))
    if a.ndim == 1 or name.lower() not in _LABELS:
        return Column(name, _whole(a), storage)
    if (places := from_indicators(a)) is not None:
        words = f"is one-hot; it is read as the classes 0 to {a.shape[1] - 1}"
        issues.append(_note(name, a, words, "Store class names instead to see them everywhere."))
        return Column(name, places, storage)
    why = f"it has the shape {a.shape}, expected one class per row."
    if a.ndim == 2 and a.dtype.kind in "biuf" and set(np.unique(a).tolist()) <= {0, 1}:
        several = int((a.astype(bool).sum(axis=1) > 1).sum())
        none = int((~a.astype(bool).any(axis=1)).sum())
        why += f" {several:,} rows have several classes, {none:,} none: store one of them each."
    elif a.ndim == 2 and a.dtype.kind in "biuf":
        why += " Of probabilities or scores, store the largest one's place: a.argmax(axis=1)."
    return Column(name, a, storage, why)


def _whole(a: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers that are stored as floats as the integers they mean."""
    if a.dtype.kind != "f" or not len(a):
        return a
    fits = np.isfinite(a).all() and (np.abs(a) < 2**53).all() and (a == np.round(a)).all()
    return a.astype(np.int64) if fits else a


# --- pictures and sequences --------------------------------------------------------------------


def _of_pictures_or_sequences(
    name: str, a: NDArray[Any], storage: str, options: ReadOptions, issues: list[Issue]
) -> Column:
    if a.dtype.kind not in "biuf":
        return Column(name, a, storage, f"it has the shape {a.shape} of {a.dtype}. Store numbers.")
    if a.ndim == 3:
        return Column(name, _moments_first(name, a, options, issues), storage)
    if a.ndim == 4:
        return _of_pictures(name, a, storage, options, issues)
    why = (
        f"it has the shape {a.shape}; expected at most 4 axes, (N, H, W, 3) of pictures. Choose "
        "one frame of each row, or describe it by fewer numbers."
    )
    return Column(name, a, storage, why)


def _of_pictures(
    name: str, a: NDArray[Any], storage: str, options: ReadOptions, issues: list[Issue]
) -> Column:
    """(N, H, W) or (N, H, W, 3) of pictures with any place and number of channels."""
    first, last = a.shape[1] in _CHANNELS, a.shape[3] in _CHANNELS
    moved = options.channels == "first" or (options.channels == "auto" and first and not last)
    if moved:
        words = "is in PyTorch's order (N, C, H, W); its channels are moved to the end"
        issues.append(_note(name, a, words, _AS_STORED))
        a = np.moveaxis(a, 1, 3)
    channels = a.shape[3]
    if channels not in _CHANNELS:
        fewest = min(a.shape[1], a.shape[3])
        why = (
            f"it has the shape {storage.partition(' ')[2]}, expected (N, H, W) or (N, H, W, 3). "
            f"Of {fewest} channels keep one or three"
        )
        if not moved and a.shape[1] < a.shape[3]:
            why += ", and move them to the end: numpy.moveaxis(a, 1, -1). Reshaping scrambles them"
        return Column(name, a, storage, f"{why}.")
    if channels == 4:
        issues.append(_note(name, a, "has transparency; it is laid over white", _OPAQUE))
        a = _over_white(a)
    return Column(name, a[..., 0] if channels == 1 else np.ascontiguousarray(a), storage)


_AS_STORED: Final = "Say that channels come last if that is wrong."
_OPAQUE: Final = "Store (N, H, W, 3) if that is wrong."


def _over_white(a: NDArray[Any]) -> NDArray[Any]:
    """(N, H, W, 3) of (N, H, W, 4), whose last channel is how opaque a pixel is."""
    whole = a.dtype.kind in "iu"
    top = float(np.iinfo(a.dtype).max) if a.dtype == np.uint8 or a.dtype == np.uint16 else (
        255.0 if a.max() > 1 else 1.0
    )  # fmt: skip
    made = np.empty((*a.shape[:3], 3), a.dtype if a.dtype.kind != "b" else np.uint8)
    for i, picture in enumerate(a):  # one at a time, for the memory
        values = picture.astype(np.float64)
        opaque = values[..., 3:] / top
        over = values[..., :3] * opaque + top * (1 - opaque)
        made[i] = np.round(over) if whole else over
    return made


def _moments_first(
    name: str, a: NDArray[Any], options: ReadOptions, issues: list[Issue]
) -> NDArray[Any]:
    """(N, T, C) of a sequence; grey pictures (N, H, W) stay."""
    if options.channels == "first":
        issues.append(_note(name, a, "is read as (N, C, T); its channels are moved", _AS_STORED))
        return np.ascontiguousarray(np.moveaxis(a, 1, 2))
    channels, moments = a.shape[1:]
    if options.channels == "last" or a.dtype == np.uint8 or moments < _LONGER * channels:
        return a
    along, across = _roughness(a, 2), _roughness(a, 1)
    if (channels > 1 and along < _SMOOTHER * across) or channels == 1:
        words = (
            f"is smooth along its last axis only, as in PyTorch's order (N, C, T); it is read as "
            f"{moments:,} moments of {channels:,} channels"
        )
        if channels == 1:
            words = f"has one channel first; it is read as {moments:,} moments of it"
        issues.append(_note(name, a, words, _AS_STORED))
        return np.ascontiguousarray(np.moveaxis(a, 1, 2))
    words = f"is read as {channels:,} moments of {moments:,} channels"
    what = "If it is in PyTorch's order (N, C, T), say that channels come first, or store "
    issues.append(_note(name, a, words, f"{what}numpy.moveaxis({name}, 1, 2)."))
    return a


def _roughness(a: NDArray[Any], axis: int) -> float:
    """Mean difference of neighbours along an axis, over the standard deviation; of some rows."""
    if a.shape[axis] < 2:
        return np.inf
    some = a[:200].astype(np.float64)
    with np.errstate(invalid="ignore"):
        return float(np.nanmean(np.abs(np.diff(some, axis=axis)))) / (float(np.nanstd(some)) or 1)


def _note(name: str, a: NDArray[Any], words: str, what: str) -> Issue:
    return note(f"{name!r} of shape {a.shape} {words}", what)
