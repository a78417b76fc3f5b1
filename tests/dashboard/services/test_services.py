"""Services: what pages are told agrees with the tables on disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dashboard.services import counterfactual, evidence, gallery, listing, overview
from dashboard.services.comparison import models
from dashboard.services.map import maps
from dashboard.services.sample import estimates, information, media, neighbours, samples, thumbnails
from dashboard.services.store import catalog as store_catalog
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog
from dashboard.state.view import View
from dashboard.text import messages
from dmil_core import schema
from dmil_core.checkpoint import MODEL_FILE, PREDICTIONS_FILE, RUN_FILE
from dmil_core.metrics.intervals import wilson
from tests.dashboard.folders import (
    BROKEN,
    GENERATED,
    MODELS,
    REAL,
    UNTRAINED,
    Room,
    flip_byte,
    table_of,
)


@pytest.fixture
def dmil(catalog: CheckpointCatalog) -> Checkpoint:
    return catalog.get(REAL, "dmil", 0)


# --- what there is --------------------------------------------------------------------------


def test_sets_with_models_come_first_and_the_others_are_listed(catalog: CheckpointCatalog) -> None:
    assert catalog.sets[0] == REAL
    assert UNTRAINED in catalog.sets
    assert catalog.of(UNTRAINED) == ()
    assert [c.model for c in catalog.of(REAL, 0)] == list(MODELS)


def test_each_broken_folder_says_what_is_wrong_and_the_rest_works(
    catalog: CheckpointCatalog,
) -> None:
    status = {m: catalog.get(BROKEN, m, 0).status for m in MODELS}
    assert status == {
        "joint": "ready",
        "ensemble": "damaged",
        "dmil": "damaged",
        "dmil-paper": "missing",
    }
    assert MODEL_FILE in catalog.get(BROKEN, "dmil", 0).problem
    assert PREDICTIONS_FILE in catalog.get(BROKEN, "ensemble", 0).problem
    assert [c.model for c in catalog.ready(BROKEN, 0)] == ["joint"]


def test_an_empty_or_absent_root_is_no_error(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for root in (room.empty, tmp_path / "absent"):
        monkeypatch.setenv("DMIL_CHECKPOINTS", str(root))
        assert store_catalog.checkpoint_catalog().checkpoints == ()


def test_a_change_on_disk_is_seen_at_once(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(room.root / REAL / "joint", tmp_path / REAL / "joint")
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path))
    assert store_catalog.checkpoint_catalog().get(REAL, "joint", 0).status == "ready"
    flip_byte(tmp_path / REAL / "joint" / "seed0" / MODEL_FILE)
    assert store_catalog.checkpoint_catalog().get(REAL, "joint", 0).status == "damaged"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 99}', "\x00\x01", "[" * 5000])
def test_a_run_json_of_rubbish_is_a_damaged_folder(
    content: str, room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(room.root / REAL / "joint", tmp_path / REAL / "joint")
    (tmp_path / REAL / "joint" / "seed0" / RUN_FILE).write_text(content)
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path))
    assert store_catalog.checkpoint_catalog().get(REAL, "joint", 0).status == "damaged"


def test_a_link_out_of_the_folder_is_only_a_name(catalog: CheckpointCatalog) -> None:
    assert catalog.get("../../etc", "passwd", 0).status == "missing"


def test_a_stamp_follows_time_and_size(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    before = store_catalog.stamp([file, tmp_path / "absent"])
    os.utime(file, ns=(1, 1))
    assert store_catalog.stamp([file]) != before


# --- samples --------------------------------------------------------------------------------


def shown(checkpoint: Checkpoint, view: View) -> pd.DataFrame:
    """The list of samples as a table."""
    return listing.selected(checkpoint, view).frame()


def test_every_waterfall_adds_up_to_the_stored_logit(dmil: Checkpoint) -> None:
    frame = store_catalog.table(dmil)
    for cls in samples.classes(dmil):
        parts = sum(frame[schema.contribution(c, cls)] for c in schema.COMPONENTS)
        np.testing.assert_allclose(parts, frame[schema.logit(cls)], atol=1e-4)


def test_decomposition_is_in_bits_and_differences_add_up(dmil: Checkpoint) -> None:
    one, two = samples.classes(dmil)[:2]
    row = store_catalog.table(dmil).iloc[0]
    split = samples.decomposition(dmil, row["id"], one, two)
    assert split is not None
    nats = row[schema.logit(one)] - row[schema.logit(two)]
    assert split.stored == pytest.approx(nats / np.log(2))
    assert split.total == pytest.approx(split.stored, abs=1e-4)


def test_models_without_gate_have_no_decomposition(catalog: CheckpointCatalog) -> None:
    joint = catalog.get(REAL, "joint", 0)
    sample = str(store_catalog.table(joint)["id"].iloc[0])
    assert not joint.gated
    assert samples.gates(joint, sample).empty
    assert samples.decomposition(joint, sample, samples.classes(joint)[0]) is None


def test_an_ablation_without_r_is_gated_all_the_same(dmil: Checkpoint) -> None:
    assert dmil.gated
    assert dmil.run is not None
    latents = tuple(name for name in dmil.run.latents if name not in ("R", "U1", "U2"))
    assert replace(dmil, run=replace(dmil.run, latents=latents)).gated


def test_gates_sum_to_one_and_dominant_is_the_largest(dmil: Checkpoint) -> None:
    row = store_catalog.table(dmil).iloc[3]
    weights = samples.gates(dmil, row["id"])
    assert weights["weight"].sum() == pytest.approx(1, abs=1e-4)
    assert weights.loc[weights["weight"].idxmax(), "component"] == row["dominant"]


def test_what_is_explained_is_said_where_the_model_knows(
    dmil: Checkpoint, catalog: CheckpointCatalog
) -> None:
    row = store_catalog.table(dmil).iloc[3]
    assert samples.explained(dmil, row["id"]) == pytest.approx(row["explained"])
    paper = catalog.get(REAL, "dmil-paper", 0)  # trained without responsibilities
    assert samples.explained(paper, row["id"]) is None
    assert samples.explained(dmil, "no such sample") is None
    assert messages.explained(0.3).startswith("**Mostly unexplained** (70%)")
    wanted = "Explainable: 93% (7% attributed to noise or label error)."
    assert messages.explained(0.93) == wanted


@pytest.mark.parametrize(
    ("view", "check"),
    [
        (View(show="wrong"), lambda f: ~f["correct"].astype(bool)),
        (View(show="right", split="all"), lambda f: f["correct"].astype(bool)),
        (View(dominant="U1"), lambda f: f["dominant"] == "U1"),
        (View(truth="seven"), lambda f: f["y"] == "seven"),
        (View(predicted="seven"), lambda f: f["pred"] == "seven"),
        (
            View(truth="one", predicted="seven"),
            lambda f: (f["y"] == "one") & (f["pred"] == "seven"),
        ),
        (View(confidence="0.5:0.9"), lambda f: (f["confidence"] >= 0.5) & (f["confidence"] < 0.9)),
        (View(confidence="0.9:1"), lambda f: f["confidence"] >= 0.9),
        (View(search="SEVEN"), lambda f: (f["y"] == "seven") | (f["pred"] == "seven")),
    ],
)
def test_filters_keep_exactly_what_they_say(dmil: Checkpoint, view: View, check: object) -> None:
    kept = shown(dmil, replace(view, data=REAL, order="stored"))
    frame = samples.in_split(store_catalog.table(dmil), view.split)
    assert list(kept["id"]) == list(frame[check(frame)]["id"])  # type: ignore[operator]


def test_the_selection_is_what_the_list_shows(dmil: Checkpoint) -> None:
    assert listing.selection(dmil, View(data=REAL, order="confidence")) is None
    view = View(data=REAL, show="wrong", order="confidence")
    ids = listing.selection(dmil, view)
    assert ids is not None
    assert sorted(ids.ids) == sorted(listing.selected(dmil, view).ids)


def test_a_filter_may_name_several_models_and_seeds(dmil: Checkpoint, room: Room) -> None:
    right = {m: table_of(room, REAL, m).query("split == 'test'")["correct"] for m in MODELS}
    kept = listing.selection(dmil, View(data=REAL, right="dmil,ensemble:0", wrong="joint"))
    assert kept is not None
    wanted = right["dmil"].to_numpy() & right["ensemble"].to_numpy() & ~right["joint"].to_numpy()
    assert 0 < wanted.sum() == len(kept)
    nobody = listing.selection(dmil, View(data=REAL, right="dmil:7"))
    assert nobody is not None
    assert nobody.empty


def test_flags_of_a_sample_are_exactly_those(dmil: Checkpoint) -> None:
    def count(flags: str) -> int:
        ids = listing.selection(dmil, View(data=REAL, flags=flags, split="all"))
        assert ids is not None
        return len(ids)

    parts = ["-", "image_corrupt", "audio_corrupt", "image_corrupt,audio_corrupt"]
    assert sum(map(count, parts)) == len(store_catalog.table(dmil))
    assert count("image_corrupt") > 0
    assert count("no such flag") == 0


def test_samples_that_no_input_alone_suffices_for(dmil: Checkpoint, room: Room) -> None:
    frozen = table_of(room, REAL, "ensemble").query("split == 'test'")
    wrong = (frozen["pred_x1"] != frozen["y"]) & (frozen["pred_x2"] != frozen["y"])
    ids = listing.selection(dmil, View(data=REAL, alone="none"))
    assert ids is not None
    assert set(ids.ids) == set(frozen["id"].astype(str)[wrong])


def test_search_is_text_and_never_a_pattern(dmil: Checkpoint) -> None:
    assert listing.selected(dmil, View(search=".*")).empty
    assert listing.selected(dmil, View(search="(")).empty


def test_flags_come_from_the_data_set(dmil: Checkpoint) -> None:
    assert set(samples.flags(dmil)) == {"image_corrupt", "audio_corrupt"}
    kept = listing.selected(dmil, View(flag="image_corrupt"))
    assert 0 < len(kept) < len(samples.in_split(store_catalog.table(dmil), "test"))
    assert "image_corrupt" in samples.flags_of(dmil, kept.ids[0])
    assert listing.selected(dmil, View(flag="no such flag")).empty


def test_a_list_can_be_ordered_by_everything_that_is_known(dmil: Checkpoint) -> None:
    known = listing.quantities(dmil)
    assert set(known) >= {"unexplained", "gate-S", "contribution-U2", "bits-R", "id", "correct"}
    assert "gate-U3" not in known
    for quantity in known:
        for order, up in ((quantity, False), (f"{quantity}-up", True)):
            view = View(order=order)
            rows = listing.selected(dmil, view)
            values = pd.Series(listing.values(dmil, rows, quantity, view))
            assert values.is_monotonic_increasing if up else values.is_monotonic_decreasing
            assert len(rows) == len(listing.selected(dmil, View()))


def test_an_order_is_by_the_table_s_own_numbers(dmil: Checkpoint) -> None:
    rows = listing.selected(dmil, View(order="contribution-U1"))
    first = rows.frame().iloc[0]
    by = listing.values(dmil, rows, "contribution-U1", View())
    wanted = first[schema.contribution("U1", first["pred"])] / np.log(2)
    assert by[0] == pytest.approx(wanted)
    told = information.bits(dmil, "ccs")
    assert told is not None
    bits = shown(dmil, View(order="bits-S", definition="ccs"))
    assert bits["id"].iloc[0] == told.loc[bits["id"], "s"].idxmax()
    explained = shown(dmil, View(order="unexplained"))["explained"]
    assert explained.is_monotonic_increasing


def test_the_most_telling_order_takes_turns_and_keeps_every_row(
    dmil: Checkpoint, catalog: CheckpointCatalog
) -> None:
    rows = shown(dmil, View())
    stored = shown(dmil, View(order="stored"))
    assert sorted(rows["id"]) == sorted(stored["id"])
    kinds = sorted(stored["dominant"].unique(), key=schema.COMPONENTS.index)
    assert rows["dominant"].tolist()[: len(kinds)] == kinds
    for kind in kinds:
        weights = rows.loc[rows["dominant"] == kind, schema.gate(kind)]
        assert weights.is_monotonic_decreasing
        assert weights.iloc[0] == stored[schema.gate(kind)][stored["dominant"] == kind].max()
    joint = shown(catalog.get(REAL, "joint", 0), View())
    wrong, right = joint[~joint["correct"]], joint[joint["correct"]]
    assert list(joint["id"]) == [*wrong["id"], *right["id"]]
    assert wrong["confidence"].is_monotonic_decreasing
    assert right["confidence"].is_monotonic_increasing
    nothing = listing.selected(dmil, View()).take(slice(0))
    assert len(listing.most_telling(nothing)) == 0


def test_without_a_gate_there_is_less_to_order_by(catalog: CheckpointCatalog) -> None:
    joint = catalog.get(REAL, "joint", 0)
    assert not [q for q in listing.quantities(joint) if q.startswith(("gate", "contribution"))]
    stored = listing.selected(joint, View()).ids[:]
    assert listing.selected(joint, View(order="gate-S")).ids[:] == stored


def test_models_that_disagree(dmil: Checkpoint, catalog: CheckpointCatalog) -> None:
    ready = catalog.ready(REAL, 0)
    answers = np.stack([store_catalog.table(c)["pred"].to_numpy() for c in ready])
    counts = np.array([len(set(column)) for column in answers.T])
    test = (store_catalog.table(dmil)["split"] == "test").to_numpy()
    for answers_, keep in (("same", counts == 1), ("2", counts >= 2), ("3", counts >= 3)):
        kept = listing.selected(dmil, View(answers=answers_, order="stored"))
        assert kept.ids[:] == store_catalog.table(dmil)["id"][keep & test].tolist()
        if keep[test].any():
            assert listing.answer_counts(dmil, "test")[answers_] == len(kept)


def test_a_page_is_that_of_the_sample_unless_another_is_chosen(dmil: Checkpoint) -> None:
    rows = listing.selected(dmil, View(split="all"))
    far = rows.ids[3 * listing.PAGE]
    assert listing.pages(rows) == -(-len(rows) // listing.PAGE)
    assert listing.page_of(rows, View(sample=far)) == 4
    assert listing.page_of(rows, View(sample=far, page=2)) == 2
    assert listing.page_of(rows, View(page=999_999)) == listing.pages(rows)
    assert listing.page_of(rows.take(slice(0)), View(sample=far, page=2)) == 1


@pytest.mark.parametrize("shape", [(8, 8), (300, 200), (70, 70, 3), (9, 30, 4), (1, 1)])
def test_small_pictures_are_no_larger_than_a_list_needs(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    picture = thumbnails.fitted(pixels)
    assert max(picture.size) <= thumbnails.SIZE
    # Small ones in whole steps, so that a pixel stays a square.
    if max(shape[:2]) <= thumbnails.SIZE:
        assert picture.width % shape[1] == 0
    assert len(thumbnails.uri(picture)) < 9000


@pytest.mark.parametrize("values", [np.zeros((0, 2)), np.full((5, 1), np.nan), np.ones((1, 9))])
def test_a_curve_of_odd_values_is_a_picture_all_the_same(values: np.ndarray) -> None:
    assert thumbnails.curve(values).size == (thumbnails.SIZE, thumbnails.CURVE_HEIGHT)


def test_what_is_text_stays_text_in_a_list(
    catalog: CheckpointCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    emoji = store_catalog.checkpoint_catalog().get("emoji", "dmil", 0)
    rows = store_catalog.table(emoji)["id"].tolist()[:3]
    columns = thumbnails.columns(emoji, [*rows, "no such sample"])
    assert [columns[m].text for m in (1, 2)] == [False, True]
    assert columns[1].cells[3] is None
    assert columns[2].cells[0] == str(samples.source(emoji).x2[0])
    watch = store_catalog.checkpoint_catalog().get("watch", "dmil", 0)
    signals = thumbnails.columns(watch, store_catalog.table(watch)["id"].tolist()[:2])
    assert not signals[1].text
    assert all(str(cell).startswith("data:image/png;base64,") for cell in signals[1].cells)


def test_text_that_is_an_address_is_not_fetched_as_a_picture(
    catalog: CheckpointCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    emoji = store_catalog.checkpoint_catalog().get("emoji", "dmil", 0)
    data = samples.source(emoji)
    texts = data.x2.astype("<U80")
    texts[:2] = ["data:image/png;base64,AAAA", "https://example.org/seen.png"]
    monkeypatch.setattr(thumbnails, "source", lambda _: replace(data, x2=texts))
    assert thumbnails.columns(emoji, data.ids.tolist()[:2])[2].text


def test_previous_and_next_follow_the_list(dmil: Checkpoint) -> None:
    rows = listing.selected(dmil, View())
    ids = rows.ids[:]
    assert samples.neighbours_in(rows, ids[0]) == (None, ids[1], 0)
    assert samples.neighbours_in(rows, ids[-1]) == (ids[-2], None, len(ids) - 1)
    assert samples.neighbours_in(rows, "absent") == (None, ids[0], None)
    assert samples.neighbours_in(rows.take(slice(0)), "absent") == (None, None, None)


def test_every_model_and_each_input_alone_have_an_opinion(
    catalog: CheckpointCatalog, dmil: Checkpoint
) -> None:
    sample = listing.selected(dmil, View()).ids[0]
    said = samples.opinions(catalog.ready(REAL, 0), sample)
    assert [o.who for o in said] == list(MODELS)
    assert all(0 <= o.probability <= 1 and o.of_truth <= o.probability + 1e-6 for o in said)
    alone = samples.unimodal(catalog.get(REAL, "ensemble", 0), sample)
    assert [o.who for o in alone] == ["image alone", "speech alone"]


def test_media_of_both_sides(dmil: Checkpoint) -> None:
    sample = str(store_catalog.table(dmil)["id"].iloc[0])
    shown = media.sides(dmil, sample)
    assert isinstance(shown, tuple)
    picture, sound = shown[0].media, shown[1].media
    assert isinstance(picture, media.Picture)
    assert picture.size == (8, 8)
    assert isinstance(sound, media.Sound)
    assert sound.features is not None
    assert np.abs(sound.wave).max() <= 1


def test_media_of_other_data_are_not_shown(dmil: Checkpoint) -> None:
    assert dmil.run is not None
    other = replace(dmil, run=replace(dmil.run, data_digest="0" * 64))
    shown = media.sides(other, str(store_catalog.table(dmil)["id"].iloc[0]))
    assert isinstance(shown, store_catalog.DataProblem)
    assert "changed" in shown.message


# --- map ------------------------------------------------------------------------------------


def test_map_points_are_the_split_s_placed_samples(dmil: Checkpoint) -> None:
    placed = store_catalog.projection(dmil)
    assert placed is not None
    assert maps.latents(dmil, placed) == schema.DMIL_LATENTS
    layout = maps.layout(store_catalog.predictions(dmil), placed, "S")
    points = maps.points(dmil, layout, "test")
    wanted = samples.in_split(store_catalog.table(dmil), "test")["id"]
    assert set(points.ids) == set(wanted) & set(placed.frame.index)
    at = layout.places_of(points)
    stored = placed.frame.loc[points.ids[:], ["S_x", "S_y"]]
    np.testing.assert_allclose(layout.unit[at], layout.to_unit.apply(stored))
    for colour in maps.colours(dmil):
        values = maps.colour_of(dmil, points, colour, "same-sign")
        assert len(values[0] if isinstance(values, tuple) else values) == len(points)


def test_interaction_type_colours_only_where_it_is_known(
    catalog: CheckpointCatalog, dmil: Checkpoint
) -> None:
    assert "interaction_type" not in maps.colours(dmil)
    assert "interaction_type" in maps.colours(catalog.get(GENERATED, "dmil", 0))
    assert "gate-R" not in maps.colours(catalog.get(GENERATED, "joint", 0))


def test_bits_colour_the_map_of_models_with_heads(
    catalog: CheckpointCatalog, dmil: Checkpoint
) -> None:
    assert "bits-R" in maps.colours(dmil)
    assert "bits-R" in maps.colours(catalog.get(GENERATED, "ensemble", 0))
    assert "bits-R" not in maps.colours(catalog.get(GENERATED, "joint", 0))
    placed = store_catalog.projection(dmil)
    assert placed is not None
    points = maps.points(dmil, maps.layout(store_catalog.predictions(dmil), placed, "S"), "test")
    values = maps.colour_of(dmil, points, "bits-U1", "ccs")
    told = information.of_sample(dmil, points.ids[3], "ccs")
    assert told is not None
    assert not isinstance(values, tuple)
    assert values[3] == pytest.approx(told.values["u1"], abs=1e-5)


# --- overview -------------------------------------------------------------------------------


def test_starts_are_most_of_their_kind(catalog: CheckpointCatalog, dmil: Checkpoint) -> None:
    starts = overview.starts(dmil, "test", "same-sign")
    assert list(starts) == ["R", "U1", "U2", "S", overview.MISLEADING]
    frame = samples.in_split(store_catalog.table(dmil), "test")
    for component, ones in starts.items():
        rows = frame.loc[[one.sample for one in ones]]
        assert rows["y"].nunique() == len(ones) == 3
        right = component != overview.MISLEADING
        assert (rows["correct"] == right).all()
        column = schema.gate(component) if right else "confidence"  # type: ignore[arg-type]
        every = frame.loc[frame["correct"] == right, column]
        assert rows[column].iloc[0] == every.max()
    ensemble = overview.starts(catalog.get(REAL, "ensemble", 0), "test", "same-sign")
    assert {one.unit for one in ensemble["R"]} == {"bits"}
    assert list(overview.starts(catalog.get(REAL, "joint", 0), "test", "ccs")) == [
        overview.MISLEADING
    ]


def test_the_kinds_of_samples_are_counted_by_the_truth_where_it_is_known(
    catalog: CheckpointCatalog,
) -> None:
    generated = catalog.get(GENERATED, "dmil", 0)
    frame = samples.in_split(store_catalog.table(generated), "test")
    found = evidence.evidence(catalog, generated, "test", "same-sign")
    assert found is not None
    assert found.by == evidence.TRUTH
    for kind in found.kinds:
        mine = frame[frame[schema.INTERACTION_TYPE] == kind.component]
        assert kind.count == len(mine)
        assert kind.share == pytest.approx(len(mine) / len(frame))
        assert kind.right["dmil"] == pytest.approx(mine["correct"].mean())
        assert list(kind.right) == ["ensemble", "joint", "dmil"]
        assert {e.sample for e in kind.examples} <= set(mine.index)
    counts = evidence.truth_by_gate(generated, "test")
    assert counts is not None
    for truth in counts.index:
        for gate in counts.columns:
            both = (frame[schema.INTERACTION_TYPE] == truth) & (frame["dominant"] == gate)
            assert counts.loc[truth, gate] == both.sum()
    # A model without a gate has the truth all the same, with samples that it answers right.
    joint = catalog.get(GENERATED, "joint", 0)
    alone = evidence.evidence(catalog, joint, "test", "same-sign")
    assert alone is not None
    assert [k.count for k in alone.kinds] == [k.count for k in found.kinds]
    shown = [e.sample for kind in alone.kinds for e in kind.examples]
    assert store_catalog.table(joint).loc[shown, "correct"].all()
    assert evidence.gates(joint, "test") is None


def test_without_a_truth_gates_say_the_kind_and_without_them_heads(
    catalog: CheckpointCatalog, dmil: Checkpoint
) -> None:
    frame = samples.in_split(store_catalog.table(dmil), "test")
    by_gate = evidence.evidence(catalog, dmil, "test", "same-sign")
    assert by_gate is not None
    assert by_gate.by == evidence.GATE
    for kind in by_gate.kinds:
        assert kind.count == (frame["dominant"] == kind.component).sum()
        weights = frame.loc[[e.sample for e in kind.examples], schema.gate(kind.component)]  # type: ignore[arg-type]
        assert (weights >= 0.5).all()  # or it would not be an example of its kind
    by_heads = evidence.evidence(catalog, catalog.get(REAL, "ensemble", 0), "test", "same-sign")
    assert by_heads is not None
    assert by_heads.by == evidence.BITS
    assert sum(k.count for k in by_heads.kinds) == len(frame)
    assert evidence.evidence(catalog, catalog.get(REAL, "joint", 0), "test", "ccs") is None
    assert evidence.truth_by_gate(dmil, "test") is None
    strip = evidence.gates(dmil, "test")
    assert strip is not None
    assert strip.weights.sum(axis=1) == pytest.approx(np.ones(len(strip.weights)))
    assert sum(strip.counts.values()) == len(frame)


def test_the_gallery_has_a_card_for_every_set(catalog: CheckpointCatalog) -> None:
    cards = {card.name: card for card in gallery.cards(catalog)}
    assert list(cards) == list(catalog.sets)
    assert cards[GENERATED].known
    assert sum(cards[GENERATED].shares.values()) == pytest.approx(1.0)
    assert cards[REAL].rows == len(store_catalog.table(catalog.get(REAL, "dmil", 0)))
    assert [kind for kind, _ in cards[REAL].pictures] == ["picture", "picture"]
    assert not cards["gates"].trained


def test_the_data_in_numbers(dmil: Checkpoint) -> None:
    about = overview.about(dmil)
    assert sum(about.rows.values()) == len(store_catalog.table(dmil))
    assert about.licence
    assert about.source


# --- neighbours -----------------------------------------------------------------------------


def test_the_nearest_are_of_the_split_and_in_order(dmil: Checkpoint) -> None:
    frame = samples.in_split(store_catalog.table(dmil), "test")
    chosen = str(frame["id"].iloc[2])
    near = neighbours.nearest(dmil, chosen, "M1", "test", count=6)
    assert not isinstance(near, store_catalog.DataProblem)
    distances = [one.distance for one in near]
    assert len(near) == 6
    assert distances == sorted(distances)
    assert {one.sample for one in near} <= set(frame["id"]) - {chosen}
    # M1 tells the class where the picture does: what is described alike is mostly alike.
    alike = []
    for sample, truth in frame["y"].head(60).items():
        (one,) = neighbours.nearest(dmil, str(sample), "M1", "test", count=1)  # type: ignore[misc]
        alike.append(one.truth == truth)
    assert np.mean(alike) > 0.6


def test_two_copies_are_nearest_to_each_other(dmil: Checkpoint) -> None:
    """In every latent being near is mutual: a's nearest sample b is as far from a as a from b."""
    frame = samples.in_split(store_catalog.table(dmil), "test")
    chosen = str(frame["id"].iloc[0])
    for latent in ("Z", "R", "S"):
        (first,) = neighbours.nearest(dmil, chosen, latent, "all", count=1)  # type: ignore[misc]
        back = neighbours.nearest(dmil, first.sample, latent, "all", count=2000)
        assert not isinstance(back, store_catalog.DataProblem)
        there = next(one for one in back if one.sample == chosen)
        assert there.distance == pytest.approx(first.distance, rel=1e-5)


