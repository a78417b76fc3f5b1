"""The selection: the filters in force, in words and as a chip that travels from page to page."""

from __future__ import annotations

import pytest

from dashboard.keys import key_of
from dashboard.state import view as state
from dashboard.state.view import View
from dashboard.text import selection as text
from dashboard.views import selection
from tests.dashboard.conftest import OpenPage
from tests.dashboard.folders import REAL, Room, table_of
from tests.dashboard.views.test_pages import said, view


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"wrong": "joint"}, "wrong by joint"),
        ({"right": "dmil,ensemble", "wrong": "joint"}, "wrong by joint only"),
        ({"right": "dmil", "wrong": "joint,ensemble"}, "right by dmil only"),
        ({"right": "dmil", "wrong": "joint"}, "right by dmil, wrong by joint"),
        ({"right": "dmil:1,joint"}, "right by dmil (seed 1) and joint"),
        ({"truth": "one", "predicted": "two"}, "true class one, dmil predicts two"),
        ({"confidence": "0.8:0.9"}, "dmil with confidence 80% to 90%"),
        ({"show": "apart"}, "gate and bits disagree"),
        ({"show": "wrong"}, "wrong by dmil"),
        ({"flags": "-"}, "no sample attribute"),
        ({"flags": "a_b"}, "only a b"),
        ({"search": "seven"}, "“seven” in id, class or text"),
        ({"slice": "left~dmil~0~Z~e6f392~AAAAzzAA__99"}, "left"),
    ],
)
def test_filters_in_words(filters: dict[str, str], words: str) -> None:
    assert selection.in_words(View(**filters)) == words  # type: ignore[arg-type]


def test_every_filter_has_words() -> None:
    for name in state.FILTERS:
        assert text.words(name, ("0.1", "0.2") if name == "confidence" else ("x",), "dmil")


@pytest.mark.parametrize("page", ["", "samples", "what-if", "map", "compare", "worth"])
def test_the_chip_is_on_every_page_about_a_data_set(
    open_page: OpenPage, room: Room, page: str
) -> None:
    app = open_page(page, data=REAL, show="wrong")
    assert not app.exception
    test = table_of(room, REAL, "dmil").query("split == 'test'")
    wrong = int((~test["correct"]).sum())
    (chip,) = (p for p in app.get("popover") if "wrong by dmil" in p.proto.popover.label)
    assert chip.proto.popover.label == f"**{wrong}** of {len(test)}: wrong by dmil"
    app.button(key="clear_selection").click().run()
    assert "clear_selection" not in [b.key for b in app.button]
    assert view(app).show == "all"  # type: ignore[attr-defined]


def test_without_a_filter_or_a_data_set_there_is_no_chip(open_page: OpenPage) -> None:
    for app in (open_page("samples", data=REAL), open_page("gates", show="wrong")):
        assert "clear_selection" not in [b.key for b in app.button]


def test_one_filter_of_several_is_removed(open_page: OpenPage) -> None:
    app = open_page("samples", data=REAL, show="wrong", truth="seven")
    app.button(key=key_of("drop_filter", "show")).click().run()
    assert state.filters_of(view(app)) == {"truth": "seven"}  # type: ignore[arg-type]
    assert "true class seven" in said(app)


def test_the_selection_is_opened_from_another_page(open_page: OpenPage) -> None:
    app = open_page("map", data=REAL, show="wrong", truth="seven")
    app.button(key=key_of("selection_on", "samples")).click().run()
    assert not app.exception
    assert [t.value for t in app.title] == ["Samples"]
    assert state.filters_of(view(app)) == {"show": "wrong", "truth": "seven"}  # type: ignore[arg-type]


def test_a_choice_of_several_models_can_be_changed_in_the_list(open_page: OpenPage) -> None:
    app = open_page("samples", data=REAL, right="dmil,ensemble", wrong="joint")
    right = app.selectbox(key="choice_right")
    assert (right.value, right.options[-1]) == ("dmil,ensemble", "dmil, ensemble")
    right.select("dmil").run()
    assert view(app).right == "dmil"  # type: ignore[attr-defined]
