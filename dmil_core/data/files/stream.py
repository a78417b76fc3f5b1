"""Files larger than memory: read in batches, as rows for a model.

A source is one Parquet file or shard (a .tar of WebDataset), or a folder of either in the order of
their names. Row groups are put together to parts of about `PART_ROWS` rows, of shards some samples
after others; each part is read and used by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dmil_core.data.card import Card
from dmil_core.data.dataset import Dataset
from dmil_core.data.files.assemble import assemble
from dmil_core.data.files.encoding import column_of, width_of
from dmil_core.data.files.kinds import Facts, describe
from dmil_core.data.files.load import OWN, Request, faults_of, roles_of
from dmil_core.data.files.readers.arrow import columns_of, names_in
from dmil_core.data.files.readers.shards import (
    Layout,
    Pack,
    Piece,
    joined_packs,
    packs,
    surveyed,
)
from dmil_core.data.files.repairs import MISSING_WORD
from dmil_core.data.files.roles import Roles
from dmil_core.data.files.selection import select
from dmil_core.data.files.table import Column, Table
from dmil_core.data.labels import indices_by_name, read_labels
from dmil_core.data.subset import keep_rows
from dmil_core.errors import DataError
from dmil_core.io.parquet import batches_of, open_parquet
from dmil_core.io.reading import open_checked

Ints = NDArray[np.int64]
#: Some rows, as they are read.
Batch: TypeAlias = pa.Table | Pack

PARQUET: Final = ".parquet"
SHARD: Final = ".tar"

#: Rows of a part, and rows that are in memory at a time.
PART_ROWS: Final = 262_144
BATCH_ROWS: Final = 16_384
#: Numbers of the inputs that are in memory at a time, about, and what a file of media counts as.
_BATCH_NUMBERS: Final = 4_194_304
_OF_MEDIA: Final[Mapping[str, int]] = {"pictures": 8_192, "sounds": 65_536, "text": 256}
#: Numbers of the inputs of the rows that are fitted to, and fewest of such rows.
_FIT_NUMBERS: Final = 8_388_608
_LEAST_FIT_ROWS: Final = 1_000
#: Parts that tell which column is what, and rows of each.
_SAMPLED: Final = 16
_ROWS_OF_EACH: Final = 1024
#: Of any size, as it is read in parts.
_ANY_SIZE: Final = 1 << 62
_AGAIN: Final = "Write it again"


@dataclass(frozen=True)
class Part:
    """Row groups of one file, or samples of one shard.

    Attributes
    ----------
    number : counts the parts of a source from 0.
    groups : of a Parquet file.
    start : where the samples of a shard begin, in bytes.
    layout : of all shards; None of a Parquet file.
    """

    number: int
    file: Path
    groups: tuple[int, ...]
    rows: int
    start: int = 0
    layout: Layout | None = None


@dataclass(frozen=True)
class Source:
    """Files of one layout.

    Attributes
    ----------
    digests : of a Parquet file the sha256 of its footer, which holds the place, the size and the
        least and largest value of all its columns; of a shard that of its headers, with the name,
        the size, the time and the place of all files in it.
    """

    files: tuple[Path, ...]
    digests: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """Of the first file, for messages."""
        return self.files[0].name

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Rows before each part."""
        return tuple(accumulate((part.rows for part in self.parts), initial=0))

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(part.rows for part in self.parts)

    @property
    def about(self) -> list[dict[str, Any]]:
        """Names and digests of the files, as JSON."""
        kind = "footer_sha256" if self.files[0].suffix == PARQUET else "headers_sha256"
        pairs = zip(self.files, self.digests, strict=True)
        return [{"name": file.name, kind: digest} for file, digest in pairs]


def is_source(path: Path) -> bool:
    """Whether a path is a Parquet file or a shard, or a folder of Parquet files or of shards and
    nothing else that is not hidden."""
    if path.is_dir():
        endings = {f.suffix for f in _visible(path)}
        return endings in ({PARQUET}, {SHARD})
    return path.suffix in (PARQUET, SHARD) and path.is_file()


def _visible(folder: Path) -> list[Path]:
    """Files of a folder, but for notes such as ``_SUCCESS`` and what describes a folder of ours."""
    return sorted(
        f for f in folder.iterdir() if f.name[0] not in "._" and not f.name.endswith(".json")
    )


