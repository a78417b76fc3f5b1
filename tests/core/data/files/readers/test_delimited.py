"""Tables of text in every dress that programs and people give them."""

from __future__ import annotations

import csv
import gzip
import io
import time

import pandas as pd
import pytest

from dmil_core.data.files.budget import Accountant, BudgetError, Cost
from dmil_core.data.files.limits import Limits
from dmil_core.data.files.reader import Named, read_table
from dmil_core.errors import DataError
from tests.core.data.files.made import HEADER, OWN, ROWS, cells, delimited, read, rows, said

PLAIN = delimited()
#: A way to write the same table, and a word of what is said about it, if anything is.
DRESSES: dict[str, tuple[str, bytes, str]] = {
    "comma": ("t.csv", PLAIN.encode(), ""),
    "semicolon": ("t.csv", delimited(";").encode(), ""),
    "tab": ("t.tsv", delimited("\t").encode(), ""),
    "tab-named-txt": ("t.txt", delimited("\t").encode(), ""),
    "pipe": ("t.csv", delimited("|").encode(), ""),
    "pipe-named-dat": ("t.dat", delimited("|").encode(), ""),
    "no-ending": ("t", PLAIN.encode(), ""),
    "utf-8-mark": ("t.csv", PLAIN.encode("utf-8-sig"), ""),
    "utf-16": ("t.csv", PLAIN.encode("utf-16"), ""),
    "utf-16-be": ("t.csv", b"\xfe\xff" + PLAIN.encode("utf-16-be"), ""),
    "utf-16-without-mark": ("t.csv", PLAIN.encode("utf-16-le"), ""),
    "utf-16-tabs-as-excel-writes": ("t.txt", delimited("\t").encode("utf-16"), ""),
    "utf-32": ("t.csv", PLAIN.encode("utf-32"), ""),
    "windows-lines": ("t.csv", PLAIN.replace("\n", "\r\n").encode(), ""),
    "old-mac-lines": ("t.csv", PLAIN.replace("\n", "\r").encode(), ""),
    "no-last-line-end": ("t.csv", PLAIN.rstrip("\n").encode(), ""),
    "blank-lines": ("t.csv", b"\n\n" + PLAIN.replace("\n", "\n\n").encode(), ""),
    "excel-sep": ("t.csv", b"sep=;\r\n" + delimited(";").replace("\n", "\r\n").encode(), ""),
    "excel-sep-tab": ("t.csv", b"sep=\t\n" + delimited("\t").encode(), ""),
    "comment": ("t.csv", b"# exported 2026-01-02 by device 7\n" + PLAIN.encode(), ""),
    "comments-with-separators": ("t.csv", b"# a; b\n# c, d, e\n#\n" + PLAIN.encode(), ""),
    "comment-between": ("t.csv", PLAIN.replace("\n0.300,", "\n# pause\n0.300,").encode(),
                        "1 comments between the rows"),
    "quoted": ("t.csv", "\n".join(
        ",".join(f'"{c}"' for c in line) for line in [HEADER, *ROWS]).encode(), ""),
    "r-without-index-name": (
        "t.csv", "\n".join([",".join(HEADER[1:]), *(",".join(r) for r in ROWS)]).encode(),
        "1 column without a name: called 'index'"),
    "separator-at-the-end": ("t.csv", PLAIN.replace("\n", ",\n").encode(),
                             "columns without a name and without a value: 1"),
    "separator-at-the-end-of-rows": (
        "t.csv", "\n".join([",".join(HEADER), *(",".join(r) + "," for r in ROWS)]).encode(),
        "columns without a name and without a value: 1"),
    "empty-columns-and-rows-of-excel": (
        "t.csv", (PLAIN.replace("\n", ",,\n") + ",,,,,,\n" * 3).encode(),
        "rows without a value: 3"),
    "numpy-savetxt-header": ("t.csv", ("# " + PLAIN).encode(), ""),
    "header-repeated": (
        "t.csv", (PLAIN + PLAIN).encode(), "the header once more between the rows: 1"),
    "gzip": ("t.csv.gz", gzip.compress(PLAIN.encode()), ""),
}  # fmt: skip


@pytest.mark.parametrize("dress", DRESSES)
def test_the_same_table_in_any_dress_has_the_same_cells(dress: str) -> None:
    name, content, words = DRESSES[dress]
    table = read(name, content)
    expected = ROWS * 2 if dress == "header-repeated" else ROWS
    assert rows(table) == expected
    if dress == "r-without-index-name":
        assert list(table.columns) == ["index", *HEADER[1:]]
    else:
        assert list(table.columns) == list(HEADER)
    assert words in said(table)
    assert bool(table.issues) == bool(words)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_decimal_comma_is_no_separator(separator: str) -> None:
    german = [tuple(c.replace(".", ",") for c in row) for row in ROWS]
    table = read("t.csv", delimited(separator, german))
    assert rows(table) == german


