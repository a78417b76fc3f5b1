"""Compare: which paradigm is right how often, and is the difference real?"""

from __future__ import annotations

import streamlit as st

from dashboard import widgets
from dashboard.services.comparison import board
from dashboard.services.store.catalog import checkpoint_catalog, shown
from dashboard.state import session
from dashboard.state.view import PARTS
from dashboard.text import messages, terms
from dashboard.views.compare import samples, seeds, sets


def compare() -> None:
    """The page."""
    catalog, view = checkpoint_catalog(), session.view()
    anything = len(board.recorded(catalog.root).runs) or catalog.checkpoints
    if not anything:
        widgets.notice(messages.no_checkpoints(shown(catalog.root)))
        return
    st.segmented_control(
        "Compare on",
        PARTS,
        required=True,
        wrap=True,
        format_func=terms.PARTS.__getitem__,
        **session.bound("part", "choice_part", view.part),
    )
    if view.part == "seeds":
        seeds.seeds(catalog)
    elif view.part == "sets":
        sets.sets(catalog)
    else:
        samples.samples(catalog)
