"""Columns as numbers: each column of an input as one or more numbers of a vector.

What the numbers are is a ``ColumnSpec`` of the card each. With it new rows are encoded as the
training rows were: the same words in the same places, the same numbers for missing cells.

Shapes: n rows, D numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dmil_core.data.card import ColumnSpec, Modality
from dmil_core.data.files.kinds import (
    ColumnKind,
    Facts,
    codes_of,
    is_plain_number,
    is_text,
    numbers,
    stored_numbers,
    tokens,
    words_of,
)
from dmil_core.data.files.notes import note
from dmil_core.data.files.repairs import MISSING_WORD, MOST_CATEGORIES, OTHER_WORD
from dmil_core.data.files.spellings import BETWEEN, labels_of, numbers_of
from dmil_core.data.files.table import Column
from dmil_core.data.validate import Issue
from dmil_core.errors import DataError

#: (n, D) numbers, what they are, and issues about rows of the set.
Encoded = tuple[NDArray[np.float64], list[ColumnSpec], list[Issue]]

#: Units that stand at the end of the names of columns.
_UNITS: Final = frozenset(
    {
        "mm", "cm", "km", "nm", "um", "mg", "kg", "g", "ml", "ms", "min", "hz", "khz", "db", "mv",
        "uv", "ev", "kev", "pct", "percent", "usd", "eur", "deg", "celsius", "kelvin", "bpm",
        "mmhg", "ppm", "ppb", "years", "days", "hours", "minutes", "seconds",
    }
)  # fmt: skip


def encode(
    column: Column, f: Facts, kept: NDArray[np.int64], training: NDArray[np.bool_]
) -> Encoded:
    """The numbers of one column.

    Parameters
    ----------
    kept : (n,) rows of the file that are in the set.
    training : (n,) which of them are training rows; missing numbers get their mean.

    Raises
    ------
    DataError
        If the column cannot be numbers.
    """
    if f.kind == "vector":
        return _vectors(column, f, kept, training)
    if f.kind == "several labels":
        return _indicators(column, f, kept)
    if is_words(f):
        return _categories(column, f, kept, training)
    if not is_text(column.data) and not is_plain_number(column.data):
        raise DataError(f"{column.name!r} cannot be used: {f.why or f.kind}")
    values = numbers(column, f)[kept]
    return _filled(values[:, None], [ColumnSpec(column.name, _unit(f))], training)


def column_of(spec: ColumnSpec, names: Sequence[str]) -> str:
    """The column of a table that a number comes from: of a list ``a[3]`` or a label ``a: b`` it is
    ``a``; "" if there is none."""
    if spec.name in names:
        return spec.name
    for pattern in (r"(.*)\[\d+\]", r"(.*?): .*"):
        match = re.fullmatch(pattern, spec.name, re.DOTALL)
        if match and match[1] in names:
            return match[1]
    return ""


def as_trained(
    facts: Mapping[str, Facts], columns: Mapping[str, Column],
    inputs: Sequence[Sequence[str]], like: Sequence[Modality],
) -> dict[str, Facts]:  # fmt: skip
    """What columns of new rows are, by what they were in training: a single row says too little.

    Parameters
    ----------
    inputs : the columns of each input.
    like : the inputs of the training set.
    """
    known = dict(facts)
    media: dict[str, ColumnKind] = {"image": "pictures", "audio": "sounds", "text": "text"}
    for names, modality in zip(inputs, like, strict=False):
        for name in (n for n in names if n in columns):
            f, specs = facts[name], [s for s in modality.columns if column_of(s, [name])]
            if modality.kind in media and is_text(columns[name].data):
                known[name] = replace(f, kind=media[modality.kind], why="")
            elif any(s.one_hot for s in specs):
                known[name] = replace(f, kind="category", why="")
            elif specs and specs[0].name.startswith(f"{name}["):
                width = sum(not s.was_missing for s in specs)
                known[name] = replace(f, kind="vector", width=width, why="")
            elif specs and specs[0].name.startswith(f"{name}: "):
                mark = f.mark or next((m for m in BETWEEN if any(m in w for w in f.counts)), ";")
                known[name] = replace(f, kind="several labels", mark=mark, why="")
            elif specs and (f.numeric or f.kind == "empty"):
                known[name] = replace(f, kind="number", why="")
    return known


def encode_like(
    specs: Sequence[ColumnSpec], columns: Mapping[str, Column], facts: Mapping[str, Facts],
    kept: NDArray[np.int64],
) -> Encoded:  # fmt: skip
    """The numbers of new rows, as those of the training rows were made.

    Parameters
    ----------
    specs : of the training set's input.

    Raises
    ------
    DataError
        If a column is missing, or holds something else than in training.
    """
    parts, issues, done = [], [], 0
    nobody = np.zeros(len(kept), dtype=bool)
    while done < len(specs):
        spec = specs[done]
        name = column_of(spec, list(columns))
        if not name:
            raise DataError(f"there is no column {spec.name!r}, which the model was trained with")
        column, f = columns[name], facts[name]
        if spec.was_missing:
            parts.append(f.missing[kept].astype(np.float64)[:, None])
            done += 1
        elif spec.one_hot:
            hot, unknown = _in_words(column, f, spec.categories, kept)
            parts.append(hot)
            if len(unknown):
                title = f"{name!r} has words that the model was not trained with"
                issues.append(note(title, "None of its categories is set there.", unknown))
            done += 1
        else:
            count = sum(column_of(s, [name]) == name and not s.was_missing for s in specs[done:])
            values, found, more = encode(column, f, kept, nobody)
            values, found = values[:, :count], found[:count]
            if [s.name for s in found] != [s.name for s in specs[done : done + count]]:
                raise DataError(
                    f"{name!r} has {f.width} numbers a row, the model was trained with {count}"
                )
            fills = [s.fill or 0.0 for s in specs[done : done + count]]
            gaps = f.missing[kept]
            parts.append(np.where(gaps[:, None], np.asarray(fills)[None, :], values))
            if gaps.any() and all(s.fill is None for s in specs[done : done + count]):
                title = f"{name!r} is missing, as it never was in training"
                issues.append(note(title, "It is taken as 0 there.", np.flatnonzero(gaps)))
            issues += more
            done += count
    return np.concatenate(parts, axis=1), list(specs), issues


def _in_words(
    column: Column, f: Facts, categories: Sequence[str], kept: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """A number for each of these words, and the rows that have none of them."""
    place = {w: k for k, w in enumerate(categories)}
    other, missing = place.get(OTHER_WORD, -1), place.get(MISSING_WORD, -1)
    cells = words_of(column.data) if is_text(column.data) else None
    spelled = [w.strip() for w in cells.words.to_pylist()] if cells else []
    # Codes such as 007 are words of the training set where it was told to leave them as they are.
    if cells and (not f.numeric or any(w in place for w in spelled)):
        words = [place.get(w, other) for w in spelled]
        codes = cells.spread(np.asarray(words, dtype=np.int64), missing)
        codes = np.where(f.missing, missing, codes)[kept]
    else:
        words = [place.get(w, other) for w in f.counts]
        codes = np.asarray([*words, missing], dtype=np.int64)[codes_of(column, f)[kept]]
    hot = (codes[:, None] == np.arange(len(categories))[None, :]).astype(np.float64)
    return hot, np.flatnonzero(codes < 0)


def is_words(f: Facts) -> bool:
    """Whether a column of an input of numbers is a category."""
    return f.kind == "category" or (f.kind == "constant" and not f.numeric)


def width_of(f: Facts) -> int:
    """Numbers that a column takes of an input, at most."""
    if is_words(f):
        return min(f.distinct, MOST_CATEGORIES) + 1
    return max(f.width, 1) + 1


def _filled(
    values: NDArray[np.float64], specs: list[ColumnSpec], training: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], list[ColumnSpec], list[Issue]]:
    """Numbers with the mean of the training rows for missing ones, and a column that says where."""
    gaps = values != values  # NaN is no number, and equals none
    if not gaps.any():
        return values, specs, []
    known = training[:, None] & ~gaps
    sums = np.where(known, values, 0.0).sum(axis=0)
    means = sums / np.maximum(known.sum(axis=0), 1)
    out = np.where(gaps, means, values)
    marked = [replace(s, fill=float(mean)) for s, mean in zip(specs, means.tolist(), strict=True)]
    where = np.flatnonzero(gaps.any(axis=0))
    flags = gaps[:, where].astype(np.float64)
    if values.shape[1] > 1:  # a list is missing as a whole, most often
        where, flags = where[:1], gaps.any(axis=1)[:, None].astype(np.float64)
    marked += [ColumnSpec(specs[i].name, was_missing=True) for i in where.tolist()]
    return np.concatenate([out, flags], axis=1), marked, []


def _unit(f: Facts) -> str:
    """The unit that the cells have, else the one that the column's name ends in."""
    if f.unit:
        return f.unit
    last = tokens(f.name)[-1:]
    return last[0] if len(tokens(f.name)) > 1 and last and last[0] in _UNITS else ""


