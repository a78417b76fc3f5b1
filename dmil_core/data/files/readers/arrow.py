"""Columns of Arrow, as Parquet and the files of Hugging Face datasets hold them.

No column decides about its file: one that cannot be used says why, and is refused only where
somebody chooses it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dmil_core.data.files.limits import Limits
from dmil_core.data.files.media import Files, media_kind
from dmil_core.data.files.members import CellMembers
from dmil_core.data.files.readers.delimited import long_text
from dmil_core.data.files.table import Column

#: Cells that are looked at to see what bytes are.
_LOOKED_AT: Final = 20
#: Name of the footer entry in which Hugging Face says what its columns are.
_HUGGING_FACE: Final = b"huggingface"
#: What pandas calls a column for the names of rows that have no name.
_PANDAS_INDEX: Final = "__index_level_0__"

Features = Mapping[str, Any]


def features_of(schema: pa.Schema) -> Features:
    """What Hugging Face's footer says of the columns; empty where there is none, or it is odd."""
    try:
        content = json.loads((schema.metadata or {})[_HUGGING_FACE])
        features = content["info"]["features"]
    except Exception:  # somebody else's footer may hold anything
        return {}
    return features if isinstance(features, dict) else {}


def columns_of(
    table: pa.Table,
    names: Sequence[str],
    schema: pa.Schema,
    limits: Limits,
    features: Features | None = None,
) -> dict[str, Column]:
    """The columns of a table, each as it is stored; lists of equal shapes as NumPy arrays.

    Parameters
    ----------
    table : validated, so that no offset lies outside of its data.
    names : usable names of its columns.
    schema : of the file: its types, and what Hugging Face says of them.
    features : the same from beside the file, where it is not in it.
    """
    features = {**features_of(schema), **(features or {})}
    return {
        name: _column(name, table.column(i), field, features.get(field.name), limits)
        for i, (name, field) in enumerate(zip(names, schema, strict=True))
    }


def names_in(schema: pa.Schema) -> list[str]:
    """Names as in the file, but for what pandas calls the names of rows."""
    return ["" if n == _PANDAS_INDEX else str(n) for n in schema.names]


def _column(
    name: str, cells: pa.ChunkedArray, field: pa.Field, feature: Any, limits: Limits
) -> Column:
    storage = str(field.type)[:200]
    cells = plain(cells)
    kind = cells.type
    if classes := _class_names(feature, kind):
        return Column(name, _named(cells, classes), "classes", classes=tuple(classes))
    if is_text(kind):
        return Column(name, cells, storage, long_text(cells, limits))
    if _is_bytes(kind):
        return _of_bytes(name, cells, storage, limits)
    if pa.types.is_struct(kind):
        return _of_struct(name, cells, storage, limits)
    if _is_list(kind):
        return _of_lists(name, cells, storage)
    refusal = ""
    if pa.types.is_null(kind):
        refusal = "it holds no value in any row. Choose another column."
    elif pa.types.is_dictionary(kind) or pa.types.is_nested(kind):
        refusal = f"it is nested ({storage[:80]}). {_FLATTEN}"
    return Column(name, cells, storage, refusal)


_FLATTEN: Final = "Store each part of it as a column of its own."


def plain(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same values in the type that everything here knows.

    Views become text and bytes, run-end encoding and dictionaries of numbers are undone, extension
    types become what they are stored as; other dictionaries stay, as they may be small.
    """
    kind = cells.type
    if isinstance(kind, pa.BaseExtensionType):
        return plain(pa.chunked_array([c.storage for c in cells.chunks], kind.storage_type))
    if pa.types.is_run_end_encoded(kind):
        chunks = [pc.run_end_decode(c) for c in cells.chunks]
        return plain(pa.chunked_array(chunks, kind.value_type))
    if pa.types.is_dictionary(kind):
        inside = kind.value_type
        if is_text(inside) or _is_bytes(inside):
            return cells
        return plain(pa.chunked_array([c.dictionary_decode() for c in cells.chunks], inside))
    for is_, target in (
        (pa.types.is_string_view, pa.string()),
        (pa.types.is_binary_view, pa.binary()),
        (pa.types.is_fixed_size_binary, pa.binary()),
    ):
        if is_(kind):
            return cells.cast(target)
    return cells


def is_text(kind: pa.DataType) -> bool:
    """Whether cells are text, also of a dictionary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind)


def _is_list(kind: pa.DataType) -> bool:
    return (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
        or pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind)
    )  # fmt: skip


# --- classes -----------------------------------------------------------------------------------


def _class_names(feature: Any, kind: pa.DataType) -> list[str]:
    """Names of the classes that numbers stand for."""
    if not isinstance(feature, dict) or feature.get("_type") != "ClassLabel":
        return []
    names = feature.get("names")
    sound = isinstance(names, list) and all(isinstance(n, str) for n in names)
    return names if sound and names and pa.types.is_integer(kind) else []


