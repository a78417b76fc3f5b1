"""A table of features: it says what it draws, and nothing in a name or a value does harm."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.figures import features, theme
from tests.dashboard.drawn import SVG, texts, tree
from tests.dashboard.figures.test_figures import contrast
from tests.dashboard.hostile_names import NAMES


@dataclass(frozen=True)
class Row:
    name: str = "bill length"
    text: str = "39.1 mm"
    z: float = -0.9
    share: float = math.nan
    usual: str = ""
    was: str = ""
    was_z: float = math.nan


odd = st.one_of(st.sampled_from(NAMES), st.text(max_size=40), st.just("<b>x</b>" * 2000))
rows = st.builds(
    Row,
    name=odd,
    text=odd,
    z=st.floats(),
    share=st.just(math.nan) | st.floats(0, 1),
    usual=odd,
    was=odd,
    was_z=st.floats(),
)


def bars(drawing: str) -> list[dict[str, str]]:
    return [e.attrib for e in tree(drawing).iter(f"{SVG}rect")]


@given(st.lists(rows, max_size=5))
def test_any_name_and_value_gives_a_drawing_in_which_all_is_text(some: list[Row]) -> None:
    drawing = features.table(some, "a <table> & more")
    root = tree(drawing)  # well formed
    kinds = {e.tag.removeprefix(SVG) for e in root.iter()}
    assert kinds <= {"svg", "g", "title", "text", "line", "rect", "path", "circle"}
    assert all(len(text) <= 45 for text in texts(drawing))
    assert "nan" not in drawing.split("aria-label")[0]
    for rect in bars(drawing):
        left, width = (float(rect[k].rstrip("%")) for k in ("x", "width"))
        assert left >= 0
        assert left + width <= 80


@given(st.floats(-1e6, 1e6))
def test_a_bar_leads_from_the_mean_to_its_side(z: float) -> None:
    drawing = features.table([Row(z=z)], "table")
    (rect,) = bars(drawing)
    left, width = (float(rect[k].rstrip("%")) for k in ("x", "width"))
    mean = float(bars(features.table([Row(z=0.0)], "table"))[0]["x"].rstrip("%"))
    if z > 0.1:
        assert left == pytest.approx(mean, abs=0.02)
    if z < -0.1:
        assert left + width == pytest.approx(mean, abs=0.02)
    # Beyond the ends of the axis an arrow says that it goes on.
    assert bool(tree(drawing).findall(f".//{SVG}path")) is (abs(z) > features.REACH)


def test_twice_as_far_is_twice_as_long() -> None:
    one, two = (float(bars(features.table([Row(z=z)], ""))[0]["width"][:-1]) for z in (1.0, 2.0))
    assert two == pytest.approx(2 * one, rel=0.01)


def test_all_that_is_drawn_is_also_in_words() -> None:
    some = [
        Row(),
        Row("mass", "6,400 g", 2.9, was="3,590 g", was_z=-0.8),
        Row("island", "Dream", math.nan, share=0.34),
        Row("constant", "2", math.inf),
    ]
    drawing = features.table(some, "body: features")
    assert tree(drawing).attrib["aria-label"] == (
        "body: features: bill length 39.1 mm, 0.9 standard deviations below the mean of the "
        "training rows; mass 3,590 g changed to 6,400 g, 2.9 standard deviations above the mean of "
        "the training rows; island Dream, as 34% of the training rows; constant 2, the training "
        "rows all have another value"
    )
    seen = texts(drawing)
    assert {"bill length", "39.1 mm", "z -0.9", "3,590 g → 6,400 g", "34% of training rows"} < {
        *seen
    }
    # A ring where the mass was before.
    assert len(tree(drawing).findall(f".//{SVG}circle")) == 1


def test_without_training_rows_there_are_names_and_values_alone() -> None:
    drawing = features.table([Row(z=math.nan)], "table")
    assert texts(drawing) == ["bill length", "39.1 mm"]
    assert bars(drawing) == []


@pytest.mark.parametrize("ground", ["#FFFFFF", "#0E1117"])
def test_bars_are_seen_on_both_grounds(ground: str) -> None:
    assert features.ABOVE != features.BELOW
    assert all(contrast(c, ground) >= 2.95 for c in (features.ABOVE, features.BELOW))
    assert {features.ABOVE, features.BELOW} <= set(theme.CLASS_COLOURS)
