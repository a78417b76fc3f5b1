"""Trained models sample by sample: agreement, pairs, calibration, training, and their pages."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from dashboard.figures import compare, theme, upset
from dashboard.figures import training as training_figures
from dashboard.keys import key_of
from dashboard.services import listing
from dashboard.services.comparison import (
    agreement,
    calibration,
    chosen,
    models,
    pairs,
    training,
)
from dashboard.services.sample.samples import in_split
from dashboard.services.store import catalog as store_catalog
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, checkpoint_catalog
from dashboard.state import view as state
from dashboard.text import comparing, paper
from dashboard.views.compare.agreement import choice
from dmil_core.checkpoint import HISTORY_FILE, PREDICTIONS_FILE, read_history
from dmil_core.data.catalog import load_dataset
from dmil_core.io.tables import read_table, table_metadata, write_table
from dmil_core.training.run import train
from tests.dashboard import drawn
from tests.dashboard.conftest import OpenPage, Pick
from tests.dashboard.folders import (
    BROKEN,
    GENERATED,
    HTML_ID,
    MODELS,
    ODD,
    REAL,
    THREE,
    Room,
    shipped,
    table_of,
)
from tests.dashboard.views.test_pages import said, view

KEYS = tuple(f"{m}:0" for m in MODELS)


@pytest.fixture
def catalog(room: Room, monkeypatch: pytest.MonkeyPatch) -> CheckpointCatalog:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(room.root))
    return checkpoint_catalog()


@pytest.fixture
def ready(catalog: CheckpointCatalog) -> tuple[Checkpoint, ...]:
    return catalog.ready(REAL, 0)


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints with two seeds of `joint`, the second hardly trained, and a `dmil`."""
    root = tmp_path_factory.mktemp("seeds")
    for model in ("joint", "dmil"):
        shutil.copytree(shipped(REAL) / model / "seed0", root / REAL / model / "seed0")
    out = root / REAL / "joint" / "seed1"
    train(load_dataset(REAL), "joint", 1, out, device="cpu", epochs_scale=0.02)
    return root


def figure(app: AppTest, key: str) -> list[dict[str, Any]]:
    """Traces of a figure of the page."""
    (chart,) = (c for c in app.get("plotly_chart") if c.proto.id.endswith(f"-{key}"))
    traces: list[dict[str, Any]] = json.loads(chart.proto.spec)["data"]
    return traces


# --- who takes part -------------------------------------------------------------------------


def test_the_known_models_and_the_chosen_one_take_part_at_first(catalog: CheckpointCatalog) -> None:
    assert [chosen.key(c) for c in chosen.chosen(catalog, REAL, 0, "dmil", "").checkpoints] == list(
        KEYS
    )


def test_a_link_chooses_who_takes_part_and_what_is_unknown_is_told(
    catalog: CheckpointCatalog,
) -> None:
    some = chosen.chosen(catalog, REAL, 0, "dmil", "dmil:0,nobody:3,joint:0")
    assert [c.model for c in some.checkpoints] == ["dmil", "joint"]
    assert some.unknown == ("nobody:3",)
    assert chosen.chosen(catalog, REAL, 0, "dmil", state.NOBODY).checkpoints == ()
    # A choice that fits no model of this set is one for another set.
    assert len(chosen.chosen(catalog, REAL, 0, "dmil", "mcr:0").checkpoints) == 4


def test_damaged_models_do_not_take_part(catalog: CheckpointCatalog) -> None:
    some = chosen.chosen(catalog, BROKEN, 0, "dmil", "joint:0,ensemble:0")
    assert [c.model for c in some.checkpoints] == ["joint"]
    assert [c.model for c in some.damaged] == ["ensemble"]


@given(st.lists(st.text("abc:-0129", min_size=1), unique=True).filter(lambda n: n != ["-"]))
def test_names_in_a_link_are_read_as_they_were_written(names: list[str]) -> None:
    assert state.names_in(state.listed(names)) == tuple(names)