def test_neighbours_that_there_are_not(dmil: Checkpoint) -> None:
    for sample, latent in (("nobody", "Z"), (str(store_catalog.table(dmil)["id"].iloc[0]), "Q")):
        result = neighbours.nearest(dmil, sample, latent, "test")
        assert isinstance(result, store_catalog.DataProblem)
        assert "There is no" in result.message


# --- information ----------------------------------------------------------------------------


def test_averages_add_up_and_end_with_the_exact_ones(catalog: CheckpointCatalog) -> None:
    ready = [catalog.get(GENERATED, m, 0) for m in ("joint", "ensemble", "dmil")]
    frame = information.averages(ready, "test", "same-sign")
    assert list(dict.fromkeys(frame["who"])) == ["ensemble", "dmil", information.EXACT]
    means = frame.pivot(index="who", columns="part", values="mean")
    parts = means[["R", "U1", "U2", "S"]].sum(axis=1)
    np.testing.assert_allclose(parts, means["all"], atol=1e-9)
    assert means.loc["exact", "all"] == pytest.approx(2.0, abs=0.02)  # four classes, little noise
    assert ((frame["low"] < frame["mean"]) & (frame["mean"] < frame["high"])).all()


def test_averages_are_of_the_split_s_rows(catalog: CheckpointCatalog, dmil: Checkpoint) -> None:
    frame = information.averages([dmil], "test", "ccs")
    rows = samples.in_split(store_catalog.table(dmil), "test")
    assert set(frame["rows"]) == {len(rows)}
    told = information.bits(dmil, "ccs")
    assert told is not None
    wanted = told.loc[rows["id"], "u1"].mean()
    own = frame[frame["who"] == "dmil"].set_index("part")["mean"]
    assert own["U1"] == pytest.approx(wanted)
    assert information.averages([catalog.get(GENERATED, "joint", 0)], "test", "ccs").empty


