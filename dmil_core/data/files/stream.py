"""Parquet files larger than memory: read in batches, as new rows for a trained model.

A source is one Parquet file, or a folder of them in the order of their names. Its row groups are
put together to parts of about `PART_ROWS` rows, each of which is read and used by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dmil_core.data.card import Card
from dmil_core.data.dataset import Dataset
from dmil_core.data.files.assemble import assemble
from dmil_core.data.files.kinds import Facts, describe
from dmil_core.data.files.load import OWN, Request, faults_of, roles_of
from dmil_core.data.files.readers.arrow import columns_of, names_in
from dmil_core.data.files.roles import Roles
from dmil_core.data.files.selection import select
from dmil_core.data.files.table import Table
from dmil_core.errors import DataError
from dmil_core.io.parquet import batches_of, open_parquet
from dmil_core.io.reading import open_checked

#: Rows of a part, and rows that are in memory at a time.
PART_ROWS: Final = 262_144
BATCH_ROWS: Final = 16_384
#: Parts that tell which column is what, and rows of each.
_SAMPLED: Final = 16
_ROWS_OF_EACH: Final = 1024
#: Of any size, as it is read in parts.
_ANY_SIZE: Final = 1 << 62
_AGAIN: Final = "Write it again"


@dataclass(frozen=True)
class Part:
    """Row groups of one file; ``number`` counts the parts of a source from 0."""

    number: int
    file: Path
    groups: tuple[int, ...]
    rows: int


@dataclass(frozen=True)
class Source:
    """Parquet files of one layout.

    Attributes
    ----------
    digests : sha256 of each file's footer, which holds the place, the size and the least and
        largest value of all its columns.
    """

    files: tuple[Path, ...]
    digests: tuple[str, ...]
    parts: tuple[Part, ...]
    schema: pa.Schema = field(repr=False)

    @property
    def rows(self) -> int:
        """Rows of all files."""
        return sum(part.rows for part in self.parts)

    @property
    def about(self) -> list[dict[str, Any]]:
        """Names and digests of the files, as JSON."""
        return [
            {"name": file.name, "footer_sha256": digest}
            for file, digest in zip(self.files, self.digests, strict=True)
        ]


def is_source(path: Path) -> bool:
    """Whether a path is a Parquet file, or a folder of Parquet files and nothing else that is not
    hidden."""
    if path.is_dir():
        inside = _visible(path)
        return bool(inside) and all(f.suffix == ".parquet" for f in inside)
    return path.suffix == ".parquet" and path.is_file()


def _visible(folder: Path) -> list[Path]:
    """Files of a folder, but for notes such as ``_SUCCESS`` and what describes a folder of ours."""
    return sorted(
        f for f in folder.iterdir() if f.name[0] not in "._" and not f.name.endswith(".json")
    )


def opened(path: Path) -> Source:
    """A Parquet file or a folder of them.

    Raises
    ------
    DataError
        If a file cannot be read, there is none, or two have different columns.
    """
    files = tuple(_visible(path)) if path.is_dir() else (path,)
    if not files:
        raise DataError(f"{path} holds no Parquet file")
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
    assert schema is not None
    return Source(files, tuple(digests), tuple(parts), schema)


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


def batches(part: Part, rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
    """The rows of a part in their order, at most so many at a time.

    Raises
    ------
    DataError
        If the file is damaged.
    """
    for batch in batches_of(open_parquet(part.file), part.file, rows, groups=part.groups):
        yield pa.Table.from_batches([batch])


def sample(source: Source) -> pa.Table:
    """The first rows of parts all over the source, in their order."""
    places = np.linspace(0, len(source.parts) - 1, min(len(source.parts), _SAMPLED)).astype(int)
    heads = (next(batches(source.parts[k], _ROWS_OF_EACH), None) for k in np.unique(places))
    found = [head for head in heads if head is not None]
    return pa.concat_tables(found) if found else source.schema.empty_table()


class NewRows:
    """Batches of one source as data sets, encoded as the training rows of a model were.

    Which column is what is decided once, by rows from all over the source.

    Parameters
    ----------
    request
        What the user says of the columns.
    like
        The card of the model's training set.

    Raises
    ------
    DataError
        If columns are missing that the model was trained with.
    ConfigError
        If the request names a column that does not exist.
    """

    def __init__(self, source: Source, request: Request, like: Card) -> None:
        self._request, self._like = request, like
        table, facts = self._described(sample(source), source.files[0].name)
        self._roles: Roles = roles_of(request, table, facts, like)

    def _described(self, batch: pa.Table, name: str) -> tuple[Table, dict[str, Facts]]:
        names = names_in(batch.schema)
        table = Table(columns_of(batch, names, batch.schema, OWN), origin=(name,))
        as_text = [c for text in self._request.repairs.as_text for c in select(text, names)]
        return table, describe(table, as_text)

    def dataset(self, batch: pa.Table, name: str, start: int) -> Dataset:
        """One batch.

        Parameters
        ----------
        name : of the set, for messages.
        start : rows before this batch; rows without ids are numbered from there.

        Raises
        ------
        DataError
            Naming everything that is wrong with these rows.
        """
        table, facts = self._described(batch, name)
        made = assemble(
            table, self._roles, self._request.repairs, name, name, "", OWN, None, facts, "predict",
            self._like,
        )  # fmt: skip
        if made.dataset is None:
            raise DataError(f"{name}, rows from {start:,} on, cannot be used:\n{faults_of(made)}")
        if self._roles.id:
            return made.dataset
        ids = np.arange(start, start + len(made.dataset)).astype(np.str_)
        return replace(made.dataset, ids=ids)
