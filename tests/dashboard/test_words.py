"""Names as one line: nothing is turned around, nothing is longer than its place."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.words import beside, one_line

OVERRIDE = "\N{RIGHT-TO-LEFT OVERRIDE}"


@given(st.text(), st.integers(2, 60))
def test_a_line_keeps_to_its_room_and_turns_nothing(text: str, room: int) -> None:
    line = one_line(text, room)
    assert not set(line) & {OVERRIDE, "\n", "\r", "\t", "\N{RIGHT-TO-LEFT ISOLATE}"}
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in line)
    marks = sum(unicodedata.category(c) in ("Mn", "Me", "Cf") for c in line)
    assert len(line) + wide - marks <= room + 2 * marks


@given(st.text("abc def", max_size=30))
def test_what_fits_stays_as_it_is(text: str) -> None:
    assert one_line(text, 30) == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x" * 10_000, "x" * 9 + "…"),
        ("鸢尾花的花瓣长度", "鸢尾花的…"),
        ("two\nlines", "two lines"),
        (f"{OVERRIDE}abc", "abc"),
        # Five accents belong to the letter before them and take no room.
        ("e" + "\N{COMBINING ACUTE ACCENT}" * 5 + "abcdefghi", None),
    ],
)
def test_long_and_odd_names_are_cut(text: str, line: str | None) -> None:
    assert one_line(text, 10) == (text if line is None else line)


def test_a_name_from_the_right_is_so_for_itself_alone() -> None:
    name = "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}"
    assert beside(name) == f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}"
    assert beside("mass") == "mass"