def test_the_data_alone_is_told_beside_the_models(dmil: Checkpoint) -> None:
    frame = information.averages([dmil], "test", "ccs")
    assert list(dict.fromkeys(frame["who"])) == ["dmil", information.DATA]
    kept = estimates.account(dmil)
    assert kept is not None
    rows = samples.in_split(store_catalog.table(dmil), "test")["id"]
    mean = kept.rows.loc[rows, "i12"].mean() / np.log(2.0)
    own = frame[frame["who"] == information.DATA].set_index("part")["mean"]
    assert own["all"] == pytest.approx(mean)
    assert own[["R", "U1", "U2", "S"]].sum() == pytest.approx(mean)
    short = information.shortfall(dmil)
    assert short is not None
    assert short.estimate == pytest.approx(mean)
    assert short.more > short.estimate


def test_an_account_of_other_rows_is_not_shown(
    catalog: CheckpointCatalog, dmil: Checkpoint
) -> None:
    assert dmil.run is not None
    other = replace(dmil, run=replace(dmil.run, data_digest="another"))
    assert estimates.account(other) is None
    assert estimates.clusters(other).empty
    assert information.estimators(other) == ("model",)
    assert information.estimators(catalog.get(GENERATED, "joint", 0)) == ()


def test_a_damaged_account_is_left_out(dmil: Checkpoint, tmp_path: Path) -> None:
    folder = tmp_path / "avdigits" / "dmil" / "seed0"
    folder.mkdir(parents=True)
    (tmp_path / "avdigits" / "information.parquet").write_bytes(b"no table")
    assert estimates.account(replace(dmil, folder=folder)) is None