def test_a_decimal_comma_is_no_separator_in_a_table_without_a_header_either() -> None:
    german = [tuple(c.replace(".", ",") for c in row) for row in ROWS]
    table = read("t.csv", delimited(";", german, None))
    assert rows(table) == german


def test_several_labels_in_a_cell_do_not_split_it() -> None:
    several = [(*row[:4], "a;b") for row in ROWS]
    assert rows(read("t.csv", delimited(",", several))) == several


@pytest.mark.parametrize(("word", "separator"), [("Köln", ";"), ("25 °C", ","), ("“so”", ",")])
def test_windows_1252_is_read_and_said_with_a_word_of_it(word: str, separator: str) -> None:
    written = [(*row[:4], word if i % 2 else "a") for i, row in enumerate(ROWS)]
    table = read("t.csv", delimited(separator, written).encode("cp1252"))
    assert rows(table) == written
    assert "Windows-1252" in said(table)
    assert "line 3" in said(table)
    (issue,) = table.issues
    assert issue.severity == "warning"


def test_an_encoding_that_is_named_is_taken() -> None:
    chinese = [(*row[:4], "甲乙"[i % 2]) for i, row in enumerate(ROWS)]
    table = read("t.csv", delimited(",", chinese).encode("gb18030"), encoding="gb18030")
    assert rows(table) == chinese
    with pytest.raises(DataError, match="There is no encoding 'klingon'"):
        read("t.csv", PLAIN, encoding="klingon")


def test_cells_with_separators_quotes_and_line_breaks_are_one_cell() -> None:
    texts = ["two\nlines", 'a "word", and more', "three\n\nlines; with | all\tof them", "# none"]
    written = [(*row[:4], texts[i % 4]) for i, row in enumerate(ROWS)]
    stream = io.StringIO()
    csv.writer(stream).writerows([HEADER, *written])
    assert rows(read("t.csv", stream.getvalue())) == written


def test_a_header_with_line_breaks_and_odd_characters_becomes_names() -> None:
    table = read("t.csv", '"width\n(cm)",b\x07,label\n1,2,a\n3,4,b\n')
    assert list(table.columns) == ["width (cm)", "b\N{REPLACEMENT CHARACTER}", "label"]
    assert "cannot be shown" in said(table)


# --- headers -----------------------------------------------------------------------------------


def test_a_table_without_a_header_is_read_from_its_first_row_on_and_says_so() -> None:
    table = read("t.csv", delimited(header=None))
    assert rows(table) == ROWS
    assert list(table.columns) == [f"column {i}" for i in range(1, 6)]
    assert "the first row looks like the others (0.000, -1.300, 0.5, 7.25 …)" in said(table)
    named = read("t.csv", delimited(header=None), header="yes")
    assert rows(named) == ROWS[1:]
    assert list(named.columns)[:2] == ["0.000", "-1.300"]
    assert not named.issues
    assert rows(read("t.csv", PLAIN, header="no"))[0] == HEADER


@pytest.mark.parametrize(
    ("first", "below", "is_row"),
    [
        ("0,1,2,3,label", "0.5,0.1,7,8.25,a", False),  # pandas.DataFrame without names
        ("species,2018,2019,2020,label", "x,1.5,2.5,3.5,a", False),  # years
        ("p0.png,s0.wav,even", "p{}.png,s{}.wav,even", True),
        ("picture,sound,label", "p{}.png,s{}.wav,even", False),
        ("0,0.5,1.5,a", "{},0.25,7.5,b", True),  # an index and no header
        ("x,y,NA,class", "1.5,2.5,0.5,a", False),
        ("NA,-1.5,2.5,a", "1.5,2.5,0.5,a", True),
        ("red,green,blue", "red,blue,green", True),
        ("colour,shape,label", "red,square,a", False),
        ("12%,3.5 cm,a", "15%,4.5 cm,b", True),
    ],
)
def test_a_first_row_is_a_header_or_a_row(first: str, below: str, is_row: bool) -> None:
    lines = [below.replace("{}", str(i + 1)) for i in range(8)]
    table = read("t.csv", "\n".join([first, *lines]))
    assert table.rows == 8 + is_row
    assert ("looks like the others" in said(table)) == is_row


