"""A Parquet table that is too large to be read whole: single columns, or single rows of it.

Shapes: N rows of the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dmil_core.errors import DataError
from dmil_core.io.parquet import batches_of
from dmil_core.io.reading import open_checked, parsing
from dmil_core.io.tables import MAX_CELLS
from dmil_core.schema import OLD_NAMES

#: Bytes of the largest file; it is read in parts.
MAX_FILE_BYTES: Final = 1 << 40
#: Rows that are read at once.
_BATCH: Final = 1 << 17
#: Bytes of texts that Arrow holds in one piece.
_PIECE: Final = 2**30
_WHAT: Final = "a table"
_AGAIN: Final = "Make it again"

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Words:
    """A column of few different texts.

    Attributes
    ----------
    codes : (N,) places in ``names``; -1 where a row has no text.
    """

    codes: NDArray[np.signedinteger[Any]]
    names: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.codes.nbytes

    def equal(self, name: str) -> Mask:
        """(N,) which rows have this text."""
        if name not in self.names:
            return np.zeros(len(self.codes), dtype=bool)
        return np.asarray(self.codes == self.names.index(name))

    def take(self, at: NDArray[Any]) -> Words:
        """Some rows, by their positions or by a mask."""
        return Words(self.codes[at], self.names)

    def counts(self) -> dict[str, int]:
        """How many rows have each of the texts that occur."""
        total = np.zeros(len(self.names) + 1, dtype=np.int64)
        for start in range(0, len(self.codes), _BATCH):
            part = self.codes[start : start + _BATCH].astype(np.intp) + 1
            total += np.bincount(part, minlength=len(total))
        return {n: int(k) for n, k in zip(self.names, total[1:], strict=True) if k}

    def texts(self) -> NDArray[np.object_]:
        """(N,) the texts themselves, None where a row has none."""
        return np.array([*self.names, None], dtype=object)[self.codes]

    def among(self, names: Sequence[str]) -> NDArray[np.signedinteger[Any]]:
        """(N,) places in other names; -1 of a text that is none of them."""
        known = {name: place for place, name in enumerate(names)}
        to = np.array([*(known.get(name, -1) for name in self.names), -1], dtype=np.int32)
        return to.astype(narrow(len(names)))[self.codes]

    @property
    def complete(self) -> bool:
        """Whether every row has a text."""
        return bool(len(self.codes) == 0 or self.codes.min() >= 0)


def narrow(count: int) -> type[np.signedinteger[Any]]:
    """The smallest type that holds this many codes, and -1."""
    return np.int8 if count < 127 else np.int16 if count < 32_767 else np.int32


def words_of(column: pd.Series[Any]) -> Words:
    """A column of texts as codes."""
    codes, names = pd.factorize(column.to_numpy(dtype=object))
    return Words(codes.astype(narrow(len(names))), tuple(str(n) for n in names))


class ParquetTable:
    """A Parquet file whose columns are read one by one; nothing is kept here.

    Parameters
    ----------
    path
        The file.

    Attributes
    ----------
    names : its columns, by today's names.
    rows : N.

    Raises
    ------
    DataError
        If the file is missing, damaged, or a link out of its folder; so does every method.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        file = self._open()
        stored = file.schema_arrow
        new = {old: now for old, now in OLD_NAMES.items() if now not in stored.names}
        self._stored = {new.get(name, name): name for name in stored.names}
        self._types = {name: stored.field(of).type for name, of in self._stored.items()}
        self.names = tuple(self._stored)
        about = file.metadata
        self.rows = int(about.num_rows)
        groups = [about.row_group(i).num_rows for i in range(about.num_row_groups)]
        self._starts = np.cumsum([0, *groups])

    def is_numeric(self, name: str) -> bool:
        """Whether a column holds numbers, or true and false."""
        kind = self._types[name]
        checks = (pa.types.is_floating, pa.types.is_integer, pa.types.is_boolean)
        return any(check(kind) for check in checks)

    def numbers(self, name: str) -> NDArray[Any]:
        """(N,) a column as float32, float64 or truth values; where there is none NaN or false."""
        kind = self._types[name]
        is_truth = pa.types.is_boolean(kind)
        result = np.empty(self.rows, bool if is_truth else self._floats([name]))
        for start, batch in self._batches([name]):
            column = batch.column(0)
            values = column.fill_null(False) if is_truth else column
            result[start : start + len(column)] = values.to_numpy(zero_copy_only=False)
        return result

    def blocks(self, names: Sequence[str]) -> Iterator[tuple[slice, NDArray[Any]]]:
        """Columns of numbers side by side, some rows at a time: which rows, (n, C)."""
        kind = self._floats(names)
        for start, batch in self._batches(names):
            columns = [batch.column(self._stored[name]) for name in names]
            values = [c.to_numpy(zero_copy_only=False).astype(kind, copy=False) for c in columns]
            yield slice(start, start + batch.num_rows), np.stack(values, axis=1)

    def words(self, name: str) -> Words:
        """A column of few different texts."""
        codes = np.empty(self.rows, np.int32)
        known: dict[str, int] = {}
        for start, batch in self._batches([name], as_words=True):
            column = batch.column(0)
            if not pa.types.is_dictionary(column.type):
                column = column.dictionary_encode()
            texts = column.dictionary.cast(pa.string()).to_pylist()
            code = [-1 if t is None else known.setdefault(t, len(known)) for t in texts]
            indices = column.indices.fill_null(len(code)).to_numpy(zero_copy_only=False)
            codes[start : start + len(column)] = np.array([*code, -1], np.int32)[indices]
        return Words(codes.astype(narrow(len(known)), copy=False), tuple(known))

    def texts(self, name: str) -> pa.ChunkedArray:
        """A column of texts that may all be different."""
        parts = [batch.column(0).cast(pa.string()) for _, batch in self._batches([name])]
        result = pa.chunked_array(parts, type=pa.string())
        # In one piece it takes what it needs; what is read in parts has room to grow.
        return result if result.nbytes > _PIECE else pa.chunked_array([result.combine_chunks()])

    def take(
        self, at: NDArray[np.integer[Any]], names: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Whole rows by their positions, in the order of these, or only some of their columns.

        Raises
        ------
        DataError
            If they have more cells than a table may have that is read whole.
        """
        names = self.names if names is None else names
        stored = [self._stored[name] for name in names]
        if len(at) * len(names) > MAX_CELLS:
            raise DataError(
                f"{len(at):,} rows of {len(names)} columns are more than fit into memory: "
                f"expected at most {MAX_CELLS:,} cells. Choose fewer rows"
            )
        order = np.argsort(at, kind="stable")
        wanted = np.asarray(at)[order]
        groups = np.searchsorted(self._starts, wanted, side="right") - 1
        file, parts = self._open(), []
        for group in np.unique(groups):
            with parsing(self.path, _WHAT, advice=_AGAIN):
                rows = file.read_row_group(int(group), stored)
                parts.append(rows.take(pa.array(wanted[groups == group] - self._starts[group])))
        if not parts:
            parts = [file.schema_arrow.empty_table().select(stored)]
        frame: pd.DataFrame = pa.concat_tables(parts).select(stored).to_pandas()
        frame.columns = pd.Index(names)
        back = np.empty(len(order), dtype=np.intp)
        back[order] = np.arange(len(order))
        return frame.iloc[back]

    def some(self, names: Sequence[str], most: int) -> pd.DataFrame:
        """Columns of whole row groups spread evenly over the file, of ``most`` rows or of four
        groups; all of them where these are not more."""
        groups = len(self._starts) - 1
        wanted = min(groups, max(4, most * groups // max(self.rows, 1)))
        chosen = np.unique(np.linspace(0, groups - 1, wanted).round().astype(int)).tolist()
        stored = [self._stored[name] for name in names]
        with parsing(self.path, _WHAT, advice=_AGAIN):
            frame: pd.DataFrame = self._open().read_row_groups(chosen, stored).to_pandas()
        frame = frame[stored]
        frame.columns = pd.Index(names)
        return frame

    def _open(self, words: Sequence[str] = ()) -> pq.ParquetFile:
        try:
            file = open_checked(self.path, MAX_FILE_BYTES, advice=_AGAIN)
        except FileNotFoundError:
            raise DataError(f"{self.path} does not exist; run `dmil decompose`") from None
        with parsing(self.path, _WHAT, advice=_AGAIN):
            return pq.ParquetFile(
                file, page_checksum_verification=True, read_dictionary=list(words)
            )

    def _batches(
        self, names: Sequence[str], as_words: bool = False
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        stored = [self._stored[name] for name in names]
        file, start = self._open(stored if as_words else ()), 0
        for batch in batches_of(file, self.path, _BATCH, stored):
            with parsing(self.path, _WHAT, advice=_AGAIN):
                yield start, batch
            start += batch.num_rows
        # What Arrow keeps for later is not ours to keep: many columns may follow.
        pa.default_memory_pool().release_unused()

    def _floats(self, names: Sequence[str]) -> type[np.floating[Any]]:
        single = all(pa.types.is_float32(self._types[name]) for name in names)
        return np.float32 if single else np.float64
