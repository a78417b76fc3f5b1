"""Several tables as one: joined by the ids of their rows, or put one below the other.

Tables of equally many rows and other columns each, none of which has ids, are side by side: their
order is all there is to join them by, and it is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dmil_core.data.files.limits import Limits
from dmil_core.data.files.media import Files
from dmil_core.data.files.members import Together
from dmil_core.data.files.readers.arrow import is_text
from dmil_core.data.files.readers.names import INDEX, note
from dmil_core.data.files.readers.samples import split_of
from dmil_core.data.files.table import Column, Table
from dmil_core.data.validate import Issue
from dmil_core.errors import DataError

#: Names that a column of ids often has, the likeliest first.
_IDS: Final = (
    "id", "ids", "sample_id", "sampleid", "sample", "key", "uid", "case_id", "patient_id",
    "barcode", "name", INDEX,
)  # fmt: skip
#: Share of the ids of the smaller table that the other one has to know.
_OVERLAP: Final = 0.5
#: Cells that are looked at to see whether a column has words.
_LOOKED_AT: Final = 20


def together(tables: Mapping[str, Table], on: str, limits: Limits) -> Table:
    """One table of several files: joined where they have ids in common, else one below the other.

    Parameters
    ----------
    tables : by name of the file.
    on : the column that joins them; empty for one that all have.

    Raises
    ------
    DataError
        If they neither have the same columns nor ids in common, or an id occurs twice.
    """
    if len(tables) == 1:
        return next(iter(tables.values()))
    alike = len({frozenset(t.columns) for t in tables.values()}) == 1
    by_split = len({split_of(name) for name in tables} - {""}) > 1
    if alike and not on and (by_split or not _common_ids(tables) or _are_numbered(tables)):
        return stacked(tables, limits)
    if not on and _are_in_order(tables):
        return _side_by_side(tables)
    return _joined(tables, on)


def _are_numbered(tables: Mapping[str, Table]) -> bool:
    """Whether the only ids are row numbers, which begin anew in every file."""
    keys = _common_ids(tables)
    every = [_texts(t.columns[keys[name]]) for name, t in tables.items()]
    return set(keys.values()) == {INDEX} and all(
        texts == [str(i) for i in range(len(texts))] for texts in every if texts is not None
    )


# --- one below the other -----------------------------------------------------------------------


def stacked(tables: Mapping[str, Table], limits: Limits) -> Table:
    """The rows of all tables, with a column ``split`` where the names of the files say it.

    A column that not all tables have is missing in the rows of the others.
    """
    names = dict.fromkeys(n for t in tables.values() for n in t.columns)
    columns = {n: _stacked(n, tables, limits) for n in names}
    splits = {name: split_of(name) for name in tables}
    if "split" not in columns and all(splits.values()) and len(set(splits.values())) > 1:
        words = [splits[name] for name, t in tables.items() for _ in range(t.rows)]
        column = Column("split", pa.chunked_array([pa.array(words)]), "names of the files")
        columns = {"split": column, **columns}
    issues = dict.fromkeys(i for t in tables.values() for i in t.issues)
    held = {str(i): t.files.members for i, t in enumerate(tables.values()) if t.files}
    files = Files(Together(held), limits) if held else None
    return Table(columns, tuple(issues), files, tuple(tables))


def _stacked(name: str, tables: Mapping[str, Table], limits: Limits) -> Column:
    parts = [(t.columns.get(name), t.rows) for t in tables.values()]
    present = [c for c, _ in parts if c is not None]
    first = present[0]
    refusal = next((c.refusal for c in present if c.refusal), "")
    rows = sum(n for _, n in parts)
    data = None if refusal else _concatenated(parts)
    if data is None:
        kinds = " and ".join(dict.fromkeys(c.storage[:40] for c in present))
        why = refusal or f"the files store it differently ({kinds}). Store it alike in all of them."
        return Column(name, pa.chunked_array([pa.nulls(rows)]), first.storage, why)
    if not first.media or any(c.media != first.media for c in present):
        return Column(name, data, first.storage)
    held, members = {}, []
    for i, (column, count) in enumerate(parts):
        if column is None or column.files is None:
            members += [""] * count
            continue
        held[str(i)] = column.files.members
        members += [m and f"{i}/{m}" for m in column.members]
    files = Files(Together(held), limits)
    return Column(name, data, first.storage, media=first.media, files=files, members=members)


def _concatenated(
    parts: Sequence[tuple[Column | None, int]],
) -> pa.ChunkedArray | NDArray[Any] | None:
    """The cells of all parts, None if they do not fit together."""
    present: list[Any] = [c.data for c, _ in parts if c is not None]
    if all(isinstance(d, np.ndarray) for d in present):
        shapes = {d.shape[1:] for d in present}
        kinds = {"U" if d.dtype.kind == "U" else "n" for d in present}
        if len(shapes) > 1 or len(kinds) > 1:
            return None
        shape, missing = shapes.pop(), "" if "U" in kinds else np.nan
        filled = [np.full((n, *shape), missing) if c is None else c.data for c, n in parts]
        return np.concatenate(filled)
    if any(isinstance(d, np.ndarray) for d in present):
        return None
    if len({d.type for d in present}) > 1:
        present = [_undone(d) for d in present]
    kind = present[0].type
    given = iter(present)
    arrays = [pa.chunked_array([pa.nulls(n, kind)]) if c is None else next(given)
              for c, n in parts]  # fmt: skip
    try:
        made = pa.concat_tables([pa.table({"c": a}) for a in arrays], promote_options="permissive")
    except pa.ArrowException:
        return None
    return made.column(0)


def _undone(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    return cells.cast(cells.type.value_type) if pa.types.is_dictionary(cells.type) else cells


# --- side by side ------------------------------------------------------------------------------


def _are_in_order(tables: Mapping[str, Table]) -> bool:
    """Whether nothing but their order can join the rows: no ids, other columns, as many rows."""
    names = [n.lower() for t in tables.values() for n in t.columns]
    if len({t.rows for t in tables.values()}) > 1 or len(set(names)) < len(names):
        return False
    return not set(names) & set(_IDS) and not any(
        _are_words_of_rows(c) for t in tables.values() for c in t.columns.values()
    )


def _are_words_of_rows(column: Column) -> bool:
    """Whether a column has another word in every row, as ids have."""
    data = column.data
    if isinstance(data, np.ndarray):
        return data.dtype.kind == "U" and data.ndim == 1 and len(np.unique(data)) == len(data)
    if not is_text(data.type):
        return False
    first = [cell for cell in data[:_LOOKED_AT].to_pylist() if cell]
    if 2 * sum(map(_is_float, first)) >= len(first):
        return False
    different: int = pc.count_distinct(data.cast(pa.large_string())).as_py()
    return different == len(data)


def _side_by_side(tables: Mapping[str, Table]) -> Table:
    rows = next(iter(tables.values())).rows
    title = f"no file has ids of its rows; they are joined by their order, {rows:,} rows in each"
    what = (
        "Row 0 of one belongs to row 0 of the others. If that is not so, add a column 'id' to each."
    )
    columns = _named_apart({name: t.columns for name, t in tables.items()}, "")
    issues = dict.fromkeys(i for t in tables.values() for i in t.issues)
    return Table(columns, (note(title, what), *issues), origin=tuple(tables))


# --- joined by id ------------------------------------------------------------------------------


def _joined(tables: Mapping[str, Table], on: str) -> Table:
    keys = dict.fromkeys(tables, on) if on else _keys(tables)
    ids = {name: _ids_of(name, t, keys[name]) for name, t in tables.items()}
    first = next(iter(tables))
    shared = set.intersection(*(set(each) for each in ids.values()))
    order = [i for i in ids[first] if i in shared]
    if not order:
        shown = "; ".join(f"{n} has {', '.join(list(each)[:3])}" for n, each in ids.items())
        raise DataError(
            f"No row of {first} has its id in all files ({shown[:300]}). Write the ids alike in "
            "all of them."
        )
    parts = {
        name: {n: _taken(c, [ids[name][i] for i in order]) for n, c in t.columns.items()}
        for name, t in tables.items()
    }
    columns = {keys[first]: parts[first].pop(keys[first])}
    for name in list(tables)[1:]:
        parts[name].pop(keys[name])
    columns |= _named_apart(parts, keys[first])
    issues = dict.fromkeys(i for t in tables.values() for i in t.issues)
    said = [*issues, *_without_partner(tables, ids, len(order), keys[first])]
    return Table(columns, tuple(said), origin=tuple(tables))


def _without_partner(
    tables: Mapping[str, Table], ids: Mapping[str, Mapping[str, int]], rows: int, key: str
) -> list[Issue]:
    lost = {name: t.rows - rows for name, t in tables.items() if t.rows > rows}
    if not lost:
        return []
    shown = ", ".join(f"{n:,} of {tables[name].rows:,} in {name[:60]}" for name, n in lost.items())
    title = f"rows without a partner in every file, left out: {shown}"
    common = set.intersection(*(set(each) for each in ids.values()))
    example = next((i for each in ids.values() for i in each if i not in common), "")
    what = f"Files are joined by {key!r}; {rows:,} rows are in all of them."
    if example:
        what += f" Not in all of them is {example[:40]!r}, for one."
    return [note(title, what)]


def _keys(tables: Mapping[str, Table]) -> dict[str, str]:
    """The column of ids of each table."""
    if keys := _common_ids(tables):
        return keys
    listed = "; ".join(f"{n[:60]} has {_few(list(t.columns))}" for n, t in tables.items())
    raise DataError(
        f"No column joins the files: expected one with ids of the rows in each of them, such as "
        f"'id' ({listed[:600]}). {_transposed(tables)}Add such a column, or name the one that "
        "joins them: --on."
    )


def _common_ids(tables: Mapping[str, Table]) -> dict[str, str]:
    """The column of each table that has the ids; empty if there is none.

    It has the same name everywhere, or is the first of each table and holds the same values. One
    that is named like ids is taken even if an id occurs twice: then that is the error.
    """
    lower = [{n.lower(): n for n in t.columns} for t in tables.values()]
    common = [n for n in lower[0] if all(n in names for names in lower[1:])]
    for usual in (n for n in _IDS if n in common):
        keys = {name: names[usual] for name, names in zip(tables, lower, strict=True)}
        if _overlap(tables, keys):
            return keys
    for shared in common:
        keys = {name: names[shared] for name, names in zip(tables, lower, strict=True)}
        if _all_unique(tables, keys) and _overlap(tables, keys):
            return keys
    firsts = {name: next(iter(t.columns)) for name, t in tables.items()}
    # Numbers from 1 on are alike in files that have nothing to do with each other.
    texts = _texts(tables[next(iter(tables))].columns[firsts[next(iter(tables))]]) or ()
    words = any(t and not _is_float(t) for t in texts)
    if words and _all_unique(tables, firsts) and _overlap(tables, firsts):
        return firsts
    return {}


def _overlap(tables: Mapping[str, Table], keys: Mapping[str, str]) -> bool:
    """Whether tables share enough of the ids in these columns to be about the same samples."""
    sets = [set(_texts(t.columns[keys[name]]) or ()) - {None} for name, t in tables.items()]
    fewest = min(map(len, sets))
    return bool(fewest) and len(set.intersection(*sets)) >= _OVERLAP * fewest


def _all_unique(tables: Mapping[str, Table], keys: Mapping[str, str]) -> bool:
    for name, t in tables.items():
        texts = _texts(t.columns[keys[name]])
        if texts is None or None in texts or len(set(texts)) < len(texts):
            return False
        if sum("." in i and _is_float(i) for i in texts if i) * 2 > len(texts):
            return False  # measurements are unique too
    return True


def _is_float(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _ids_of(name: str, table: Table, key: str) -> dict[str, int]:
    """Id -> row; rows without an id have no partner.

    Raises
    ------
    DataError
        If there is no such column, or an id occurs twice.
    """
    if key not in table.columns:
        raise DataError(
            f"{name} has no column {key!r} to join it by; it has {_few(list(table.columns))}. Name "
            "one that all files have."
        )
    texts = _texts(table.columns[key])
    if texts is None:
        raise DataError(f"{name}: the column {key!r} holds no ids. Name another one.")
    rows: dict[str, int] = {}
    twice: dict[str, int] = {}
    for row, text in enumerate(texts):
        if text is None:
            continue
        if text in rows:
            twice.setdefault(text, row)
        rows.setdefault(text, row)
    if twice:
        text, row = next(iter(twice.items()))
        raise DataError(
            f"{name}: {len(twice):,} ids in {key!r} occur more than once, such as {text[:40]!r} in "
            f"rows {rows[text]} and {row}. Files are joined by ids that every row has alone: join "
            "or drop such rows."
        )
    return rows


def _texts(column: Column) -> list[str | None] | None:
    """Ids as text, None for a missing one; None where the column cannot hold ids."""
    data = column.data
    if column.refusal or column.media:
        return None
    if isinstance(data, np.ndarray):
        if data.ndim != 1 or data.dtype.kind not in "iuU":
            return None
        return [str(v).strip() or None for v in data.tolist()]
    kind = data.type
    if pa.types.is_floating(kind):
        if not pc.all(pc.equal(data, pc.round(data)), skip_nulls=True).as_py():
            return None
        try:
            data = data.cast(pa.int64())
        except pa.ArrowInvalid:
            return None
    elif not (pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_dictionary(kind)
              or pa.types.is_large_string(kind)):  # fmt: skip
        return None
    try:
        texts = data.cast(pa.string()).to_pylist()
    except pa.ArrowException:
        return None
    return [None if t is None else t.strip() or None for t in texts]


def _transposed(tables: Mapping[str, Table]) -> str:
    """A hint where the ids of one file are the columns of another."""
    for name, table in tables.items():
        ids = {i for c in list(table.columns.values())[:1] for i in _texts(c) or () if i}
        for other, wide in tables.items():
            if other != name and len(ids & set(wide.columns)) > len(wide.columns) / 2:
                return f"The ids of {name[:60]} are columns of {other[:60]}: transpose that one. "
    return ""


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(repr(n[:40]) for n in names[:6])
    return f"{shown} and {len(names) - 6:,} more" if names[6:] else shown


def _taken(column: Column, rows: Sequence[int]) -> Column:
    """These rows of a column, in this order."""
    if len(rows) == len(column) and all(i == row for i, row in enumerate(rows)):
        return column
    index = np.asarray(rows, np.int64)
    data = column.data[index] if column.is_array else column.data.take(pa.array(index))
    members = [column.members[i] for i in rows] if column.members else ()
    return replace(column, data=data, members=members)


def _named_apart(parts: Mapping[str, Mapping[str, Column]], key: str) -> dict[str, Column]:
    """The columns of all files with names of their own; one that is equal in several stays once."""
    counts: dict[str, int] = {}
    for columns in parts.values():
        for n in columns:
            counts[n] = counts.get(n, 0) + 1
    made: dict[str, Column] = {}
    for file, columns in parts.items():
        stem = PurePath(file).name.split(".")[0] or file
        for n, column in columns.items():
            twin = made.get(n)
            if twin is not None and _same(twin, column):
                continue
            others = [p[n] for f, p in parts.items() if f != file and n in p]
            alone = counts[n] == 1 or all(_same(column, o) for o in others)
            name = n if alone else f"{stem}_{n}"
            while name in made or name == key:
                name = f"{name} ({stem})"
            made[name] = replace(column, name=name, source=stem)
    return made


def _same(a: Column, b: Column) -> bool:
    x, y = a.data, b.data
    if isinstance(x, np.ndarray) or isinstance(y, np.ndarray):
        both = isinstance(x, np.ndarray) and isinstance(y, np.ndarray)
        return both and np.array_equal(x, y)
    same: bool = x.equals(y)
    return same
