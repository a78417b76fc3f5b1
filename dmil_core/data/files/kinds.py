"""What the columns of a table are: numbers, categories, texts, dates, names of files ...

Cells are looked at once per different cell. Counts are of all rows; only what a column *is* may be
decided from some of its cells.

Shapes: N rows, U different cells.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dmil_core.data.files import spellings
from dmil_core.data.files.missing import AS_WRITTEN, is_missing
from dmil_core.data.files.numbers import Decimal, Spelling, read, recognise
from dmil_core.data.files.pictures import PICTURES
from dmil_core.data.files.sounds import SOUNDS
from dmil_core.data.files.table import OF_FILES, Column, Table
from dmil_core.data.ranges import number_name

if TYPE_CHECKING:
    from dmil_core.data.files.media import Files

ColumnKind = Literal[
    "number", "category", "text", "vector", "array", "pictures", "sounds", "file", "link", "date",
    "id", "several labels", "constant", "empty", "unusable",
]  # fmt: skip

#: Different cells that are looked at to tell what a column is.
_LOOKED_AT: Final = 2000
#: Different words of a category at most.
MOST_WORDS: Final = 50
#: Words of a text at least, on average; less is a name.
_LEAST_WORDS: Final = 3.0
#: Different values that are kept with their counts, as they may be classes.
_MOST_COUNTED: Final = 1000
#: Words for true and false, in lower case.
_TRUTH: Final = ({"true", "false"}, {"t", "f"})
#: Names of columns of years.
_YEARS: Final = {"year", "yr", "years", "jahr", "annee", "ano", "anno", "yyyy"}
_CLOCKS: Final = {"timestamp", "unixtime", "epoch", "datetime", "ts", "unix"}
_DAYS: Final = {"date", "day", "datum", "yyyymmdd"}
#: First bytes of pictures and sounds; for WEBP and WAV see `_kind_of_bytes`.
_PICTURE_BYTES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")
_SOUND_BYTES: Final = (b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"FORM")


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known about a column.

    Attributes
    ----------
    kind : what it is.
    missing : (N,) which cells are missing, among numbers also those that are none.
    distinct : how many different values it has, without missing ones.
    numeric : whether its cells are numbers, whatever they mean.
    whole : of numbers, whether all are whole.
    low, high : of numbers, the lowest and the highest.
    spelling : of text that spells numbers, how.
    counts : of at most `_MOST_COUNTED` different values, how often each occurs; else empty.
    odd : rows of a number column whose cell is neither a number nor missing, and one such cell.
    ending : of names of files, the ending that most have.
    mark : of several labels in a cell, what is between them.
    width : numbers in a cell of a vector; 0 where they are not equally many.
    examples : a few different cells.
    why : in words, why it cannot be an input; "" if it can.
    """

    name: str
    kind: ColumnKind
    missing: NDArray[np.bool_]
    distinct: int = 0
    numeric: bool = False
    whole: bool = False
    low: float = 0.0
    high: float = 0.0
    spelling: Spelling | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    odd: tuple[int, ...] = ()
    odd_example: str = ""
    ending: str = ""
    mark: str = ""
    width: int = 1
    examples: tuple[str, ...] = ()
    why: str = ""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.missing)

    @property
    def present(self) -> int:
        """Rows that are not missing."""
        return self.rows - int(self.missing.sum())

    @property
    def unit(self) -> str:
        """Unit of its numbers, as the cells say; "" for none."""
        return self.spelling.unit if self.spelling else ""


# --- cells -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Words:
    """Cells of text: (U,) different ones, and (N,) which of them a row has, -1 for none."""

    words: pa.Array
    codes: NDArray[np.int32]

    def spread(self, values: NDArray[Any], nothing: Any) -> NDArray[Any]:
        """(N,) from one value for each different cell."""
        return np.append(values, nothing)[self.codes]


def is_text(data: Any) -> bool:
    """Whether a column's cells are text."""
    if isinstance(data, np.ndarray):
        return data.dtype.kind == "U"
    kind = data.type.value_type if pa.types.is_dictionary(data.type) else data.type
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in tests)