def opened(path: Path) -> Source:
    """A Parquet file or shard, or a folder of either.

    Raises
    ------
    DataError
        If a file cannot be read, there is none, or two have different columns.
    """
    files = tuple(_visible(path)) if path.is_dir() else (path,)
    if not files:
        raise DataError(f"{path} holds no Parquet file and no shard (.tar)")
    if files[0].suffix == SHARD:
        return _of_shards(files)
    digests: list[str] = []
    parts: list[Part] = []
    schema = None
    for file in files:
        read = open_parquet(file)
        if schema is None:
            schema = read.schema_arrow
        elif not read.schema_arrow.equals(schema):
            raise DataError(
                f"{file} has other columns than {files[0].name}; expected files of one layout. "
                f"{_difference(schema, read.schema_arrow)}"
            )
        digests.append(_footer_digest(file))
        sizes = [read.metadata.row_group(i).num_rows for i in range(read.metadata.num_row_groups)]
        parts += [
            Part(len(parts) + k, file, groups, sum(sizes[i] for i in groups))
            for k, groups in enumerate(_grouped(sizes))
        ]
    return Source(files, tuple(digests), tuple(parts))


def _of_shards(files: tuple[Path, ...]) -> Source:
    layout, pieces, digests = surveyed(files)
    parts = tuple(
        Part(number, piece.shard, (), piece.rows, piece.start, layout)
        for number, piece in enumerate(pieces)
    )
    return Source(files, digests, parts)


def _grouped(sizes: list[int]) -> Iterator[tuple[int, ...]]:
    """Row groups after each other, at most `PART_ROWS` rows together or one group alone."""
    some: list[int] = []
    for index, size in enumerate(sizes):
        if not size:
            continue
        if some and sum(sizes[i] for i in some) + size > PART_ROWS:
            yield tuple(some)
            some = []
        some.append(index)
    if some:
        yield tuple(some)


def _difference(one: pa.Schema, other: pa.Schema) -> str:
    for field_ in one:
        if field_.name not in other.names:
            return f"It has no column {field_.name!r}"
        if other.field(field_.name).type != field_.type:
            return f"{field_.name!r} is of {other.field(field_.name).type}, not {field_.type}"
    extra = [n for n in other.names if n not in one.names]
    return f"It has the column {extra[0]!r} as well" if extra else "Their order is another"


def _footer_digest(path: Path) -> str:
    with open_checked(path, _ANY_SIZE, advice=_AGAIN, follow_links=True) as file:
        file.seek(-8, 2)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, 2)
        return hashlib.sha256(file.read(length + 8)).hexdigest()


