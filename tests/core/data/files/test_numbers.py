"""Numbers as people write them are read as what they mean, or left as words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmil_core.data.files.numbers import Spelling, read, recognise


def words(*cells: str) -> pa.Array:
    return pa.array(cells, pa.large_string())


@pytest.mark.parametrize(
    ("cells", "meant", "said"),
    [
        (["0,126", "-1,259", "0,64"], [0.126, -1.259, 0.64], "a decimal comma"),
        (["8,811.7", "7,205.5"], [8811.7, 7205.5], "commas between thousands"),
        (["1.234,5", "7.205,25"], [1234.5, 7205.25], "a decimal comma and points between"),
        (["3 000", "4\u00a0194", "12\u202f000"], [3000, 4194, 12000], "blanks between thousands"),
        (["1'000", "2\u2019500.5"], [1000, 2500.5], "apostrophes between thousands"),
        (["12,34,567", "1,00,000"], [1234567, 100000], "commas between thousands"),
        (["19.5%", "57.8 %"], [19.5, 57.8], "percent"),
        (["19,5 %", "57,8 %"], [19.5, 57.8], "a decimal comma and percent"),
        (["2.5 cm", "6.4 cm", "25 mm"], [2.5, 6.4, 2.5], "mm turned into cm"),
        (["12 mmol/L", "1.5 mmol/L"], [12, 1.5], "the unit mmol/L"),
        (["5\u00b0C", "-3\u00b0C"], [5, -3], "the unit \u00b0C"),
        (["$1,200.50", "-$3", "($4.5)"], [1200.5, -3, -4.5], "the unit $"),
        (["3 \u20ac", "4,50 \u20ac"], [3, 4.5], "the unit \u20ac"),
        (["1/2", "3/4", "8/10"], [0.5, 0.75, 0.8], "fractions"),
        (["<0.5", "3", "2.1"], [0.5, 3, 2.1], "limits such as <0.5"),
        (["1e5", "2E-3", "1.5e+2"], [1e5, 2e-3, 150], ""),
        (["\u22125", "+3", "4"], [-5, 3, 4], ""),
        ([" 1.5", "2 "], [1.5, 2], ""),
        (["\u0663", "\u0664\u0665"], [3, 45], ""),
        ([".5", "5."], [0.5, 5], ""),
    ],
)  # fmt: skip
def test_spellings_of_numbers(cells: list[str], meant: list[float], said: str) -> None:
    spelling = recognise(words(*cells))
    assert spelling is not None
    assert said in spelling.in_words()
    assert spelling.in_words() or not said
    np.testing.assert_allclose(read(words(*cells), spelling), meant, rtol=1e-12)


@pytest.mark.parametrize(
    "cells",
    [
        ["01234", "00731", "99999"],  # codes
        ["1 kg", "2 cm", "3 kg", "4 cm"],  # units of different things
        ["120/80", "130/90"],  # pairs
        ["1.2.3", "1.2.4"],  # versions
        ["2026-01-02", "2026-01-03"],
        ["00:01", "12:30"],
        ["1st", "2nd", "3rd"],
        ["a", "b"],
        ["p0", "p1"],
        ["1", "2", "x", "y"],  # half of them words
        ["0x1F", "0x2A"],
        ["10-20", "20-30"],
        [],
    ],
)
def test_what_is_no_number_stays_a_word(cells: list[str]) -> None:
    assert recognise(words(*cells)) is None


def test_a_mark_that_leaves_doubt_is_read_as_in_the_other_columns() -> None:
    cells = words("1,234", "2,345")
    alone = recognise(cells)
    assert alone is not None
    assert alone.unsure
    assert read(cells, alone).tolist() == [1234, 2345]
    beside = recognise(cells, ",")
    assert beside is not None
    assert read(cells, beside).tolist() == [1.234, 2.345]


def test_a_cell_that_is_none_is_no_number_and_the_others_are() -> None:
    cells = words("5", "6", "7", "8", "9", "n.d.", "1e400", "inf")
    np.testing.assert_array_equal(read(cells, Spelling()), [5, 6, 7, 8, 9, np.nan, np.nan, np.nan])


numbers = st.floats(-1e9, 1e9, allow_nan=False).map(lambda v: round(v, 3))


@given(st.lists(numbers, min_size=1, max_size=30), st.sampled_from([",", "."]),
       st.sampled_from(["", " cm", "%", " kg/m2"]))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_what_is_written_with_one_mark_and_one_unit_is_read_back(
    values: list[float], mark: str, unit: str
) -> None:
    cells = words(*dict.fromkeys(f"{v:.3f}".replace(".", mark) + unit for v in values))
    spelling = recognise(cells, mark)  # type: ignore[arg-type]
    assert spelling is not None
    once = list(dict.fromkeys(f"{v:.3f}" for v in values))
    read_ = read(cells, spelling)
    # 1.234 is 1,234 in a file with a decimal comma, and the other way round: never a third thing.
    for got, text in zip(read_.tolist(), once, strict=True):
        assert got in (float(text), float(text.replace(".", "")))


@given(st.lists(st.text(max_size=12), max_size=20))
@settings(max_examples=150, deadline=None)
def test_no_text_is_too_odd(cells: list[str]) -> None:
    array = words(*[c for c in dict.fromkeys(cells) if c.isprintable()])
    spelling = recognise(array)
    if spelling is not None:
        assert len(read(array, spelling)) == len(array)
    assert len(read(array, Spelling())) == len(array)
