"""A data set for training that is larger than memory: Parquet, read once and shuffled on the disk.

The columns that roles name are read twice. The first pass finds a sample of training rows, with
every class and every word of a category in it; the set of this sample, made as any other, decides
how columns become numbers. The second pass writes the numbers of training and validation rows as
files of about `SHARD_ROWS` rows in random order. Test rows are not needed before the end, and are
read from the source again.

Rows are split by the split column, or 70/10/20 by a hash of their group or id: a row's part of the
set depends on nothing but its own name.

Shapes: N rows, K classes, D numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dmil_core.data.card import Card
from dmil_core.data.dataset import Dataset
from dmil_core.data.files.assemble import assemble
from dmil_core.data.files.encoding import is_words
from dmil_core.data.files.kinds import (
    Facts,
    is_plain_number,
    is_text,
    stored_numbers,
)
from dmil_core.data.files.load import OWN, Request, faults_of, roles_of
from dmil_core.data.files.repairs import MISSING_WORD
from dmil_core.data.files.roles import Roles, split_words
from dmil_core.data.files.spellings import split_word
from dmil_core.data.files.stream import (
    BATCH_ROWS,
    PARQUET,
    Part,
    Reading,
    Source,
    columns_said,
    described,
    sample,
    used,
)
from dmil_core.data.labels import indices_by_name, read_labels
from dmil_core.data.new_split import SPLIT_SHARES
from dmil_core.data.npz import MAX_BYTES
from dmil_core.data.validate import Issue
from dmil_core.errors import ConfigError, DataError
from dmil_core.io.atomic import make_folder, replacing, write_json
from dmil_core.io.parquet import batches_of, form, open_parquet
from dmil_core.io.reading import MIB, parsing, read_json
from dmil_core.schema import SPLITS, Split

if TYPE_CHECKING:
    from sklearn.preprocessing import StandardScaler

#: Of the files; those of another version are made again.
VERSION: Final = 1
#: Rows of a shuffled file, and bytes of its inputs, at most.
SHARD_ROWS: Final = 262_144
SHARD_BYTES: Final = 64 * MIB
#: Rows of the sample: of as many parts of the source at most, so many of each.
_SAMPLED: Final = 16
_ROWS_OF_EACH: Final = 1024
#: Rows of each class in the sample at least, if there are as many.
_OF_EACH_CLASS: Final = 16
#: Larger numbers are none in 32 bits.
_LARGEST: Final = float(np.finfo(np.float32).max)
#: Different words of a column that are looked for in all rows.
_MOST_WORDS: Final = 10_000
_ABOUT_FILE: Final = "rows.json"
_SAMPLE_FILE: Final = "sample.parquet"
SPLIT_RULE: Final = "Made on loading: 70/10/20 by a hash of each row's name."
VAL_RULE: Final = "Its own, with an eighth of the training rows as val, by a hash of their names."
#: Share of the training rows that become validation rows where there are none.
_VAL_OF_TRAIN: Final = 1 / 8


@dataclass(frozen=True, eq=False)
class StreamedSet:
    """A data set whose rows are in files.

    Attributes
    ----------
    name, source, digest : as of a :class:`~dmil_core.data.dataset.Dataset`; the digest is of the
        names and footers of the Parquet files and of what was said about their columns.
    card : with the rows of each split as ``counts``.
    head : the sample of training rows as a data set in memory; its split is of no meaning.
    of_class : (K,) training rows of each class.
    statistics : (mean, standard deviation) of each input over the training rows, (D,) each.
    folder : of the shuffled files.
    shards : rows of each file, by split; see `read`.
    """

    name: str
    source: str
    digest: str
    card: Card
    head: Dataset
    of_class: NDArray[np.int64]
    statistics: tuple[tuple[NDArray[np.float64], NDArray[np.float64]], ...]
    folder: Path
    shards: Mapping[str, tuple[int, ...]]
    _parquet: Source = field(repr=False)
    _reading: _Rows = field(repr=False)

    def __len__(self) -> int:
        return sum(self.card.counts.values())

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the label index."""
        return self.card.classes

    @property
    def slug(self) -> str:
        """The name as a folder name."""
        return self.head.slug

    @property
    def issues(self) -> tuple[Issue, ...]:
        """What is to be said about the sample."""
        return self.head.issues

    def read(
        self, split: Split, shard: int, start: int, stop: int, names: Sequence[str] = ()
    ) -> dict[str, NDArray[Any]]:
        """Rows of one shuffled file: ``x1``, ``x2`` (n, D), ``y`` and ``key`` (n,) int64, a hash of
        each row's name, or those of them that are named; nothing else of the file is read."""
        return read_rows(_shard(self.folder, split, shard), start, stop, names)

    def batches(self) -> Iterator[Dataset]:
        """All rows of the source in their order, a part at a time, with ids, labels and splits."""
        for _, rows in self._reading.datasets(self._parquet):
            yield rows