# --- agreement ------------------------------------------------------------------------------


def test_every_sample_is_counted_once(ready: tuple[Checkpoint, ...], room: Room) -> None:
    result = agreement.agreement(ready, "test")
    rows = len(in_split(store_catalog.table(ready[0]), "test"))
    assert sum(s.count for s in result.subsets) == result.rows == rows
    assert [s.count for s in result.subsets] == sorted(s.count for s in result.subsets)[::-1]
    for model, share in zip(result.models, result.accuracy, strict=True):
        alone = table_of(room, REAL, model.split(":")[0]).query("split == 'test'")["correct"]
        assert share == pytest.approx(alone.mean())


def test_every_group_is_the_selection_that_its_row_leads_to(
    ready: tuple[Checkpoint, ...],
) -> None:
    result = agreement.agreement(ready, "test")
    for one in result.subsets:
        filters = choice(result.models, one.right, 0)
        rows = listing.selection(ready[0], state.View(data=REAL, **filters))
        assert rows is not None
        assert len(rows) == one.count
        for checkpoint in ready:
            right = store_catalog.table(checkpoint).loc[rows.ids[:], "correct"]
            assert (right == (chosen.key(checkpoint) in one.right)).all()


def test_models_without_the_same_samples_share_what_they_have(
    ready: tuple[Checkpoint, ...], tmp_path: Path
) -> None:
    folder = tmp_path / "seed0"
    shutil.copytree(ready[0].folder, folder)
    path = folder / PREDICTIONS_FILE
    test = read_table(path).query("split == 'test'")
    write_table(test.iloc[:-7].sample(frac=1, random_state=0), path, table_metadata(path))
    fewer = replace(ready[0], folder=folder, stamp=str(folder))
    result = agreement.agreement((ready[1], fewer), "test")
    assert (result.left_out, result.rows) == (7, len(test) - 7)
    assert sum(s.count for s in result.subsets) == result.rows
    assert (pairs.differences(ready[0], fewer, "test")["distance"] == 0).all()


def test_no_bar_is_cut_and_small_groups_are_behind_a_summary() -> None:
    pairs_ = [((True, False), 90), ((False, True), 5), ((True, True), 1)]
    groups = [upset.Group(f"c{i}", r, n, f"group {i}") for i, (r, n) in enumerate(pairs_)]
    html = upset.upset(groups[:2], groups[2:], {"a": 0.9, "<b>": 0.8}, "1 smaller group", "c1")
    widths = [float(w) for w in re.findall(r'<span style="width:([0-9.]+)%', html)]
    assert widths[0] / widths[1] == pytest.approx(90 / 5, rel=0.01)
    assert widths[0] / widths[2] == pytest.approx(90, rel=0.05)
    assert html.index("<summary>1 smaller group") < html.index('data-mark="c2"')
    assert re.findall(r'data-mark="(c.)"[^>]*aria-current', html) == ["c1"]
    first = html[html.index('data-mark="c0"') : html.index('data-mark="c1"')]
    assert first.index("●") < first.index("○")
    assert "&lt;b&gt;" in html


# --- pairs ----------------------------------------------------------------------------------


def test_the_largest_change_comes_first_and_is_the_distance(
    catalog: CheckpointCatalog, room: Room
) -> None:
    one, two = (catalog.get(REAL, m, 0) for m in ("dmil", "dmil-paper"))
    frame = pairs.differences(one, two, "test")
    assert frame["distance"].is_monotonic_decreasing
    assert frame["distance"].between(0, 1).all()
    first, second = (
        table_of(room, REAL, m).astype({"id": str}).set_index("id") for m in ("dmil", "dmil-paper")
    )
    name = frame.index[0]
    held = [c for c in first.columns if c.startswith("p_")]
    by_hand = 0.5 * float(np.abs(first.loc[name, held] - second.loc[name, held]).sum())
    assert frame.loc[name, "distance"] == pytest.approx(by_hand)
    assert pairs.distance(one, two, name) == pytest.approx(by_hand)
    part = frame.loc[name, "gate_part"]
    by = float(second.loc[name, f"gate_{part}"] - first.loc[name, f"gate_{part}"])
    assert frame.loc[name, "gate_by"] == pytest.approx(by)
    moved = pairs.gate_moved(one, two, name)
    assert moved is not None
    assert (moved.component, moved.second - moved.first) == (part, pytest.approx(by))