def words_of(data: Any) -> Words:
    """Cells of text, each different one once."""
    if isinstance(data, np.ndarray):
        data = pa.chunked_array([pa.array(data.tolist(), pa.large_string())])
    if not pa.types.is_dictionary(data.type):
        if not pa.types.is_large_string(data.type):
            data = data.cast(pa.large_string())
        data = pa.chunked_array([_whole(data).dictionary_encode()])
    whole = _whole(data.unify_dictionaries())
    codes = pc.fill_null(whole.indices.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
    words = whole.dictionary.cast(pa.large_string())
    used = np.bincount(codes[codes >= 0], minlength=len(words)) > 0
    if not used.all():  # a dictionary may have words that no row has
        words = words.filter(pa.array(used))
        codes = np.where(codes >= 0, (np.cumsum(used) - 1)[codes], -1)
    return Words(words, codes.astype(np.int32))


def _whole(data: pa.ChunkedArray) -> pa.Array:
    whole = data.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        return whole.chunk(0) if whole.num_chunks else pa.array([], data.type)
    return whole


def is_plain_number(data: Any) -> bool:
    """Whether a column is stored as numbers or truth values, one a row."""
    if isinstance(data, np.ndarray):
        one = data.ndim == 1 or (data.ndim == 2 and data.shape[1] == 1)
        return one and data.dtype.kind in "biuf"
    tests = (
        pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean,
    )  # fmt: skip
    return any(test(data.type) for test in tests)


def stored_numbers(data: Any) -> NDArray[np.float64]:
    """(N,) numbers of a column that `is_plain_number`; NaN where there is none."""
    if isinstance(data, np.ndarray):
        return data.reshape(len(data)).astype(np.float64)
    if pa.types.is_boolean(data.type):
        data = data.cast(pa.uint8())
    numbers: NDArray[np.float64] = pc.fill_null(
        data.cast(pa.float64(), safe=False), np.nan
    ).to_numpy()
    return numbers


def numbers(column: Column, facts: Facts) -> NDArray[np.float64]:
    """(N,) the numbers of a column; NaN where it is missing or the cell is none."""
    if is_text(column.data):
        cells = words_of(column.data)
        missing = is_missing(cells.words, numbers=True)
        read_ = np.where(missing, np.nan, _read(cells.words, missing, facts.spelling or Spelling()))
        return cells.spread(read_, np.nan)
    if not is_plain_number(column.data):
        return np.full(facts.rows, np.nan)
    values = stored_numbers(column.data)
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(values) <= float(np.finfo(np.float32).max), values, np.nan)


def _read(words: pa.Array, missing: NDArray[np.bool_], spelling: Spelling) -> NDArray[np.float64]:
    """(U,) numbers; cells that are missing are not read, so that plain columns are read at once."""
    if missing.any():
        words = pc.if_else(pa.array(~missing), words, pa.scalar(None, words.type))
    return read(words, spelling)


# --- describing ------------------------------------------------------------------------------


def describe(table: Table, as_text: Collection[str] = ()) -> dict[str, Facts]:
    """What every column is, by name; never raises for what a column holds.

    Parameters
    ----------
    as_text : columns whose cells are words also where they spell numbers.
    """
    facts = {
        n: describe_column(c, files=_files_of(c, table), as_text=n in as_text)
        for n, c in table.columns.items()
    }
    decimal = _decimal_of(facts.values())
    if decimal is None:
        return facts
    again = {
        n: describe_column(table.columns[n], decimal, _files_of(table.columns[n], table))
        for n, f in facts.items()
        if f.spelling is not None and (f.spelling.unsure or (decimal == "," and _in_threes(f)))
    }
    return facts | again


def _files_of(column: Column, table: Table) -> Files | None:
    """The files that a column may name; names of the files themselves are none."""
    return None if column.storage == OF_FILES else table.files


def _decimal_of(facts: Any) -> Decimal | None:
    """The decimal mark of columns that leave no doubt; None where there is none, or both."""
    marks: set[Decimal] = {
        f.spelling.decimal
        for f in facts
        if f.spelling and not f.spelling.unsure and not f.whole and not f.spelling.fraction
    }
    return marks.pop() if len(marks) == 1 else None


def _in_threes(facts: Facts) -> bool:
    """Whether all of its numbers have a point and three digits: thousands, in some files."""
    return all(re.fullmatch(r"[+-]?[1-9]\d{0,2}(\.\d{3})+", e.strip()) for e in facts.examples)


