"""Tables of text: CSV and its relatives, in the encodings and with the separators people use.

Cells are data: nothing in them is run, and a spreadsheet's formula stays the text it is. All of
them stay text here; what they mean is decided where they are used.
"""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dmil_core.data.files.budget import TABLE, Account, Cost
from dmil_core.data.files.limits import MIB, Limits
from dmil_core.data.files.readers.names import INDEX, note, usable_names
from dmil_core.data.files.readers.options import DEFAULT_OPTIONS, SEPARATORS, ReadOptions
from dmil_core.data.files.readers.sizes import check_size
from dmil_core.data.files.table import Column, Table
from dmil_core.data.validate import Issue
from dmil_core.errors import DataError
from dmil_core.io.reading import brief

#: Bytes and rows from which separator and header are guessed.
_SAMPLE: Final = 256 * 1024
_SAMPLE_ROWS: Final = 50
_SAMPLE_CELLS: Final = 20_000
_WIDEST_SAMPLE: Final = 16 * MIB
#: Lines of titles that a table may have above it.
_MOST_TITLES: Final = 20
#: Bytes that are parsed at once; a row may not be longer, unless all is parsed at once.
_BLOCK: Final = 4 * MIB
#: Encodings by the mark that a text begins with, the longer marks first.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_NUMBER: Final = re.compile(r"[-+]?[\d.,'\s]*\d[\d.,'\s]*(e[-+]?\d+)?\s*%?", re.IGNORECASE)
_MISSING: Final = {"", "na", "nan", "n/a", "null", "none", "-", "?", "inf", "-inf"}
_SAVE: Final = "Save the table again as CSV UTF-8, with a header and one row per sample."
_LINE: Final = re.compile(r"\r\n|\n|\r")