def test_a_model_differs_from_itself_in_nothing(ready: tuple[Checkpoint, ...]) -> None:
    frame = pairs.differences(ready[2], ready[2], "all")
    assert (frame["distance"] == 0).all()
    assert (frame["gate_distance"] == 0).all()


def test_without_two_gates_no_gate_is_compared(catalog: CheckpointCatalog) -> None:
    one, two = (catalog.get(REAL, m, 0) for m in ("dmil", "joint"))
    frame = pairs.differences(one, two, "test")
    assert "gate_distance" not in frame.columns
    assert pairs.gate_moved(one, two, str(frame.index[0])) is None


def test_two_posteriors_have_the_true_class_among_them(catalog: CheckpointCatalog) -> None:
    one, two = (catalog.get(REAL, m, 0) for m in ("dmil", "joint"))
    for name, row in pairs.differences(one, two, "test").head(5).iterrows():
        frame = pairs.posteriors(one, two, str(name))
        assert {row["truth"], row["first_says"], row["second_says"]} <= set(frame["cls"])
    fig = compare.posteriors(frame, "a", "b", frame["cls"][0])
    assert [name for name, _ in fig.legend] == ["a", "b"]
    assert fig.rows[0].words.endswith("(true)")
    assert [m.text for m in fig.rows[0].marks] == [
        f"{p:.0%}" for p in frame.loc[frame.index[0], ["first", "second"]]
    ]


# --- calibration ----------------------------------------------------------------------------


def test_the_error_is_that_of_the_run(ready: tuple[Checkpoint, ...]) -> None:
    for one in ready:
        result = calibration.calibration(one, "test")
        assert result is not None
        assert one.run is not None
        assert result.error == pytest.approx(one.run.metrics["test"]["ece"], abs=1e-6)
        assert result.curve["rows"].sum() == result.rows
        assert 0 < result.luck < 0.2


def test_too_sure_not_sure_enough_or_neither(ready: tuple[Checkpoint, ...]) -> None:
    def verdict(sure: float, accuracy: float, luck: float = 0.02) -> str:
        error = abs(sure - accuracy)
        return calibration.Calibration(pd.DataFrame(), sure, accuracy, error, luck, 400).verdict

    assert verdict(sure=0.9, accuracy=0.8) == "bold"
    assert verdict(sure=0.8, accuracy=0.9) == "shy"
    assert verdict(sure=0.8, accuracy=0.9, luck=0.1) == "fine"
    # An average of models of one input each is unsure where they disagree.
    ensemble = calibration.calibration(next(c for c in ready if c.model == "ensemble"), "test")
    assert ensemble is not None
    assert ensemble.verdict == "shy"


# --- training -------------------------------------------------------------------------------


def test_three_stages_follow_each_other(catalog: CheckpointCatalog) -> None:
    result = training.training(catalog.get(REAL, "dmil", 0))
    assert result is not None
    assert [s.title[0] for s in result.stages] == ["1", "2", "3"]
    assert result.stages[0].first == 1
    assert result.stages[-1].last == len(result.epochs)
    for before, after in zip(result.stages, result.stages[1:], strict=False):
        assert after.first == before.last + 1
    for stage in result.stages:
        rows = result.epochs[result.epochs["step"].between(stage.first, stage.last)]
        # Which epoch is kept does not depend on the loss alone, and that loss is shown.
        kept = rows[rows["step"] == stage.best].iloc[0]
        assert stage.val_loss == kept["val_loss"] >= rows["val_loss"].min()
        assert stage.val_accuracy == kept["val_accuracy"]


