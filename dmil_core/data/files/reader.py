"""Read a table from files: .csv, .tsv, .parquet or .npz."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from dmil_core.data.files.table import Column, Table
from dmil_core.data.npz import MAX_BYTES, npz_content
from dmil_core.data.uploads.archive import Files
from dmil_core.data.uploads.limits import Limits
from dmil_core.errors import DataError
from dmil_core.io.reading import parsing, read_checked

_ADVICE = "Save it again"


def read_table(
    sources: Sequence[Path | tuple[str, bytes]], options: Any = None, limits: Limits | None = None,
    account: Any = None, files: Path | None = None,
) -> Table:  # fmt: skip
    """The columns of one file.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    source = sources[0]
    name, content = source if isinstance(source, tuple) else (source.name, _content(source))
    ending = Path(name).suffix.lower()
    if ending == ".npz":
        arrays = npz_content(content, name).arrays
        columns = {n: Column(n, a, str(a.dtype)) for n, a in arrays.items()}
    elif ending in (".parquet", ".csv", ".tsv", ".txt"):
        with parsing(name, "a table", advice=_ADVICE):
            table = pq.read_table(io.BytesIO(content)) if ending == ".parquet" else _csv(content)
        columns = {n: Column(n, table.column(n), str(table.column(n).type)) for n in
                   table.column_names}  # fmt: skip
    else:
        raise DataError(f"{name}: expected a .csv, .parquet or .npz file")
    if not columns or not any(map(len, columns.values())):
        raise DataError("The file has no rows. Store at least some rows of every class.")
    return Table(columns, files=None if files is None else _files(files), origin=(name,))


def _content(path: Path) -> bytes:
    try:
        return read_checked(path, MAX_BYTES, advice="Check the path", follow_links=True)
    except FileNotFoundError:
        raise DataError(f"{path}: cannot be read (there is no such file). Check the path") from None


def _files(path: Path) -> Files:
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.is_file())
        return Files.of_folder([(f"x/{p.relative_to(path)}", p.read_bytes()) for p in found])
    return Files(_content(path))


def _csv(content: bytes) -> pa.Table:
    try:
        text = content.decode("utf-8-sig").encode()
    except UnicodeDecodeError:
        text = content.decode("cp1252").encode()
    lines = text.split(b"\n", 1)
    if lines[0].startswith((b"sep=", b"#")):
        text = lines[1]
    head = text.split(b"\n", 1)[0].decode()
    mark = max(",;\t|", key=head.count)
    reader = csv.open_csv(io.BytesIO(text), parse_options=csv.ParseOptions(delimiter=mark))
    names = reader.schema.names
    return csv.read_csv(
        io.BytesIO(text),
        read_options=csv.ReadOptions(use_threads=False),
        parse_options=csv.ParseOptions(delimiter=mark, newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
