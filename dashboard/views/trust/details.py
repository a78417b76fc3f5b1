"""The details of each check: its rule, larger pictures, tables to save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import compare as compare_figures
from dashboard.figures import trust as figures
from dashboard.services import overview
from dashboard.services.sample import estimates, information
from dashboard.services.sample.samples import modality_names
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, DataProblem
from dashboard.services.trust import components, inputs, interaction_types, seeds
from dashboard.state import session
from dashboard.text import messages, terms
from dashboard.text import trust as text
from dashboard.widgets import plain

Links = dict[str, dict[str, Any]]


def types(catalog: CheckpointCatalog, checkpoint: Checkpoint) -> None:
    """Gate against truth, and gate against bits."""
    view = session.view()
    truth = interaction_types.by_truth(checkpoint, view.split)
    bits = interaction_types.by_bits(checkpoint, view.split, view.definition)
    left, right = st.columns(2, gap="large")
    with left:
        st.caption(text.RULES["types" if truth is not None else "bits"])
        for line in overview.about(checkpoint).cautions:
            st.markdown(f":material/warning: {plain(line)}")
    with right:
        if bits is None:
            widgets.notice(_no_bits(checkpoint))
            return
        if truth is not None:
            share = bits.share
            st.markdown(f"**{text.GATE_AND_BITS}**", help=terms.APART)
            st.markdown(text.by_bits(bits.agree, bits.total, share.low, share.high))
            links: Links = {c: {"dominant": c, "show": "apart"} for c, _, _ in bits.rows}
            widgets.linked(
                "gate_and_bits", figures.agreements(bits.rows, {c: c for c in links}), links,
                text.GATE_AND_BITS,
            )  # fmt: skip
            st.caption(text.RULES["bits"])
        widgets.definition()


def _no_bits(checkpoint: Checkpoint) -> messages.Message:
    if len(modality_names(checkpoint)) != 2:
        return messages.three_inputs()
    return messages.no_heads(plain(checkpoint.model))


def components_(catalog: CheckpointCatalog, checkpoint: Checkpoint) -> None:
    """Accuracy and bits lost, by type."""
    removed = components.removed(checkpoint, session.view().split)
    if removed is None:
        st.caption(text.NOT_ADDITIVE)
        return
    field = "interaction_type" if removed.by == "truth" else "dominant"
    names = {(str(c), str(k)): f"{c} {k}" for c in removed.wrong.index for k in removed.wrong}
    links: Links = {n: {"needs": c, field: k} for (c, k), n in names.items()}
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"**{text.ACCURACY_LOST}**", help=terms.PURITY)
        drawn = figures.losses(
            removed.accuracy, names, True, removed.wrong, removed.heads, text.COLUMNS[removed.by]
        )
        widgets.linked("accuracy_lost", drawn, links, text.ACCURACY_LOST)
    with right:
        st.markdown(f"**{text.BITS_LOST}**", help=terms.PURITY)
        drawn = figures.losses(
            removed.bits, names, False, removed.wrong, removed.heads, text.COLUMNS[removed.by]
        )
        widgets.linked("bits_lost", drawn, links, text.BITS_LOST)
    st.caption(f"{text.COMPONENTS[removed.by]} {text.CELLS} {text.RULES['components']}")


def inputs_(catalog: CheckpointCatalog, checkpoint: Checkpoint) -> None:
    """Accuracy of each type by the inputs that are shown."""
    found = inputs.known(checkpoint, session.view().split)
    st.caption(f"{text.BLANK} {text.RULES['inputs']}")
    if found is None or isinstance(found, DataProblem) or found.types is None:
        return
    names = modality_names(checkpoint)
    field = "interaction_type" if found.by == "truth" else "dominant"
    marks: dict[tuple[str, inputs.Shown], str] = {}
    links: Links = {}
    accuracies = found.accuracies()
    for kind in accuracies:
        for shown in found.right:
            missing = [m for m in found.everything if m not in shown]
            if len(missing) == 1:
                mark = f"{kind} x{missing[0]}"
                marks[kind, shown] = mark
                links[mark] = {"needs": f"x{missing[0]}", field: kind}
    heads = [text.shown(names, shown) for shown in found.right]
    wrong = [(c.type, c.shown) for c in found.contradictions()]
    drawn = figures.by_type(accuracies, found.counts(), heads, wrong, marks)
    widgets.linked("by_inputs", drawn, links, text.BY_INPUTS_FIGURE)
    st.caption(f"{text.BY_TYPE[found.by]} {text.BROKEN}")


def estimators_(catalog: CheckpointCatalog, checkpoint: Checkpoint) -> None:
    """Bars with intervals of each estimate, and the set as a whole in clusters."""
    view = session.view()
    names = modality_names(checkpoint)
    if len(names) != 2:
        widgets.notice(messages.three_inputs())
        return
    ready = [
        c for c in catalog.ready(view.data, view.seed)
        if c.model in (view.model, "dmil", "ensemble") and information.has_unimodal_heads(c)
    ]  # fmt: skip
    frame = information.averages(ready or [checkpoint], view.split, view.definition)
    left, right = st.columns([2, 3], gap="large")
    with left:
        widgets.definition()
        st.caption(f"{text.AVERAGES} {text.RULES['estimators']}")
        if (short := information.shortfall(checkpoint)) is not None:
            less = messages.data_falls_short(short.estimate, plain(short.model), short.more)
            widgets.notice(less)
    with right:
        if frame.empty:
            widgets.notice(messages.no_heads(plain(view.model)))
        else:
            widgets.bars(
                compare_figures.averages(frame, terms.component_names(names)), "averages",
                "Bars of the mean information that the inputs carry about the class, in bits",
            )  # fmt: skip
            widgets.download(frame, f"bits-{view.data}")
    _clusters(catalog, checkpoint, frame)


def _clusters(catalog: CheckpointCatalog, checkpoint: Checkpoint, averages: pd.DataFrame) -> None:
    frame = estimates.clusters(checkpoint)
    st.markdown(f"**{text.CLUSTERS}**", help=terms.CLUSTERS)
    if frame.empty:
        if checkpoint.data in catalog.own:
            st.caption(text.NO_ESTIMATOR_OWN)
        else:
            widgets.notice(messages.no_account(checkpoint.data))
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.caption(text.CLUSTERS_BELOW)
        enough = frame[(frame["part"] == "all") & ~frame["few"].astype(bool)]
        known = averages[averages["part"] == "all"]
        if len(enough) and len(known):
            last = enough.iloc[-1]
            most = known.iloc[int(known["mean"].to_numpy().argmax())]
            st.markdown(
                text.retained(int(last["clusters"]), last["mean"], most["mean"], plain(most["who"]))
            )
        few = frame[(frame["part"] == "all") & frame["few"].astype(bool)]
        if len(few):
            pairs = zip(few["clusters"].astype(int), few["bias"], strict=True)
            widgets.caution(text.few_samples(list(pairs)))
    with right:
        widgets.chart(
            compare_figures.clusters(frame), "clusters",
            "Bars of R, U1, U2 and S of the data set, in bits, by number of clusters",
        )  # fmt: skip
        widgets.download(frame, f"clusters-{checkpoint.data}")


def seeds_(catalog: CheckpointCatalog, checkpoint: Checkpoint) -> None:
    """The figures of each seed."""
    found = seeds.seeds(catalog, checkpoint, session.view().split)
    st.caption(text.RULES["seeds"])
    if found is None:
        return
    if not found.stored:
        st.caption(text.RECORDED)
    shown = (100 * found.runs).reset_index(names="seed")
    number = st.column_config.NumberColumn
    st.dataframe(
        shown,
        hide_index=True,
        width="content",
        placeholder=widgets.MISSING,
        column_config={
            c: number(c if c == "accuracy" else f"mean gate {c}", format="%.1f%%")
            for c in found.runs.columns
        },
        alt="Accuracy and mean gate weights of each seed",
    )
    widgets.download(found.runs.reset_index(names="seed"), f"seeds-{checkpoint.data}")


#: Check -> what draws its details.
SHOWN: Final[dict[str, Callable[[CheckpointCatalog, Checkpoint], None]]] = {
    "types": types,
    "components": components_,
    "inputs": inputs_,
    "estimators": estimators_,
    "seeds": seeds_,
}