def test_losses_are_shown_in_bits_and_squared_errors_as_they_are(
    catalog: CheckpointCatalog,
) -> None:
    checkpoint = catalog.get(REAL, "dmil", 0)
    result = training.training(checkpoint)
    assert result is not None
    last, stored = result.epochs.iloc[-1], read_history(checkpoint.folder)[-1]
    for name in ("loss", "val_loss"):
        assert last[name] == pytest.approx(stored[name] / np.log(2))
    names = set(stored["val_terms"])
    assert {"gate_informed", "recon_components"} <= names
    for name in names:
        unit = 1.0 if name.startswith("recon") else np.log(2)
        assert last["val_terms"][name] == pytest.approx(stored["val_terms"][name] / unit)


def test_no_label_of_the_app_is_in_nats() -> None:
    labels = [*comparing.CURVES.values()]
    labels += [title for part in paper.PARTS.values() for _, title in part.terms]
    assert len(labels) > 10
    for label in labels:
        assert label.endswith((", bits", ", MSE", "accuracy")), label


def test_a_line_is_broken_between_stages_and_the_kept_epochs_are_marked() -> None:
    epochs = pd.DataFrame({"step": [1, 2, 3], "val_loss": [9.0, 2.0, 1.0]})
    bands = [training_figures.Band("1 a", 1, 2, 2), training_figures.Band("2 b", 3, 3, 3)]
    fig = training_figures.curves({"m": epochs}, {"m": bands}, {"val_loss": "loss"}, "m")
    line, marks = fig.data
    assert [v is None or np.isnan(v) for v in line.x] == [False, False, True, False, True]
    assert list(marks.x) == [2, 3]
    assert {a.text for a in fig.layout.annotations} == {"1 a", "2 b"}
    assert fig.layout.yaxis.type == "log"
    # Powers of ten cannot show what is not above 0, and say little of what hardly changes.
    for values in ([1.0, 0.0, -1.0], [1.2, 1.1, 1.0]):
        other = epochs.assign(val_loss=values)
        fig = training_figures.curves({"m": other}, {"m": bands}, {"val_loss": "loss"}, "m")
        assert fig.layout.yaxis.type != "log"


# --- pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("look", state.LOOKS)
@pytest.mark.parametrize("data", [GENERATED, THREE, BROKEN])
def test_each_look_opens_without_error(open_page: OpenPage, look: str, data: str) -> None:
    app = open_page("compare", data=data, part="samples", look=look)
    assert not app.exception
    assert view(app).look == look  # type: ignore[attr-defined]
    assert "Something went wrong" not in said(app)


def test_a_group_leads_to_exactly_its_samples(open_page: OpenPage, room: Room, pick: Pick) -> None:
    right = {
        m: table_of(room, REAL, m).query("split == 'test'")["correct"].to_numpy() for m in MODELS
    }
    only = ~right["joint"] & right["ensemble"] & right["dmil"] & right["dmil-paper"]
    ids = table_of(room, REAL, "joint").query("split == 'test'")["id"].astype(str)[only]
    app = open_page("disagreements", data=REAL)
    pick(app, "upset", "ensemble:0,dmil:0,dmil-paper:0")
    assert [t.value for t in app.title] == ["Samples"]
    assert drawn.sample_list(app)["total"] == len(ids)
    assert f"{len(ids)} of {len(only)} samples: wrong by joint only" in said(app)
    none = pick(open_page("disagreements", data=REAL), "upset", state.NOBODY)
    assert view(none).wrong == ",".join(MODELS)  # type: ignore[attr-defined]
    assert view(none).right == ""  # type: ignore[attr-defined]
    every = pick(open_page("disagreements", data=REAL), "upset", ",".join(KEYS))
    assert (view(every).right, view(every).wrong) == (",".join(MODELS), "")  # type: ignore[attr-defined]


