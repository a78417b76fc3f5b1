"""Files as people have them, made in memory."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dmil_core.data.files.limits import DEFAULT
from dmil_core.data.files.reader import Named, ReadOptions, read_table
from dmil_core.data.files.table import Column, Table

_MOST = ("upload_mib", "unpacked_mib", "rows", "columns", "cells", "cell_length", "arrays_mib")
#: The limits of a user's own files.
OWN = replace(DEFAULT, **dict.fromkeys(_MOST, 1 << 40))  # type: ignore[arg-type]
#: Cells of a small table: four numbers and a class, two words of which are not ASCII.
HEADER = ("left_0", "left_1", "right_0", "right_1", "label")
ROWS = [
    (f"{0.1 * i:.3f}", f"{-1.3 + 0.2 * i:.3f}", f"{i % 3}.5", f"{7 - i}.25", "ab"[i % 2])
    for i in range(12)
]


def delimited(separator: str = ",", rows: Sequence[Sequence[str]] = ROWS,
              header: Sequence[str] | None = HEADER) -> str:  # fmt: skip
    lines = [header, *rows] if header else list(rows)
    return "\n".join(separator.join(line) for line in lines) + "\n"


def read(name: str, content: bytes | str, **options: Any) -> Table:
    """The table of one file in memory."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return read_table([Named(name, data)], options=ReadOptions(**options))


def cells(column: Column) -> list[Any]:
    return column.data.tolist() if column.is_array else column.data.to_pylist()  # type: ignore[union-attr]


def rows(table: Table) -> list[tuple[Any, ...]]:
    return list(zip(*(cells(c) for c in table.columns.values()), strict=True))


def said(table: Table) -> str:
    return "\n".join(str(i) for i in table.issues)


def npz(**arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def parquet(table: pa.Table | Mapping[str, Any], **how: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(dict(table)), stream, **how)
    return stream.getvalue()


def arrow(table: pa.Table, compression: str | None = None, file: bool = False) -> bytes:
    stream = io.BytesIO()
    new = pa.ipc.new_file if file else pa.ipc.new_stream
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with new(stream, table.schema, options=options) as writer:
        writer.write_table(table)
    return stream.getvalue()


def tarred(members: Mapping[str, bytes], mode: str = "w") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()