def is_text(content: bytes) -> bool:
    """Whether bytes begin like text in an encoding that is read."""
    head = content[:4096]
    if any(head.startswith(mark) for mark, _ in _MARKS) or _utf16_by_zeros(head):
        return True
    odd = sum(byte < 32 and byte not in b"\t\n\r\x0b\x0c\x1b" for byte in head)
    return b"\0" not in head and odd <= max(2, len(head) // 50)


def read_delimited(
    content: bytes, name: str, account: Account, limits: Limits,
    options: ReadOptions = DEFAULT_OPTIONS,
) -> Table:  # fmt: skip
    """A table whose cells are all text, as they stand in the file.

    Parameters
    ----------
    content : a row per line, of UTF-8, UTF-16 or Windows-1252; cells between separators, in
        quotation marks where they hold separators or line breaks. Lines that begin with # before
        the header are comments, ``sep=;`` names the separator.
    name : of the file, for messages.
    account : what is charged for the cells before they are split.

    Raises
    ------
    DataError
        If it is no such text, has rows of unequal length, or is too large; a `BudgetError` if the
        account has no room for it.
    """
    text, issues = _as_utf8(content, options)
    if not options.separator:
        text = _in_columns(text)
    layout = _layout(text, name, options, limits)
    body = memoryview(text)[layout.start :]
    if b'"' not in text:
        check_size(text.count(b"\n", layout.start), len(layout.names), limits)
    # Each cell has an offset of four bytes beside its text.
    cells = text.count(layout.separator.encode(), layout.start) + text.count(b"\n", layout.start)
    what = "Choose fewer rows or columns, or store numbers as Parquet or .npz."
    account.charge(TABLE, Cost(arrays=len(body) + 4 * cells), what)
    table, comments = _split(body, layout, name)
    check_size(table.num_rows, table.num_columns, limits)
    if comments:
        title = f"{comments:,} comments between the rows are left out"
        issues.append(note(title, "Lines that begin with # are comments."))
    names, table, left_out = _without_empty(layout.names, table)
    issues += left_out
    table, left_out = _without_repeated_header(names, table)
    names, renamed = usable_names(names, limits)
    issues += [*layout.issues, *left_out, *renamed]
    columns = {n: _column(n, table.column(i), limits) for i, n in enumerate(names)}
    account.charge(TABLE, Cost(arrays=table.nbytes), what)
    return Table(columns, tuple(issues), origin=(name,))


def _column(name: str, cells: pa.ChunkedArray, limits: Limits) -> Column:
    return Column(name, cells, "text", long_text(cells, limits))


def long_text(cells: pa.ChunkedArray, limits: Limits) -> str:
    """Why a column of text cannot be used: a cell that is too long; else empty."""
    for number, chunk in enumerate(cells.chunks):
        values = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
        if (pc.max(pc.binary_length(values)).as_py() or 0) <= limits.cell_length:
            continue  # characters are no fewer bytes
        lengths = pc.utf8_length(values)
        longest = pc.max(lengths).as_py() or 0
        if longest > limits.cell_length:
            at = int(np.argmax(lengths.fill_null(0).to_numpy(zero_copy_only=False)))
            first = sum(len(c) for c in cells.chunks[:number])
            where = "" if values is not chunk else f" in row {first + at}"
            return (
                f"it has a text of {longest:,} characters{where}, expected at most "
                f"{limits.cell_length:,}. Shorten it, or close an open quotation mark."
            )
    return ""


# --- encodings ---------------------------------------------------------------------------------


def _as_utf8(content: bytes, options: ReadOptions) -> tuple[bytes, list[Issue]]:
    """Valid UTF-8 without a mark, with lines that end in a line feed."""
    issues: list[Issue] = []
    if options.encoding:
        text = _decoded(content, options.encoding)
    elif mark := next((m for m in _MARKS if content.startswith(m[0])), None):
        text = content[3:] if mark[1] == "utf-8" else _decoded(content, mark[1])
        _require_utf8(text, mark[1])
    elif order := _utf16_by_zeros(content[:4096]):
        text = _decoded(content, order)
    elif _first_invalid(content) is None:
        text = content
    else:
        text, issues = _windows(content)
    if b"\0" in text:
        line = text[: text.index(b"\0")].count(b"\n") + 1
        raise DataError(f"Line {line} has a zero byte, so this is no text. Save it as CSV UTF-8.")
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not text.strip():
        raise DataError("The file is empty. Expected a header and one row per sample.")
    return text, issues


def _decoded(content: bytes, encoding: str) -> bytes:
    try:
        return content.decode(encoding).removeprefix("\ufeff").encode("utf-8")
    except LookupError:
        raise DataError(
            f"There is no encoding {encoding[:40]!r}. Name one such as utf-8, cp1252 or gb18030."
        ) from None
    except Exception as error:  # codecs raise more than UnicodeError
        raise DataError(
            f"The text is not {encoding[:40]}: {brief(error)[:100]}. Save it as CSV UTF-8."
        ) from None


def _utf16_by_zeros(head: bytes) -> str:
    """The byte order of UTF-16 without a mark: of plain letters every other byte is zero."""
    head = head[: len(head) // 2 * 2]
    if len(head) < 8:
        return ""
    first, second = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if second > 0.6 * half and not first:
        return "utf-16-le"
    return "utf-16-be" if first > 0.6 * half and not second else ""


def _first_invalid(content: bytes) -> int | None:
    """Position of the first byte that is no UTF-8."""
    if content.isascii():
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(content)
    for start in range(0, len(content), MIB):
        try:
            decoder.decode(view[start : start + MIB], start + MIB >= len(content))
        except UnicodeDecodeError as error:
            return max(0, start + error.start)
    return None


def _require_utf8(text: bytes, encoding: str) -> None:
    if encoding == "utf-8" and (at := _first_invalid(text)) is not None:
        line = text[:at].count(b"\n") + 1
        raise DataError(f"Line {line} is not UTF-8 text. Save the table as CSV UTF-8.")


def _windows(content: bytes) -> tuple[bytes, list[Issue]]:
    """Text of Windows-1252, which old spreadsheet programs write, and a note with a word of it."""
    at = _first_invalid(content) or 0
    line = content[:at].count(b"\n") + 1
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError:
        raise DataError(
            f"Line {line} is not UTF-8 text, nor Windows-1252. Save the table as CSV UTF-8; in a "
            "spreadsheet program that is a choice beside the file's name."
        ) from None
    start = max(0, at - 20)
    word = next(
        (w for w in re.split(r'[,;|\s"]+', text[start : at + 21]) if not w.isascii()), text[at]
    )
    title = (
        f"the text is not UTF-8; it is read as Windows-1252, such as {word[:40]!r} in line {line}"
    )
    what = (
        "Look whether that is spelt right; otherwise save the table as CSV UTF-8, or say in which "
        "encoding it is (--encoding gb18030, for instance)."
    )
    return text.encode("utf-8"), [note(title, what)]


def _in_columns(text: bytes) -> bytes:
    """Numbers that nothing but blanks keep apart, with a tab between them; other text as it is."""
    head = text[:_SAMPLE].decode("utf-8", "ignore").split("\n")
    lines = [line for line in head[:-1] if line.strip() and not line.startswith("#")][:_SAMPLE_ROWS]
    if len(lines) < 3 or any(s in line for line in lines for s in (*SEPARATORS, '"')):
        return text
    rows = [line.split() for line in lines]
    width = len(rows[1])
    even = width > 1 and len(rows[0]) in (width, width - 1)
    if not even or any(len(row) != width for row in rows[1:]):
        return text
    numeric = sum(_mostly_numbers([row[i] for row in rows[1:]]) for i in range(width))
    if 2 * numeric < width:
        return text
    return re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t]+$", b"", text))


# --- separator and header ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Layout:
    """How a text is cut: at what, from which byte on, with which names."""

    separator: str
    names: list[str]
    start: int
    line: int  # of the text, from 1, where `start` is
    issues: list[Issue] = field(default_factory=list)


def _layout(text: bytes, name: str, options: ReadOptions, limits: Limits) -> _Layout:
    # A wide header has to lie in it, and some rows.
    size = max(_SAMPLE, min(4 * text.find(b"\n"), _WIDEST_SAMPLE))
    sample = text[:size].decode("utf-8", "ignore")
    line = 1
    comment, named, position = "", options.separator, 0
    while position < len(sample):
        end = sample.find("\n", position)
        end = len(sample) if end < 0 else end
        current = sample[position:end]
        marked = re.fullmatch(r'"?sep=(.+?)"?\s?', current.replace("\\t", "\t"), re.IGNORECASE)
        if marked and line == 1:
            named = named or marked[1]
        elif current.startswith("#") and not _is_header_of(current, sample[end + 1 :]):
            comment = current
        elif current.strip():
            break
        position, line = end + 1, line + 1
    if position >= len(sample):
        raise DataError(f"{name} has nothing but comments. {_SAVE}")
    titles = _titles(sample[position:], named)
    if titles:
        position += sum(len(title) + 1 for title in titles)
        line += len(titles)
    if named and len(named) != 1:
        raise DataError(f"The separator {named[:20]!r} has {len(named)} characters, expected one.")
    rest = sample[position:]
    cut = rest if len(text) <= len(sample.encode("utf-8")) else rest[: rest.rfind("\n") + 1] or rest
    separator = named or _separator(cut)
    rows, lengths = _sampled(cut, separator)
    if not rows:
        raise DataError(f"{name} has no row that can be read. {_SAVE}")
    names, has_header, issues = _names(rows, comment, separator, options)
    if len(names) == 1:
        known = ", ".join(SEPARATORS.values())
        raise DataError(
            f"{name} has a single column: its cells are separated by none of {known}. {_SAVE}"
        )
    if max(map(len, names)) > 100 * limits.name_length:
        raise DataError(
            f"The first line has a cell of {max(map(len, names)):,} characters. Expected a header "
            f"of column names, each at most {limits.name_length} characters long."
        )
    check_size(0, len(names), limits)
    if titles:
        count = "1 line" if len(titles) == 1 else f"{len(titles)} lines"
        verb = "is" if len(titles) == 1 else "are"
        title = f"{count} above the table {verb} left out, such as {titles[0].strip()[:40]!r}"
        issues.append(note(title, "Delete what is above the names of the columns."))
    skipped = lengths[0] if has_header else 0
    start = len(sample[: position + skipped].encode("utf-8"))
    return _Layout(separator, names, start, line + rest[:skipped].count("\n"), issues)


def _titles(text: str, separator: str) -> list[str]:
    """Lines above a table that are none of it, as programs write when they export: they have fewer
    cells than all lines below, and more than one less."""
    lines = text.split("\n")[: _SAMPLE_ROWS + _MOST_TITLES]
    if '"' in text[: sum(map(len, lines))]:
        return []
    found: list[str] = []
    for each in (separator,) if separator else SEPARATORS:
        widths = [len(line.split(each)) if line.strip() else 0 for line in lines]
        usual = max(set(widths), key=widths.count)
        first = next((i for i, width in enumerate(widths) if width == usual), 0)
        if usual < 2 or not set(widths[first:-1]) <= {usual, 0}:
            continue
        if first == 0 or max(widths[:first]) >= usual - 1:
            return []  # nothing is above it
        if usual > 2 and first <= _MOST_TITLES and len(lines) - first > 3:
            found = found or lines[:first]
    return found


def _is_header_of(comment: str, below: str) -> bool:
    """Whether a line that begins with # is a header, as of a column named #: no row is like it."""
    following = below.lstrip("\n").split("\n", 1)[0]
    if following.startswith("#") or not following:
        return False
    return comment[1:2] in SEPARATORS and any(
        comment.count(s) == following.count(s) > 0 for s in SEPARATORS
    )


def _sampled(sample: str, separator: str) -> tuple[list[list[str]], list[int]]:
    """The first rows, and the characters that each takes with the blank lines before it."""
    lines = sample.splitlines(keepends=True)
    reader = csv.reader(iter(lines), delimiter=separator)
    rows: list[list[str]] = []
    lengths: list[int] = []
    before = cells = 0
    try:
        for row in reader:
            cells += len(row)
            if row and len(rows) < _SAMPLE_ROWS and (len(rows) < 5 or cells < _SAMPLE_CELLS):
                rows.append(row)
                lengths.append(sum(map(len, lines[before : reader.line_num])))
                before = reader.line_num
            elif row:
                break
    except csv.Error:  # a cell of 128 kB and more; the parser of the whole text decides on it
        pass
    return rows, lengths


def _separator(sample: str) -> str:
    """What cuts the first rows into equally many cells, and these into the plainest ones."""
    head = sample.split("\n", 1)[0]
    scores: dict[str, tuple[bool, float, int]] = {}
    for separator in SEPARATORS:
        rows, _ = _sampled(sample, separator)
        rows = [r for r in rows if not r[0].startswith("#")] or rows
        widths = [len(row) for row in rows]
        if not widths or max(widths) < 2:
            continue
        usual = max(set(widths), key=widths.count)
        # R leaves out the name of the first column.
        even = usual > 1 and set(widths[1:]) <= {usual} and widths[0] in (usual, usual - 1)
        cells = [cell for row in rows[1:] or rows for cell in row]
        plain = sum(_is_number(c) or not any(s in c for s in SEPARATORS) for c in cells)
        scores[separator] = (even, round(plain / len(cells), 2), usual)
    if not scores:
        return max(SEPARATORS, key=head.count)
    return max(scores, key=lambda s: (*scores[s], head.count(s)))


def _names(
    rows: list[list[str]], comment: str, separator: str, options: ReadOptions
) -> tuple[list[str], bool, list[Issue]]:
    """Names of the columns, whether the first row has them, and what to say about it."""
    first, below = [cell.strip() for cell in rows[0]], rows[1:]
    width = len(first)
    if below and all(len(row) == width + 1 for row in below):
        # Every row ends in a separator; or R names the rows, and not their column.
        ends = all(not row[-1].strip() for row in below)
        first = [*first, ""] if ends else ["", *first]
    has_header = options.header == "yes"
    if options.header == "auto":
        has_header = not _is_row(first, below)
    if has_header:
        return first, True, []
    # numpy.savetxt writes the names as a comment.
    written = next(csv.reader([comment.lstrip("# \t")], delimiter=separator), [])
    if comment and len(written) == width and not _is_row([w.strip() for w in written], below):
        return [w.strip() for w in written], False, []
    names = [f"column {i + 1}" for i in range(len(first))]
    if options.header == "no":
        return names, False, []
    shown = ", ".join(cell[:20] for cell in first[:4]) + (" …" if first[4:] else "")
    title = f"the first row looks like the others ({shown}); it is read as a row, without a header"
    what = (
        f"The columns are called 'column 1' to 'column {len(first)}'. Write a header above them, "
        "or say that the first row is one."
    )
    return names, False, [note(title, what)]


def _is_row(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a first row is a row like those below rather than their header."""
    columns = [[row[i].strip() for row in below if i < len(row)] for i in range(len(first))]
    numeric = [i for i, cells in enumerate(columns) if _mostly_numbers(cells)]
    numbers = [i for i in numeric if _is_number(first[i])]
    if numbers:
        # Names that are numbers count on: 0, 1, 2 of pandas, or years.
        values = [first[i] for i in numbers]
        counting = all(v.isascii() and v.isdigit() for v in values) and all(
            int(b) - int(a) == 1 for a, b in itertools.pairwise(values)
        )
        return 2 * len(numbers) >= len(numeric) and not (counting and len(values) > 1)
    if numeric:
        return False
    # Of texts alone: a word that stands below once more is no name.
    return any(cell and cells.count(cell) > 1 for cell, cells in zip(first, columns, strict=True))


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell.strip())) if len(cell) < 50 else False


def _mostly_numbers(cells: Sequence[str]) -> bool:
    known = [c for c in cells if c.lower() not in _MISSING]
    return bool(known) and 2 * sum(map(_is_number, known)) > len(known)


# --- cells -------------------------------------------------------------------------------------


def _split(body: memoryview, layout: _Layout, name: str) -> tuple[pa.Table, int]:
    """The cells as text, and the number of comments between the rows."""
    names = [str(i) for i in range(len(layout.names))]
    if not bytes(body[:4096]).strip() and not bytes(body).strip():
        return pa.table({n: pa.array([], pa.string()) for n in names}), 0
    try:
        table, comments = _parsed(body, layout, names, _BLOCK)
    except _LongRowError:
        table, comments = _parsed(body, layout, names, len(body) + 1)
    _require_closed(body, table, layout, name)
    return table, comments


class _LongRowError(Exception):
    """A row is longer than the block that was parsed."""


def _parsed(
    body: memoryview, layout: _Layout, names: list[str], block: int
) -> tuple[pa.Table, int]:
    from pyarrow import csv as arrow_csv

    ragged: list[Any] = []
    comments = 0

    def handle(row: Any) -> str:
        nonlocal comments
        if row.text.startswith("#"):
            comments += 1
            return "skip"
        ragged.append(row)
        return "error"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(pa.py_buffer(body)),
            read_options=arrow_csv.ReadOptions(
                use_threads=False, column_names=names, block_size=min(block, 2**31 - 1)
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.separator, newlines_in_values=True, invalid_row_handler=handle
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except Exception as error:  # of the parser, whatever it is
        if "straddles" in str(error) and block <= len(body):
            raise _LongRowError from None
        raise _refused_rows(ragged, layout, error) from None
    return table, comments


def _refused_rows(ragged: list[Any], layout: _Layout, error: Exception) -> DataError:
    if not ragged:
        return DataError(
            f"The rows cannot be split by {SEPARATORS.get(layout.separator, 'its separator')}s "
            f"({brief(error)[:200]}). {_SAVE}"
        )
    row = ragged[0]
    return DataError(
        f"Row {row.number} below the header has {row.actual_columns} cells, expected "
        f"{row.expected_columns} separated by {SEPARATORS.get(layout.separator, 'its separator')}s:"
        f" {row.text[:80]!r}. Put cells that hold the separator in quotation marks, or complete "
        "the row."
    )


def _require_closed(body: memoryview, table: pa.Table, layout: _Layout, name: str) -> None:
    """The parser takes a quotation mark that is never closed as closed by the end of the file."""
    if not table.num_rows:
        return
    last = table.column(table.num_columns - 1)[-1].as_py()
    if "\n" in last and not bytes(body[-4096:]).rstrip().endswith(b'"'):
        line = layout.line + bytes(body).count(b"\n") - last.count("\n")
        raise DataError(
            f"A quotation mark near line {line} of {name} is not closed. Close it, or "
            f"write it twice. {_SAVE}"
        )


def _without_empty(names: list[str], table: pa.Table) -> tuple[list[str], pa.Table, list[Issue]]:
    """Spreadsheets write columns and rows that hold nothing, not even a name."""
    issues = []
    kept = [
        i for i, n in enumerate(names)
        if n.strip() or pc.any(pc.not_equal(table.column(i), "")).as_py()
    ]  # fmt: skip
    if len(kept) < len(names):
        count = len(names) - len(kept)
        title = f"columns without a name and without a value: {count:,}, left out"
        issues.append(note(title, "Delete them in the spreadsheet."))
        table, names = table.select(kept), [names[i] for i in kept]
    empty = _rows_where(table, [""] * table.num_columns)
    if empty.any():
        title = f"rows without a value: {int(empty.sum()):,}, left out"
        issues.append(note(title, "Delete them in the spreadsheet."))
        table = table.filter(pa.array(~empty))
    return names, table, issues


def _without_repeated_header(names: list[str], table: pa.Table) -> tuple[pa.Table, list[Issue]]:
    """Files put one after the other have their header once more between the rows."""
    repeated = _rows_where(table, names)
    if not repeated.any() or not any(n != INDEX for n in names):
        return table, []
    title = f"the header once more between the rows: {int(repeated.sum()):,} rows, left out"
    return table.filter(pa.array(~repeated)), [note(title, "Delete these rows.")]


def _rows_where(table: pa.Table, cells: Sequence[str]) -> Any:
    """(N,) whether a row has exactly these cells."""
    same = np.ones(table.num_rows, bool)
    for i, cell in enumerate(cells):
        if not same.any():
            break
        same &= pc.equal(table.column(i), cell).to_numpy()
    return same