def test_a_group_in_a_link_of_an_earlier_version_is_the_selection(open_page: OpenPage) -> None:
    app = open_page("compare", data=REAL, part="samples", among="dmil:0,joint:0", subset="dmil:0")
    assert not app.exception
    assert [t.value for t in app.title] == ["Disagreements"]
    assert (view(app).right, view(app).wrong, view(app).subset) == ("dmil", "joint", "")  # type: ignore[attr-defined]
    html = drawn.html(app, "upset")
    assert re.findall(r'data-mark="([^"]*)"[^>]*aria-current', html) == ["dmil:0"]


def test_who_is_included_can_be_chosen_and_none_is_told(open_page: OpenPage) -> None:
    app = open_page("disagreements", data=REAL)
    app.multiselect(key="choice_among").set_value(["dmil:0", "ensemble:0"]).run()
    assert view(app).among == "dmil:0,ensemble:0"  # type: ignore[attr-defined]
    assert "all 2 models right" in drawn.html(app, "upset")
    assert "Not trained" not in said(app)
    app.multiselect(key="choice_among").set_value([]).run()
    assert "No model is chosen" in said(app)


@pytest.mark.parametrize(
    ("look", "title"),
    [("agreement", "Disagreements"), ("groups", "Disagreements"), ("calibration", "Model"),
     ("training", "Model"), ("interactions", "Model")],
)  # fmt: skip
def test_a_look_of_an_earlier_version_is_where_it_went(
    open_page: OpenPage, look: str, title: str
) -> None:
    app = open_page("compare", data=REAL, part="samples", look=look)
    assert not app.exception
    assert [t.value for t in app.title] == [title]
    assert "samples" not in app.query_params.get("part", [])
    assert comparing.QUESTIONS[look] in [h.value for h in app.header]


def test_a_cell_of_the_confusion_matrix_leads_to_exactly_its_samples(
    open_page: OpenPage, room: Room, pick: Pick
) -> None:
    test = table_of(room, REAL, "dmil").query("split == 'test'")
    truth, predicted = next((y, p) for y, p in zip(test["y"], test["pred"], strict=True) if y != p)
    count = int(((test["y"] == truth) & (test["pred"] == predicted)).sum())
    app = open_page("disagreements", data=REAL, look="groups")
    classes = [c.removeprefix("p_") for c in test.columns if c.startswith("p_")]
    pick(app, "confusion", f"{classes.index(truth)} {classes.index(predicted)}")
    assert (view(app).truth, view(app).predicted) == (truth, predicted)  # type: ignore[attr-defined]
    assert drawn.sample_list(app)["total"] == count


def test_a_bar_of_a_subgroup_leads_to_the_errors_in_it(
    open_page: OpenPage, room: Room, pick: Pick
) -> None:
    wrong = ~table_of(room, GENERATED, "ensemble").query("split == 'test'")["correct"]
    types = table_of(room, GENERATED, "ensemble").query("split == 'test'")["interaction_type"]
    app = open_page("disagreements", data=GENERATED, look="groups")
    pick(app, key_of("by", "interaction_type"), "3 ensemble")
    assert view(app).interaction_type == "S"  # type: ignore[attr-defined]
    assert drawn.sample_list(app)["total"] == int((wrong & (types == "S")).sum())
    flags = open_page("disagreements", data=REAL, look="groups")
    pick(flags, key_of("by", "flags"), "0")
    assert view(flags).flags == state.NOBODY  # type: ignore[attr-defined]


def test_the_synergy_indicator_leads_to_exactly_its_samples(
    open_page: OpenPage, room: Room, catalog: CheckpointCatalog, pick: Pick
) -> None:
    result = models.synergy(catalog, GENERATED, 0, "test")
    assert result is not None
    share = result.frame.set_index("model")["indicator"]["dmil"]
    rows = len(table_of(room, GENERATED, "dmil").query("split == 'test'"))
    app = pick(open_page("disagreements", data=GENERATED, look="groups"), "synergy", "of dmil")
    assert drawn.sample_list(app)["total"] == round(share * rows)