def test_clusters_add_up_in_bits(dmil: Checkpoint) -> None:
    frame = estimates.clusters(dmil).pivot(index="clusters", columns="part", values="mean")
    np.testing.assert_allclose(frame[["R", "U1", "U2", "S"]].sum(axis=1), frame["all"], atol=1e-6)
    assert (np.diff(frame["all"]) > 0).all()


def test_gate_and_bits_agree_of_dmil_and_not_of_the_released_losses(
    catalog: CheckpointCatalog,
) -> None:
    ours, paper, joint = (
        information.agreement(catalog.get(GENERATED, m, 0), "test", "same-sign")
        for m in ("dmil", "dmil-paper", "joint")
    )
    assert ours is not None
    assert paper is not None
    assert ours > 0.9 > 0.7 > paper
    assert joint is None


def test_a_checkpoint_without_map_is_told(catalog: CheckpointCatalog) -> None:
    assert store_catalog.projection(catalog.get(BROKEN, "joint", 0)) is None


# --- comparison -----------------------------------------------------------------------------


@pytest.mark.parametrize("data", [REAL, GENERATED])
def test_scores_agree_with_the_runs_own_metrics(catalog: CheckpointCatalog, data: str) -> None:
    for score in models.scores(catalog, data, 0, "test"):
        run = catalog.get(data, score.model, 0).run
        assert run is not None
        assert score.low <= score.accuracy <= score.high
        assert score.accuracy == pytest.approx(run.metrics["test"]["accuracy"], abs=1e-6)


