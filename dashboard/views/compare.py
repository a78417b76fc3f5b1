"""Compare: which way of learning is right how often, and is the difference real?"""

from __future__ import annotations

import streamlit as st

from dashboard import session, state, widgets
from dashboard.services import board
from dashboard.services.stock import shown, stock
from dashboard.text import messages, terms
from dashboard.views import compare_samples, compare_seeds, compare_sets


def compare() -> None:
    """The page."""
    all_, view = stock(), session.view()
    anything = len(board.recorded(all_.root).runs) or all_.checkpoints
    if not anything:
        widgets.notice(messages.no_checkpoints(shown(all_.root)))
        return
    st.segmented_control(
        "Compare on",
        state.PARTS,
        required=True,
        wrap=True,
        format_func=terms.PARTS.__getitem__,
        **session.bound("part", "choice_part", view.part),
    )
    if view.part == "seeds":
        compare_seeds.seeds(all_)
    elif view.part == "sets":
        compare_sets.sets(all_)
    else:
        compare_samples.samples(all_)
