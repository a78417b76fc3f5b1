"""Arrow files, and the folders that Hugging Face's `datasets` writes by ``save_to_disk``.

A folder has ``dataset_info.json``, ``state.json`` and files of Arrow streams; several splits are
folders beside ``dataset_dict.json``. Everything is read with pyarrow alone.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

import pyarrow as pa

from dmil_core.data.files.budget import TABLE, Account, Cost
from dmil_core.data.files.limits import MIB, Limits
from dmil_core.data.files.members import Members
from dmil_core.data.files.readers.arrow import columns_of, names_in
from dmil_core.data.files.readers.names import usable_names
from dmil_core.data.files.readers.sizes import check_size, too_large
from dmil_core.data.files.spellings import split_word
from dmil_core.data.files.table import Column, Table
from dmil_core.errors import DataError
from dmil_core.io.reading import json_value, parsing

_STATE: Final = "state.json"
_INFO: Final = "dataset_info.json"
_DICT: Final = "dataset_dict.json"
_JSON_BYTES: Final = 16 * MIB
_SMALLER: Final = "Choose fewer rows or columns, or smaller files in its cells."
_MAGIC: Final = b"ARROW1"
_SAVE: Final = "Save it again by datasets.Dataset.save_to_disk"


def is_arrow(content: bytes) -> bool:
    """Whether bytes begin like an Arrow file, or like a stream of Arrow's."""
    return content.startswith(_MAGIC) or content.startswith(b"\xff\xff\xff\xff")


def read_arrow(content: bytes, name: str, account: Account, limits: Limits) -> Table:
    """A table from an Arrow file or stream whose buffers are not compressed.

    Raises
    ------
    DataError
        If it is damaged, compressed or too large; a `BudgetError` if the account has no room.
    """
    with parsing(name, "an Arrow file", advice="Write it again, or save it as Parquet"):
        table = _stream(content, name, limits)
        return _table(table, name, {}, account, limits)


def saved_folder(members: Members) -> str | None:
    """The folder, with a slash at its end or empty, that was saved; None if there is none."""
    for marker in (_DICT, _STATE):
        places = sorted(
            (n for n in members.sizes if _base(n) == marker), key=lambda n: n.count("/")
        )
        if places:
            return places[0][: -len(marker)]
    return None


def read_saved(members: Members, folder: str, name: str, account: Account, limits: Limits) -> Table:
    """The rows of all splits, with a column ``split`` where there are several.

    Raises
    ------
    DataError
        If a file is missing, damaged or too large; a `BudgetError` if the account has no room.
    """
    splits = {"": folder}
    if f"{folder}{_DICT}" in members.sizes:
        listed = _json(members, f"{folder}{_DICT}", "splits", list)
        splits = {s: f"{folder}{s}/" for s in listed if isinstance(s, str)}
    tables: dict[str, pa.Table] = {}
    features: Mapping[str, Any] = {}
    size = sum(
        n for member, n in members.sizes.items() if member.startswith(tuple(splits.values()))
    )
    account.charge(TABLE, Cost(arrays=size), _SMALLER)
    for split, place in splits.items():
        files = _json(members, f"{place}{_STATE}", "_data_files", list)
        parts = []
        for entry in files:
            member = place + str(entry.get("filename") if isinstance(entry, dict) else entry)
            with parsing(f"{name}: {member[:80]}", "a file of an Arrow stream", advice=_SAVE):
                parts.append(_stream(_read(members, member, limits.unpacked_mib * MIB), member,
                                     limits))  # fmt: skip
        if parts:
            with parsing(name, "files of the same columns", advice=_SAVE):
                tables[split] = pa.concat_tables(parts)
        features = features or _json(members, f"{place}{_INFO}", "features", dict)
    if not tables:
        raise DataError(f"{name} has no files of data. {_SAVE}")
    with parsing(name, "a data set saved by `datasets`", advice=_SAVE):
        whole = pa.concat_tables(tables.values(), promote_options="default")
        made = _table(whole, name, features, account, limits)
    if len(tables) < 2:
        return made
    words = [split_word(s) or s for s, t in tables.items() for _ in range(t.num_rows)]
    column = Column("split", pa.chunked_array([pa.array(words, pa.string())]), "name of a folder")
    return Table({"split": column, **made.columns}, made.issues, made.files, made.origin)


