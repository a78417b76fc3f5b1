"""How large a table may be, compared before memory is taken for it."""

from __future__ import annotations

from dmil_core.data.files.limits import Limits
from dmil_core.errors import DataError


def check_size(rows: int, columns: int, limits: Limits) -> None:
    """Refuse a table of more rows, columns or cells than there may be.

    Raises
    ------
    DataError
        If it is too large.
    """
    most = limits.columns + 10  # a label, an id and the like beside the inputs
    if columns > most:
        raise too_large(f"{columns:,} columns", limits)
    if rows * columns > limits.cells or rows > 2 * limits.rows:
        raise too_large(f"about {rows:,} rows of {columns:,} columns", limits)


def too_large(what: str, limits: Limits) -> DataError:
    """The error of a table that is too large."""
    return DataError(
        f"The table has {what}. Expected at most {limits.rows:,} rows, {limits.columns:,} columns, "
        f"{limits.cells:,} cells and {limits.unpacked_mib} MiB. Choose a part of it yourself: "
        "nothing is left out silently."
    )
