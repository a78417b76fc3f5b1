"""Overview: what the data is, how much R, U1, U2 and S there is, who is right, where to start."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import compare as figures
from dashboard.figures import sample as sample_figures
from dashboard.keys import key_of
from dashboard.services import overview as service
from dashboard.services.comparison import models
from dashboard.services.overview import MISLEADING, Start
from dashboard.services.sample import information, media, samples
from dashboard.services.store.catalog import (
    MODELS,
    Checkpoint,
    CheckpointCatalog,
    DataProblem,
    checkpoint_catalog,
)
from dashboard.state import session
from dashboard.state.view import to_query, without_filters
from dashboard.text import messages, terms
from dashboard.views import interactions
from dashboard.views.sample import media_cards
from dashboard.widgets import badge, plain


def overview() -> None:
    """The page."""
    catalog = checkpoint_catalog()
    result = widgets.current(catalog)
    if result is None:
        return
    widgets.legend(result)
    _starts(result)
    left, right = st.columns(2, gap="large")
    with left:
        _data(result)
    with right:
        alone = not result.gated and not information.has_unimodal_heads(result)
        if not alone:
            _how_much(result)
        if not result.gated:
            interactions.of_one(result)
        _who_is_right(catalog, result)


def _data(checkpoint: Checkpoint) -> None:
    st.header("What the data is", anchor=False)
    about = service.about(checkpoint)
    rows = ", ".join(f"{n:,} {split}" for split, n in about.rows.items() if n)
    st.markdown(f"{plain(rows)} samples of {len(about.classes)} classes.")
    sample = service.example(checkpoint, session.view().split)
    sides = media.sides(checkpoint, sample)
    if sample and not isinstance(sides, DataProblem):
        st.caption(
            f"For example {plain(sample)}, {plain(samples.record(checkpoint, sample)['y'])}:"
        )
        media_cards.cards(sides, key_of("example", sample), across=2, brief=True)
    st.caption(f"Source: {plain(about.source)} Licence: {plain(about.licence)}")


def _how_much(checkpoint: Checkpoint) -> None:
    view = session.view()
    names = samples.modality_names(checkpoint)
    help_ = terms.BITS if len(names) == 2 else terms.GATE
    st.header("How much R, U1, U2 and S there is", anchor=False, help=help_)
    if len(names) != 2 and checkpoint.gated:
        gates = samples.mean_gates(checkpoint, view.split)
        fig = sample_figures.gate_bars(gates, terms.component_names(names))
        widgets.bars(fig, "mean_gates", "Bars of the mean gate weight of each component")
        st.caption(f"What {plain(checkpoint.model)} relies on: the mean weight of its gate.")
        return
    frame = information.averages([checkpoint], view.split, view.definition)
    if len(names) != 2:
        widgets.notice(messages.three_inputs())
        return
    if frame.empty:
        widgets.notice(messages.no_heads(plain(checkpoint.model)))
        return
    widgets.bars(
        figures.averages(frame, terms.component_names(names)), "averages",
        "Bars of what the inputs tell on average, in bits",
    )  # fmt: skip
    st.caption(
        f"Bits about the class, mean over {terms.SPLITS[view.split]} samples with 95 % intervals: "
        f"what {plain(checkpoint.model)} makes of them, what networks on the data alone do, and "
        f"the "
        "exact value where the distribution of the data is known."
    )


def _who_is_right(catalog: CheckpointCatalog, checkpoint: Checkpoint) -> None:
    view = session.view()
    st.header("Who is right how often", anchor=False, help=terms.ACCURACY)
    scores = models.scores(catalog, checkpoint.data, view.seed, view.split)
    shown = [s for s in scores if s.model in (*MODELS, checkpoint.model)]
    frame = pd.DataFrame([vars(s) for s in shown or scores])
    widgets.bars(figures.accuracy(frame), "accuracy", "Accuracy of each model with its interval")
    st.caption(f"Accuracy, one training each (seed {view.seed}).")
    st.page_link(
        session.page("compare"), label="Is the difference real? Compare over seeds",
        icon=":material/bar_chart:",
    )  # fmt: skip


def _starts(checkpoint: Checkpoint) -> None:
    view = session.view()
    starts = service.starts(checkpoint, view.split, view.definition)
    st.header("Start here", anchor=False, help=terms.STARTS)
    names = terms.component_names(samples.modality_names(checkpoint))
    kinds = [kind for kind, ones in starts.items() if ones]
    if not kinds:
        widgets.notice(messages.nothing_matches())
        return
    for column, kind in zip(st.columns(len(kinds), gap="medium"), kinds, strict=True):
        with column:
            if kind == MISLEADING:
                st.markdown(":red-badge[:material/close:] **sure and wrong**")
            else:
                st.markdown(f"{badge(kind)} **{plain(names[kind])}**")
            # Beside each other where there is room: on a phone the columns are below each other.
            with st.container(horizontal=True, gap="small"):
                for start in starts[kind]:
                    _link(checkpoint, start)


def _link(checkpoint: Checkpoint, start: Start) -> None:
    value = f"{start.value:.0%}" if start.unit == "share" else f"{start.value:+.1f} bits"
    target = replace(session.view(), data=checkpoint.data, sample=start.sample)
    st.page_link(
        session.page("samples"),
        label=f"{plain(start.truth)} ({plain(value)})",
        help=plain(start.sample),
        query_params=to_query(without_filters(target)),
    )