@pytest.mark.parametrize(
    ("types", "roles"),
    [
        ("c\tc\td\td\ts", "\t\ti\tclass\tmeta"),
        ("continuous\tcontinuous\tlow high\tdiscrete\tstring", "\t\t\tclass\tm"),
    ],
)
def test_the_types_and_roles_that_orange_writes_are_no_rows(types: str, roles: str) -> None:
    lines = [f"{i}.5\t{i}\t{('low', 'high')[i % 2]}\t{'ab'[i % 2]}\tn{i}" for i in range(6)]
    table = read("t.tab", "\n".join(["x0\tx1\tlevel\tkind\tname", types, roles, *lines]))
    assert cells(table.columns["x0"]) == [f"{i}.5" for i in range(6)]
    assert cells(table.columns["kind"]) == ["a", "b"] * 3
    assert "as Orange writes it" in said(table)
    # Samples that merely look alike stay samples.
    plain = read("t.tab", "\n".join(["x0\tx1\tlevel\tkind\tname", *lines]))
    assert plain.rows == 6
    assert not plain.issues


def test_a_first_column_without_a_name_is_the_index() -> None:
    frame = pd.DataFrame([r[:4] for r in ROWS], columns=HEADER[:4])
    table = read("t.csv", frame.to_csv())
    assert list(table.columns) == ["index", *HEADER[:4]]
    assert cells(table.columns["index"]) == [str(i) for i in range(12)]
    assert "called 'index'" in said(table)


def test_other_columns_without_a_name_and_names_that_come_twice_are_told_apart() -> None:
    table = read("t.csv", "a,,a,A,a\n1,2,3,4,5\n6,7,8,9,0\n")
    assert list(table.columns) == ["a", "column 2", "a (2)", "A", "a (3)"]
    assert "1 column without a name: called 'column 2'" in said(table)
    assert "the name of another column once more: called 'a (2)', 'a (3)'" in said(table)


# --- refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "The file is empty"),
        (b"# only a comment\n", "nothing but comments"),
        (b"a,b,c\n", "has no rows"),
        (b"word\nword\nword\n", "single column"),
        (b"a,b,c\n1,2,\x003\n", "zero byte|none of the files"),
        (PLAIN.encode() + b"a,b,c,d\x00,e\n" * 900, "zero byte"),
        (PLAIN.replace("\n0.300,", "\n0.300,9,").encode(), "Row 4 below the header has 6 cells, "
         "expected 5 separated by commas"),
        (PLAIN.replace("\n0.300,", "\n").encode(), "Row 4 below the header has 4 cells"),
        (b'a,b,c\n1,2,"open\n3,4,5\n6,7,8\n', "quotation mark near line 2 of t.csv is not closed"),
        (b"a,b\n1,\x81\xff\n", "Line 2 is not UTF-8 text, nor Windows-1252"),
        (b"\xef\xbb\xbfa,b\n1,\xff\n", "Line 2 is not UTF-8"),
        (b"\xff\xfea,b\n1,2\n\n", "not utf-16|zero byte|single column"),
        (b"sep=;;\na;;b\n1;;2\n", "The separator .;;. has 2 characters"),
    ],
    ids=range(14),
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read("t.csv", content)


def test_one_long_cell_refuses_its_column_alone() -> None:
    text = [(*row[:4], "word " * (500 if i == 7 else 1)) for i, row in enumerate(ROWS)]
    table = read("t.csv", delimited(",", text))
    assert "2,500 characters in row 7" in table.columns["label"].refusal
    assert [c.refusal for c in table.columns.values()][:4] == [""] * 4


def test_a_table_beyond_the_limits_is_refused_before_it_is_split() -> None:
    small = Limits(rows=4, columns=8, cells=500)
    with pytest.raises(DataError, match="Choose a part of it yourself"):
        read_table([Named("t.csv", PLAIN.encode())], limits=small)
    wide = ",".join(f"c{i}" for i in range(30)) + "\n" + ",".join("1" * 30) + "\n"
    with pytest.raises(DataError, match="30 columns"):
        read_table([Named("t.csv", wide.encode())], limits=small)
    accountant = Accountant(Cost(arrays=100, files=10**6))
    with pytest.raises(BudgetError, match="one upload may have 0"):
        read_table([Named("t.csv", PLAIN.encode())], account=accountant.account("a"))


def test_a_row_longer_than_a_block_is_read() -> None:
    """A block of the parser has 4 MiB; a row of an own table may be longer."""
    long = "x" * 5 * 2**20
    table = read_table([Named("t.csv", f"a,b\n1,{long}\n2,y\n".encode())], limits=OWN)
    assert cells(table.columns["b"]) == [long, "y"]


def test_a_large_table_takes_seconds_and_little_memory() -> None:
    line = ",".join(f"{i}.{i % 10}" for i in range(200))
    content = (",".join(f"g{i}" for i in range(200)) + "\n" + (line + "\n") * 20_000).encode()
    before = time.process_time()
    table = read_table([Named("t.csv", content)])
    assert time.process_time() - before < 3  # of a fifth of what may come; measured: .3
    assert table.rows == 20_000
    # Cells are views of one block of text, with four bytes each beside it.
    assert sum(c.data.nbytes for c in table.columns.values()) < 2 * len(content)
