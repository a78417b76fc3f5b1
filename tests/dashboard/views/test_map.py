"""The map page: its states, two maps, slices that stay in force on other pages."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.components import map as frontend
from dashboard.keys import key_of
from dashboard.services import listing
from dashboard.services.map import outlines
from dashboard.services.map import slices as slice_service
from dashboard.services.map.maps import layout, placed
from dashboard.services.store.catalog import (
    Checkpoint,
    CheckpointCatalog,
    Projection,
    predictions,
    table,
)
from dashboard.services.store.rows import Rows
from dashboard.state import slices
from dashboard.state.slices import Slice
from dmil_core.data.dataset import Dataset
from dmil_core.models import encoders, plugins
from dmil_core.training.run import train
from tests.core.models.test_plugins import PLUGIN
from tests.dashboard.conftest import OpenPage
from tests.dashboard.drawn import sample_list
from tests.dashboard.folders import BROKEN, GENERATED, REAL, THREE, Room, table_of
from tests.dashboard.views.test_pages import ids, said, view


def slice_of(checkpoint: Checkpoint, latent: str, name: str) -> Slice:
    """The left half of a map."""
    on = placed(checkpoint)
    assert isinstance(on, Projection)
    corners = outlines.corners([(-0.1, -0.1), (0.5, -0.1), (0.5, 1.1), (-0.1, 1.1)])
    mark = layout(predictions(checkpoint), on, latent).mark
    return Slice(name, checkpoint.model, checkpoint.seed, latent, mark, corners)


def ids_of(checkpoint: Checkpoint, split: str) -> list[str]:
    frame = table(checkpoint)
    return list(frame[frame["split"] == split].index)


def test_a_model_with_an_encoder_of_a_user_s_is_shown_where_its_plugin_is_named(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Dataset
) -> None:
    monkeypatch.setattr(encoders, "ENCODERS", dict(encoders.ENCODERS))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "page_encoders.py").write_text(PLUGIN)
    monkeypatch.setenv(plugins.VARIABLE, "page_encoders")
    plugins.load()
    root = tmp_path / "checkpoints"
    train(tiny, out=root / "tiny/dmil/seed0", epochs_scale=0.01, encoders=(None, "sums"))
    app = open_page("map", root, data="tiny")
    assert not app.exception
    assert "This is a first map, a PCA" in said(app)
    # The same in an app that was started without it.
    del encoders.ENCODERS["sums"], sys.modules["page_encoders"]
    monkeypatch.delenv(plugins.VARIABLE)
    st.cache_resource.clear()
    st.cache_data.clear()
    app = open_page("map", root, data="tiny")
    assert not app.exception
    assert "--plugin" in said(app)
    assert app.code[0].value.endswith("--plugin MODULE")


def is_open(app: AppTest) -> bool:
    """Whether there is a panel beside the map."""
    return any(button.key == "close_panel" for button in app.button)


def focused(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the maps that are drawn from now on are told to be open and selected, the last last."""
    told: list[dict[str, Any]] = []

    def focus(
        frame: str,
        sample: str,
        members: Any = None,
        outlines: Any = (),
        extra: Any = (),
        said: str = "",
        ringed: bool = False,
    ) -> None:
        told.append({"sample": sample, "members": members, "said": said, "ringed": ringed})

    monkeypatch.setattr(frontend, "focus", focus)
    return told


