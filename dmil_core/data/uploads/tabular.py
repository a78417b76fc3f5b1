"""Read a CSV or Parquet file from a stranger into a table of text and numbers.

Sizes are checked before memory is taken. Cells are data: nothing in them is run, and a cell of a
spreadsheet's formula stays the text it is.
"""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
import pandas as pd

from dmil_core.data.files.readers.sizes import check_size, too_large
from dmil_core.data.uploads.budget import Account, charge_table, unshared
from dmil_core.data.uploads.limits import DEFAULT, MIB, Limits
from dmil_core.errors import DataError
from dmil_core.io.reading import brief, parsing

_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}


def read_csv(content: bytes, limits: Limits = DEFAULT) -> pd.DataFrame:
    """A table whose cells are all text, as they stand in the file.

    The separator is a comma, a semicolon or a tab, whichever the first line has most of.

    Raises
    ------
    DataError
        If it is no UTF-8 text, has no proper header, rows of unequal length, or is too large.
    """
    text = _decoded(content)
    head, _, _ = text.partition("\n")
    separator = max(_SEPARATORS, key=head.count)
    names, lines = head.count(separator) + 1, text.count("\n") + 1
    check_size(lines - 1, names, limits)
    if len(head) > names * (limits.name_length + 3) + 10:
        raise DataError(
            f"The first line has {len(head):,} characters. Expected a header of column names, each "
            f"at most {limits.name_length} characters long."
        )
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=separator, header=None, dtype=str, na_filter=False,
            index_col=False, nrows=limits.rows + 2,
        )  # fmt: skip
    except Exception as error:  # of the parser, whatever it is
        what = brief(error)[:200]
        if "inside string" in what:
            what = f"a quotation mark is not closed: {what}"
        raise DataError(
            f"The rows cannot be split by {_SEPARATORS[separator]}s ({what}). Save the table "
            "again as CSV UTF-8, with a header and one row per sample."
        ) from None
    frame.columns = _names([str(v).strip() for v in frame.iloc[0]], limits)
    frame = frame.iloc[1:].reset_index(drop=True)
    check_size(len(frame), frame.shape[1], limits)
    frame = frame.fillna("").astype(str)
    _check_cells(frame, limits)
    return frame


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError("The text is UTF-16. Save it as CSV UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"Line {line} is not UTF-8 text. Save the table as CSV UTF-8; in a spreadsheet program "
            "that is a choice beside the file's name."
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DataError(f"Line {line} has a zero byte, so this is no text. Save it as CSV UTF-8.")
    if not text.strip():
        raise DataError("The file is empty. Expected a header and one row per sample.")
    return text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")


def read_parquet(
    content: bytes, limits: Limits = DEFAULT, account: Account | None = None
) -> pd.DataFrame:
    """A table of numbers and text from the bytes of a Parquet file.

    Raises
    ------
    DataError
        If it is damaged, too large, or has a column that is neither numbers nor text; a
        `BudgetError` if its arrays are more than ``account`` has room for.
    """
    import pyarrow.parquet as pq

    advice = "Write it again, for instance with pandas.DataFrame.to_parquet"
    with parsing("The file", "a Parquet file", advice=advice):
        file = pq.ParquetFile(io.BytesIO(content))
        about = file.metadata
        check_size(about.num_rows, about.num_columns, limits)
        size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        if size > limits.unpacked_mib * MIB:
            raise too_large(f"{size / MIB:,.0f} MiB unpacked", limits)
        schema = file.schema_arrow
        _check_types(schema)
        texts = [f.name for f in schema if _is_text(f.type)]
        names = _names([str(n) for n in schema.names], limits)
        # A text that is stored once and meant a million times is not written out a million times.
        table = pq.ParquetFile(io.BytesIO(content), read_dictionary=texts).read()
        table.validate(full=True)
        for name in texts:
            _check_lengths(name, table.column(name), limits)
        widths = {n: _width(table.column(n)) for n in schema.names}
        charge_table(unshared(limits) if account is None else account, table.num_rows, widths)
        frame = pd.DataFrame({n: _values(table.column(n)) for n in schema.names})
    frame.columns = names
    return frame


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    plain = (pa.types.is_string, pa.types.is_large_string)
    return any(is_(kind) for is_ in plain) or (
        pa.types.is_dictionary(kind) and any(is_(kind.value_type) for is_ in plain)
    )


def _check_types(schema: Any) -> None:
    import pyarrow as pa

    fits = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)
    odd = [
        f"{f.name[:40]} ({str(f.type)[:40]})"
        for f in schema
        if not (_is_text(f.type) or any(is_(f.type) for is_ in fits))
    ]
    if odd:
        raise DataError(
            f"Columns that are neither numbers nor text: {', '.join(odd[:5])}. Leave them out; a "
            "list of numbers goes into a column for each number."
        )


def _check_lengths(name: str, column: Any, limits: Limits) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for chunk in column.chunks:
        values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        longest = pc.max(pc.binary_length(values)).as_py() or 0
        if longest > 4 * limits.cell_length:
            raise DataError(
                f"The column {name[:40]!r} has a text of {longest:,} bytes; expected at most "
                f"{limits.cell_length:,} characters. Shorten it."
            )


def _width(column: Any) -> int:
    """Bytes of a cell of the array that a column becomes; see `columns.of_table`."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_boolean(column.type):
        return 4 * len("false")
    if not _is_text(column.type):
        return 8
    longest = 1
    for chunk in column.chunks:
        values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        longest = max(longest, pc.max(pc.utf8_length(values)).as_py() or 0)
    return 4 * longest


def _values(column: Any) -> Any:
    """Numbers as numbers (missing ones as NaN), everything else as text (missing as empty)."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_boolean(kind):
        return np.asarray(column.to_pandas().map({True: "true", False: "false"}).fillna(""), str)
    if _is_text(kind):
        return column.to_pandas().astype(object).where(lambda s: s.notna(), "").astype(str)
    return column.to_pandas()


def _names(names: list[str], limits: Limits) -> list[str]:
    """The header, if it can be used as one."""
    problems = []
    if empty := [i + 1 for i, name in enumerate(names) if not name.strip()]:
        problems.append(f"column {_few(empty)} has no name")
    twice = sorted({n for n in names if names.count(n) > 1}) if len(set(names)) < len(names) else []
    if twice:
        problems.append(f"the name {_few([n[:40] for n in twice])} occurs more than once")
    if long := [i + 1 for i, name in enumerate(names) if len(name) > limits.name_length]:
        problems.append(f"column {_few(long)} has a name of over {limits.name_length} characters")
    if odd := [i + 1 for i, name in enumerate(names) if not name.isprintable()]:
        problems.append(f"column {_few(odd)} has a name with characters that cannot be shown")
    if len(names) < 3:
        problems.append("it has fewer than 3 columns, and two inputs and a label are needed")
    if problems:
        raise DataError(
            f"The header cannot be used: {'; '.join(problems)}. Expected one short name per column "
            "in the first row, no name twice."
        )
    return names


def _check_cells(frame: pd.DataFrame, limits: Limits) -> None:
    for name in frame.columns:
        longest = int(frame[name].str.len().max()) if len(frame) else 0
        if longest > limits.cell_length:
            row = int(frame[name].str.len().to_numpy().argmax())
            raise DataError(
                f"The column {name!r} has a cell of {longest:,} characters in row {row}; expected "
                f"at most {limits.cell_length:,}. Shorten it, or close an open quotation mark."
            )


def _few(items: list[Any]) -> str:
    return ", ".join(map(str, items[:5])) + (f" and {len(items) - 5} more" if items[5:] else "")
