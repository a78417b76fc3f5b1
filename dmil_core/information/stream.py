"""Pointwise mutual information of rows that do not fit into memory, from Parquet to Parquet.

An estimator is fitted to rows drawn from all of the source; then it is read a second time, a batch
after the other. Rows of one file of columns ``x1_...``, ``x2_...`` and ``y`` go to one file
(:func:`estimate_file`), those of any source to a folder (:func:`estimate_parts`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.data.files.load import Request
from dmil_core.data.files.stream import FitRows, Part, Source, batches, columns_said
from dmil_core.engine.options import EngineOptions
from dmil_core.engine.parts import write_parts
from dmil_core.errors import DataError
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.refits import REFITS, check_refits, refit
from dmil_core.information.sets import Features, check_two_inputs
from dmil_core.information.store import DEFINITIONS, GROUP
from dmil_core.io.atomic import replacing
from dmil_core.io.parquet import batches_of, open_parquet
from dmil_core.io.parts import Moments, PartsFolder, Rows, Work, arrow_of
from dmil_core.io.reading import open_checked, parsing
from dmil_core.io.tables import metadata_of
from dmil_core.partial_information.clusters import by_clusters
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import QUANTITIES, SUMS, Definition, Mean, mean_of

#: Largest number of rows that the estimator is fitted to, and number of rows read at a time.
FIT_ROWS: Final = 20_000
BATCH_ROWS: Final = 16_384

#: What is written: pointwise information split by one definition, or the parts of every definition
#: with a decomposition of clusters, as for the app.
Kind = Literal["estimate", "information"]


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


def estimate_parts(
    source: Source, out: Path, request: Request, definition: Definition = "same-sign",
    seed: int = 0, fit_rows: int = FIT_ROWS, refits: int = REFITS, kind: Kind = "estimate",
    progress: Callable[[int, int], None] | None = None, engine: EngineOptions | None = None,
) -> Streamed:  # fmt: skip
    """Write pointwise information of all rows of a source in parts, in nats.

    Memory does not grow with the rows. Where there are no more than ``fit_rows``, values are those
    of :func:`dmil_core.information.sets.estimate`. Rows that were fitted to are recognised, and
    scored by networks that did not see them. Rows without a class or with an input that is missing
    are left out; ids are not checked for being unique.

    Parameters
    ----------
    source
        The rows.
    out
        Folder, made if it is not there. Beside the parts it has ``summary.json``.
    request
        What the user says of the columns.
    definition
        Of the redundant part; for ``estimate`` alone.
    seed
        Of the draw and of the networks.
    fit_rows
        Largest number of rows that the estimator is fitted to; fewer of large inputs.
    refits
        Fits to some of these, for the errors of the means.
    kind
        ``estimate`` for id, y, i1, i2, i12, r, u1, u2, s; ``information`` for the columns of
        ``information.parquet``, with clusters and refits in the summary.
    progress
        Called with the rows done, and those of the source.
    engine
        What writes the parts; None for this very process.

    Raises
    ------
    ConfigError
        If the set has three inputs, the folder holds something else, there is no such definition,
        or ``refits`` is no multiple of 4.
    DataError
        If rows cannot be used; the parts before them are kept.
    """
    check_refits(refits)
    about = {
        "source": source.about, "columns": columns_said(request), "definition": definition,
        "seed": seed, "fit_rows": fit_rows, "refits": refits,
    }  # fmt: skip
    folder = PartsFolder(out, Work(kind, "estimates", about))
    if (done := folder.summary(source.parts)) is not None:
        return _from_summary(done, out)
    fit = FitRows(source, request, fit_rows, seed)
    model = _Model(fit.dataset, definition, seed)

    written = write_parts(
        folder, source.parts, _Estimated(fit, model, kind), model.footer(kind), progress, engine,
        counted=not fit.named,
    )  # fmt: skip
    summary = model.summary(kind, refits)
    summary |= {"rows": written.rows, "of": source.rows, "means": model.means(written.means)}
    folder.finish(summary)
    return _from_summary(summary, out)


def _table(rows: Dataset, values: Mapping[str, Floats], kind: Kind) -> pd.DataFrame:
    names = np.asarray(rows.classes, dtype=object)
    columns: dict[str, Any] = {"id": rows.ids.astype(object), "y": names[rows.y]}
    columns |= {q: values[q] for q in (QUANTITIES if kind == "estimate" else SUMS)}
    if kind == "information" and rows.group is not None:
        columns[GROUP] = rows.group.astype(str).astype(object)
    return pd.DataFrame(columns)


@dataclass(frozen=True)
class _Estimated:
    """Estimates for the rows of a part."""

    fit: FitRows
    model: _Model
    kind: Kind

    def __call__(self, part: Part, before: int) -> Iterator[Rows]:
        for batch in batches(part, self.fit.batch_rows):
            rows, _ = self.fit.read(batch, part.file.name, before)
            before += len(rows)
            values = self.model.scores(rows)
            yield Rows(arrow_of(_table(rows, values, self.kind)), len(rows), values=values)


class _Model:
    """An estimator of some rows, and what is said of them."""

    def __init__(self, dataset: Dataset, definition: Definition, seed: int) -> None:
        check_two_inputs(dataset)
        self._dataset, self._definition, self._seed = dataset, definition, seed
        self._features = [Features(x) for x in dataset.inputs]
        self._x1, self._x2 = self._of(dataset)
        self._y = self._names(dataset)
        self._fitted = PointwiseInformation(definition, seed=seed)
        self._fitted.fit(self._x1, self._x2, self._y, dataset.group)
        self._errors: dict[str, float] = {}

    @staticmethod
    def _names(dataset: Dataset) -> NDArray[np.str_]:
        names: NDArray[np.str_] = np.array(dataset.classes)[dataset.y]
        return names

    def _of(self, rows: Dataset) -> tuple[Floats, Floats]:
        x1, x2 = (f.of(x) for f, x in zip(self._features, rows.inputs, strict=True))
        return x1, x2

    def scores(self, rows: Dataset) -> dict[str, Floats]:
        """(n,) of each quantity, in nats."""
        if not len(rows):
            return {q: np.empty(0) for q in QUANTITIES}
        return self._fitted.score_samples(*self._of(rows), self._names(rows)).columns()

    def footer(self, kind: Kind) -> dict[str, Any]:
        """Of each file."""
        about = {"unit": "nats", "seed": self._seed, "fitted_to": len(self._dataset)}
        return about if kind == "information" else about | {"definition": self._definition}

    def summary(self, kind: Kind, refits: int) -> dict[str, Any]:
        """What is said of the fit, for JSON."""
        definitions = (self._definition,) if kind == "estimate" else DEFINITIONS
        group = self._dataset.group
        again = refit(self._fitted, self._x1, self._x2, self._y, group, definitions, refits)
        self._errors = again.errors(definitions[0])
        summary: dict[str, Any] = {
            "unit": "nats", "fitted_to": len(self._dataset), "se_includes_fit": bool(self._errors),
            "refits": again.as_json(),
        }  # fmt: skip
        if kind == "information":
            clusters = by_clusters(
                self._x1, self._x2, self._dataset.y, seed=self._seed, groups=group
            )
            summary["clusters"] = [asdict(c) for c in clusters]
        return summary

    def means(self, of_all: Mapping[str, Moments]) -> dict[str, dict[str, float]]:
        """Of all rows, with standard errors that include the fit. Where rows are grouped, errors
        are those of the rows of the fit: groups of others are not known together."""
        errors = {q: m.error for q, m in of_all.items()}
        if (group := self._dataset.group) is not None:
            scores = self.scores(self._dataset)
            errors = {q: mean_of(values, group).error for q, values in scores.items()}
        return {
            q: {"mean": m.mean, "se": float(np.hypot(errors[q], self._errors.get(q, 0.0)))}
            for q, m in of_all.items()
        }


def _from_summary(summary: Mapping[str, Any], out: Path) -> Streamed:
    with parsing(out, "a folder of estimates", advice="Name another folder"):
        means = {q: Mean(float(m["mean"]), float(m["se"])) for q, m in summary["means"].items()}
        return Streamed(int(summary["rows"]), int(summary["fitted_to"]), means,
                        bool(summary["se_includes_fit"]))  # fmt: skip


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
    sums = {name: Moments() for name in QUANTITIES}
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
    found = {q: Mean(m.mean, float(np.hypot(m.error, by_fit.get(q, 0.0)))) for q, m in sums.items()}
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