def _named(cells: pa.ChunkedArray, names: list[str]) -> pa.ChunkedArray:
    """Class names of numbers; a number without one is missing."""
    known = pc.and_(pc.greater_equal(cells, 0), pc.less(cells, len(names)))
    codes = pc.if_else(known, cells, None).cast(pa.int32())
    dictionary = pa.array(names, pa.string())
    chunks = [pa.DictionaryArray.from_arrays(c, dictionary) for c in codes.chunks]
    return pa.chunked_array(chunks, pa.dictionary(pa.int32(), pa.string()))


# --- bytes -------------------------------------------------------------------------------------


def _of_bytes(name: str, cells: pa.ChunkedArray, storage: str, limits: Limits) -> Column:
    """Pictures or sounds by their first bytes, text where it is text, else a refusal."""
    firsts = _first_bytes(cells)
    kinds = {media_kind(c) for c in firsts}
    if len(kinds) == 1 and (kind := kinds.pop()):
        members = CellMembers(cells)
        return Column(
            name, cells, storage, media=kind, files=Files(members, limits), members=members.names
        )
    if firsts and all(_is_words(c) for c in firsts):
        words = pa.string() if not pa.types.is_large_binary(cells.type) else pa.large_string()
        if pa.types.is_dictionary(cells.type):
            words = pa.dictionary(cells.type.index_type, pa.string())
        try:
            return Column(name, cells.cast(words), "text")
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass  # a later cell is no text
    refusal = "its bytes are neither pictures, sounds nor text. Store them as one of these."
    if not firsts:
        refusal = "it holds no value in any row. Choose another column."
    return Column(name, cells, storage, refusal)


def _first_bytes(cells: pa.ChunkedArray) -> list[bytes]:
    found: list[bytes] = []
    for chunk in cells.chunks:
        for value in chunk:
            if value.is_valid and (content := value.as_py()):
                found.append(content)
            if len(found) == _LOOKED_AT:
                return found
    return found


def _is_words(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c.isspace() for c in text[:1000])


def _of_struct(name: str, cells: pa.ChunkedArray, storage: str, limits: Limits) -> Column:
    """Hugging Face's pictures and sounds: their bytes, or the path of a file."""
    fields = {f.name: plain(_field(cells, f.name)) for f in cells.type}
    content, path = fields.get("bytes"), fields.get("path")
    if content is not None and _is_bytes(content.type) and content.null_count < len(content):
        made = _of_bytes(name, content, storage, limits)
        if not made.refusal and made.media:
            return made
        return Column(name, cells, storage, made.refusal or f"it is nested. {_FLATTEN}")
    if content is not None and path is not None and is_text(path.type):
        return Column(name, path, storage)
    return Column(name, cells, storage, f"it is nested ({storage[:80]}). {_FLATTEN}")


def _field(cells: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """A field of a struct, missing where the struct is."""
    return pc.struct_field(cells, [cells.type.get_field_index(name)])


# --- lists -------------------------------------------------------------------------------------


def _of_lists(name: str, cells: pa.ChunkedArray, storage: str) -> Column:
    """Lists of numbers of equal shape as an array (N, ...), a missing one as NaN."""
    inside = cells.type
    while _is_list(inside):
        inside = inside.value_type
    if not (pa.types.is_integer(inside) or pa.types.is_floating(inside)
            or pa.types.is_boolean(inside) or pa.types.is_decimal(inside)):  # fmt: skip
        what = "lists of text" if is_text(inside) else f"lists of {str(inside)[:40]}"
        return Column(name, cells, storage, f"it holds {what}, expected numbers. {_FLATTEN}")
    present = cells.is_valid().to_numpy()
    if not present.any():
        return Column(name, cells, storage, "it holds no value in any row. Choose another column.")
    try:
        values = _rectangular(pa.concat_arrays(cells.drop_null().chunks))
    except _RaggedError as error:
        return Column(name, cells, storage, str(error))
    if not present.all():
        full = np.full((len(present), *values.shape[1:]), np.nan)
        full[present] = values
        values = full
    return Column(name, values, f"{storage}, {' x '.join(map(str, values.shape[1:]))}")


class _RaggedError(Exception):
    """Lists of unequal lengths, or with gaps."""


def _rectangular(lists: pa.Array) -> NDArray[Any]:
    """(N, ...) numbers of lists whose lengths are equal on each level."""
    shape = [len(lists)]
    while _is_list(lists.type):
        if lists.null_count:
            raise _RaggedError("it has lists within lists that are missing. Fill them.")
        lengths = pc.list_value_length(lists)
        low, high = pc.min(lengths).as_py() or 0, pc.max(lengths).as_py() or 0
        if low != high:
            raise _RaggedError(
                f"it has lists of {low:,} to {high:,} numbers, expected one length. Cut or pad "
                "them, or store what they mean, such as their mean."
            )
        if not high:
            raise _RaggedError("its lists are empty. Choose another column.")
        shape.append(high)
        lists = lists.flatten()
    kind = lists.type
    if pa.types.is_decimal(kind) or lists.null_count:
        lists = lists.cast(pa.float64())
    values: NDArray[Any] = lists.to_numpy(zero_copy_only=False)
    return values.reshape(shape)
