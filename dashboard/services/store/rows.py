"""Tables of predictions as pages ask for them: rows, and the columns that are wanted of them.

Small tables are read whole (`catalog.table`). Of larger ones a column is read when it is first
asked for and kept in `memory`; whole rows are read for the few that are shown. Nobody writes into
what is returned. Shapes: N rows.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar, overload

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dashboard.services.store.memory import MEMORY, Sized
from dmil_core import schema
from dmil_core.errors import CheckpointError
from dmil_core.io.columns import ParquetTable, Words, words_of

#: Cells of the largest table that is read whole.
WHOLE: Final = 5_000_000
#: Records of single samples of a large table that are kept, and ids of which the place is known.
_RECORDS: Final = 256
_PLACES: Final = 20_000
#: Rows whose ids are read alone.
_FEW: Final = 3

Mask = NDArray[np.bool_]
Positions = NDArray[np.signedinteger[Any]]
T = TypeVar("T", bound=Sized)


class Table(ABC):
    """A table of predictions, whichever way it is held.

    Parameters
    ----------
    stamp : tells it from any other table.
    columns : names of its columns, and of those that are derived from them.
    """

    def __init__(self, stamp: Hashable, columns: Sequence[str]) -> None:
        self.stamp = stamp
        self.columns = tuple(columns)

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def numbers(self, name: str) -> NDArray[Any]:
        """(N,) a column of numbers, or of truth values."""

    @abstractmethod
    def words(self, name: str) -> Words:
        """A column of few different texts."""

    @property
    @abstractmethod
    def names(self) -> pa.ChunkedArray:
        """(N,) ids."""

    @abstractmethod
    def find(self, sample: str) -> int | None:
        """Position of the row with this id, of several the first."""

    @abstractmethod
    def frame(self, at: NDArray[Any] | slice) -> pd.DataFrame:
        """Whole rows by their positions, indexed by id."""

    def row(self, sample: str) -> Rows | None:
        """The row with this id."""
        position = self.find(sample) if sample else None
        return None if position is None else Rows(self, np.array([position], dtype=np.int32))

    def ids(self, at: NDArray[Any]) -> list[str]:
        """Ids of some rows."""
        names: list[str] = self.names.take(pa.array(at)).to_pylist()
        return names

    def record(self, position: int) -> dict[str, Any]:
        """A whole row, column to value."""
        row = self.frame(np.array([position])).iloc[0]
        return {str(name): value for name, value in row.items()}

    def kept(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is derived from the table, such as an order of its rows; made once and kept."""
        return MEMORY.get((self.stamp, key), make)

    def having(self, text: str) -> Mask:
        """(N,) which ids have this text in them, in small or capital letters."""
        return _mask(pc.match_substring(self.names, text, ignore_case=True))

    @property
    def ranks(self) -> Positions:
        """(N,) place of each id among all in the order of the alphabet."""

        def found() -> Positions:
            order = pc.sort_indices(self.names).to_numpy()
            result = np.empty(len(order), dtype=np.int32)
            result[order] = np.arange(len(order), dtype=np.int32)
            return result

        return self.kept("ranks", found)

    def among(self, ids: Iterable[str]) -> Mask:
        """(N,) which ids are among these."""
        return _mask(pc.is_in(self.names, value_set=pa.array(list(ids), pa.string())))

    def positions_of(self, ids: Iterable[str]) -> Positions:
        """(M,) positions of the rows with these ids, -1 for none."""
        some = list(ids)
        if len(some) <= _FEW:
            found = [self.find(sample) for sample in some]
            return np.array([-1 if at is None else at for at in found], dtype=np.int32)
        wanted = pa.chunked_array([pa.array(some, pa.string())])
        at = _Places(wanted, self.names).at
        return np.arange(len(self), dtype=np.int32) if at is None else at

    def places_in(self, other: Table) -> Positions | None:
        """(N,) where in another table the row with the same id is, -1 for nowhere; None where both
        have the same ids in the same order."""
        return self.kept(("places", other.stamp), lambda: _Places(self.names, other.names)).at


class _Places:
    """Where the ids of one table are in another."""

    def __init__(self, names: pa.ChunkedArray, others: pa.ChunkedArray) -> None:
        self.at: Positions | None = None
        if not names.equals(others):
            found = pc.index_in(names, value_set=others.combine_chunks())
            self.at = found.fill_null(-1).to_numpy()
        self.nbytes = 0 if self.at is None else self.at.nbytes


def _mask(found: pa.ChunkedArray) -> Mask:
    return np.asarray(found.to_numpy(), dtype=bool)


