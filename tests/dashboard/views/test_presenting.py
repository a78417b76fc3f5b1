"""The presenter's path: its stops exist, take ten minutes, and a link opens each as it is."""

from __future__ import annotations

from dataclasses import fields

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.state import view
from dashboard.state.view import View
from dashboard.text import presenting as text
from dashboard.views import presenting
from tests.dashboard.conftest import OpenPage
from tests.dashboard.folders import GENERATED
from tests.dashboard.views.test_pages import said

#: Page -> the end of its address.
SLUGS = {"overview": "", "your_data": "your-data", "what_if": "what-if"}


def buttons(app: AppTest) -> dict[str, bool]:
    """Buttons of the bar, and whether they can be pressed."""
    return {b.label: not b.disabled for b in app.button if str(b.key).startswith("present_")}


def test_the_path_takes_ten_minutes_and_five_clicks_and_its_choices_are_of_the_view() -> None:
    assert text.MINUTES == 10
    assert len(text.STOPS) - 1 <= 5
    known = {field.name for field in fields(View)}
    for stop in text.STOPS:
        assert set(stop.choices) <= known
        # What a stop sets can be read back from a link.
        chosen = View(data="a", **stop.choices)
        assert view.from_query(view.to_query(chosen)) == (chosen, ())
        assert len(text.where(text.STOPS.index(stop) + 1)) < 200


@pytest.mark.parametrize("number", range(1, len(text.STOPS) + 1))
def test_a_link_opens_a_stop_with_the_ways_on(open_page: OpenPage, number: int) -> None:
    stop = text.STOPS[number - 1]
    query = view.to_query(View(data=GENERATED, **{**stop.choices, "present": number}))
    if stop.page == "live":
        query["length"] = "glance"
    app = open_page(SLUGS.get(stop.page, stop.page), **query)
    assert not app.exception
    assert f"**{number} of {len(text.STOPS)}: {stop.title}**" in said(app)
    assert buttons(app) == {
        text.PREVIOUS: number > 1, text.NEXT: number < len(text.STOPS), text.END: True,
    }  # fmt: skip


def test_next_asks_for_the_page_and_the_choices_of_the_stop(open_page: OpenPage) -> None:
    app = open_page("", data=GENERATED, present="1", said="xor.ab!")
    app.button(key="present_next").click().run()
    now = app.session_state["view"]
    assert (now.present, now.lesson, now.step) == (2, "xor", 2)
    # The class is asked anew, and the lesson is still known to be done.
    assert now.said == "xor!"
    assert "Lessons" in [str(t.value) for t in app.title]


def test_away_from_a_stop_a_button_leads_back_and_end_ends(open_page: OpenPage) -> None:
    app = open_page("worth", present="4")
    assert text.RETURN in buttons(app)
    app.button(key="present_end").click().run()
    assert app.session_state["view"].present == 0
    assert buttons(app) == {}
    for nothing in ("0", "99"):
        assert buttons(open_page("worth", present=nothing)) == {}


def test_the_lessons_offer_the_path(open_page: OpenPage) -> None:
    app = open_page("lessons", data=GENERATED)
    assert text.TITLE in said(app)
    app.button(key="present_begin").click().run()
    assert app.session_state["view"].present == 1
    assert callable(presenting.go)


def test_large_type_comes_with_presenting_and_with_the_choice(open_page: OpenPage) -> None:
    def large(**query: str) -> bool:
        app = open_page("worth", **query)
        return any("font-size: 20px" in str(e.proto.body) for e in app.get("html"))

    assert large(present="1")
    assert large(size="large")
    assert not large()