def _table(
    table: pa.Table, name: str, features: Mapping[str, Any], account: Account, limits: Limits
) -> Table:
    check_size(table.num_rows, table.num_columns, limits)
    account.charge(TABLE, Cost(arrays=table.nbytes), _SMALLER)
    names, issues = usable_names(names_in(table.schema), limits)
    columns = columns_of(table, names, table.schema, limits, features)
    return Table(columns, tuple(issues), origin=(name,))


def _json(members: Members, path: str, field: str, kind: type) -> Any:
    content = _read(members, path, _JSON_BYTES)
    with parsing(path[:80], "a JSON file", advice=_SAVE):
        value = json_value(content.decode("utf-8"))[field]
        if not isinstance(value, kind):
            raise ValueError(f"{field} is {type(value).__name__}, expected {kind.__name__}")
        return value


def _read(members: Members, path: str, most: int) -> bytes:
    if path not in members.sizes:
        raise DataError(f"The folder has no {path[:80]!r}. {_SAVE}")
    with parsing(path[:80], "a file that can be read", advice=_SAVE):
        content = members.read(path, most)
        if len(content) > most:
            raise DataError(f"{path[:80]} has more than {most / MIB:,.0f} MiB. Use fewer rows.")
        return content


def _base(name: str) -> str:
    return PurePosixPath(name).name


# --- streams -----------------------------------------------------------------------------------


def _stream(content: bytes, name: str, limits: Limits) -> pa.Table:
    """All rows, as views of the content; to be called in `parsing`."""
    stream = pa.py_buffer(content)
    if content.startswith(_MAGIC):
        # A file is a stream with a list of its parts at the end, which could say something else.
        stream = stream[8:]
    _check_messages(stream, name)
    table = pa.ipc.open_stream(stream).read_all()
    # Before anything else: what is not valid may point outside of its buffers.
    table.validate(full=True)
    if table.nbytes > limits.unpacked_mib * MIB:
        raise too_large(f"{table.nbytes / MIB:,.0f} MiB", limits)
    return table


def _check_messages(content: pa.Buffer, name: str) -> None:
    """Refuse compressed buffers: they say how large they become only while they do."""
    reader = pa.ipc.MessageReader.open_stream(content)
    while True:
        try:
            message = reader.read_next_message()
        except StopIteration:
            return
        if _is_compressed(message.metadata.to_pybytes()):
            raise DataError(
                f"{name} has compressed buffers, which are not read. Save it as Parquet."
            )


def _is_compressed(metadata: bytes) -> bool:
    """Whether a message's flatbuffer has a record batch with the field `compression`.

    Arrow's Message has the fields version, header type, header and body length; a RecordBatch
    length, nodes, buffers and compression; a DictionaryBatch an id and a RecordBatch.
    """
    root = _u32(metadata, 0)
    kind = metadata[_field(metadata, root, 1)] if _field(metadata, root, 1) else 0
    if kind not in (2, 3):
        return False
    header = _pointed(metadata, _field(metadata, root, 2))
    if kind == 2:
        header = _pointed(metadata, _field(metadata, header, 1))
    return bool(_field(metadata, header, 3))


def _field(buffer: bytes, table: int, number: int) -> int:
    """Position of a field of a flatbuffer's table; 0 where it is not there."""
    vtable = table - struct.unpack_from("<i", buffer, table)[0]
    size = struct.unpack_from("<H", buffer, vtable)[0]
    at = 4 + 2 * number
    offset = struct.unpack_from("<H", buffer, vtable + at)[0] if at + 2 <= size else 0
    return table + offset if offset else 0


def _pointed(buffer: bytes, position: int) -> int:
    return position + _u32(buffer, position)


def _u32(buffer: bytes, position: int) -> int:
    result: int = struct.unpack_from("<I", buffer, position)[0]
    return result