def _categories(
    column: Column, f: Facts, kept: NDArray[np.int64], training: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], list[ColumnSpec], list[Issue]]:
    """A number for each word of a category: 1 where the row has it. Rare words share one."""
    codes = codes_of(column, f)[kept]
    words = list(f.counts)
    order = [k for k in range(len(words)) if (codes == k).any()]
    issues = []
    if len(order) > MOST_CATEGORIES:
        counts = np.bincount(codes[training & (codes >= 0)], minlength=len(words))
        common = sorted(sorted(order, key=lambda k: -int(counts[k]))[: MOST_CATEGORIES - 1])
        rare = len(order) - len(common)
        lumped = ~np.isin(codes, common) & (codes >= 0)
        title = f"{column.name!r} has {len(order):,} categories, expected at most {MOST_CATEGORIES}"
        repair = (
            f"The {rare:,} rarest, in {int(lumped.sum()):,} rows, share the category "
            f"{OTHER_WORD!r}."
        )
        issues.append(note(title, repair, ()))
        words.append(OTHER_WORD)
        codes = np.where(lumped, len(words) - 1, codes)
        order = [*common, len(words) - 1]
    if (codes < 0).any():
        words.append(MISSING_WORD)
        codes = np.where(codes < 0, len(words) - 1, codes)
        order.append(len(words) - 1)
    names = tuple(words[k] for k in order)
    hot = (codes[:, None] == np.asarray(order)[None, :]).astype(np.float64)
    return hot, [ColumnSpec(column.name, categories=names, one_hot=True)], issues


