"""Rows of bars: as long as their values, told apart without colour, nothing escapes from them."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures import compare, media, sample, svg, theme
from dashboard.figures.bars import Bars, Look, Mark, Row, draw, of_part, over, patterns, ticks
from tests.dashboard.drawn import SVG, letters, texts, tree
from tests.dashboard.export.test_report import Page

NAMES = {"R": "both", "U1": "only a", "U2": "only b", "U3": "only c", "S": "together"}
#: What two inputs and what three have.
TWO, THREE = ("R", "U1", "U2", "S"), ("R", "U1", "U2", "U3", "S")
numbers = st.floats(-50, 50, allow_nan=False)


def percent(value: str | None) -> float:
    assert value
    assert value.endswith("%")
    return float(value[:-1])


def lengths(drawing: str) -> list[tuple[float, float]]:
    """Where each bar begins and how long it is, in percent of the width."""
    rects = tree(drawing).iter(f"{SVG}rect")
    return [(percent(r.get("x")), percent(r.get("width"))) for r in rects]


# --- what they show -------------------------------------------------------------------------


@given(st.lists(numbers, min_size=4, max_size=5))
def test_the_waterfall_adds_up(values: list[float]) -> None:
    parts = dict(zip(TWO if len(values) == 4 else THREE, values, strict=True))
    fig = sample.waterfall(parts, sum(values), NAMES, "score")
    *bars, total = fig.marks
    assert bars[0].start == total.start == 0
    for one, after in pairwise(bars):
        assert after.start == pytest.approx(one.start + one.value)
    assert bars[-1].start + bars[-1].value == pytest.approx(total.value, abs=1e-9)
    assert [row.letter for row in fig.rows] == [*parts, "score"]
    assert fig.low <= 0 <= fig.high


def test_two_waterfalls_on_one_scale() -> None:
    small, large = {"R": 1.0, "S": -3.0}, {"R": 8.0, "S": 2.0}
    assert [sample.reach(p, sum(p.values())) for p in (small, large)] == [(-2.0, 1.0), (0.0, 10.0)]
    span = (-2.0, 10.0)
    figs = [sample.waterfall(p, sum(p.values()), NAMES, "score", span) for p in (small, large)]
    assert {(f.low, f.high) for f in figs} == {span}


@given(st.lists(numbers, min_size=4, max_size=4), st.lists(numbers, min_size=4, max_size=4))
def test_information_shows_every_number_and_the_exact_one(
    told: list[float], exact: list[float]
) -> None:
    parts, known = dict(zip(TWO, told, strict=True)), dict(zip(TWO, exact, strict=True))
    fig = sample.information(parts, known, NAMES)
    assert [[m.value for m in row.marks] for row in fig.rows] == list(
        map(list, zip(told, exact, strict=True))
    )
    assert [[m.shape for m in row.marks] for row in fig.rows] == [["bar", "ring"]] * 4
    shown = [row.text for row in fig.rows]
    assert shown == [
        f"{sample.signed(a)} (exact {sample.signed(b)})" for a, b in zip(told, exact, strict=True)
    ]
    assert "-0.00" not in " ".join(shown)
    assert fig.low <= min(0.0, *told, *exact)
    assert fig.high >= max(0.0, *told, *exact)
    assert {m.shape for m in sample.information(parts, None, NAMES).marks} == {"bar"}


@given(st.lists(numbers, min_size=8, max_size=8), st.booleans())
def test_before_and_after_stand_below_each_other(values: list[float], share: bool) -> None:
    pairs = pd.DataFrame({"component": TWO, "before": values[:4], "after": values[4:]})
    fig = sample.before_after(pairs, NAMES, share)
    for row, before, after in zip(fig.rows, values[:4], values[4:], strict=True):
        assert [m.value for m in row.marks] == [before, after]
        assert [m.look.pale for m in row.marks] == [True, False]
        told = [f"{v:.0%}" if share else sample.signed(v) for v in (before, after)]
        assert row.text == " → ".join(told)
    assert fig.low <= min(values)
    assert fig.high >= max(values)


@pytest.mark.parametrize("components", [TWO, THREE])
def test_a_gate_has_a_letter_and_a_pattern_for_each_component(components: tuple[str, ...]) -> None:
    weights = np.linspace(0.1, 0.4, len(components))
    fig = sample.gate_bars(pd.DataFrame({"component": components, "weight": weights}), NAMES)
    assert letters(draw(fig, "")) == list(components)
    assert len({m.look.pattern for m in fig.marks}) == len(components)
    assert [row.text for row in fig.rows] == [f"{w:.0%}" for w in weights]
    assert (fig.low, fig.high) == (0, 1)


def test_accuracy_whiskers_reach_from_low_to_high() -> None:
    frame = pd.DataFrame({"model": ["a", "b"], "accuracy": [0.8, 0.9], "low": [0.7, 0.8]})
    frame["high"] = [0.85, 0.95]
    fig = compare.accuracy(frame)
    assert [m.interval for m in fig.marks] == [(0.7, 0.85), (0.8, 0.95)]
    assert [row.text for row in fig.rows] == ["80.0%", "90.0%"]
    assert (fig.low, fig.high) == (0.7, 0.95)
    titles = [t.text for t in tree(draw(fig, "")).iter(f"{SVG}title")]
    assert titles == ["80.00% (70.00% to 85.00%)", "90.00% (80.00% to 95.00%)"]


def test_averages_have_a_bar_for_who_tells_each_part_and_a_legend() -> None:
    rows = [(w, p, 0.5, 0.4, 0.6) for w in ("dmil", "data alone") for p in (*TWO, "all")]
    frame = pd.DataFrame(rows, columns=["who", "part", "mean", "low", "high"])
    fig = compare.averages(frame, NAMES)
    assert [row.letter for row in fig.rows] == [*TWO, ""]
    assert fig.rows[-1].words == "all"
    assert {len(row.marks) for row in fig.rows} == {2}
    drawing = draw(fig, "")
    assert texts(drawing)[-2:] == ["dmil", "data alone"]
    assert texts(drawing).count("+0.50") == 10


# --- how they are drawn ---------------------------------------------------------------------


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6), st.booleans(), st.booleans())
def test_bars_are_as_long_as_their_values_and_stay_inside(
    values: list[tuple[float, float]], written: bool, linked: bool
) -> None:
    rows = tuple(
        Row("R", "both", "", (Mark(v, start=s, text="1" if written else ""),)) for s, v in values
    )
    fig = Bars(rows, *over(rows), unit="bits", linked=linked)
    result = lengths(draw(fig, "some"))
    span = (fig.high - fig.low) or 1.0
    whole = 97.0 - (16.0 if written else 0.0)
    for (start, value), (left, width) in zip(values, result, strict=True):
        assert left >= 1.49
        assert left + width <= 1.5 + whole + 0.32
        assert width == pytest.approx(max(whole * abs(value) / span, 0.3), abs=0.02)
        assert left == pytest.approx(
            1.5 + whole * (min(start, start + value) - fig.low) / span, abs=0.02
        )


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_not_drawn(value: float) -> None:
    rows = (
        Row("R", "", "", (Mark(value),)),
        Row("S", "", "", (Mark(1.0, interval=(0.5, value)),)),
    )
    drawing = draw(Bars(rows, *over(rows)), "")
    assert len(lengths(drawing)) == 1
    assert "nan" not in drawing.split("</title>")[-1]
    assert "inf" not in drawing.split("</title>")[-1]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.booleans())
def test_the_axis_has_a_few_round_numbers_inside(low: float, span: float, share: bool) -> None:
    fig = Bars((), low, low + span, share=share)
    if not fig.high > fig.low:
        return
    result = ticks(fig)
    assert len(result) <= 6
    slack = 1e-6 * (span + abs(low))
    assert all(low - slack <= v <= low + span + slack for v, _ in result)
    assert len({text for _, text in result}) == len(result)


def test_an_axis_tells_its_unit_once() -> None:
    rows = (Row("R", "", "", (Mark(2.3),)),)
    assert [t for _, t in ticks(Bars(rows, 0.0, 2.3, unit="bits"))] == ["0", "1", "2 bits"]
    assert [t for _, t in ticks(Bars(rows, 0.0, 1.0, share=True))] == [
        "0%", "25%", "50%", "75%", "100%",
    ]  # fmt: skip
    assert [t for _, t in ticks(Bars(rows, 0.86, 0.96, share=True))] == [
        "87.5%", "90.0%", "92.5%", "95.0%",
    ]  # fmt: skip


def test_every_look_has_its_own_stripes() -> None:
    looks = [of_part(c) for c in THREE]
    matches = re.findall(r'<pattern id="([^"]+)".*?<path d="([^"]*)"', patterns(looks))
    # R is plain.
    assert [name for name, _ in matches] == [look.id for look in looks[1:]]
    assert len({path for _, path in matches}) == 4
    for look in looks[1:]:
        drawing = draw(Bars((Row("", "", "", (Mark(1.0, look),)),), 0, 1), "")
        assert f"url(#{look.id})" in drawing
    assert of_part("nobody").colour == theme.NEUTRAL
    assert Look("#112233", "x", pale=True).id == Look("#112233", "x").id


def test_long_words_are_cut_where_a_number_stands_beside_them_and_told_in_full() -> None:
    words = "a name as long as people give to their classes"
    for text in ("", "+0.31 (exact +0.30)"):
        row = Row("", words, text, (Mark(1.0),))
        shown = tree(draw(Bars((row,), 0.0, 1.0), "")).find(f"{SVG}text")
        assert shown is not None
        assert shown.text is not None
        assert len(shown.text) + len(text) <= 40
        assert shown.text.endswith("…")
        assert shown.findtext(f"{SVG}title") == words


@given(st.text(max_size=40))
def test_no_text_escapes_from_a_drawing(text: str) -> None:
    row = Row(text, text, text, (Mark(1.0, text=text),))
    drawing = draw(Bars((row,), 0.0, 1.0, unit=text, legend=((text, of_part("R")),)), text)
    page = Page(drawing.encode("utf-8", "replace"))
    assert set(page.tags) <= {"svg", "text", "tspan", "g", "title", "rect", "line"}
    assert {n for t, n, _ in page.attributes if t == "svg"} <= {
        "class", "width", "style", "role", "aria-label", "fill", "font-size",
    }  # fmt: skip
    wide = Page(svg.raster("data:x", text, text, text).encode("utf-8", "replace"))
    assert set(wide.tags) <= {"svg", "text", "image"}


@pytest.mark.parametrize(("rate", "time"), [(25.0, "0 to 0.16 seconds"), (0.0, "step 0 to 4")])
def test_the_time_of_a_signal_is_in_seconds_only_where_its_rate_is_known(
    rate: float, time: str
) -> None:
    values = np.arange(10.0).reshape(5, 2)
    assert texts(svg.signal(values, ("x", "y"), "two", rate)) == ["x", "y", time]
    axis = media.signal(values, ("x", "y"), rate, "g").layout.xaxis
    assert axis.title.text == ("seconds" if rate else "step")


@given(st.lists(numbers, min_size=1, max_size=300))
def test_a_vector_is_one_outline_that_touches_every_value(values: list[float]) -> None:
    path = tree(svg.vector(np.array(values), "some")).find(f".//{SVG}path")
    assert path is not None
    heights = [float(v) for v in re.findall(r"V([-\d.e+]+)h1", path.get("d") or "")]
    np.testing.assert_allclose(heights, values, rtol=1e-3, atol=1e-9)