def fits_into_memory(path: Path) -> bool:
    """Whether a Parquet file or a folder of them is small enough to be made a data set in memory.

    Raises
    ------
    DataError
        If a file cannot be read.
    """
    size = 0
    # Shards, and tables that are joined, are read as archives are, within their limits.
    for file in path.glob(f"*{PARQUET}") if path.is_dir() else [path][: path.suffix == PARQUET]:
        about = open_parquet(file).metadata
        size += sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    return size <= MAX_BYTES


def read_rows(
    path: Path, start: int, stop: int, names: Sequence[str] = ()
) -> dict[str, NDArray[Any]]:
    """Rows from ``start`` to ``stop`` of arrays of a safetensors file, by default of all."""
    from safetensors import safe_open

    advice = "Start over with --overwrite"
    with parsing(path, "a file of shuffled rows", advice=advice), safe_open(path, "np") as file:
        chosen = names or file.keys()
        return {name: file.get_slice(name)[start:stop] for name in chosen}


def prepare(source: Source, request: Request, folder: Path) -> StreamedSet:
    """Read, encode, split and shuffle the rows of a source; what is in the folder is used again.

    Parameters
    ----------
    request
        The path of the source, and what the user says of its columns.
    folder
        For the files; as large as the numbers of training and validation rows.

    Raises
    ------
    DataError
        Naming everything that is wrong with the rows.
    ConfigError
        If the request names a column that does not exist, or asks for what only a set in memory
        can have.
    """
    _refuse(source, request)
    path = request.files[0]
    said = columns_said(request) | {
        "quantiles": request.repairs.quantiles, "val": request.repairs.val
    }  # fmt: skip
    about = {"version": VERSION, "source": source.about, "columns": said}
    known = _known(folder, about)
    roles, facts = _roles(source, request)
    if known is None:
        make_folder(folder)
        sampled, has_val = _sampled(source, roles, facts)
        with replacing(folder / _SAMPLE_FILE) as temporary:
            pq.write_table(sampled, temporary, **form(sampled.schema, level=3))
    else:
        with parsing(folder / _SAMPLE_FILE, "a sample of rows", advice="Use --overwrite"):
            sampled = open_parquet(folder / _SAMPLE_FILE).read()
        has_val = bool(known["has_val"])
    if not has_val and request.repairs.val == "error":
        raise DataError(
            "the split has no val rows. Mark some rows as val, or take them from train: --val train"
        )
    head = _head(sampled, roles, request, path.stem)
    reading = _Rows(request, roles, facts, head, has_val)
    if known is None:
        known = {**about, "has_val": has_val, **_shuffled(source, reading, folder)}
        write_json(folder / _ABOUT_FILE, known)
    rule = head.card.split_rule if roles.split and has_val else VAL_RULE
    card = replace(
        head.card, counts=known["counts"], split_rule=rule if roles.split else SPLIT_RULE
    )  # fmt: skip
    return StreamedSet(
        name=head.name,
        source=str(path.resolve()),
        digest=hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest(),
        card=card,
        head=head,
        of_class=np.asarray(known["of_class"]["train"], dtype=np.int64),
        statistics=tuple((np.asarray(m), np.asarray(s)) for m, s in known["statistics"]),
        folder=folder,
        shards={split: tuple(rows) for split, rows in known["shards"].items()},
        _parquet=source,
        _reading=reading,
    )


def _refuse(source: Source, request: Request) -> None:
    if source.files[0].suffix != PARQUET:
        raise ConfigError(
            f"--stream trains on Parquet files, got {source.name}. Train without --stream, or "
            "store the rows as Parquet"
        )
    if request.repairs.missing == "keep":
        raise ConfigError(
            "--missing keep needs all rows in memory; with --stream choose drop, mean or error"
        )


def _known(folder: Path, about: dict[str, Any]) -> dict[str, Any] | None:
    """What is known of rows that are shuffled already; None where there are none, or others."""
    try:
        known = read_json(folder / _ABOUT_FILE, 64 * MIB)
    except (FileNotFoundError, DataError):
        return None
    if not isinstance(known, dict) or any(known.get(key) != about[key] for key in about):
        return None
    return known


# --- the sample ----------------------------------------------------------------------------------


