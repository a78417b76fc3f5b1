"""Parquet files, with columns of every type."""

from __future__ import annotations

import io
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dmil_core.data.files.budget import TABLE, Account, Cost
from dmil_core.data.files.limits import MIB, Limits
from dmil_core.data.files.readers.arrow import columns_of, is_text, names_in
from dmil_core.data.files.readers.names import usable_names
from dmil_core.data.files.readers.sizes import check_size, too_large
from dmil_core.data.files.table import Table
from dmil_core.io.reading import parsing

_ADVICE: Final = "Write it again, for instance with pandas.DataFrame.to_parquet"
_SMALLER: Final = "Choose fewer rows or columns, or smaller files in its cells."
#: Bytes that a batch of cells of unknown size may take.
_BATCH: Final = 64 * MIB


def read_parquet(content: bytes, name: str, account: Account, limits: Limits) -> Table:
    """A table from the bytes of a Parquet file.

    Parameters
    ----------
    account : what is charged for the columns before they are kept.

    Raises
    ------
    DataError
        If it is damaged or too large; a `BudgetError` if the account has no room for it. A column
        that cannot be used is none of the reasons: it says so itself.
    """
    with parsing(name, "a Parquet file", advice=_ADVICE):
        file = pq.ParquetFile(io.BytesIO(content))
        about = file.metadata
        schema = file.schema_arrow
        # Fields of nested columns are columns of the file, and none of the table.
        check_size(about.num_rows, len(schema.names), limits)
        size = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        if size > limits.unpacked_mib * MIB:
            raise too_large(f"{size / MIB:,.0f} MiB unpacked", limits)
        account.charge(TABLE, Cost(arrays=size), _SMALLER)
        table = _read(content, file, account, limits)
        names, issues = usable_names(names_in(schema), limits)
        columns = columns_of(table, names, schema, limits)
    return Table(columns, tuple(issues), origin=(name,))


def _read(content: bytes, file: pq.ParquetFile, account: Account, limits: Limits) -> pa.Table:
    """All rows. What is stored once and meant a million times is not written out a million times.

    Columns of text and bytes are read as dictionaries, which are undone where that is small.
    Within nested columns there is no such way: their rows are read in batches, and charged for.
    """
    once = [f.name for f in file.schema_arrow if _is_shared(f.type)]
    nested = any(pa.types.is_nested(f.type) for f in file.schema_arrow)
    file = pq.ParquetFile(io.BytesIO(content), read_dictionary=once)
    if not nested:
        table = file.read()
        # Before anything else: what is not valid may point outside of its buffers.
        table.validate(full=True)
    else:
        # No cell can be larger than its row group. (Of a damaged file, asking for the size of one
        # column ends the process: Arrow's C++ raises what its bindings do not catch.)
        about = file.metadata
        groups = [about.row_group(g).total_byte_size for g in range(about.num_row_groups)]
        rows = max(1, _BATCH // max([1, *groups]))
        batches, total = [], 0
        for batch in file.iter_batches(batch_size=min(rows, 4096)):
            batch.validate(full=True)
            total += batch.nbytes
            account.charge(TABLE, Cost(arrays=total), _SMALLER)
            if total > limits.unpacked_mib * MIB:
                raise too_large(f"more than {limits.unpacked_mib} MiB unpacked", limits)
            batches.append(batch)
        table = pa.Table.from_batches(batches, file.schema_arrow)
    columns = [_undone(table.column(i)) for i in range(table.num_columns)]
    table = pa.Table.from_arrays(columns, schema=pa.schema(
        [pa.field(n, c.type) for n, c in zip(table.schema.names, columns, strict=True)],
        table.schema.metadata,
    ))  # fmt: skip
    account.charge(TABLE, Cost(arrays=table.nbytes), _SMALLER)
    return table


def _is_shared(kind: Any) -> bool:
    fits = (pa.types.is_string, pa.types.is_large_string, pa.types.is_binary,
            pa.types.is_large_binary, pa.types.is_string_view, pa.types.is_binary_view)  # fmt: skip
    return any(is_(kind) for is_ in fits)


def _undone(cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """A dictionary of text as plain text where the text is no larger than twice the dictionary."""
    if not pa.types.is_dictionary(cells.type) or not is_text(cells.type):
        return cells
    written = sum(
        pc.sum(pc.take(pc.binary_length(c.dictionary), c.indices)).as_py() or 0
        for c in cells.chunks
    )
    if written > max(2 * cells.nbytes, MIB):
        return cells
    return cells.cast(cells.type.value_type)