def test_a_bin_of_the_calibration_leads_to_exactly_its_samples(
    open_page: OpenPage, catalog: CheckpointCatalog, pick: Pick
) -> None:
    result = calibration.calibration(catalog.get(REAL, "ensemble", 0), "test")
    assert result is not None
    for number in (result.curve.index[-1], result.curve["rows"].idxmax()):
        app = open_page("model", data=REAL, look="calibration")
        pick(app, "reliability_of_models", f"ensemble:0 {number}")
        assert [t.value for t in app.title] == ["Samples"]
        assert view(app).model == "ensemble"  # type: ignore[attr-defined]
        assert drawn.sample_list(app)["total"] == result.curve["rows"][number]


def test_counts_of_two_models_lead_to_exactly_these_samples(
    open_page: OpenPage, room: Room, pick: Pick
) -> None:
    one, two = (
        table_of(room, REAL, m).query("split == 'test'")["correct"].to_numpy()
        for m in ("dmil", "joint")
    )
    app = open_page("disagreements", data=REAL, look="pair")
    pick(app, "pair_counts", "False True")
    assert (view(app).right, view(app).wrong) == ("joint", "dmil")  # type: ignore[attr-defined]
    assert drawn.sample_list(app)["total"] == int((~one & two).sum())


def test_a_model_of_the_link_that_does_not_exist_is_told(open_page: OpenPage) -> None:
    among = "dmil:0,joint:0,<b>x</b>:7"
    app = open_page("compare", data=REAL, part="samples", among=among)
    assert "Not trained for this data set" in said(app)
    assert "<b>" not in said(app).replace("\\<", "")


def test_one_right_the_other_wrong_in_both_directions(open_page: OpenPage, room: Room) -> None:
    app = open_page("disagreements", data=REAL, look="pair", compared="ensemble")
    one, two = (table_of(room, REAL, m).query("split == 'test'") for m in ("dmil", "ensemble"))
    only = int((one["correct"].to_numpy() & ~two["correct"].to_numpy()).sum())
    options = [o.replace("\\", "") for o in app.radio(key="choice_side").options]
    assert f"only dmil right ({only})" in options
    app.radio(key="choice_side").set_value("first").run()
    listed = app.dataframe[0].value
    assert len(listed) == only
    assert listed["second"].str.startswith("✗").all()
    app.selectbox(key="pair_second").select("dmil-paper:0").run()
    assert view(app).compared == "dmil-paper"  # type: ignore[attr-defined]
    assert not app.exception


def test_a_sample_under_two_models_beside_each_other(open_page: OpenPage) -> None:
    query = {"part": "samples", "look": "pair", "compared": "dmil-paper"}
    app = open_page("compare", data=REAL, **query)
    first = app.dataframe[0].value.iloc[0]
    assert view(app).sample == first["id"]  # type: ignore[attr-defined]
    words = said(app).replace("\\", "")
    assert "Their gates differ most in" in words
    assert "bits in dmil" in words
    waterfalls = [drawn.texts(drawn.drawing(app, key_of("pair_waterfall", i))) for i in (0, 1)]
    scores = [shown[shown.index("score") + 1] for shown in waterfalls]
    assert scores[0] != scores[1]
    assert "goes from the inputs straight" not in words
    other = said(open_page("compare", data=REAL, part="samples", look="pair", compared="joint"))
    assert "joint goes from the inputs straight to a score" in other


def test_two_seeds_of_one_model_are_compared(open_page: OpenPage, seeds: Path) -> None:
    query = {"data": REAL, "model": "joint", "look": "pair"}
    app = open_page(
        "disagreements", root=seeds, compared="joint", **{"compared-seed": "1"}, **query
    )
    assert not app.exception
    assert app.selectbox(key="pair_first").value == "joint:0"
    assert app.selectbox(key="pair_second").value == "joint:1"
    assert "joint, seed 1 predicts" in said(app).replace("\\", "")
    app.selectbox(key="pair_first").select("joint:1").run()
    assert view(app).seed == 1  # type: ignore[attr-defined]
    assert app.selectbox(key="pair_second").value != "joint:1"
    among = "joint:0,joint:1"
    curves = open_page(
        "compare", root=seeds, data=REAL, part="samples", look="training", among=among
    )
    lines = [t["name"] for t in figure(curves, "training_curves") if t["mode"] == "lines"]
    assert lines[:2] == ["joint, seed 0", "joint, seed 1"]