def test_no_synergy_indicator_passes_its_upper_bound(catalog: CheckpointCatalog) -> None:
    for data in (REAL, GENERATED):
        result = models.synergy(catalog, data, 0, "test")
        assert result is not None
        assert (result.frame["indicator"] <= result.bound + 1e-12).all()
    assert models.synergy(catalog, BROKEN, 0, "test") is None


def test_interaction_type_groups_cover_the_split(catalog: CheckpointCatalog) -> None:
    ready = catalog.ready(GENERATED, 0)
    frame = models.by_interaction_type(ready, "test")
    rows = samples.in_split(store_catalog.table(ready[0]), "test")
    assert frame[frame["model"] == "dmil"]["rows"].sum() == len(rows)
    assert models.by_interaction_type(catalog.ready(REAL, 0), "test").empty


def test_flag_groups_cover_the_split(catalog: CheckpointCatalog) -> None:
    frame = models.by_flags(catalog.ready(REAL, 0), "test")
    rows = samples.in_split(store_catalog.table(catalog.get(REAL, "dmil", 0)), "test")
    assert frame[frame["model"] == "dmil"]["rows"].sum() == len(rows)
    assert len(frame["group"].unique()) == 4
    assert models.by_flags(catalog.ready(GENERATED, 0), "test").empty


