"""The panel beside the map: the open sample, or a slice beside the rest."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard import widgets
from dashboard.guard import callback
from dashboard.services.store.catalog import Checkpoint, predictions
from dashboard.state import session
from dashboard.state.view import View
from dashboard.text import map_notes, messages
from dashboard.views.map import slice_panel
from dashboard.views.sample import panel

TABS: Final = ("sample", "slice")


def open_tab(view: View) -> str:
    """What the panel shows: ``sample``, ``slice``, or "" where it is closed."""
    if view.panel in TABS:
        return view.panel
    if view.panel == "closed":
        return ""
    return "sample" if view.sample else "slice" if view.slice else ""


def side(checkpoint: Checkpoint, tab: str) -> None:
    """The panel, with this tab open."""
    with st.container(
        key="map_side_head", horizontal=True, horizontal_alignment="distribute", wrap=False
    ):
        st.segmented_control(
            "Panel",
            TABS,
            required=True,
            label_visibility="collapsed",
            format_func=str.capitalize,
            **session.bound("panel", "choice_panel", tab),
        )
        st.button(
            "Close",
            key="close_panel",
            icon=":material/close:",
            type="tertiary",
            shortcut="Escape",
            on_click=callback(session.change),
            kwargs={"panel": "closed"},
        )
    if tab == "slice":
        slice_panel.slice_panel(checkpoint)
    else:
        _sample(checkpoint)


def opener(view: View) -> None:
    """A button that opens the panel where it is closed although there is something to show."""
    if open_tab(view) or not (view.sample or view.slice or session.slices()):
        return
    st.button(
        "Show panel",
        key="open_panel",
        icon=":material/right_panel_open:",
        type="tertiary",
        on_click=callback(session.change),
        kwargs={"panel": "sample" if view.sample else "slice"},
    )


def _sample(checkpoint: Checkpoint) -> None:
    sample = session.view().sample
    if not sample:
        st.info(f"{map_notes.HINT} here.", icon=":material/ads_click:")
        return
    if predictions(checkpoint).find(sample) is None:
        widgets.notice(messages.unknown_sample(sample, checkpoint.data))
        st.button("Close", key="forget_sample", on_click=callback(_clear))
        return
    panel.brief(checkpoint, sample)


def _clear() -> None:
    session.change(sample="")
