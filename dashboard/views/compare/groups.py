"""On which kinds of samples models are right: groups, synergy indicator, confusions."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import board
from dashboard.figures import compare as figures
from dashboard.keys import key_of
from dashboard.services.comparison import models as service
from dashboard.services.map import slices as slice_service
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, DataProblem
from dashboard.state import session, slices
from dashboard.text import messages, terms
from dashboard.widgets import plain

#: Kind of groups (`service.groupings`) -> its title, and what it means.
GROUPS = {
    "slice": ("your slice", terms.SLICE),
    "interaction_type": ("true interaction type", terms.INTERACTION_TYPE),
    "flags": ("what is known about the samples", terms.FLAGS),
}
#: Bars of more models than this would be too thin to read.
MANY = 6


def groups(catalog: CheckpointCatalog) -> None:
    """The part of the page."""
    view = session.view()
    ready = catalog.ready(view.data, view.seed)
    result = service.groupings(ready, view.split)
    if view.slice:
        drawn = slices.read(view.slice)
        ids = slice_service.members(view.data, drawn)
        if not isinstance(ids, DataProblem):
            frame = service.by_members(ready, view.split, ids, drawn.name)
            result = {"slice": frame, **result}
    for name, frame in result.items():
        _group(ready, name, frame)
    if "interaction_type" not in result and "flags" not in result:
        st.header("Right by true interaction type", anchor=False, help=terms.INTERACTION_TYPE)
        widgets.notice(messages.no_interaction_type())
    left, right = st.columns(2, gap="large")
    with left:
        _synergy(catalog)
    with right:
        _confusion(ready)


def _group(ready: tuple[Checkpoint, ...], name: str, frame: pd.DataFrame) -> None:
    """Accuracy of every model on each group of one kind."""
    title, help_ = GROUPS[name]
    st.header(f"Right by {title}", anchor=False, help=help_)
    many = len(ready) > MANY
    fig = (
        board.interaction_type(frame) if many else figures.by_group(frame, [c.model for c in ready])
    )
    widgets.chart(fig, key_of("by", name), f"Accuracy of each model by {title}")
    rows = frame.drop_duplicates("group")
    counts = ", ".join(f"{g} {n:,}" for g, n in zip(rows["group"], rows["rows"], strict=True))
    spread = "" if many else " Whisker: 95 % interval."
    st.caption(f"Samples: {plain(counts)}.{spread}")
    widgets.download(frame, f"by-{name}-{session.view().data}")


def _synergy(catalog: CheckpointCatalog) -> None:
    view = session.view()
    st.header("Synergy indicator", anchor=False, help=terms.SYNERGY_INDICATOR)
    result = service.synergy(catalog, view.data, view.seed, view.split)
    if result is None:
        widgets.notice(messages.no_pair())
        return
    fig = figures.synergy(result.frame, result.bound)
    widgets.chart(fig, "synergy", "Synergy indicator of each model and its upper bound")
    alone = ", ".join(f"{plain(name)} {value:.1%}" for name, value in result.alone.items())
    st.caption(
        "Share of samples a model gets right although each input alone leads to a wrong answer "
        f"({alone} right). Dashed: the share where all of these are wrong, the most possible."
    )


def _confusion(ready: tuple[Checkpoint, ...]) -> None:
    view = session.view()
    chosen = next((c for c in ready if c.model == view.model), ready[0])
    st.header(f"Confusion of {plain(chosen.model)}", anchor=False, help=terms.CONFUSION)
    counts = service.confusion(chosen, view.split)
    widgets.chart(figures.confusion(counts), "confusion", "Confusion matrix of the chosen model")
    st.caption("Rows: true class. Columns: answer. Choose another model above.")
