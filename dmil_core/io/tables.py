"""Reading and writing the tables this package emits: Parquet or CSV, by the file's ending.

A table's metadata (a flat JSON object) travels in the Parquet footer. No torch here: pages read
tables before anything heavy is loaded.
"""

from __future__ import annotations

import json
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

import pandas as pd

from dmil_core.errors import ConfigError, DataError
from dmil_core.io.atomic import check_writable, replacing
from dmil_core.io.reading import open_checked, parsing
from dmil_core.schema import INTERACTION_TYPE, OLD_NAMES

_KEY = b"dmil"
#: Largest file that is read, and what it may be in memory: cells, and bytes of all its texts.
MAX_FILE_BYTES: Final = 2 * 1024**3
MAX_CELLS: Final = 100_000_000
MAX_TEXT_BYTES: Final = 2 * 1024**3
#: Rows that are stored together: a single row of a large table is read with so many others.
GROUP: Final = 65_536
#: Commands that write the tables of these names.
_MADE_BY: Final = {
    "predictions.parquet": "`dmil decompose`",
    "projection.parquet": "`dmil project`",
    "information.parquet": "`dmil information`",
    "worth.parquet": "`dmil worth --out`",
}
_AGAIN: Final = "Make it again"
_TEXT = ("id", "split", "y", "pred", INTERACTION_TYPE, *OLD_NAMES)


def write_table(table: pd.DataFrame, path: Path, metadata: dict[str, Any] | None = None) -> None:
    """Write a table at once or not at all; CSV cannot hold metadata and drops it.

    Raises
    ------
    ConfigError
        If the ending is neither .parquet nor .csv.
    """
    check_suffix(path)
    with replacing(path) as temporary:
        if path.suffix == ".csv":
            table.to_csv(temporary, index=False)
        else:
            _write_parquet(table, temporary, metadata or {})


def check_suffix(path: Path) -> None:
    """Refuse a table path of an unknown format."""
    if path.suffix not in (".parquet", ".csv"):
        raise ConfigError(f"{path}: expected a file ending in .parquet or .csv")


def check_table_path(path: Path) -> None:
    """Refuse a table path of an unknown format or one that cannot be written to, before any work
    is done for it."""
    check_suffix(path)
    check_writable(path)


def _write_parquet(table: pd.DataFrame, path: Path, metadata: dict[str, Any]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from dmil_core.io.parquet import form

    arrow = pa.Table.from_pandas(table, preserve_index=False)
    # pandas' own note in the footer would grow with the number of columns and says nothing new.
    arrow = arrow.replace_schema_metadata(metadata_of(metadata))
    pq.write_table(arrow, path, row_group_size=GROUP, **form(arrow.schema, level=9))


def metadata_of(about: dict[str, Any]) -> dict[bytes, bytes]:
    """What a Parquet footer holds for :func:`table_metadata` to read back."""
    return {_KEY: json.dumps(about, allow_nan=False).encode()}


def read_table(path: Path) -> pd.DataFrame:
    """Read a table back.

    Raises
    ------
    DataError
        If the file is missing, damaged, too large, a link out of its folder, or of another format.
    """
    check_suffix(path)
    with _opened(path) as file, parsing(path, f"a {path.suffix} table", advice=_AGAIN):
        if path.suffix == ".csv":
            return _renamed(_read_csv(path, file))
        return _renamed(_read_parquet(path, file))


def _opened(path: Path) -> BufferedReader:
    try:
        return open_checked(path, MAX_FILE_BYTES, advice=_AGAIN)
    except FileNotFoundError:
        made_by = _MADE_BY.get(path.name, "the command that writes it")
        raise DataError(f"{path} does not exist; run {made_by} to make it") from None


def _read_parquet(path: Path, stream: BufferedReader) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    file = pq.ParquetFile(stream, page_checksum_verification=True)
    rows, columns = file.metadata.num_rows, file.metadata.num_columns
    if rows * columns > MAX_CELLS:
        raise _too_large(path, f"{rows:,} rows of {columns:,} columns")
    text = (pa.types.is_string, pa.types.is_large_string)
    texts = {f.name: f.type for f in file.schema_arrow if any(is_(f.type) for is_ in text)}
    flat = (*text, pa.types.is_primitive, pa.types.is_dictionary, pa.types.is_null)
    if odd := [f.name for f in file.schema_arrow if not any(is_(f.type) for is_ in flat)]:
        raise ValueError(f"the column {odd[0][:40]!r} holds neither numbers nor text")
    # A text that is stored once may stand in every row: it is written out only once its size is
    # known.
    stream.seek(0)
    table = pq.ParquetFile(
        stream, page_checksum_verification=True, read_dictionary=list(texts)
    ).read()
    size = 0
    for name in texts:
        for chunk in table.column(name).chunks:
            lengths = pc.take(pc.binary_length(chunk.dictionary), chunk.indices)
            size += pc.sum(lengths.cast(pa.int64())).as_py() or 0
    if size > MAX_TEXT_BYTES:
        raise _too_large(path, f"{size / 1024**2:,.0f} MiB of text")
    for name, kind in texts.items():
        index = table.schema.get_field_index(name)
        table = table.set_column(index, name, table.column(name).cast(kind))
    frame: pd.DataFrame = table.to_pandas()
    return frame.astype(_truth_values(table))


def _truth_values(table: Any) -> dict[str, str]:
    """Columns of truth values of which some are missing: such a one must not be read as false."""
    import pyarrow as pa

    return {
        f.name: "boolean"
        for f in table.schema
        if pa.types.is_boolean(f.type) and table.column(f.name).null_count
    }


def _too_large(path: Path, what: str) -> DataError:
    return DataError(
        f"{path} has {what}, expected at most {MAX_CELLS:,} cells and "
        f"{MAX_TEXT_BYTES / 1024**2:,.0f} MiB of text. {_AGAIN}"
    )


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with today's names for columns that an earlier version wrote."""
    old = {old: new for old, new in OLD_NAMES.items() if old in table and new not in table}
    return table.rename(columns=old) if old else table


def _read_csv(path: Path, stream: BufferedReader) -> pd.DataFrame:
    """Names stay text: a class called 7, 007 or NA is neither a number nor a missing value."""
    columns = pd.read_csv(stream, nrows=0).columns
    text = [c for c in columns if c in _TEXT or c.startswith("pred_")]
    numbers = {c: [""] for c in columns if c not in text}
    stream.seek(0)
    frame = pd.read_csv(
        stream, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values=numbers
    )
    if "correct" in frame and frame["correct"].isna().any():
        frame["correct"] = frame["correct"].astype("boolean")
    return frame


def table_metadata(path: Path) -> dict[str, Any]:
    """The metadata of a Parquet table; empty where there is none.

    Raises
    ------
    DataError
        As :func:`read_table`.
    """
    import pyarrow.parquet as pq

    with _opened(path) as file, parsing(path, "a .parquet table", advice=_AGAIN):
        stored = pq.read_schema(file).metadata or {}
        about = json.loads(stored.get(_KEY, b"{}"))
    if not isinstance(about, dict):
        raise DataError(f"{path} is damaged: expected an object as its metadata. {_AGAIN}")
    return about
