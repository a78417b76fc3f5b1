"""Pointwise mutual information of files larger than memory, from Parquet to Parquet.

The file has columns ``x1_...`` and ``x2_...`` of numbers, ``y``, and perhaps ``id``. An estimator
is fitted to rows drawn from all of it; then it is read a second time, a batch after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dmil_core.errors import DataError
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.refits import REFITS, check_refits, refit
from dmil_core.io.atomic import replacing
from dmil_core.io.parquet import batches_of, open_parquet
from dmil_core.io.reading import open_checked
from dmil_core.io.tables import metadata_of
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import QUANTITIES, Definition, Mean

#: Largest number of rows that the estimator is fitted to, and number of rows read at a time.
FIT_ROWS: Final = 20_000
BATCH_ROWS: Final = 16_384


@dataclass(frozen=True)
class Columns:
    """Which columns of a file are what; ``id`` is empty where rows have no names."""

    x1: tuple[str, ...]
    x2: tuple[str, ...]
    id: str


@dataclass(frozen=True)
class Streamed:
    """Rows written, rows the estimator was fitted to, means in nats, and whether their errors
    include the fit."""

    rows: int
    fitted_to: int
    means: dict[str, Mean]
    with_fit: bool


class _Sums:
    """Means and standard errors of numbers that come in parts."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def add(self, values: Floats) -> None:
        """Chan, Golub, LeVeque (1979): sums of squares of two parts, joined without loss."""
        n, m = self.count, len(values)
        if not m:
            return
        mean = float(values.mean())
        away = mean - self.mean
        self.squares += float(((values - mean) ** 2).sum()) + away**2 * n * m / (n + m)
        self.mean += away * m / (n + m)
        self.count = n + m

    def result(self, fit_error: float) -> Mean:
        n = self.count
        error = float(np.sqrt(self.squares / (n - 1) / n)) if n > 1 else float("nan")
        return Mean(self.mean, float(np.hypot(error, fit_error)))


def estimate_file(
    path: Path, out: Path, definition: Definition = "same-sign", seed: int = 0,
    fit_rows: int = FIT_ROWS, refits: int = REFITS,
) -> Streamed:  # fmt: skip
    """Write a row for each row of a file: id, y, i1, i2, i12, r, u1, u2, s, in nats.

    Rows without ``id`` are numbered. Memory does not grow with the rows. The errors of the means
    include the fit, by ``refits`` to some of the rows that the estimator was fitted to.

    Raises
    ------
    DataError
        If the file cannot be read, lacks columns, or its rows cannot be used; nothing is written.
    """
    check_refits(refits)
    file = open_parquet(path)
    columns = columns_of(file.schema_arrow)
    x1, x2, y = _sample(file, columns, fit_rows, seed)
    estimator = PointwiseInformation(definition, seed=seed).fit(x1, x2, y)
    sums = {name: _Sums() for name in QUANTITIES}
    names = ["id", "y", *QUANTITIES]
    kinds = [pa.string(), pa.string(), *[pa.float32()] * len(QUANTITIES)]
    about = {"unit": "nats", "definition": definition, "seed": seed, "fitted_to": len(y)}
    layout = pa.schema(zip(names, kinds, strict=True), metadata=metadata_of(about))
    with replacing(out) as temporary, pq.ParquetWriter(temporary, layout) as writer:
        done = 0
        for first, second, labels, ids in _batches(file, columns):
            try:
                outcome = estimator.score_samples(first, second, labels).columns()
            except DataError as error:
                raise DataError(f"{path}, rows from {done:,} on: {error}") from None
            columns_out = [pa.array(outcome[q].astype(np.float32)) for q in QUANTITIES]
            numbers = pa.array(np.arange(done, done + len(labels)))
            named = pc.cast(numbers, pa.string()) if ids is None else ids
            row = [named, pa.array(labels.astype(str)), *columns_out]
            writer.write_batch(pa.record_batch(row, schema=layout))
            for q in QUANTITIES:
                sums[q].add(outcome[q])
            done += len(labels)
    by_fit = refit(estimator, x1, x2, y, refits=refits).errors(definition)
    found = {q: sums[q].result(by_fit.get(q, 0.0)) for q in QUANTITIES}
    return Streamed(done, len(y), found, bool(by_fit))


def has_numbered_columns(path: Path) -> bool:
    """Whether a file has columns named x1_... or x2_...; True where that cannot be read."""
    try:
        with open_checked(path, 1 << 62, advice="Check the path", follow_links=True) as file:
            names = pq.ParquetFile(file).schema_arrow.names
    except (DataError, OSError, pa.ArrowException):
        return True  # who reads it says what is wrong
    return any(n.startswith(("x1_", "x2_")) for n in names)


def columns_of(schema: pa.Schema) -> Columns:
    """The columns of a file by their names; raises DataError for what is missing."""
    result = {m: tuple(n for n in schema.names if n.startswith(f"x{m}_")) for m in (1, 2)}
    missing = [f"x{m}_..." for m, names in result.items() if not names]
    missing += ["y"] if "y" not in schema.names else []
    if missing:
        raise DataError(
            f"expected columns x1_..., x2_... and y; there is no {', no '.join(missing)}"
        )
    wrong = [n for n in (*result[1], *result[2]) if not _is_number(schema.field(n).type)]
    if wrong:
        raise DataError(f"expected numbers in {', '.join(wrong[:5])}")
    return Columns(result[1], result[2], "id" if "id" in schema.names else "")


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or pa.types.is_integer(kind)


def _sample(
    file: pq.ParquetFile, columns: Columns, rows: int, seed: int
) -> tuple[Floats, Floats, NDArray[Any]]:
    """Rows drawn from all of the file, without replacement, in their order."""
    total = file.metadata.num_rows
    chosen = np.arange(total)
    if total > rows:
        chosen = np.sort(np.random.default_rng([seed, 12]).choice(total, rows, replace=False))
    start, parts = 0, []
    for first, second, labels, _ in _batches(file, columns):
        inside = chosen[(chosen >= start) & (chosen < start + len(labels))] - start
        parts.append((first[inside], second[inside], labels[inside]))
        start += len(labels)
    if not parts:
        raise DataError("the file holds no rows")
    x1, x2, y = (np.concatenate(part) for part in zip(*parts, strict=True))
    return x1, x2, y


def _batches(
    file: pq.ParquetFile, columns: Columns
) -> Iterator[tuple[Floats, Floats, NDArray[Any], pa.Array | None]]:
    """x1, x2 (B, D), y (B,) and ids of the file's rows, in their order."""
    wanted = [*columns.x1, *columns.x2, "y", *([columns.id] if columns.id else [])]
    for batch in batches_of(file, "the file", BATCH_ROWS, wanted):
        first, second = (
            np.column_stack([batch.column(n).to_numpy(zero_copy_only=False) for n in names])
            for names in (columns.x1, columns.x2)
        )
        labels = batch.column("y")
        if labels.null_count:
            raise DataError("y has empty values; leave these rows out")
        ids = pc.cast(batch.column(columns.id), pa.string()) if columns.id else None
        y = labels.to_numpy(zero_copy_only=False)
        yield first, second, y.astype(str) if y.dtype == object else y, ids
