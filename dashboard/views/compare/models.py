"""The choice of the trained models that a comparison sample by sample is about."""

from __future__ import annotations

import streamlit as st

from dashboard import widgets
from dashboard.services.comparison import chosen as service
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, shown
from dashboard.state import session
from dashboard.state.view import listed
from dashboard.text import comparing, messages
from dashboard.widgets import plain


def among(catalog: CheckpointCatalog) -> tuple[Checkpoint, ...]:
    """The models that take part, after the control to choose them; empty after a notice."""
    view = session.view()
    result = service.chosen(catalog, view.data, view.seed, view.model, view.among)
    offered = service.offered(catalog, view.data, view.seed)
    names = service.names(offered)
    st.multiselect(
        comparing.INCLUDED,
        [service.key(checkpoint) for checkpoint in offered],
        format_func=names.__getitem__,
        max_selections=service.MOST,
        help=f"At most {service.MOST}. Several seeds of one model can be chosen where they exist.",
        **session.bound(
            "among",
            "choice_among",
            [service.key(checkpoint) for checkpoint in result.checkpoints],
            listed,
        ),
    )
    for checkpoint in result.damaged:
        if checkpoint.seed != view.seed:
            # Those of the chosen seed are named above on the page already.
            widgets.notice(messages.damaged(shown(checkpoint.folder), checkpoint.problem))
    if result.unknown and result.checkpoints:
        st.caption(f"Not trained for this data set: {plain(', '.join(result.unknown))}.")
    if result.other_data:
        widgets.notice(
            comparing.other_data([plain(checkpoint.model) for checkpoint in result.other_data])
        )
    if not result.checkpoints:
        widgets.notice(comparing.nothing_chosen())
    return result.checkpoints
