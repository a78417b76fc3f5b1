"""Figures: what they show adds up, keeps apart without colour, and holds on both grounds."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures import compare, fidelity, map, matrix, media, sample, slices, theme

NAMES = {"R": "both", "U1": "only a", "U2": "only b", "U3": "only c", "S": "together"}
#: What two inputs and what three have.
TWO, THREE = ("R", "U1", "U2", "S"), ("R", "U1", "U2", "U3", "S")
numbers = st.floats(-50, 50, allow_nan=False)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("ground", ["#FFFFFF", "#0E1117"])
@pytest.mark.parametrize(
    "colour",
    [
        *theme.COLOURS.values(),
        *theme.CLASS_COLOURS,
        *theme.MODEL_COLOURS.values(),
        *theme.OTHER_MODELS,
        *(c for c, _ in theme.RIGHT_WRONG.values()),
        theme.NEUTRAL,
    ],
)
def test_colours_hold_on_both_grounds(colour: str, ground: str) -> None:
    assert contrast(colour, ground) >= 3.0 - 0.05


def test_components_differ_without_colour() -> None:
    assert set(theme.PATTERNS) == set(theme.SYMBOLS) == set(theme.COLOURS) == set(THREE)
    assert len(set(theme.PATTERNS.values())) == 5
    assert len(set(theme.SYMBOLS.values())) == 5
    assert len(set(theme.CLASS_SYMBOLS)) == len(theme.CLASS_COLOURS) == 10


def test_the_template_brings_no_ground_of_its_own() -> None:
    layout = theme.figure(100).layout.template.layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.font.color is None


def test_no_chart_offers_to_send_data_away() -> None:
    assert theme.CONFIG["showSendToCloud"] is False
    assert theme.STILL["showSendToCloud"] is False


def test_reliability_has_a_line_for_each_head_and_marks_by_rows() -> None:
    curve = pd.DataFrame({"confidence": [0.5, 0.9], "accuracy": [0.4, 0.95], "rows": [10, 90]})
    diagonal, first, second = sample.reliability({"a<b": curve, "both": curve}).data
    assert list(diagonal.x) == list(diagonal.y) == [0, 1]
    assert (first.name, second.name) == ("a&lt;b", "both")
    assert first.marker.symbol != second.marker.symbol
    assert list(first.y) == [0.4, 0.95]
    assert first.marker.size[0] < first.marker.size[1]
    empty = pd.DataFrame({"confidence": [], "accuracy": [], "rows": []})
    assert len(sample.reliability({"both": empty}).data) == 2


@given(numbers, st.floats(0, 5), st.booleans())
def test_whiskers_of_clusters_never_turn_around(mean: float, reach: float, outside: bool) -> None:
    high = mean - 0.5 if outside else mean + reach
    frame = pd.DataFrame(
        [(2, "R", mean, mean - reach - 1.0, high, False), (4, "R", mean, mean, mean, True)],
        columns=["clusters", "part", "mean", "low", "high", "few"],
    )
    two, four = compare.clusters(frame).data
    assert two.error_y.array[0] >= 0
    assert two.error_y.arrayminus[0] >= 0
    assert two.marker.pattern.shape == ""
    assert four.marker.pattern.shape == "/"
    assert "too few" in four.name


def values(n: int = 40, colour: str = "class") -> pd.Series:
    rng = np.random.default_rng(0)
    names = {"class": ["cat", "dog"], "dominant": list(TWO), "correct": ["right", "wrong"]}
    return pd.Series(rng.choice(names[colour], n) if colour in names else rng.random(n))


def groups(given: pd.Series, colour: str, order: tuple[str, ...]) -> map.Groups:
    codes, names = pd.factorize(given.to_numpy(dtype=object))
    shown = map.looks((codes, names.tolist()), colour, colour, order)
    assert isinstance(shown, map.Groups)
    return shown


def scale(given: pd.Series, colour: str) -> map.Scale:
    shown = map.looks(given.to_numpy(), colour, colour, ())
    assert isinstance(shown, map.Scale)
    return shown


def test_the_legend_follows_the_order_and_shows_only_what_is_there() -> None:
    given = values(colour="dominant")
    shown = groups(given[given != "U2"], "dominant", TWO)
    assert shown.names == ["R", "U1", "S"]
    assert shown.symbols == [theme.SYMBOLS[c] for c in ("R", "U1", "S")]
    assert [shown.names[g] for g in shown.of] == given[given != "U2"].tolist()


def test_a_class_keeps_its_look_where_others_are_missing() -> None:
    both = groups(pd.Series(["cat", "dog"]), "class", ("cat", "dog"))
    one = groups(pd.Series(["dog"]), "class", ("cat", "dog"))
    assert (one.colours[0], one.symbols[0]) == (both.colours[1], both.symbols[1])


def test_more_than_ten_classes_never_share_colour_and_marker() -> None:
    looks = {map.look(f"c{i}", "class", i) for i in range(60)}
    assert len(looks) == 60


def test_gate_weights_are_shown_by_size_as_well() -> None:
    given = values(colour="gate-R")
    shown = scale(given, "gate-R")
    sizes = np.asarray(shown.sizes)[shown.of]
    assert np.corrcoef(sizes, given)[0, 1] > 0.999
    assert (shown.low, shown.high) == ("0%", "100%")


def test_bits_lie_on_a_scale_around_nothing_and_far_ones_do_not_stretch_it() -> None:
    given = pd.Series(np.linspace(-1.0, 1.0, 200))
    given[0] = -80.0
    shown = scale(given, "bits-R")
    assert (shown.low, shown.high) == ("-1.0", "+1.0")
    middle = map.STEPS // 2
    assert shown.colours[middle] == map.FAINT.upper()
    assert shown.of[0] == 0
    assert min(shown.sizes) == shown.sizes[middle]
    assert shown.sizes[0] == shown.sizes[-1] == max(shown.sizes)


def test_a_slice_stands_beside_the_rest_with_its_intervals() -> None:
    frame = pd.DataFrame(
        [("R", "slice", 0.6, 0.5, 0.7, 9), ("R", "rest", 0.2, 0.1, 0.3, 90),
         ("S", "slice", 0.4, np.nan, np.nan, 3), ("S", "rest", 0.8, 0.7, 0.9, 96)],
        columns=["name", "side", "mean", "low", "high", "rows"],
    )  # fmt: skip
    rest, inside = slices.against_rest(frame, "gate").data
    assert (rest.name, inside.name) == ("rest", "slice")
    assert rest.marker.symbol != inside.marker.symbol
    np.testing.assert_allclose(inside.x, [0.6, 0.4])
    np.testing.assert_allclose(inside.error_x.array, [0.1, 0.0])
    np.testing.assert_allclose(rest.x - rest.error_x.arrayminus, [0.1, 0.7])


def test_bars_of_models_have_their_width_interval_and_link() -> None:
    rows = [("dmil", 0.1, (0.05, 0.15), "m"), ("upper bound", 0.2, (np.nan, np.nan), "")]
    html = matrix.accuracies("<head>", "9 samples", "all", rows, most=0.2)
    assert re.findall(r'<span style="width:([0-9.]+)%', html) == ["50.0", "100.0"]
    assert re.findall(r"left:([0-9.]+)%;width:([0-9.]+)%", html) == [("25.0", "50.0")]
    assert re.findall(r'data-mark="([^"]*)"', html) == ["all", "m"]
    assert theme.MODEL_COLOURS["dmil"] in html
    assert "&lt;head&gt;" in html


def test_cells_are_shaded_by_their_share_and_only_marks_are_links() -> None:
    full, empty = matrix.Cell("8", 0.8, "eight", "a"), matrix.Cell("", 0.0, "")
    html = matrix.matrix(
        [[full, empty], [matrix.Cell("2", 0.2, "two"), full]], ["r", "s"], ["c", "d"]
    )
    shades = [int(t) for t in re.findall(r"(\d+)%, transparent", html)]
    assert shades[0] == shades[2] > shades[1]
    assert html.count("data-mark") == 2


@pytest.mark.parametrize(
    "fig",
    [
        media.signal(np.zeros((50, 3)), ("x", "y", "z"), 25.0, "g"),
        media.signal(np.zeros((50, 5)), (), 0.0, ""),
    ],
)
def test_media_figures_are_drawn(fig: go.Figure) -> None:
    assert fig.layout.height
    assert len(fig.data) >= 1


def test_lines_of_a_signal_differ_without_colour() -> None:
    lines = media.signal(np.zeros((50, 3)), ("x", "y", "z"), 25.0, "g").data
    assert len({line.line.dash for line in lines}) == 3
    assert lines[0].x[-1] == pytest.approx(49 / 25)


def test_an_axis_of_shares_has_room_for_its_last_label() -> None:
    curve = pd.DataFrame({"confidence": [0.5, 0.9], "accuracy": [0.4, 1.0], "rows": [10, 30]})
    parts = pd.DataFrame({"who": ["a", "a"], "part": ["R", "S"], "share": [0.4, 0.6]})
    for fig in (sample.reliability({"a": curve}), fidelity.shares(parts)):
        assert fig.layout.xaxis.tickvals[-1] == 1
        assert fig.layout.margin.r >= 20
