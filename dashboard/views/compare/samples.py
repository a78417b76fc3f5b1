"""Trained models sample by sample: the frame around its parts, of which only one is computed."""

from __future__ import annotations

import streamlit as st

from dashboard import widgets
from dashboard.services.store.catalog import CheckpointCatalog, shown
from dashboard.state import session
from dashboard.state.view import LOOKS
from dashboard.text import comparing, messages, terms
from dashboard.views import interactions
from dashboard.views.compare import agreement, calibration, groups, pair, training

#: What can be looked at -> what draws it.
_LOOKS = {
    "agreement": agreement.agreement,
    "pair": pair.pair,
    "groups": groups.groups,
    "calibration": calibration.calibration,
    "interactions": interactions.of_several,
    "training": training.training,
}


def samples(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    view = session.view()
    if not catalog.ready(view.data, view.seed):
        widgets.current(catalog)
        return
    _damaged(catalog)
    st.segmented_control(
        "Look at",
        LOOKS,
        required=True,
        wrap=True,
        format_func=comparing.LOOKS.__getitem__,
        **session.bound("look", "choice_look", view.look),
    )
    st.header(comparing.QUESTIONS[view.look], anchor=False)
    of_split = view.look not in ("training", "interactions")
    rows = f", {terms.SPLITS[view.split]} samples" if of_split else ""
    st.caption(f"Models of seed {view.seed}{rows}. One seed is a look, not a comparison.")
    _LOOKS[view.look](catalog)


def _damaged(catalog: CheckpointCatalog) -> None:
    view = session.view()
    for result in catalog.of(view.data, view.seed):
        checked = catalog.get(result.data, result.model, result.seed)
        if checked.status == "damaged":
            widgets.notice(messages.damaged(shown(checked.folder), checked.problem))
