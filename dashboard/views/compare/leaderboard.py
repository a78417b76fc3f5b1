"""Leaderboard: which method is more accurate, and is the difference significant?"""

from __future__ import annotations

import streamlit as st

from dashboard import widgets
from dashboard.services.comparison import board
from dashboard.services.store.catalog import checkpoint_catalog, shown
from dashboard.state import session
from dashboard.state.view import DEFAULT
from dashboard.text import comparing, messages, terms
from dashboard.views.compare import all_sets, this_set


def leaderboard() -> None:
    """The page."""
    catalog, view = checkpoint_catalog(), session.view()
    anything = len(board.recorded(catalog.root).runs) or catalog.checkpoints
    if not anything:
        widgets.notice(messages.no_checkpoints(shown(catalog.root)))
        return
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.header(comparing.LEADERBOARD_TITLE, anchor=False)
        menu = st.container(width="content")
    # A session can hold the part of an earlier link to a page of its own today.
    scope = view.part if view.part in terms.PARTS else DEFAULT.part
    st.segmented_control(
        "Scope",
        tuple(terms.PARTS),
        required=True,
        label_visibility="collapsed",
        format_func=terms.PARTS.__getitem__,
        **session.bound("part", "choice_part", scope),
    )
    with widgets.save_menu("save_leaderboard", menu):
        (all_sets.all_sets if scope == "sets" else this_set.this_set)(catalog)