def batches(part: Part, rows: int = BATCH_ROWS) -> Iterator[Batch]:
    """The rows of a part in their order, at most so many at a time.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    if part.layout is not None:
        yield from packs(part.layout, Piece(part.file, part.start, part.rows), rows)
        return
    for batch in batches_of(open_parquet(part.file), part.file, rows, groups=part.groups):
        yield pa.Table.from_batches([batch])


def sample(source: Source) -> Batch:
    """The first rows of parts all over the source, in their order.

    Raises
    ------
    DataError
        If there are none.
    """
    places = np.linspace(0, len(source.parts) - 1, min(len(source.parts), _SAMPLED)).astype(int)
    heads = (next(batches(source.parts[k], _ROWS_OF_EACH), None) for k in np.unique(places))
    return joined(source.name, [head for head in heads if head is not None])


def drawn(
    source: Source, count: int, seed: int, batch_rows: int = BATCH_ROWS
) -> tuple[Batch, Ints]:
    """Rows drawn from all of the source without replacement, in their order; all where there are
    no more.

    Returns
    -------
    The rows, and (n,) their positions in the source.

    Raises
    ------
    DataError
        If there are none.
    """
    chosen = np.arange(source.rows)
    if source.rows > count:
        generator = np.random.default_rng([seed, 12])
        chosen = np.sort(generator.choice(source.rows, count, replace=False))
    found = []
    for part in source.parts:
        start = source.starts[part.number]
        if not _within(chosen, start, part.rows).size:
            continue
        for batch in batches(part, batch_rows):
            if (here := _within(chosen, start, len(batch))).size:
                found.append(batch.take(here - start))
            start += len(batch)
    return joined(source.name, found), chosen


def joined(name: str, batches_: Sequence[Batch]) -> Batch:
    """Several batches as one; a DataError that names the source, where there is none."""
    if not batches_:
        raise DataError(f"{name} has no rows. Store at least some rows of every class")
    tables = [b for b in batches_ if isinstance(b, pa.Table)]
    return pa.concat_tables(tables) if tables else joined_packs(batches_)


def _within(chosen: Ints, start: int, rows: int) -> Ints:
    first, last = np.searchsorted(chosen, (start, start + rows))
    return chosen[first:last]


def columns_said(request: Request) -> dict[str, Any]:
    """What a user says of the columns, as JSON."""
    return {
        "inputs": list(request.inputs),
        "label": request.label,
        "id": request.id,
        "split": request.split,
        "group": request.group,
        "missing": request.repairs.missing,
        "as_text": list(request.repairs.as_text),
    }


class NewRows:
    """Batches of one source as data sets, encoded as the training rows of a model were.

    Which column is what is decided once, by rows from all over the source.

    Parameters
    ----------
    request
        What the user says of the columns.
    like
        The card of the model's training set.

    Attributes
    ----------
    batch_rows : how many rows to read at a time: fewer of large inputs.
    named : whether rows have ids of their own.

    Raises
    ------
    DataError
        If columns are missing that the model was trained with.
    ConfigError
        If the request names a column that does not exist.
    """

    def __init__(self, source: Source, request: Request, like: Card) -> None:
        table, facts = described(sample(source), source.name, request)
        self._reading = Reading(request, roles_of(request, table, facts, like), like)
        self.batch_rows = _rows_at_a_time(facts, self._reading.roles)
        self.named = bool(self._reading.roles.id)

    def dataset(self, batch: Batch, name: str, start: int) -> Dataset:
        """One batch; see :meth:`read`."""
        return self.read(batch, name, start)[0]

    def read(self, batch: Batch, name: str, start: int) -> tuple[Dataset, Ints]:
        """One batch, and which of its rows (n,) can be used.

        Parameters
        ----------
        name : of the set, for messages.
        start : rows before this batch; rows without ids are numbered from there.

        Raises
        ------
        DataError
            Naming everything that is wrong with these rows.
        """
        dataset, kept, _ = self._reading.read(batch, name, start)
        return self._reading.numbered(dataset, start), kept

    def drawn(self, source: Source, count: int, seed: int) -> tuple[Dataset, Ints]:
        """Rows drawn from all of the source, see :func:`drawn`, and (n,) their positions in it."""
        batch, positions = drawn(source, count, seed, self.batch_rows)
        dataset, kept = self.read(batch, source.name, 0)
        return dataset, positions[kept]


class FitRows:
    """Rows of one source without a model: some to fit one to, and batches encoded like them.

    Which column is what, the categories, and what stands in the place of missing numbers are
    decided by the rows of the fit. Of others, rows without a label, or with a gap where no row of
    the fit has one, are left out, as such rows of the fit are.

    Parameters
    ----------
    request
        What the user says of the columns.
    rows
        Largest number of rows of the fit; fewer of large inputs.
    seed
        Of the draw.

    Attributes
    ----------
    dataset : the rows of the fit, as a data set for training.
    positions : (n,) where they are in the source.
    batch_rows : how many rows to read at a time.
    named : whether rows have ids of their own.

    Raises
    ------
    DataError
        Naming everything that is wrong with the rows of the fit.
    ConfigError
        If the request names a column that does not exist.
    """

    def __init__(self, source: Source, request: Request, rows: int, seed: int) -> None:
        table, facts = described(sample(source), source.name, request)
        roles = roles_of(request, table, facts)
        most = max(_LEAST_FIT_ROWS, _FIT_NUMBERS // _numbers_of(facts, roles))
        self.batch_rows = _rows_at_a_time(facts, roles)
        batch, positions = drawn(source, min(rows, most), seed, self.batch_rows)
        table, facts = described(batch, source.name, request)
        about = f"{table.rows:,} of {source.rows:,} rows of {source.name}"
        made = assemble(table, roles, request.repairs, source.name, source.name, about, OWN, None,
                        facts)  # fmt: skip
        if made.dataset is None:
            raise DataError(f"{source.name} cannot be used:\n{faults_of(made)}")
        self.dataset = made.dataset
        self.positions = positions[made.rows]
        self._reading = Reading(request, roles, made.dataset.card)
        self.named = bool(roles.id)

    def read(self, batch: Batch, name: str, start: int) -> tuple[Dataset, Ints]:
        """One batch with the classes of the fit, and which of its rows (n,) can be used.

        Parameters
        ----------
        name : of the file, for messages.
        start : rows before this batch; rows without ids are numbered from there.

        Raises
        ------
        DataError
            Naming everything that is wrong with these rows.
        """
        rows, at, gaps = self._reading.read(batch, name, start)
        labels, classes = rows.label_names, self.dataset.classes
        y = indices_by_name(read_labels(labels), classes)
        unknown = (y < 0) & (labels != "")
        if unknown.any():
            names = ", ".join(dict.fromkeys(repr(v[:40]) for v in labels[unknown][:5].tolist()))
            raise DataError(
                f"{name}, rows from {start:,} on: classes that no row of the fit has: {names}. Fit "
                "to more rows (--fit-rows), or leave these rows out"
            )
        kept = np.flatnonzero(rows.complete & (y >= 0) & ~gaps[at])
        whole = replace(rows, y=y, card=replace(rows.card, classes=classes), labels=None)
        some = keep_rows(whole, kept, rows.name)
        return self._reading.numbered(some, start), at[kept]


class Reading:
    """How each batch of a source is read.

    Parameters
    ----------
    like : the card of the set that rows are encoded like.
    """

    def __init__(self, request: Request, roles: Roles, like: Card) -> None:
        self.roles = roles
        self._request, self._like = request, like

    def read(self, batch: Batch, name: str, start: int) -> tuple[Dataset, Ints, NDArray[np.bool_]]:
        """A data set, which rows (n,) of the batch are in it, and which (N,) have a gap that no row
        of the other set has."""
        table, facts = described(batch, name, self._request, self.roles)
        made = assemble(
            table, self.roles, self._request.repairs, name, name, "", OWN, None, facts, "predict",
            self._like,
        )  # fmt: skip
        if made.dataset is None:
            raise DataError(f"{name}, rows from {start:,} on, cannot be used:\n{faults_of(made)}")
        return made.dataset, made.rows, self._gaps(facts, len(batch))

    def numbered(self, dataset: Dataset, start: int) -> Dataset:
        """With the numbers of rows as their ids, where they have none."""
        if self.roles.id:
            return dataset
        ids = np.arange(start, start + len(dataset)).astype(np.str_)
        return replace(dataset, ids=ids)

    def _gaps(self, facts: Mapping[str, Facts], rows: int) -> NDArray[np.bool_]:
        gaps = np.zeros(rows, dtype=bool)
        for role, modality in zip(self.roles.inputs, self._like.modalities, strict=False):
            for name in role.columns:
                specs = [s for s in modality.columns if column_of(s, [name])]
                if not any(s.fill is not None or MISSING_WORD in s.categories for s in specs):
                    gaps |= facts[name].missing
        return gaps


def described(
    batch: Batch, name: str, request: Request, roles: Roles | None = None
) -> tuple[Table, dict[str, Facts]]:
    """The columns of a batch and what they are; those with a role that no sample of a shard has
    here are empty."""
    if isinstance(batch, Pack):
        table = batch.table(name, OWN)
        lacking = [c for c in used(roles) if c not in table.columns]
        nothing = pa.chunked_array([pa.nulls(len(batch), pa.string())])
        empty = {c: Column(c, nothing, "text") for c in lacking}
        table = replace(table, columns={**table.columns, **empty})
    else:
        names = names_in(batch.schema)
        table = Table(columns_of(batch, names, batch.schema, OWN), origin=(name,))
    as_text = [c for text in request.repairs.as_text for c in select(text, list(table.columns))]
    return table, describe(table, as_text)


def used(roles: Roles | None) -> list[str]:
    """Columns with a role, each once."""
    if roles is None:
        return []
    columns = [c for role in roles.inputs for c in role.columns]
    return list(dict.fromkeys([*columns, *roles.singles.values()]))


def _numbers_of(facts: Mapping[str, Facts], roles: Roles) -> int:
    """About how many numbers the inputs of a row take."""
    names = [c for role in roles.inputs for c in role.columns if c in facts]
    return max(1, sum(_OF_MEDIA.get(facts[n].kind) or width_of(facts[n]) for n in names))


def _rows_at_a_time(facts: Mapping[str, Facts], roles: Roles) -> int:
    return max(1, min(BATCH_ROWS, _BATCH_NUMBERS // _numbers_of(facts, roles)))
