"""Parquet files of any size: opened and read in batches, within the checks of every reader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dmil_core.errors import DataError
from dmil_core.io.atomic import replacing
from dmil_core.io.reading import open_checked, parsing

#: It is read in parts, so that any will do.
_ANY_SIZE: Final = 1 << 62
_WHAT: Final = "a Parquet file"
_AGAIN: Final = "Write it again"


def open_parquet(path: Path) -> pq.ParquetFile:
    """A Parquet file, wherever a link that the user named leads.

    Raises
    ------
    DataError
        If it is not there, or no Parquet file.
    """
    try:
        file = open_checked(path, _ANY_SIZE, advice="Name a Parquet file", follow_links=True)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; name a Parquet file") from None
    with parsing(path, _WHAT, advice=_AGAIN):
        return pq.ParquetFile(file)


def batches_of(
    file: pq.ParquetFile,
    of: Path | str,
    rows: int,
    columns: Sequence[str] | None = None,
    groups: Sequence[int] | None = None,
) -> Iterator[pa.RecordBatch]:
    """The rows of a file in their order, at most so many at a time.

    Parameters
    ----------
    of : what an error calls the file.
    columns, groups : the columns and the row groups to read; all by default.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    with parsing(of, _WHAT, advice=_AGAIN):
        found = iter(file.iter_batches(rows, row_groups=groups, columns=columns))
    while True:
        with parsing(of, _WHAT, advice=_AGAIN):
            batch = next(found, None)
        if batch is None:
            return
        yield batch


def write_batches(
    path: Path, tables: Iterable[pa.Table], metadata: Mapping[bytes, bytes],
    footer: Callable[[], Mapping[str, str]] | None = None, group_rows: int | None = None,
) -> None:  # fmt: skip
    """Write tables of one layout one after the other, as a file that appears whole or not at all.

    Parameters
    ----------
    metadata
        Of the file.
    footer
        More of it, asked for behind the last table.
    group_rows
        Rows of a row group at most; by default a table is one.

    Raises
    ------
    DataError
        If there is no table.
    ResourceError
        If disk, permissions, quota or memory do not suffice.
    """
    writer: pq.ParquetWriter | None = None
    with replacing(path) as temporary:
        try:
            for table in tables:
                if writer is None:
                    schema = table.schema.with_metadata(dict(metadata))
                    writer = pq.ParquetWriter(temporary, schema, **form(schema, level=3))
                writer.write_table(table, group_rows)
            if writer is None:
                raise DataError(f"{path.name} would have no rows; leave empty files out")
            if footer is not None:
                writer.add_key_value_metadata(dict(footer()))
        finally:
            if writer is not None:
                writer.close()


def form(schema: pa.Schema, level: int) -> dict[str, Any]:
    """How a table of this layout is written, for ``pyarrow.parquet``; ``level`` is zstd's.

    Floats share their high bytes far more than their low ones: apart, they shrink by a third.
    """
    floats = [f.name for f in schema if pa.types.is_floating(f.type)]
    return {
        "compression": "zstd",
        "compression_level": level,
        "use_dictionary": [name for name in schema.names if name not in floats],
        "use_byte_stream_split": floats,
        "write_page_checksum": True,
    }
