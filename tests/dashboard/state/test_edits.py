"""Changes of a sample as text for links: they come back as they were, and nothing else is read."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.state import edits
from dashboard.state.edits import Change, Stroke

words = st.text(st.characters(blacklist_categories=("C", "Z")), min_size=1, max_size=30)
places = st.integers(0, edits.GRID - 1)
paths = st.lists(st.tuples(places, places), min_size=1, max_size=20)
strokes = st.builds(Stroke, st.sampled_from(edits.INKS), places, paths.map(tuple))
changes = st.one_of(
    st.just(Change()),
    st.just(Change("blank")),
    st.builds(
        Change, st.just("noise"),
        severity=st.integers(0, 50).map(lambda n: n / 10), seed=st.integers(0, 999_999),
    ),
    st.builds(Change, st.just("swap"), donor=words),
    st.builds(Change, st.just("text"), text=words),
    st.builds(Change, st.just("draw"), strokes=st.lists(strokes, max_size=5).map(tuple)),
    st.builds(
        Change,
        st.just("set"),
        values=st.dictionaries(
            st.integers(0, 999_999), st.floats(-1e38, 1e38).map(lambda v: v + 0.0), min_size=1
        ).map(lambda d: tuple(sorted(d.items()))),
    ),
)  # fmt: skip


@given(changes)
def test_a_change_comes_back(change: Change) -> None:
    code = edits.write_change(change)
    assert (edits.read_change(code) if code else Change()) == change


@given(st.dictionaries(st.sampled_from(edits.COMPONENTS), st.integers(0, 30).map(lambda n: n / 10)))
def test_factors_come_back(factors: dict[str, float]) -> None:
    told = {c: f for c, f in factors.items() if f != 1.0}
    assert edits.read_factors(edits.write_factors(factors)) == told


@settings(max_examples=2000)
@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    said = (refusal(edits.read_change, text), refusal(edits.read_factors, text))
    assert all(not words or words.startswith("expected") for words in said)


def refusal(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except ValueError as reason:
        return str(reason)
    return ""


@pytest.mark.parametrize(
    "code",
    [
        *("noise", "noise:6", "noise:nan", "noise:1:-2", "swap:", "blank:1", "none:x", "Blank"),
        *("set:", "set:1", "set:1:x", "set:1:nan", "set:1:1e39", "set:-1:0", "set:1:0,1:0"),
        *("draw:l", "draw:lA", "draw:lAA", "draw:lAAAA", "draw:xAAA", "draw:lAA!", "draw:lAAA."),
    ],
)
def test_changes_that_are_none(code: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        edits.read_change(code)


def test_a_value_is_set_and_put_back() -> None:
    one = edits.with_value(Change(), 3, 6400)
    assert edits.write_change(one) == "set:3:6400"
    two = edits.with_value(one, 0, 0.1)
    assert edits.write_change(two) == "set:0:0.1,3:6400"
    assert edits.with_value(edits.with_value(two, 3, None), 0, None) == Change()


@pytest.mark.parametrize("code", ["R", "R:x", "R:-1", "R:4", "Q:1", "R:1,R:2", ","])
def test_factors_that_are_none(code: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        edits.read_factors(code)


# --- drawings -------------------------------------------------------------------------------


def away(point: tuple[int, int], line: tuple[tuple[int, int], ...]) -> float:
    """Distance of a point to a line of several points."""
    spans = list(pairwise(line)) or [(line[0], line[0])]
    best = math.inf
    for (x1, y1), (x2, y2) in spans:
        steps = [i / 200 for i in range(201)]
        best = min(best, *(math.hypot(x1 + t * (x2 - x1) - point[0],
                                      y1 + t * (y2 - y1) - point[1]) for t in steps))  # fmt: skip
    return best


@given(paths)
def test_a_simplified_line_stays_where_it_was(path: list[tuple[int, int]]) -> None:
    short = edits.simplified(path)
    assert (short[0], short[-1]) == (path[0], path[-1])
    assert len(short) <= len(path)
    assert all(away(point, short) < 1.2 for point in path)


def test_what_a_hand_draws_fits_into_a_link() -> None:
    circle = [[round(31 + 25 * math.cos(a / 40)), round(31 + 25 * math.sin(a / 40))]
              for a in range(252)]  # fmt: skip
    change = Change("draw")
    for _ in range(20):
        change = edits.with_stroke(change, "light", 6, circle)
    assert len(edits.write_change(change)) < 1600


@settings(max_examples=500)
@given(
    st.one_of(st.sampled_from(edits.INKS), st.none(), st.integers(), st.text()),
    st.one_of(places, st.none(), st.booleans(), st.floats(), st.just("6"), st.just(-1)),
    st.recursive(
        st.one_of(places, st.none(), st.booleans(), st.floats(), st.text(max_size=3)),
        lambda inner: st.lists(inner, max_size=4),
    ),
)
def test_whatever_a_browser_sends_is_a_stroke_or_refused(
    ink: object, width: object, sent: object
) -> None:
    made: list[Change] = []
    said = refusal(lambda _: made.append(edits.with_stroke(Change("draw"), ink, width, sent)), "")
    assert said.startswith("expected") != bool(made)
    assert all(edits.read_change(edits.write_change(change)) == change for change in made)


def test_a_drawing_has_an_end() -> None:
    zigzag = [[x % 64, 63 * (x % 2)] for x in range(edits.MOST_POINTS)]
    change = Change("draw")
    for _ in range(3):
        change = edits.with_stroke(change, "dark", 3, zigzag)
    assert len(edits.write_change(change)) <= edits.LONGEST_DRAWING
    with pytest.raises(ValueError, match="full"):
        edits.with_stroke(change, "dark", 3, zigzag)
    with pytest.raises(ValueError, match="not too many"):
        edits.with_stroke(Change("draw"), "dark", 3, [*zigzag, [0, 0]])