def test_nothing_is_open_on_the_map_before_a_click(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = focused(monkeypatch)
    app = open_page("map", data=REAL)
    assert not is_open(app)
    assert told[-1]["members"] is None
    assert "Click a point" in told[-1]["said"]


def test_a_sample_in_the_link_is_open_on_the_map(open_page: OpenPage, room: Room) -> None:
    sample = ids(room, REAL)[7]
    app = open_page("map", data=REAL, sample=sample)
    assert sample in app.header[0].value.replace("\\", "")
    assert "trustworthiness" in said(app)
    assert "distances between groups are not" in said(app)
    total = len(ids(room, REAL))
    assert f"{total:,} of {total:,} test samples placed" in said(app)


def test_the_panel_is_closed_and_opened_again(open_page: OpenPage, room: Room) -> None:
    app = open_page("map", data=REAL, sample=ids(room, REAL)[7])
    app.button(key="close_panel").click().run()
    assert not is_open(app)
    assert not app.header
    assert view(app).panel == "closed"  # type: ignore[attr-defined]
    app.button(key="open_panel").click().run()
    assert is_open(app)
    assert app.header


def test_what_is_searched_for_is_ringed_and_counted(
    open_page: OpenPage, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = focused(monkeypatch)
    every = ids(room, REAL)
    wanted = [i for i in every if every[3] in i]
    app = open_page("map", data=REAL)
    app.text_input(key="choice_search").set_value(every[3]).run()
    assert view(app).search == every[3]  # type: ignore[attr-defined]
    assert int(told[-1]["members"].sum()) == len(wanted)
    assert told[-1]["ringed"]
    assert told[-1]["said"].startswith(f"{len(wanted)} of {len(every)} match")


def test_the_filters_in_force_select_points_without_rings(
    open_page: OpenPage, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = focused(monkeypatch)
    open_page("map", data=REAL, show="wrong")
    frame = table_of(room, REAL, "dmil")
    wrong = int((~frame[frame["split"] == "test"]["correct"]).sum())
    assert int(told[-1]["members"].sum()) == wrong
    assert not told[-1]["ringed"]
    assert told[-1]["said"] == f"{wrong} of {len(ids(room, REAL))} selected"


def test_a_model_with_a_gate_begins_with_components_and_latents_have_names(
    open_page: OpenPage,
) -> None:
    app = open_page("map", data=GENERATED)
    assert app.selectbox(key="choice_colour").value == "dominant"
    assert app.selectbox(key="choice_latent").options[0] == "Z: encoder outputs"
    assert "components are separated here" in said(app)
    joint = open_page("map", data=GENERATED, model="joint")
    assert joint.selectbox(key="choice_colour").value == "class"


@pytest.mark.parametrize("data", [GENERATED, THREE])
def test_the_gate_weights_of_all_samples_are_a_map_of_their_own(
    open_page: OpenPage, data: str
) -> None:
    app = open_page("map", data=data, latent="gate")
    assert not app.exception
    assert "Exact, no projection" in said(app)
    colour = "interaction_type" if data == GENERATED else "dominant"
    assert app.selectbox(key="choice_colour").value == colour


def test_a_map_beside_the_triangle_is_not_turned(open_page: OpenPage) -> None:
    app = open_page("map", data=REAL, latent="gate", beside="dmil:Z")
    assert not app.exception
    assert "Exact, no projection" in said(app)
    assert "trustworthiness" in said(app)
    assert "turned" not in said(app)


@pytest.mark.parametrize("latent", ["Z", "N1", "S"])
@pytest.mark.parametrize(
    "colour", ["class", "correct", "dominant", "interaction_type", "gate-S", "bits-S"]
)
def test_each_latent_and_colour(open_page: OpenPage, latent: str, colour: str) -> None:
    app = open_page("map", data=GENERATED, latent=latent, colour=colour)
    assert not app.exception
    assert view(app).colour == colour  # type: ignore[attr-defined]


def test_a_model_without_map_shows_a_pca_and_says_how_to_get_better(open_page: OpenPage) -> None:
    app = open_page("map", data=BROKEN, model="joint")
    assert not app.exception
    assert "This is a first map, a PCA" in said(app)
    assert "dmil project --checkpoint" in app.code[0].value
    assert "linear: distances are real" in said(app)


def test_a_sample_of_another_split_is_ringed_and_told(open_page: OpenPage, room: Room) -> None:
    app = open_page("map", data=REAL, sample=ids(room, REAL, split="train")[0])
    assert not app.exception
    assert "is not one of these points" in said(app)


def test_two_maps_say_how_they_were_laid_over_each_other(open_page: OpenPage) -> None:
    app = open_page("map", data=REAL, latent="Z", beside="dmil-paper:Z")
    assert not app.exception
    assert "the second map is turned" in said(app)
    assert view(app).beside == "dmil-paper:Z"  # type: ignore[attr-defined]


def test_a_slice_is_shown_with_what_sets_it_apart(
    open_page: OpenPage, catalog: CheckpointCatalog
) -> None:
    drawn = slice_of(catalog.get(REAL, "dmil", 0), "Z", "left half")
    app = open_page("map", data=REAL, slice=slices.write(drawn))
    assert not app.exception
    assert app.text_input(key="slice_name").value == "left half"
    count = next(m.value for m in app.markdown if "drawn on Z" in m.value)
    rows = next(d.value for d in app.dataframe if "confidence" in d.value and len(d.value) > 6)
    assert f"**{len(rows)}**" in count.replace("\\", "")
    app.text_input(key="slice_name").set_value("west").run()
    assert slices.read(view(app).slice).name == "west"  # type: ignore[attr-defined]
    next(b for b in app.button if b.label == "Clear the slice").click().run()
    assert view(app).slice == ""  # type: ignore[attr-defined]
    assert "Draw around some points" in said(app)
    assert any(b.label == "west" for b in app.button)


def test_a_slice_filters_the_samples_until_it_is_left(
    open_page: OpenPage, catalog: CheckpointCatalog
) -> None:
    chosen = catalog.get(REAL, "dmil", 0)
    drawn = slice_of(chosen, "Z", "left half")
    inside = slice_service.members(REAL, drawn)
    assert isinstance(inside, Rows)
    app = open_page("samples", data=REAL, slice=slices.write(drawn), order="stored")
    listed = [row["id"] for row in sample_list(app)["rows"]]
    wanted = [i for i in ids_of(chosen, "test") if i in inside.ids]
    assert listed == wanted[: listing.PAGE]
    assert f"{len(wanted)} of" in said(app)
    app.button(key=key_of("drop_filter", "slice")).click().run()
    assert f"{len(ids_of(chosen, 'test'))} of" in said(app)


def test_a_slice_of_another_map_is_refused_in_words(
    open_page: OpenPage, catalog: CheckpointCatalog
) -> None:
    drawn = replace(slice_of(catalog.get(REAL, "dmil", 0), "Z", "old"), mark="000000")
    app = open_page("map", data=REAL, slice=slices.write(drawn))
    assert "The map it was drawn on was computed again" in said(app)
    app = open_page("samples", data=REAL, slice=slices.write(drawn))
    assert not app.exception


def test_unknown_sample_on_the_map(open_page: OpenPage) -> None:
    app = open_page("map", data=REAL, sample="nobody")
    assert "no sample with that id" in app.warning[0].value
    app.button(key="forget_sample").click().run()
    assert not is_open(app)