def test_confusion_counts_every_sample(dmil: Checkpoint) -> None:
    counts = models.confusion(dmil, "test")
    assert counts.to_numpy().sum() == len(samples.in_split(store_catalog.table(dmil), "test"))
    assert tuple(counts.index) == tuple(counts.columns) == samples.classes(dmil)


def test_an_interval_of_samples_of_few_persons_is_wider_than_of_independent_ones() -> None:
    correct = np.random.default_rng(1).random(800) < np.repeat([0.95, 0.8], 400)
    alone, by_person = models.interval(correct), models.interval(correct, np.repeat([0, 1], 400))
    assert alone == pytest.approx(wilson(int(correct.sum()), 800))
    assert by_person[1] - by_person[0] > 3 * (alone[1] - alone[0])
    assert np.isnan(models.interval([])).all()


def test_of_many_samples_some_are_offered_to_swap_with_evenly(
    dmil: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counterfactual, "MOST_DONORS", 100_000)
    every = counterfactual.other_samples(dmil, "nobody")
    monkeypatch.setattr(counterfactual, "MOST_DONORS", 10)
    some = counterfactual.other_samples(dmil, every[0])
    assert 5 < len(some) <= 10
    assert every[0] not in some
    places = [every.index(one) for one in some]
    # One more where the sample itself is left out.
    assert np.ptp(np.diff(places)) <= 1
