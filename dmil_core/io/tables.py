"""Reading and writing the tables this package emits: Parquet or CSV, by the file's ending.

A table's metadata (a flat JSON object) travels in the Parquet footer. No torch here: pages read
tables before anything heavy is loaded.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from dmil_core.errors import ConfigError, DataError
from dmil_core.io.atomic import check_writable, replacing
from dmil_core.schema import INTERACTION_TYPE, OLD_NAMES

_KEY = b"dmil"
#: What readers of tables raise of files that are none; Arrow's own errors are among them.
_DAMAGED = (
    OSError, ValueError, TypeError, LookupError, ArithmeticError, NotImplementedError, MemoryError,
)  # fmt: skip
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

    arrow = pa.Table.from_pandas(table, preserve_index=False)
    # pandas' own note in the footer would grow with the number of columns and says nothing new.
    arrow = arrow.replace_schema_metadata(metadata_of(metadata))
    # Floats share their high bytes far more than their low ones: apart, they shrink by a third.
    floats = [f.name for f in arrow.schema if pa.types.is_floating(f.type)]
    pq.write_table(
        arrow,
        path,
        compression="zstd",
        compression_level=9,
        use_dictionary=[name for name in arrow.column_names if name not in floats],
        use_byte_stream_split=floats,
        write_page_checksum=True,
    )


def metadata_of(about: dict[str, Any]) -> dict[bytes, bytes]:
    """What a Parquet footer holds for :func:`table_metadata` to read back."""
    return {_KEY: json.dumps(about, allow_nan=False).encode()}


def read_table(path: Path) -> pd.DataFrame:
    """Read a table back.

    Raises
    ------
    DataError
        If the file is missing, damaged, or of another format.
    """
    check_suffix(path)
    try:
        if path.suffix == ".csv":
            return _renamed(_read_csv(path))
        return _renamed(pd.read_parquet(path, page_checksum_verification=True))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; run `dmil decompose` to make it") from None
    except _DAMAGED as error:
        raise DataError(f"{path} is damaged ({error}); make it again") from None


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with today's names for columns that an earlier version wrote."""
    old = {old: new for old, new in OLD_NAMES.items() if old in table and new not in table}
    return table.rename(columns=old) if old else table


def _read_csv(path: Path) -> pd.DataFrame:
    """Names stay text: a class called 7, 007 or NA is neither a number nor a missing value."""
    columns = pd.read_csv(path, nrows=0).columns
    text = [c for c in columns if c in _TEXT or c.startswith("pred_")]
    numbers = {c: [""] for c in columns if c not in text}
    return pd.read_csv(
        path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values=numbers
    )


def table_metadata(path: Path) -> dict[str, Any]:
    """The metadata of a Parquet table; empty where there is none."""
    import pyarrow.parquet as pq

    try:
        stored = pq.read_schema(path).metadata or {}
        return json.loads(stored.get(_KEY, b"{}"))
    except _DAMAGED as error:
        raise DataError(f"{path} is damaged ({error}); make it again") from None
