"""About this model: what it is, how well it is calibrated, how its training went."""

from __future__ import annotations

import streamlit as st

from dashboard import widgets
from dashboard.services.comparison import board, models
from dashboard.services.store.catalog import Checkpoint, checkpoint_catalog
from dashboard.state import session
from dashboard.text import comparing, terms
from dashboard.views.compare import disagreements
from dashboard.widgets import plain


def about() -> None:
    """The page."""
    catalog, view = checkpoint_catalog(), session.view()
    result = widgets.current(catalog)
    if result is not None:
        _facts(result)
    elif not catalog.ready(view.data, view.seed):
        return
    with st.container(horizontal=True):
        for page, label, icon in (
            ("samples", "Its samples", ":material/list_alt:"),
            ("compare", "Leaderboard", ":material/leaderboard:"),
        ):
            st.page_link(session.page(page), label=label, icon=icon)
    disagreements.look(catalog, comparing.ABOUT)


def _facts(checkpoint: Checkpoint) -> None:
    view = session.view()
    st.header(f"About {plain(checkpoint.model)}", anchor=False)
    if words := board.about(checkpoint.model) or terms.MODELS.get(checkpoint.model, ""):
        st.markdown(plain(words))
    score = models.score(checkpoint, view.split)
    parts = [f"Seed {checkpoint.seed}"]
    if score.rows:
        parts.append(
            f"accuracy **{score.accuracy:.1%}** on {score.rows:,} {terms.SPLITS[view.split]} "
            f"samples (95% interval {score.low:.1%} to {score.high:.1%})"
        )
    parts.append("with a gate" if checkpoint.gated else "without a gate")
    st.markdown(", ".join(parts) + ".")
