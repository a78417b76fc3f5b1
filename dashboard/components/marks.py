"""A picture of which every mark leads somewhere, by pointer or by key."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import streamlit as st

from dashboard.components import picked, scripts
from dashboard.guard import callback


def marks(key: str, html: str, names: Collection[str], on_pick: Callable[[str], None]) -> None:
    """Show HTML of ours; an element with ``data-mark="<name>"`` is a link.

    Parameters
    ----------
    html : texts from data in it are escaped; see ``dashboard.figures.evidence``.
    names : what may be picked: the browser is not believed.
    on_pick : called with the name of what was picked.
    """
    part = st.components.v2.component(
        "dmil_marks",
        html='<div class="marks"></div>',
        css=scripts.text("marks.css"),
        js=scripts.text("marks.js"),
    )
    part(
        key=key,
        data={"html": html},
        on_picked_change=callback(partial(picked.report, key, names, on_pick)),
    )