class WholeTable(Table):
    """A table in memory, as `catalog.table` returns it."""

    def __init__(self, frame: pd.DataFrame, stamp: Hashable) -> None:
        super().__init__(stamp, frame.columns.tolist())
        self._frame = frame
        self._words: dict[str, Words] = {}
        self._numbers: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        return len(self._frame)

    def numbers(self, name: str) -> NDArray[Any]:
        """(N,) a column of numbers, or of truth values."""
        if name not in self._numbers:
            column = self._frame[name]
            truth = pd.api.types.is_bool_dtype(column)
            self._numbers[name] = column.to_numpy(dtype=bool) if truth else column.to_numpy()
        return self._numbers[name]

    def words(self, name: str) -> Words:
        """A column of few different texts."""
        if name not in self._words:
            self._words[name] = words_of(self._frame[name])
        return self._words[name]

    @functools.cached_property
    def names(self) -> pa.ChunkedArray:
        """(N,) ids."""
        return pa.chunked_array([pa.array(self._frame["id"].to_numpy(object), pa.string())])

    def find(self, sample: str) -> int | None:
        """Position of the row with this id."""
        found = self._frame.index.get_indexer(pd.Index([sample]))
        return int(found[0]) if found[0] >= 0 else None

    def frame(self, at: NDArray[Any] | slice) -> pd.DataFrame:
        """Whole rows by their positions, indexed by id."""
        return self._frame.iloc[at]


class LargeTable(Table):
    """A table whose columns are read when they are asked for.

    That ids differ and that all its values can be read is not checked before.

    Raises
    ------
    DmilError
        If it lacks columns, or cannot be read; so does every method.
    """

    def __init__(self, file: ParquetTable, classes: tuple[str, ...], stamp: Hashable) -> None:
        wanted = {*schema.ROW_COLUMNS, *map(schema.prob, classes), *map(schema.logit, classes)}
        if missing := sorted(wanted - set(file.names)):
            raise CheckpointError(f"{file.path}: the columns {', '.join(missing[:5])} are missing")
        gates = schema.components_in(file.names)
        numbers = ["correct", *map(schema.prob, classes), *map(schema.logit, classes)]
        numbers += map(schema.gate, gates)
        if odd := [name for name in numbers if not file.is_numeric(name)]:
            raise CheckpointError(
                f"{file.path}: expected numbers in the columns {', '.join(odd[:5])}"
            )
        derived = ["confidence", "position", *(["dominant"] if gates else [])]
        super().__init__(stamp, (*file.names, *derived))
        self._file, self._classes, self._gates = file, classes, gates
        self._records: dict[int, dict[str, Any]] = {}
        self._found: dict[str, int] = {}

    def __len__(self) -> int:
        return self._file.rows

    def numbers(self, name: str) -> NDArray[Any]:
        """(N,) a column of numbers, or of truth values."""
        return self.kept(("numbers", name), lambda: self._read(name))

    def _read(self, name: str) -> NDArray[Any]:
        if name == "position":
            return np.arange(len(self), dtype=np.int32)
        if name != "confidence":
            values = self._file.numbers(name)
            return values.astype(bool, copy=False) if name == "correct" else values
        result = np.empty(len(self), np.float32)
        for rows, values in self.blocks([schema.prob(c) for c in self._classes]):
            # Column by column: along short rows numpy takes ten times as long.
            np.copyto(result[rows], functools.reduce(np.maximum, values.T))
        return result

    def blocks(self, names: Sequence[str]) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Columns of numbers side by side, some rows at a time: which rows, (n, C)."""
        return self._file.blocks(names)

    def some(self, names: Sequence[str], most: int) -> pd.DataFrame:
        """Columns of rows spread evenly over the table, about ``most``; see `ParquetTable.some`."""
        return self._file.some(names, most)

    def words(self, name: str) -> Words:
        """A column of few different texts."""
        return self.kept(("words", name), lambda: self._read_words(name))

    def _read_words(self, name: str) -> Words:
        if name == "dominant":
            columns = [self.numbers(schema.gate(c)) for c in self._gates]
            return Words(largest_of(columns), tuple(self._gates))
        result = self._file.words(name)
        if name == "pred" and (odd := sorted(set(result.names) - set(self._classes))):
            raise CheckpointError(
                f"{self._file.path}: answers that are no class: {', '.join(odd[:5])}"
            )
        return result

    @property
    def names(self) -> pa.ChunkedArray:
        """(N,) ids."""
        return self.kept(("texts", "id"), lambda: self._file.texts("id"))

    def ids(self, at: NDArray[Any]) -> list[str]:
        """Ids of some rows; of a few they are read alone."""
        if len(at) <= _FEW:
            result: list[str] = self._file.take(at, ["id"])["id"].astype(str).tolist()
        else:
            result = super().ids(at)
        # Who sees a list opens samples of it: these need not be looked for.
        if len(result) < _PLACES // 2:
            if len(self._found) > _PLACES:
                self._found.clear()
            self._found.update(zip(result, np.asarray(at).tolist(), strict=True))
        return result

    def find(self, sample: str) -> int | None:
        """Position of the row with this id, of several the first."""
        position = self._found.get(sample)
        if position is None:
            position = int(pc.index(self.names, sample).as_py())
            self._found[sample] = position
        return None if position < 0 else position

    def record(self, position: int) -> dict[str, Any]:
        """A whole row, column to value."""
        row = self._records.get(position)
        if row is None:
            row = super().record(position)
            if len(self._records) >= _RECORDS:
                self._records.clear()
            self._records[position] = row
        return row

    def frame(self, at: NDArray[Any] | slice) -> pd.DataFrame:
        """Whole rows by their positions, indexed by id.

        Raises
        ------
        DataError
            If they are more than a table may have that is read whole.
        """
        if isinstance(at, slice):
            at = np.arange(*at.indices(len(self)))
        frame = self._file.take(at)
        frame = frame.assign(confidence=self.numbers("confidence")[at], position=at)
        if self._gates:
            frame = frame.assign(dominant=self.words("dominant").take(at).texts())
        return frame.astype({"id": str, "y": str, "pred": str}).set_index("id", drop=False)


class Rows:
    """Some rows of a table, in an order.

    Parameters
    ----------
    table : the table.
    at : (N,) positions in it; None for all of its rows.
    """

    def __init__(self, table: Table, at: Positions | None = None) -> None:
        self.table = table
        self.at = at

    def __len__(self) -> int:
        return len(self.table) if self.at is None else len(self.at)

    @property
    def empty(self) -> bool:
        """Whether there is none."""
        return len(self) == 0

    @property
    def columns(self) -> Sequence[str]:
        """Names of the columns."""
        return self.table.columns

    @property
    def positions(self) -> Positions:
        """(N,) positions of the rows in the table."""
        return np.arange(len(self.table), dtype=np.int32) if self.at is None else self.at

    def numbers(self, name: str) -> NDArray[Any]:
        """(N,) a column of numbers, or of truth values."""
        values = self.table.numbers(name)
        return values if self.at is None else values[self.at]

    def words(self, name: str) -> Words:
        """A column of few different texts."""
        words = self.table.words(name)
        return words if self.at is None else words.take(self.at)

    @property
    def correct(self) -> Mask:
        """(N,) which answers are right."""
        return self.numbers("correct")

    @property
    def ids(self) -> Ids:
        """Ids of the rows."""
        return Ids(self)

    def keep(self, mask: Mask) -> Rows:
        """Those rows that a mask (N,) has, in the same order."""
        return Rows(self.table, self.positions[mask])

    def take(self, order: NDArray[np.integer[Any]] | slice) -> Rows:
        """Rows by their places among these."""
        return Rows(self.table, self.positions[order])

    def position_of(self, sample: str) -> int | None:
        """Place of a sample among these rows; None where it is not there."""
        found = self.table.find(sample) if sample else None
        if found is None or self.at is None:
            return found
        places = np.flatnonzero(self.at == found)
        return int(places[0]) if len(places) else None

    def at_in(self, other: Table) -> Positions:
        """(N,) positions of the same samples in another table, -1 where it does not have them."""
        if other is self.table:
            return self.positions
        places = self.table.places_in(other)
        return self.positions if places is None else places[self.positions]

    def inside(self, others: Rows) -> Mask:
        """(N,) which samples are among other rows, of this table or of another one."""
        member = np.zeros(len(others.table) + 1, dtype=bool)
        member[others.positions] = True
        mask: Mask = member[self.at_in(others.table)]
        return mask

    def truth_in(self, other: Table, name: str) -> Mask:
        """(N,) another table's truth values of the same samples; false where it has none."""
        at = self.at_in(other)
        return np.asarray(other.numbers(name)[at] & (at >= 0), dtype=bool)

    def frame(self) -> pd.DataFrame:
        """The rows with all columns, indexed by id.

        Raises
        ------
        DataError
            If they are more than a table may have that is read whole.
        """
        return self.table.frame(slice(None) if self.at is None else self.at)