def test_each_model_s_calibration_is_said_in_words(open_page: OpenPage) -> None:
    app = open_page("compare", data=REAL, part="samples", look="calibration")
    words = said(app).replace("\\", "")
    assert "**ensemble**: mean confidence" in words
    assert "**underconfident**" in words
    html = drawn.html(app, "reliability_of_models")
    assert re.findall(r"</svg> ([^<]*)</span>", html) == list(MODELS)
    for model in MODELS:
        assert theme.MODEL_COLOURS[model] in html


def test_a_model_looks_the_same_in_every_figure() -> None:
    looks = theme.models(["mine", "dmil", "joint, seed 0", "joint, seed 1", "other"])
    assert looks["dmil"].colour == theme.MODEL_COLOURS["dmil"]
    assert looks["joint, seed 0"].colour == looks["joint, seed 1"].colour
    assert len({(look.colour, look.symbol) for look in looks.values()}) == 5
    assert len({look.dash for look in looks.values()}) == 5
    every = {*theme.MODEL_COLOURS.values(), *theme.OTHER_MODELS}
    assert not every & set(theme.COLOURS.values())
    frame = pd.DataFrame({"cls": ["a"], "first": [0.2], "second": [0.8]})
    colours = [look.colour for _, look in compare.posteriors(frame, "joint", "dmil", "a").legend]
    assert colours == [theme.MODEL_COLOURS["joint"], theme.MODEL_COLOURS["dmil"]]
    epochs = pd.DataFrame({"step": [1], "val_loss": [1.0]})
    bands = [training_figures.Band("1", 1, 1, 1)]
    fig = training_figures.curves({"dmil": epochs}, {"dmil": bands}, {"val_loss": "loss"}, "dmil")
    assert fig.data[0].line.color == theme.MODEL_COLOURS["dmil"]


def test_what_is_drawn_of_a_training_can_be_chosen(open_page: OpenPage) -> None:
    app = open_page("compare", data=REAL, part="samples", look="training", curves="loss")
    stages = app.dataframe[0].value
    assert list(stages[stages["model"] == "dmil"]["stage"].str[0]) == ["1", "2", "3"]
    (chart,) = app.get("plotly_chart")
    assert "yaxis2" not in json.loads(chart.proto.spec)["layout"]
    app.pills(key="choice_curves").set_value([]).run()
    assert not app.get("plotly_chart")
    assert view(app).curves == state.NOBODY  # type: ignore[attr-defined]


def test_a_checkpoint_without_epochs_says_how_to_get_them(
    open_page: OpenPage, tmp_path: Path
) -> None:
    for model in ("joint", "dmil"):
        shutil.copytree(shipped(REAL) / model, tmp_path / REAL / model)
    (tmp_path / REAL / "joint" / "seed0" / HISTORY_FILE).unlink()
    app = open_page("compare", root=tmp_path, data=REAL, part="samples", look="training")
    assert not app.exception
    assert "were not kept" in said(app)
    assert app.code[0].value.endswith("--paradigm joint --seed 0 --overwrite")
    assert set(app.dataframe[0].value["model"]) == {"dmil"}


def test_a_hostile_id_is_only_text_beside_two_models(open_page: OpenPage) -> None:
    app = open_page("compare", data=ODD, part="samples", look="pair", sample=HTML_ID)
    assert not app.exception
    assert any("Sample" in s.value for s in app.header)
    for kind in (app.markdown, app.header, app.caption, app.info, app.warning):
        for element in kind:
            assert "<img" not in element.value.replace("\\<", "")
