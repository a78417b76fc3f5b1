"""A changed sample: what is changed is, nothing else is, and a gate turned by hand adds up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from dmil_core import schema
from dmil_core.checkpoint import default_folder, load_model
from dmil_core.data import statistics
from dmil_core.data.catalog import load_dataset
from dmil_core.data.corruption import absent, corrupt
from dmil_core.data.dataset import Dataset
from dmil_core.data.media import ImageMedia, SignalMedia, TextMedia, as_seen
from dmil_core.errors import ConfigError, DataError
from dmil_core.inference.counterfactual import Edit, changed, reweighted
from dmil_core.inference.drawing import INKS, Ink, Stroke, drawn
from dmil_core.inference.predict import predict
from dmil_core.io.tables import read_table

ROW = 7


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("avdigits")


def test_without_edits_it_is_the_row(digits: Dataset) -> None:
    one = changed(digits, ROW, [])
    assert len(one) == 1
    assert one.ids[0] == digits.ids[ROW]
    for m in (1, 2):
        assert_array_equal(one.x(m)[0], digits.x(m)[ROW])


def test_an_edit_changes_its_modality_alone(digits: Dataset) -> None:
    blank = changed(digits, ROW, [Edit(1, "blank")])
    assert_array_equal(blank.x1[0], absent(digits, 1))
    assert_array_equal(blank.x2[0], digits.x2[ROW])
    noisy = changed(digits, ROW, [Edit(2, "noise", severity=0.7, seed=3)])
    corrupted = corrupt(digits, 2, "noise", 0.7, rows=[ROW], seed=3)
    assert_array_equal(noisy.x2[0], corrupted.x2[ROW])
    assert_array_equal(noisy.x1[0], digits.x1[ROW])
    swapped = changed(digits, ROW, [Edit(1, "swap", donor=str(digits.ids[20]))])
    assert_array_equal(swapped.x1[0], digits.x1[20])
    assert swapped.y[0] == digits.y[ROW]


def test_edits_of_both_modalities_are_made(digits: Dataset) -> None:
    both = changed(digits, ROW, [Edit(1, "blank"), Edit(2, "swap", donor=str(digits.ids[3]))])
    assert_array_equal(both.x1[0], absent(digits, 1))
    assert_array_equal(both.x2[0], digits.x2[3])


def test_a_text_is_rewritten_however_long_it_gets() -> None:
    emoji = load_dataset("emoji")
    text = "face " * 30
    assert changed(emoji, ROW, [Edit(2, "text", text=text)]).x2[0] == text


def test_what_cannot_be_done_is_told(digits: Dataset) -> None:
    for edit, error, words in (
        (Edit(1, "text", text="a"), DataError, "no text"),
        (Edit(1, "swap", donor="nobody"), DataError, "no sample 'nobody'"),
        (Edit(1, "upside-down"), ConfigError, "expected one of blank"),  # type: ignore[arg-type]
        (Edit(1, "noise", severity=-1.0), ConfigError, "expected 0 to"),
    ):
        with pytest.raises(error, match=words):
            changed(digits, ROW, [edit])


def test_the_model_answers_the_row_as_in_its_table(digits: Dataset) -> None:
    model, run = load_model(default_folder("avdigits", "dmil", 0))
    table = predict(model, run.config.model, changed(digits, ROW, []))
    stored = read_table(run.predictions).iloc[[ROW]].reset_index(drop=True)
    names = [schema.gate(c) for c in schema.COMPONENTS]
    assert table["pred"][0] == stored["pred"][0]
    assert_allclose(table[names], stored[names], atol=1e-4)


# --- the gate turned by hand ----------------------------------------------------------------


@pytest.fixture(scope="module")
def answers() -> tuple[pd.DataFrame, tuple[str, ...]]:
    _, run = load_model(default_folder("switch", "dmil", 0))
    return read_table(run.predictions).head(50), tuple(run.classes)


@given(st.lists(st.floats(0.05, 3.0), min_size=4, max_size=4))
def test_a_turned_gate_still_adds_up(
    answers: tuple[pd.DataFrame, tuple[str, ...]], values: list[float]
) -> None:
    table, classes = answers
    factors = dict(zip(schema.COMPONENTS, values, strict=True))
    out = reweighted(table, classes, factors)
    gates = out[[schema.gate(c) for c in schema.COMPONENTS]].to_numpy()
    assert_allclose(gates.sum(axis=1), 1.0, atol=1e-6)
    for k in classes:
        parts = sum(out[schema.contribution(c, k)] for c in schema.COMPONENTS)
        assert_allclose(parts, out[schema.logit(k)], atol=1e-6)
    assert_allclose(out[[schema.prob(k) for k in classes]].sum(axis=1), 1.0, atol=1e-6)


def test_factors_that_are_alike_change_nothing(
    answers: tuple[pd.DataFrame, tuple[str, ...]],
) -> None:
    table, classes = answers
    for factor in (1.0, 0.5):
        out = reweighted(table, classes, dict.fromkeys(schema.COMPONENTS, factor))
        assert_array_equal(out["pred"], table["pred"])
        assert_allclose(out[schema.logit(classes[0])], table[schema.logit(classes[0])], atol=1e-3)


def test_synergy_samples_are_lost_without_s(
    answers: tuple[pd.DataFrame, tuple[str, ...]],
) -> None:
    table, classes = answers
    out = reweighted(table, classes, {"S": 0.0})
    of_s, of_r = (table[schema.INTERACTION_TYPE] == c for c in ("S", "R"))
    assert out.loc[of_s, "correct"].mean() < 0.7 < table.loc[of_s, "correct"].mean()
    assert out.loc[of_r, "correct"].mean() > 0.9
    assert (out[schema.gate("S")] == 0).all()


def test_gates_that_cannot_be_turned(answers: tuple[pd.DataFrame, tuple[str, ...]]) -> None:
    table, classes = answers
    for factors, words in (
        ({"R": -1.0}, "from 0 on"),
        ({"R": float("inf")}, "from 0 on"),
        (dict.fromkeys(schema.COMPONENTS, 0.0), "leave at least one"),
    ):
        with pytest.raises(ConfigError, match=words):
            reweighted(table, classes, factors)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="no gate"):
        reweighted(table[["id", "y"]], classes, {})


# --- what the model sees --------------------------------------------------------------------


def test_what_the_model_sees_is_shown_by_kind(digits: Dataset) -> None:
    blank = changed(digits, ROW, [Edit(1, "blank"), Edit(2, "blank")])
    picture, sound = (as_seen(blank, 0, m) for m in (1, 2))
    assert isinstance(picture, ImageMedia)
    assert_array_equal(picture.pixels, absent(digits, 1))
    assert isinstance(sound, ImageMedia)
    assert isinstance(as_seen(load_dataset("watch"), 0, 1), SignalMedia)
    emoji = load_dataset("emoji")
    assert as_seen(emoji, 0, 2) == TextMedia(str(emoji.x2[0]))


# --- drawing --------------------------------------------------------------------------------


def line(ink: Ink, width: float = 0.1, *points: tuple[float, float]) -> Stroke:
    return Stroke(ink, width, points or ((0.1, 0.5), (0.9, 0.5)))


def test_ink_covers_what_is_below_it_and_nothing_else() -> None:
    grey = np.full((20, 40), 100, dtype=np.uint8)
    out = drawn(grey, [line("light")], 0, 255)
    # A tenth of the longer side thick, which is four rows, their edges covered in part.
    assert (out[9:11, 6:34] == 255).all()
    assert (out[:6] == 100).all()
    assert (out[:, :1] == 100).all()
    assert grey.max() == 100
    over = drawn(grey, [line("light"), line("dark")], 0, 255)
    assert (over[9:11, 6:34] == 0).all()


def test_erasing_brings_the_picture_back() -> None:
    picture = np.arange(400, dtype=np.float32).reshape(20, 20)
    drawing = [line("dark"), line("light", 0.2, (0.5, 0.5)), line("erase", 1.0, (0.5, 0.5))]
    assert_array_equal(drawn(picture, drawing, 0.0, 1.0)[5:15, 5:15], picture[5:15, 5:15])


def test_a_colour_picture_is_drawn_on_in_all_channels() -> None:
    picture = np.zeros((16, 16, 3), dtype=np.uint8)
    out = drawn(picture, [line("light", 0.3, (0.5, 0.5))], 0, 255)
    assert (out[8, 8] == 255).all()
    assert out.shape == picture.shape


edge = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.lists(
        st.builds(
            Stroke, st.sampled_from(INKS), edge,
            st.lists(st.tuples(edge, edge), min_size=1, max_size=4).map(tuple),
        ),
        max_size=3,
    ),
)  # fmt: skip
def test_any_drawing_stays_between_the_inks_and_the_picture(
    size: tuple[int, int], strokes: list[Stroke]
) -> None:
    out = drawn(np.full(size, 0.5), strokes, 0.0, 1.0)
    assert out.shape == size
    assert ((out >= 0) & (out <= 1)).all()
    first = next((s for s in strokes if s.ink != "erase"), None)
    if first is None:
        assert (out == 0.5).all()


def test_a_drawing_on_a_sample_reaches_the_model(digits: Dataset) -> None:
    stroke = line("light", 0.3)
    out = changed(digits, ROW, [Edit(1, "draw", strokes=(stroke,))])
    assert out.x1.dtype == digits.x1.dtype
    assert (out.x1[0, 3:5, 2:6] == 255).all()
    assert_array_equal(out.x2[0], digits.x2[ROW])
    with pytest.raises(DataError, match="no picture"):
        changed(digits, ROW, [Edit(2, "draw", strokes=(stroke,))])
    outside = Stroke("light", 0.2, ((2.0, 0.5),))
    with pytest.raises(DataError, match="from 0 to 1"):
        changed(digits, ROW, [Edit(1, "draw", strokes=(outside,))])


def test_what_is_usual_is_read_once_for_a_set(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = [Edit(1, "noise"), Edit(2, "noise"), Edit(1, "blank"), Edit(2, "blank")]
    changed(digits, ROW, both)
    monkeypatch.setattr(statistics, "training_rows", lambda *_: pytest.fail("read again"))
    changed(digits, ROW + 1, both)
    changed(digits, ROW, both[1:])


def test_single_numbers_are_set_and_the_rest_stays() -> None:
    data = load_dataset("mfeat")
    out = changed(data, ROW, [Edit(2, "set", values=((3, 7.5), (0, -1.0)))])
    expected = data.x2[ROW].copy()
    expected[[3, 0]] = 7.5, -1.0
    assert_array_equal(out.x2[0], expected)
    assert_array_equal(out.x1[0], data.x1[ROW])
    assert data.x2[ROW, 3] != 7.5


@pytest.mark.parametrize("values", [((76, 0.0),), ((-1, 0.0),), ((0, np.nan),), ((0, 1e39),)])
def test_a_number_that_cannot_be_set_is_refused(values: tuple[tuple[int, float], ...]) -> None:
    with pytest.raises(DataError, match="expected a position from 0 to 75"):
        changed(load_dataset("mfeat"), ROW, [Edit(2, "set", values=values)])


def test_only_vectors_have_numbers_to_set(digits: Dataset) -> None:
    with pytest.raises(DataError, match="no vector"):
        changed(digits, ROW, [Edit(1, "set", values=((0, 1.0),))])
