"""Typed truth tables: many ways to write a row, and errors that say which row and what to do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmil_core.data.synthetic.truth_table import (
    LONGEST_SYMBOL,
    MOST_ROWS,
    MOST_SYMBOLS,
    Row,
    TableError,
    read_table,
    symbols,
    write_table,
)

SYMBOLS = st.text("01ab.+-", min_size=1, max_size=LONGEST_SYMBOL)


@st.composite
def tables(draw: st.DrawFn) -> tuple[Row, ...]:
    """Tables as a person could have typed them, with or without counts."""
    columns = [draw(st.lists(SYMBOLS, min_size=1, max_size=4, unique=True)) for _ in range(3)]
    cells = st.tuples(*(st.sampled_from(names) for names in columns))
    triples = draw(st.lists(cells, min_size=1, max_size=MOST_ROWS, unique=True))
    counts = draw(st.booleans())
    weight = st.integers(1, 1000) if counts else st.just(1)
    return tuple(Row(*triple, float(draw(weight))) for triple in triples)


@given(tables())
def test_a_written_table_reads_back(rows: tuple[Row, ...]) -> None:
    assert read_table(write_table(rows)) == rows
    assert read_table(write_table(rows, arrow="~", gap="~")) == rows


@pytest.mark.parametrize(
    "text",
    [
        "0 1 -> 1",
        "0 1 1",
        "0,1,1",
        "0;1;1",
        "0\t1\t1",
        "0|1|1",
        "0, 1 => 1",
        "0 1 → 1",
        "0 1 = 1",
        "0 1:1",
        "  0   1->1   # a note",
        "x1 x2 y\n0 1 1",
        "X1, X2 -> Y\n\n0 1 1\n",
    ],
)
def test_a_row_can_be_written_in_many_ways(text: str) -> None:
    assert read_table(text) == (Row("0", "1", "1"),)


@pytest.mark.parametrize(
    ("typed", "weight"),
    [("0.25", 0.25), (".25", 0.25), ("25%", 0.25), ("25 %", 0.25), ("1/4", 0.25), (": 1/4", 0.25)],
)
def test_a_probability_can_be_written_in_many_ways(typed: str, weight: float) -> None:
    rows = read_table(f"0 0 -> 0 {typed}\n1 1 -> 1 0.75")
    assert [row.p for row in rows] == [weight, 0.75]


def test_counts_need_no_sum() -> None:
    assert [row.p for row in read_table("0 0 0 3\n0 1 0 1")] == [3.0, 1.0]


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("", 0, "got no row"),
        ("# only a note", 0, "got no row"),
        ("0 0 -> 0\n0 1", 2, "which has 2 parts"),
        ("0 0 0 1 1", 1, "which has 5 parts"),
        ("0 -> 1 1", 1, "both inputs before the arrow"),
        ("0 0 -> <b>", 1, "letters, digits"),
        ("0 0 -> redredred", 1, f"1 to {LONGEST_SYMBOL} letters"),
        ("0 0 -> 0 x", 1, "a probability above 0"),
        ("0 0 -> 0 -1", 1, "a probability above 0"),
        ("0 0 -> 0 0", 1, "Leave out"),
        ("0 0 -> 0 1/0", 1, "a probability above 0"),
        ("0 0 -> 0 inf", 1, "a probability above 0"),
        ("0 0 -> 0 9999999", 1, "a probability above 0"),
        ("0 0 -> 0\n1 1 -> 1\n0 0 -> 0", 3, "the same as row 1"),
        ("0 0 -> 0 1\n1 1 -> 1", 2, "Give one to each row"),
        ("0 0 -> 0 .2\n1 1 -> 1 .3", 0, "these sum to 0.5"),
        ("\n".join(f"{i} 0 0" for i in range(MOST_SYMBOLS + 1)), 0, "different values of x1"),
        ("\n".join(f"0 0 {i}" for i in range(MOST_ROWS + 1)), 0, f"at most {MOST_ROWS} rows"),
        ("0" * 9000, 0, "at most 8,000 characters"),
    ],
)
def test_what_is_wrong_is_told_by_its_row(text: str, line: int, part: str) -> None:
    with pytest.raises(TableError) as caught:
        read_table(text)
    assert any(result == line and part in why for result, why in caught.value.problems)


def test_every_wrong_row_is_told_at_once() -> None:
    with pytest.raises(TableError) as caught:
        read_table("0\n0 0 -> 0\n<i> 0 0")
    assert [line for line, _ in caught.value.problems] == [1, 3]
    assert "row 1" in str(caught.value)


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), st.text("01 ->\n.,~/%#:", max_size=60)))
def test_any_text_is_a_table_or_a_clear_error(text: str) -> None:
    try:
        rows = read_table(text)
    except TableError:
        return
    assert read_table(write_table(rows)) == rows


def test_symbols_are_in_the_order_of_their_size() -> None:
    assert symbols(["b", "10", "-1", "2", "a", "2"]) == ("-1", "2", "10", "a", "b")