def crossed(rows: Words, columns: Words, names: Sequence[str]) -> pd.DataFrame:
    """How many rows of a table have each pair of these names in two of its columns."""
    at = [words.among(names) for words in (rows, columns)]
    counts = np.zeros((len(names), len(names)), dtype=int)
    for place in range(len(names)):
        others = at[1][at[0] == place]
        counts[place] = np.bincount(others[others >= 0], minlength=len(names))
    return pd.DataFrame(counts, index=list(names), columns=list(names))


def largest_of(columns: Sequence[NDArray[Any]]) -> NDArray[np.int8]:
    """(N,) which of some columns (N,) is the largest, the first where they are equal."""
    best, codes = columns[0].copy(), np.zeros(len(columns[0]), np.int8)
    for place, values in enumerate(columns[1:], start=1):
        codes[values > best] = place
        np.maximum(best, values, out=best)
    return codes


class Ids(Sequence[str]):
    """Ids of rows, which are only made for those that are asked for."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, sample: object) -> bool:
        return isinstance(sample, str) and self._rows.position_of(sample) is not None

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        rows = self._rows
        if isinstance(place, slice):
            at = np.arange(*place.indices(len(rows)))
            return rows.table.ids(at if rows.at is None else rows.at[at])
        return self[place : place + 1][0]

    def __iter__(self) -> Iterator[str]:
        step = 100_000
        for start in range(0, len(self), step):
            yield from self[start : start + step]