def _indicators(
    column: Column, f: Facts, kept: NDArray[np.int64]
) -> tuple[NDArray[np.float64], list[ColumnSpec], list[Issue]]:
    """A number for each of several labels: 1 where the cell of the row has it."""
    if is_text(column.data):
        cells = words_of(column.data)
        sets = [set(labels_of(w, f.mark)) for w in cells.words.to_pylist()]
        rows = [sets[c] if c >= 0 else set() for c in cells.codes[kept].tolist()]
    else:
        assert isinstance(column.data, pa.ChunkedArray)
        lists = column.data.take(pa.array(kept)).to_pylist()
        rows = [{str(v) for v in cell or ()} for cell in lists]
    every = sorted(set().union(*rows)) if rows else []
    if not every or len(every) > 10 * MOST_CATEGORIES:
        raise DataError(f"{column.name!r} has {len(every):,} different labels in its cells")
    hot = np.asarray([[float(w in row) for w in every] for row in rows])
    return hot, [ColumnSpec(f"{column.name}: {w}") for w in every], []


def _vectors(
    column: Column, f: Facts, kept: NDArray[np.int64], training: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], list[ColumnSpec], list[Issue]]:
    """(n, D) numbers of lists, of text that spells lists, or of an array."""
    data = column.data
    nothing = [np.nan] * f.width
    if isinstance(data, np.ndarray) and data.dtype.kind != "U":
        array = data.astype(np.float64)[kept]
    elif is_text(data):
        cells = words_of(data)
        lists = [numbers_of(w) or nothing for w in cells.words.to_pylist()]
        wrong = [k for k, v in enumerate(lists) if len(v) != f.width]
        if wrong:
            rows = np.flatnonzero(np.isin(cells.codes[kept], wrong))
            example = cells.words[wrong[0]].as_py()[:30]
            title = (
                f"{column.name!r} has lists that are not of {f.width} numbers, such as {example!r}"
            )
            issue = Issue(
                title,
                tuple(rows.tolist()),
                "error",
                "Write lists of equal length, or drop these rows.",
            )
            return np.zeros((len(kept), 1)), [], [issue]
        array = np.asarray([*lists, nothing], dtype=np.float64)[cells.codes[kept]]
    else:
        array = _of_lists(data, f.width)[kept]
    array = np.where(np.isfinite(array), array, np.nan)
    specs = [ColumnSpec(f"{column.name}[{i}]") for i in range(array.shape[1])]
    return _filled(array, specs, training)


def _of_lists(data: Any, width: int) -> NDArray[np.float64]:
    """(N, D) numbers of an Arrow column of lists; NaN where a list is missing."""
    out = np.full((len(data), width), np.nan)
    start = 0
    for chunk in data.chunks:
        there = np.flatnonzero(chunk.is_valid().to_numpy(zero_copy_only=False))
        flat = stored_numbers(pa.chunked_array([chunk.drop_null().flatten()]))
        out[start + there] = flat.reshape(len(there), width)
        start += len(chunk)
    return out