def describe_column(
    column: Column, decimal: Decimal | None = None, files: Files | None = None,
    as_text: bool = False,
) -> Facts:  # fmt: skip
    """What one column is.

    Parameters
    ----------
    decimal : the decimal mark of other columns, for numbers that leave it open.
    files : pictures and sounds that cells may name.
    as_text : whether cells are words also where they spell numbers.
    """
    if column.refusal:
        return _unusable(column, column.refusal)
    if column.media:
        missing = np.asarray([not m for m in column.members], dtype=bool)
        return Facts(column.name, column.media, missing, len(column))
    data = column.data
    if is_text(data) and (not isinstance(data, np.ndarray) or data.ndim == 1):
        if files is not None and not as_text and (numbered := _numbered(column, files)):
            return numbered
        plain = _plainly_spelled(data) if decimal != "," and not as_text else None
        if plain is not None:
            values, missing = plain
            return _of_numbers(column.name, values, missing, None, Spelling())
        return _describe_text(column, words_of(data), decimal, files, as_text)
    if is_plain_number(data):
        return _describe_numbers(column)
    if isinstance(data, np.ndarray):
        return _describe_array(column)
    return _describe_stored(column)


def _numbered(column: Column, files: Files) -> Facts | None:
    """Facts of numbers that are names of files: 7 of 7.png, where every row has another one."""
    cells = words_of(column.data)
    if len(cells.words) < max(3, len(column)):
        return None
    step = -(-len(cells.words) // _LOOKED_AT) or 1
    some = [w.strip() for w in cells.words[::step].to_pylist()]
    if not all(map(str.isdecimal, some)) or not all(_member(files, w) for w in some):
        return None
    nowhere = np.zeros(len(column), dtype=bool)
    facts = Facts(column.name, "id", nowhere, len(column), examples=tuple(some[:3]))
    return _named_files(facts, some, files)


def _plainly_spelled(data: Any) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """(N,) numbers and which are missing, of text that spells numbers as every program does.

    This is what most columns are, and it takes a tenth of the time of anything else.
    """
    if isinstance(data, np.ndarray) or pa.types.is_dictionary(data.type):
        return None
    if pa.types.is_string_view(data.type):
        data = data.cast(pa.large_string())
    known = pa.array(AS_WRITTEN, data.type)
    missing = pc.or_kleene(pc.is_in(data, value_set=known), data.is_null())
    try:
        cells = pc.if_else(missing, pa.scalar(None, data.type), data)
        values = pc.fill_null(cells.cast(pa.float64()), np.nan).to_numpy()
    except pa.ArrowInvalid:
        return None
    mask = missing.to_numpy().astype(bool)
    fits = np.abs(values) <= float(np.finfo(np.float32).max)
    # Infinite numbers are told from missing ones, and 00731 from 731, where cells are looked at.
    if not (fits | mask).all() or not fits.any():
        return None
    if (
        np.all(values[fits] == np.round(values[fits]))
        and pc.any(pc.match_substring_regex(cells, r"^0\d")).as_py()
    ):
        return None
    return np.where(mask, np.nan, values), mask


def _unusable(column: Column, why: str) -> Facts:
    return Facts(column.name, "unusable", np.zeros(len(column), dtype=bool), why=why)


def _describe_numbers(column: Column) -> Facts:
    values = stored_numbers(column.data)
    missing = ~(np.abs(values) <= float(np.finfo(np.float32).max))
    odd = np.isinf(values) | (missing & ~np.isnan(values))
    exact = _exact(column.data)
    data = column.data
    facts = _of_numbers(column.name, values, missing, exact, width=_width(data))
    truth = (
        data.dtype.kind == "b" if isinstance(data, np.ndarray) else pa.types.is_boolean(data.type)
    )
    if truth and facts.kind == "number":
        names = {"0": "false", "1": "true"}
        counts = {names[k]: n for k, n in facts.counts.items()}
        return _with(facts, kind="category", counts=counts, examples=tuple(counts))
    if odd.any():
        rows = tuple(np.flatnonzero(odd).tolist())
        return _with(facts, odd=rows, odd_example=str(values[rows[0]]))
    return facts


def _width(data: Any) -> type[np.floating[Any]]:
    """The type of numbers with fractions, so that 0.1 of 32 bits is called 0.1."""
    kind = str(data.dtype if isinstance(data, np.ndarray) else data.type)
    if kind in ("float32", "float"):
        return np.float32
    return np.float16 if kind in ("float16", "halffloat") else np.float64


def _exact(data: Any) -> NDArray[Any] | None:
    """Integers beyond the reach of float64, as text; None for everything else."""
    if isinstance(data, np.ndarray):
        if data.dtype.kind not in "iu" or not data.size:
            return None
        big = float(np.abs(data.astype(np.float64)).max()) >= 2**53
        return data.reshape(len(data)).astype(np.str_) if big else None
    if not pa.types.is_integer(data.type) or not len(data):
        return None
    top = pc.max(data).as_py()
    low = pc.min(data).as_py()
    if top is None or (top < 2**53 and low > -(2**53)):
        return None
    return np.asarray(pc.fill_null(data.cast(pa.string()), "").to_pylist(), dtype=np.str_)


def _of_numbers(
    name: str, values: NDArray[np.float64], missing: NDArray[np.bool_],
    exact: NDArray[Any] | None = None, spelling: Spelling | None = None,
    width: type[np.floating[Any]] = np.float64,
) -> Facts:  # fmt: skip
    """Facts of a column of numbers, whichever way they were stored; ``width`` is their type."""
    present = values[~missing]
    if not len(present):
        return Facts(name, "empty", missing, why="it is empty", spelling=spelling)
    # Zero and minus zero are one value.
    shown = pa.array(present + 0.0 if exact is None else exact[~missing])
    different = pc.count_distinct(shown).as_py()
    whole = exact is not None or bool((present == np.round(present)).all())
    low, high = float(present.min()), float(present.max())
    counted: dict[str, int] = {}
    if different <= _MOST_COUNTED:
        pairs = pc.value_counts(shown).to_pylist()
        for pair in sorted(pairs, key=lambda p: (len(str(p["values"])) if exact is not None else 0,
                                                 p["values"])):  # fmt: skip
            value = pair["values"]
            name_ = value if exact is not None else number_name(width(value))
            counted[name_] = pair["counts"]
    shown_ = present[:3].tolist()
    examples = tuple(number_name(width(v)) if exact is None else str(v) for v in shown_)
    facts = Facts(
        name, "number", missing, different, True, whole, low, high, spelling, counted,
        examples=examples,
    )  # fmt: skip
    if different == 1 and facts.rows > 1:  # a single new row says nothing of its columns
        return _constant(facts)
    if why := _why_no_quantity(facts, present):
        kind: ColumnKind = "id" if "row" in why else "date"
        return _with(facts, kind=kind, why=why)
    return facts


def tokens(name: str) -> list[str]:
    """The parts of a column's name, in lower case: ``PatientID``, ``patient_id`` -> patient, id."""
    parted = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3 \2\4", name)
    return [t.lower() for t in re.split(r"[\W_]+", parted) if t]


def _why_no_quantity(facts: Facts, present: NDArray[np.float64]) -> str:
    """Why numbers measure nothing: they number the rows, or are years or moments."""
    named = set(tokens(facts.name))
    low, high = facts.low, facts.high
    if facts.whole and facts.distinct == facts.present == facts.rows and facts.rows > 2:
        counting = low in (0, 1) and high - low == facts.rows - 1
        if not named or named <= {"unnamed", "0"} or (counting and np.all(np.diff(present) == 1)):
            return "it numbers the rows"
        if named & {"id", "ids", "uid", "uuid", "key", "index", "idx"} or _is_numbering(facts.name):
            return "every row has another value"
    year = named & _YEARS or (facts.unit in ("\u5e74", "\ub144") and low >= 1000)
    if facts.whole and year and low >= 1000 and high <= 2200:
        return f"years, {low:.0f} to {high:.0f}"
    if facts.whole and named & _DAYS and low >= 19_000_101 and high <= 22_001_231:
        return "dates"
    if named & _CLOCKS and ((low >= 5e8 and high <= 5e9) or (low >= 5e11 and high <= 5e12)):
        return "moments in seconds since 1970"
    return ""


def _is_numbering(name: str) -> bool:
    """Whether a name ends in a word for names of rows: sample_no, patient number, barcode."""
    last = tokens(name)[-1:]
    words = ("no", "nr", "num", "number", "code", "barcode", "accession", "mrn", "serial")
    return bool(last) and last[0] in words


def _constant(facts: Facts) -> Facts:
    value = facts.examples[0] if facts.examples else ""
    missing = facts.rows - facts.present
    beside = f" where it is not missing ({missing:,} rows)" if missing else ""
    return _with(facts, kind="constant", why=f"it is always {value[:30]!r}{beside}")


def _describe_text(
    column: Column, cells: Words, decimal: Decimal | None, files: Files | None, as_text: bool
) -> Facts:
    words = cells.words
    among_numbers = is_missing(words, numbers=True)
    spelling = None if as_text else _plain_or(words, among_numbers, decimal)
    if spelling is not None and not (spelling.unit and _are_files(words)):
        facts = _describe_spelled(column, cells, among_numbers, spelling)
        if facts is not None:
            return facts
    missing = cells.spread(is_missing(words), True)
    left = words.filter(pa.array(~is_missing(words)))
    counts = np.bincount(cells.codes[~missing], minlength=len(words))
    plain = pc.utf8_trim_whitespace(left)
    distinct = pc.count_distinct(plain).as_py()
    step = -(-len(left) // _LOOKED_AT) or 1
    some = plain[::step].to_pylist()
    if not some:
        return Facts(column.name, "empty", missing, why="it is empty")
    facts = Facts(column.name, "text", missing, distinct, examples=tuple(some[:3]))
    counted: Counter[str] = Counter()
    if distinct <= _MOST_COUNTED:
        kept = np.flatnonzero(counts)
        for word, n in zip(words.take(pa.array(kept)).to_pylist(), counts[kept].tolist(),
                           strict=True):  # fmt: skip
            counted[word.strip()] += n
        facts = _with(facts, counts=dict(sorted(counted.items())))
    if distinct == 1:
        named = _named_files(facts, some, files)
        constant = _constant(facts)
        if named is not None and named.kind in ("pictures", "sounds"):
            return _with(constant, kind=named.kind, ending=named.ending)
        return constant
    data = column.data
    declared = not isinstance(data, np.ndarray) and pa.types.is_dictionary(data.type)
    return _kind_of_text(facts, some, files, declared)


def _plain_or(
    words: pa.Array, missing: NDArray[np.bool_], decimal: Decimal | None
) -> Spelling | None:
    """How text spells numbers; None where it does not."""
    left = words.filter(pa.array(~missing))
    return recognise(left, decimal) if len(left) else None


def _are_files(words: pa.Array) -> bool:
    """Whether cells such as 7.png name files, and are no number with a unit."""
    cells = words.filter(pa.array(~is_missing(words)))[:_LOOKED_AT].to_pylist()
    return bool(spellings.ending(cells))


def _describe_spelled(
    column: Column, cells: Words, missing: NDArray[np.bool_], spelling: Spelling
) -> Facts | None:
    """Facts of text that spells numbers; None where too many rows are none."""
    values = _read(cells.words, missing, spelling)
    none = np.isnan(values) & ~missing
    rows = cells.spread(none, False)
    all_missing = cells.spread(np.isnan(values), True)
    if int(rows.sum()) > 0.2 * max(1, len(rows) - int(all_missing.sum()) + int(rows.sum())):
        return None
    facts = _of_numbers(column.name, cells.spread(values, np.nan), all_missing, None, spelling)
    shown = cells.words.filter(pa.array(~missing & ~none))[:3].to_pylist()
    example = cells.words.filter(pa.array(none))[0].as_py() if none.any() else ""
    return _with(
        facts, odd=tuple(np.flatnonzero(rows).tolist()), odd_example=example.strip()[:30],
        examples=tuple(s.strip() for s in shown),
    )  # fmt: skip


def _kind_of_text(facts: Facts, some: Sequence[str], files: Files | None, declared: bool) -> Facts:
    named = _named_files(facts, some, files)
    if named is not None:
        return named
    if spellings.are_addresses(some):
        return _with(facts, kind="link", why="links")
    if spellings.are_dates(some):
        return _with(facts, kind="date", why="dates" if ":" not in some[0] else "dates or times")
    if spellings.are_lists(some):
        return _of_lists(facts, some)
    if (mark := spellings.between_labels(some)) and facts.distinct <= _MOST_COUNTED:
        why = f"several labels in a cell, with {mark!r} between"
        return _with(facts, kind="several labels", mark=mark, why=why)
    words = float(np.mean([len(c.split()) for c in some]))
    length = float(np.mean([len(c) for c in some]))
    if facts.distinct == facts.present and facts.rows > 2:
        if _are_digits(some) or (words < _LEAST_WORDS and not _is_prose(some, length)):
            return _with(facts, kind="id", why="every row has another value")
        return _with(facts, kind="text")
    few = facts.distinct <= MOST_WORDS and (
        facts.distinct <= 2 or facts.present >= 2 * facts.distinct
    )
    if declared and facts.distinct <= 10 * MOST_WORDS:
        return _with(facts, kind="category")
    if few and (words < 2 * _LEAST_WORDS or facts.present >= 5 * facts.distinct):
        return _with(facts, kind="category")
    if words >= _LEAST_WORDS or _is_prose(some, length):
        return _with(facts, kind="text")
    return _with(facts, kind="category")


def _are_digits(some: Sequence[str]) -> bool:
    """Whether these are numbers to call and the like: digits and signs, and no letter."""
    return not any(any(map(str.isalpha, c)) for c in some)


def _is_prose(some: Sequence[str], length: float) -> bool:
    """Whether these are texts in a script that has no blanks between words."""
    other = sum(sum(ord(c) > 0x2E7F or 0x0E00 <= ord(c) < 0x1100 for c in cell) for cell in some)
    return length >= 6 and other > 0.3 * sum(map(len, some))


def _named_files(facts: Facts, some: Sequence[str], files: Files | None) -> Facts | None:
    """Facts of a column that names files: by their endings, or because there are such files."""
    end = spellings.ending(some)
    if not end and files is not None:
        found = [spellings.file_name(c) for c in some]
        members = [m for f in found if (m := _member(files, f))]
        if len(members) >= 0.9 * len(found):
            end = spellings.ending(members) or ".png"
    if not end:
        return None
    kinds: dict[str, ColumnKind] = {
        **dict.fromkeys(PICTURES, "pictures"), **dict.fromkeys(SOUNDS, "sounds")
    }  # fmt: skip
    kind = kinds.get(end, "file")
    if kind == "file":
        why = f"names of {end} files, which cannot be read"
        if end in (".tif", ".tiff", ".svg", ".heic", ".dcm", ".psd"):
            why = f"names of {end} pictures: save them as PNG"
        elif end in (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv"):
            why = f"names of {end} videos: save their sound as WAV, or single pictures as PNG"
        elif end in (".m4a", ".aac", ".wma", ".amr"):
            why = f"names of {end} sounds: save them as WAV or FLAC"
        elif end in (".npy", ".npz", ".pt", ".pth", ".pkl", ".pickle"):
            why = f"names of {end} files: put their numbers into an .npz or Parquet file"
        return _with(facts, kind=kind, ending=end, why=why)
    return _with(facts, kind=kind, ending=end)


def _member(files: Files, name: str) -> str:
    """The path of the one file that a cell names, "" if there is none."""
    return files.find(name) or ""


def _of_lists(facts: Facts, some: Sequence[str]) -> Facts:
    if any("..." in c for c in some):
        why = "lists that were cut short when they were printed (with ...): save them whole"
        return _with(facts, kind="unusable", why=why)
    widths = Counter(len(spellings.numbers_of(c) or ()) for c in some)
    width, count = widths.most_common(1)[0]
    if count < 0.9 * len(some):
        why = f"lists of unequal length, {min(widths)} to {max(widths)} numbers"
        return _with(facts, kind="unusable", why=why)
    return _with(facts, kind="vector", width=width)  # a few others are named where it is chosen


# --- arrays and what Parquet can hold --------------------------------------------------------


def _describe_array(column: Column) -> Facts:
    data = column.data
    assert isinstance(data, np.ndarray)
    nothing = np.zeros(len(data) if data.ndim else 0, dtype=bool)
    if data.dtype.kind == "c":
        return _unusable(column, "complex numbers: store real and imaginary part, or the modulus")
    if data.dtype.kind not in "biufU":
        return _unusable(column, f"{data.dtype}, neither numbers nor text")
    if data.ndim == 2 and data.dtype.kind in "biuf":
        if data.dtype.kind == "f":
            nothing = np.asarray(~np.isfinite(data).all(axis=1))
        return Facts(column.name, "vector", nothing, len(data), width=data.shape[1])
    return Facts(column.name, "array", nothing, len(data), width=int(np.prod(data.shape[1:])))


def _describe_stored(column: Column) -> Facts:
    """Dates, lists, bytes and whatever else a Parquet file can hold."""
    data = column.data
    assert isinstance(data, pa.ChunkedArray)
    kind = data.type
    missing = data.is_null().to_numpy().astype(bool)
    if pa.types.is_null(kind) or missing.all():
        return Facts(column.name, "empty", missing, why="it is empty")
    if pa.types.is_temporal(kind):
        distinct = pc.count_distinct(data, mode="only_valid").as_py()
        return Facts(column.name, "date", missing, distinct, why="dates or times")
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return _describe_lists(column, missing)
    if media := _kind_of_media(data):
        return Facts(column.name, media, missing, len(data))
    return _unusable(column, f"{str(kind)[:60]}, neither numbers nor text")


def _describe_lists(column: Column, missing: NDArray[np.bool_]) -> Facts:
    data = column.data
    assert isinstance(data, pa.ChunkedArray)
    inside = data.type.value_type
    is_text_ = pa.types.is_string(inside) or pa.types.is_large_string(inside)
    if is_text_:
        return Facts(column.name, "several labels", missing, mark=",",
                     why="several labels in a cell")  # fmt: skip
    if not (pa.types.is_integer(inside) or pa.types.is_floating(inside)):
        return _unusable(column, f"lists of {str(inside)[:40]}")
    if pa.types.is_fixed_size_list(data.type):
        return Facts(column.name, "vector", missing, len(data), width=data.type.list_size)
    lengths = pc.unique(pc.list_value_length(data.drop_null())).to_pylist()
    if len(lengths) != 1:
        why = f"lists of unequal length, {min(lengths)} to {max(lengths)} numbers"
        return Facts(column.name, "unusable", missing, width=0, why=why)
    if lengths == [0]:
        return Facts(column.name, "empty", missing, why="its lists are empty")
    return Facts(column.name, "vector", missing, len(data), width=lengths[0])


def _kind_of_media(data: pa.ChunkedArray) -> ColumnKind | None:
    """Pictures or sounds in bytes, alone or with their path as the library datasets stores them."""
    binary = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary,
              pa.types.is_binary_view)  # fmt: skip
    if pa.types.is_struct(data.type):
        names = [f.name for f in data.type]
        if "bytes" not in names:
            return None
        data = pc.struct_field(data, [names.index("bytes")])
    if not any(test(data.type) for test in binary):
        return None
    first = next((v for v in data.drop_null()[:1].to_pylist()), b"") or b""
    return _kind_of_bytes(first)


def _kind_of_bytes(content: bytes) -> ColumnKind | None:
    if content.startswith(_PICTURE_BYTES) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP"):
        return "pictures"
    if content.startswith(_SOUND_BYTES) or content[:4] in (b"RIFF", b"RIFX"):
        return "sounds"
    return None


def _with(facts: Facts, **changes: Any) -> Facts:
    return replace(facts, **changes)


def codes_of(column: Column, facts: Facts) -> NDArray[np.int64]:
    """(N,) which of ``facts.counts`` each row has, in their order; -1 where it is missing.

    For a column of at most `_MOST_COUNTED` different values: numbers, words, truth values.
    """
    order = {name: k for k, name in enumerate(facts.counts)}
    if is_text(column.data) and facts.kind != "number" and facts.spelling is None:
        cells = words_of(column.data)
        index = [order.get(w.strip(), -1) for w in cells.words.to_pylist()]
        codes = cells.spread(np.asarray(index, dtype=np.int64), -1)
        return np.where(facts.missing, -1, codes)
    exact = None if is_text(column.data) else _exact(column.data)
    if exact is not None:
        return np.asarray([order.get(v, -1) for v in exact.tolist()], dtype=np.int64)
    values, inverse = np.unique(numbers(column, facts), return_inverse=True)
    truth = {"0": "false", "1": "true"} if "false" in order or "true" in order else {}
    width = np.float64 if is_text(column.data) else _width(column.data)
    names = ["" if np.isnan(v) else number_name(width(v)) for v in values.tolist()]
    index = [order.get(truth.get(n, n), -1) for n in names]
    return np.asarray(index, dtype=np.int64)[inverse]