def _roles(source: Source, request: Request) -> tuple[Roles, dict[str, Facts]]:
    """What each column is, by rows from all over the source."""
    table, facts = described(sample(source), source.name, request)
    return roles_of(request, table, facts), facts


def _sampled(
    source: Source, roles: Roles, facts: Mapping[str, Facts]
) -> tuple[pa.Table, bool]:  # fmt: skip
    """A sample of training rows, and whether the source has validation rows of its own.

    It has the first training rows of parts all over the source, and then the first rows of every
    class and of every word, and the first with a missing cell, in each column that is used.
    """
    naming = _Naming(roles, facts)
    looked_for = {c: 1 for role in roles.inputs for c in role.columns}
    if roles.label:
        looked_for[roles.label] = _OF_EACH_CLASS
    seen: dict[str, Counter[Any]] = {c: Counter() for c in looked_for}
    count = min(len(source.parts), _SAMPLED)
    heads = set(np.linspace(0, len(source.parts) - 1, count).astype(int).tolist())
    found: list[pa.Table] = []
    splits: set[str] = set()
    start = 0
    for part in source.parts:
        wanted = _ROWS_OF_EACH if part.number in heads else 0
        for rows in _batches(part, used(roles)):
            split = naming.splits(rows, start, has_val=True)
            splits.update(np.unique(split).tolist())
            start += len(rows)
            rows = rows.filter(pa.array(split == "train"))
            take = np.arange(len(rows)) < wanted
            wanted -= int(take.sum())
            for column, least in looked_for.items():
                take |= _new(rows.column(column), seen[column], least, facts[column], take)
            if take.any():
                found.append(rows.filter(pa.array(take)))
    if not found:
        raise DataError(
            f"{source.files[0]}: there are no training rows; expected some, by the split column "
            f"{roles.split!r}. Name another column with --split, or '' for none"
        )
    return pa.concat_tables(found).combine_chunks(), "val" in splits or not roles.split


