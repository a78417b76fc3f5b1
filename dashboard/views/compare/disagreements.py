"""Disagreements: where trained models predict differently; every mark leads to its samples."""

from __future__ import annotations

import streamlit as st

from dashboard import widgets
from dashboard.services.store.catalog import CheckpointCatalog, checkpoint_catalog, shown
from dashboard.state import session
from dashboard.text import comparing, messages, terms
from dashboard.views import interactions
from dashboard.views.compare import agreement, calibration, groups, pair, training

#: What can be looked at here and on About this model -> what draws it.
_LOOKS = {
    "agreement": agreement.agreement,
    "pair": pair.pair,
    "groups": groups.groups,
    "calibration": calibration.calibration,
    "training": training.training,
    "interactions": interactions.of_several,
}


def disagreements() -> None:
    """The page."""
    catalog = checkpoint_catalog()
    if not catalog.checkpoints:
        widgets.notice(messages.no_checkpoints(shown(catalog.root)))
        return
    look(catalog, comparing.LOOKS)


def look(catalog: CheckpointCatalog, looks: dict[str, str]) -> None:
    """The choice of what to look at, and that; only that is computed."""
    view = session.view()
    if not catalog.ready(view.data, view.seed):
        widgets.current(catalog)
        return
    _damaged(catalog)
    chosen = view.look if view.look in looks else next(iter(looks))
    st.segmented_control(
        "Look at",
        tuple(looks),
        required=True,
        wrap=True,
        label_visibility="collapsed",
        format_func=looks.__getitem__,
        **session.bound("look", "choice_look", chosen),
    )
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.header(comparing.QUESTIONS[chosen], anchor=False)
        menu = st.container(width="content")
    of_split = chosen not in ("training", "interactions")
    rows = f", {terms.SPLITS[view.split]} samples" if of_split else ""
    st.caption(f"Models of seed {view.seed}{rows}. {comparing.EXPLORATORY}")
    with widgets.save_menu("save_look", menu):
        _LOOKS[chosen](catalog)


def _damaged(catalog: CheckpointCatalog) -> None:
    view = session.view()
    for result in catalog.of(view.data, view.seed):
        checked = catalog.get(result.data, result.model, result.seed)
        if checked.status == "damaged":
            widgets.notice(messages.damaged(shown(checked.folder), checked.problem))