def _new(
    cells: pa.ChunkedArray, seen: Counter[Any], least: int, facts: Facts, taken: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(n,) rows with something of which the sample has less than ``least`` rows."""
    result = np.zeros(len(cells), dtype=bool)
    if not (is_words(facts) or least > 1):
        missing = pc.is_null(cells, nan_is_null=pa.types.is_floating(cells.type))
        if not seen["missing"] and pc.any(missing).as_py():
            row = pc.index(missing, pa.scalar(True)).as_py()
            result[row] = True
            seen["missing"] = 1
        return result
    if len(seen) > _MOST_WORDS:
        return result
    whole = cells.combine_chunks()
    if not pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_encode(null_encoding="encode")
    codes = pc.fill_null(whole.indices.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
    words = [*whole.dictionary.to_pylist(), None]
    for code in np.unique(codes).tolist():
        word = words[code]
        if seen[word] < least:
            rows = np.flatnonzero((codes == code) & ~taken)[: least - seen[word]]
            result[rows] = True
            seen[word] += len(rows)
    return result


def _head(sampled: pa.Table, roles: Roles, request: Request, name: str) -> Dataset:
    """The set of the sample."""
    table, facts = described(sampled, name, request)
    whole = replace(roles, split="", group="", unused=(), flags=())
    about = f"read from {name}"[:100]
    made = assemble(table, whole, request.repairs, name, name, about, OWN, None, facts)
    if made.dataset is None:
        raise DataError(f"a sample of {name} cannot be used:\n{faults_of(made)}")
    for m, modality in enumerate(made.dataset.card.modalities, start=1):
        if modality.kind != "vector":
            raise ConfigError(
                f"input {m} ({modality.name}) is of kind {modality.kind}; with --stream expected "
                "columns of numbers, of lists of numbers or of words of few values. Train without "
                "--stream, or choose other columns with --input"
            )
    return made.dataset


# --- every row -----------------------------------------------------------------------------------


def _batches(part: Part, columns: Sequence[str]) -> Iterator[pa.Table]:
    file = open_parquet(part.file)
    for batch in batches_of(file, part.file, BATCH_ROWS, columns, part.groups):
        yield pa.Table.from_batches([batch])


class _Naming:
    """The name of each row by which it is split, and its split."""

    def __init__(self, roles: Roles, facts: Mapping[str, Facts]) -> None:
        self.by = roles.group or roles.id
        self.split = roles.split
        self.words = split_words(facts[roles.split]) if roles.split else {}

    def keys(self, rows: pa.Table, start: int) -> NDArray[np.uint64]:
        """(n,) a hash of each row's group, id or number."""
        if self.by:
            names = np.asarray(_texts(rows.column(self.by)), dtype=object)
        else:
            names = np.arange(start, start + len(rows)).astype(np.str_).astype(object)
        keys: NDArray[np.uint64] = pd.util.hash_array(names, categorize=False)
        return keys

    def splits(self, rows: pa.Table, start: int, *, has_val: bool) -> NDArray[np.str_]:
        """(n,) split of each row, "" where the column says nothing; without validation rows of
        their own, an eighth of the training rows."""
        share = mixed(self.keys(rows, start), 0) / 2.0**64
        if not self.split:
            test, val = SPLIT_SHARES[2], SPLIT_SHARES[2] + SPLIT_SHARES[1]
            return np.where(share < test, "test", np.where(share < val, "val", "train"))
        words = [w.strip() for w in _texts(rows.column(self.split))]
        known = {w: self.words.get(w) or split_word(w) or w.lower() for w in set(words)}
        if odd := sorted(set(known.values()) - {*SPLITS, ""}):
            raise DataError(
                f"the split {self.split!r} has {odd[0][:40]!r}, rows from {start:,} on; expected "
                "train, val or test. Correct it, or name another column with --split"
            )
        split = np.asarray([known[w] for w in words], dtype="U5")
        return split if has_val else np.where(
            (split == "train") & (share < _VAL_OF_TRAIN), "val", split
        )  # fmt: skip


def _texts(cells: pa.ChunkedArray) -> list[str]:
    return [v or "" for v in cells.cast(pa.string()).to_pylist()]


def mixed(keys: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Other hashes of the same rows (SplitMix64 of Steele, Lea, Flood: OOPSLA 2014)."""
    z = keys + np.uint64((0x9E3779B97F4A7C15 * (seed + 1)) % 2**64)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


class _Rows:
    """Every row of the source as the sample's set has them."""

    def __init__(
        self, request: Request, roles: Roles, facts: Mapping[str, Facts], head: Dataset,
        has_val: bool,
    ) -> None:  # fmt: skip
        self._request, self._card, self.has_val = request, head.card, has_val
        self.classes = head.classes
        self.shapes = [x.shape[1:] for x in head.inputs]
        self._naming = _Naming(roles, facts)
        self._reader = Reading(
            request, replace(roles, split="", group="", unused=(), flags=()), head.card
        )
        self._label = roles.label
        self._columns = used(roles)
        filled = [
            {s.name for s in m.columns if s.fill is not None or MISSING_WORD in s.categories}
            for m in head.card.modalities
        ]
        #: Columns whose rows are left out where a cell is missing.
        self._needed = [
            c for role, names in zip(roles.inputs, filled, strict=True) for c in role.columns
            if not any(n == c or n.startswith(f"{c}[") for n in names)
        ]  # fmt: skip

    def datasets(self, source: Source) -> Iterator[tuple[NDArray[np.uint64], Dataset]]:
        """A hash of each row's name, and the rows, a batch at a time; rows without a class, and
        those with missing cells where they are left out, are not among them."""
        start = 0
        for part in source.parts:
            for rows in _batches(part, self._columns):
                name = part.file.name
                split = self._naming.splits(rows, start, has_val=self.has_val)
                keys = self._naming.keys(rows, start)
                keep = split != ""
                keep &= ~self._missing(rows)
                if keep.any():
                    made = replace(
                        self._made(rows.filter(pa.array(keep)), name, start), split=split[keep]
                    )
                    if not self._reader.roles.id:
                        made = replace(made, ids=(start + np.flatnonzero(keep)).astype(np.str_))
                    known = made.y >= 0
                    yield keys[keep][known], _only(made, known)
                start += len(rows)

    def _missing(self, rows: pa.Table) -> NDArray[np.bool_]:
        """(n,) rows with a missing cell where it is neither filled nor a category."""
        chosen = dict.fromkeys([*self._needed, self._label])
        words = [c for c in chosen if is_text(rows.column(c))]
        result = np.zeros(len(rows), dtype=bool)
        for f in described(rows.select(words), "", self._request)[1].values():
            result |= f.missing
        for cells in (rows.column(c) for c in chosen if c not in words):
            if is_plain_number(cells):
                result |= ~(np.abs(stored_numbers(cells)) <= _LARGEST)
            else:
                result |= cells.is_null().to_numpy().astype(bool)
        return result

    def _made(self, rows: pa.Table, name: str, start: int) -> Dataset:
        made = self._reader.read(rows, name, start)[0]
        if [x.shape[1:] for x in made.inputs] != self.shapes:
            raise DataError(
                f"{name}, rows from {start:,} on: the inputs have the shapes "
                f"{[x.shape[1:] for x in made.inputs]}, expected {self.shapes} as in the sample; "
                "store lists of equal length, and none where a whole list is missing"
            )
        labels = read_labels(made.label_names)
        y = indices_by_name(labels, self.classes)
        if (odd := (y < 0) & ~labels.missing).any():
            raise DataError(
                f"{name}, rows from {start:,} on: the class {labels.names[odd][0][:40]!r} has no "
                f"training rows; expected one of {', '.join(self.classes[:5])}. Leave these "
                "rows out, or choose another split with --split"
            )
        return replace(made, y=y, labels=None, card=self._card)


def _only(rows: Dataset, keep: NDArray[np.bool_]) -> Dataset:
    if keep.all():
        return rows
    x3 = None if rows.x3 is None else rows.x3[keep]
    return replace(
        rows, x1=rows.x1[keep], x2=rows.x2[keep], x3=x3, y=rows.y[keep], ids=rows.ids[keep],
        split=rows.split[keep],
    )  # fmt: skip


# --- shuffling -----------------------------------------------------------------------------------


def _shuffled(source: Source, reading: _Rows, folder: Path) -> dict[str, Any]:
    """Write the shuffled files; what is to be known of them."""
    from sklearn.preprocessing import StandardScaler

    writers = {split: _Shards(folder, split) for split in ("train", "val")}
    scalers = [StandardScaler() for _ in reading.shapes]
    classes = len(reading.classes)
    of_class = {split: np.zeros(classes, dtype=np.int64) for split in SPLITS}
    for keys, rows in reading.datasets(source):
        for split in SPLITS:
            at = np.flatnonzero(rows.split == split)
            of_class[split] += np.bincount(rows.y[at], minlength=classes)
            if split == "test" or not len(at):
                continue
            arrays = {f"x{m}": x[at] for m, x in enumerate(rows.inputs, start=1)}
            if split == "train":
                for scaler, x in zip(scalers, arrays.values(), strict=True):
                    scaler.partial_fit(x.reshape(len(x), -1))
            arrays |= {"y": rows.y[at], "key": keys[at].view(np.int64)}
            writers[split].add(arrays)
    _check(of_class, reading.classes)
    return {
        "shards": {split: writer.close() for split, writer in writers.items()},
        "counts": {split: int(n.sum()) for split, n in of_class.items()},
        "of_class": {split: n.tolist() for split, n in of_class.items()},
        "statistics": [_statistics(*each) for each in zip(scalers, reading.shapes, strict=True)],
    }


def _check(of_class: Mapping[Split, NDArray[np.int64]], classes: Sequence[str]) -> None:
    """Whether every class can be learnt, and its learning be judged."""
    for split in ("train", "val"):
        lacks = [c for c, n in zip(classes, of_class[split], strict=True) if not n]
        if lacks:
            raise DataError(
                f"{len(lacks)} of {len(classes)} classes, such as {lacks[0][:40]!r}, have no "
                f"{split} row; expected rows of every class in train and val. Add rows, or "
                "choose another split with --split"
            )


class _Shards:
    """Writes rows, in random order within each file."""

    def __init__(self, folder: Path, split: Split) -> None:
        self.folder, self.split = folder, split
        self.rows: list[int] = []
        self._waiting: list[dict[str, NDArray[Any]]] = []

    def add(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take rows; a full file is written."""
        self._waiting.append(arrays)
        width = sum(a.nbytes for a in arrays.values()) / len(arrays["y"])
        if sum(len(a["y"]) for a in self._waiting) >= min(SHARD_ROWS, SHARD_BYTES / width):
            self._write()

    def close(self) -> list[int]:
        """Write what is left; rows of each file."""
        if self._waiting:
            self._write()
        return self.rows

    def _write(self) -> None:
        from safetensors.numpy import save_file

        count = sum(len(a["y"]) for a in self._waiting)
        order = np.random.default_rng([len(self.rows), SPLITS.index(self.split)]).permutation(count)
        arrays = {}
        for name in list(self._waiting[0]):
            arrays[name] = np.concatenate([a.pop(name) for a in self._waiting])[order]
        with replacing(_shard(self.folder, self.split, len(self.rows))) as temporary:
            save_file(arrays, temporary)
        self.rows.append(count)
        self._waiting.clear()


def _shard(folder: Path, split: Split, number: int) -> Path:
    return folder / f"{split}-{number:05d}.safetensors"


def _statistics(scaler: StandardScaler, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Mean and standard deviation of an input, as JSON."""
    return scaler.mean_.reshape(shape).tolist(), np.sqrt(scaler.var_).reshape(shape).tolist()
