"""What a set's inputs tell of the class on average, in bits, and the set cut into clusters."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import compare as figures
from dashboard.services.sample import estimates, information
from dashboard.services.sample.samples import modality_names
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog
from dashboard.state import session
from dashboard.text import messages, terms
from dashboard.widgets import plain


def bits(catalog: CheckpointCatalog) -> None:
    """What the inputs tell on average: by the heads of a few models, and exactly where known."""
    view = session.view()
    ready = catalog.ready(view.data, view.seed)
    some = [c for c in ready if c.model in (view.model, "dmil", "ensemble")]
    shown_models = some or list(ready[:1])
    frame = information.averages(shown_models, view.split, view.definition)
    if frame.empty:
        two = len(modality_names(ready[0])) == 2
        no_heads = messages.no_heads(plain(view.model))
        widgets.notice(no_heads if two else messages.three_inputs())
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        widgets.definition()
        st.caption(
            "Bits about the true class, mean over samples with its 95 % interval, as the heads of "
            "each model see it, calibrated on validation samples, and as small networks see it "
            "that read the data alone, where that is kept. R + U1 + U2 + S = all."
        )
        _nearest(frame)
        for checkpoint in shown_models:
            share = information.agreement(checkpoint, view.split, view.definition)
            if share is not None:
                st.markdown(
                    f"The largest gate of **{plain(checkpoint.model)}** is the largest part in "
                    f"bits for **{share:.1%}** of the samples.",
                    help=f"Samples, Filter, Show lists those where {terms.GATE_AND_BITS} disagree.",
                )
        if view.split == "train":
            widgets.caution("Models know their training samples; look at test samples.")
    parts = terms.component_names(modality_names(shown_models[0]))
    with right:
        widgets.bars(
            figures.averages(frame, parts), "averages",
            "Bars of what the inputs tell on average, in bits, by model",
        )  # fmt: skip
    widgets.download(frame, f"bits-{view.data}")
    _clusters(shown_models[0], frame)


def _nearest(frame: pd.DataFrame) -> None:
    result = frame[(frame["part"] == "all") & (frame["who"] != information.EXACT)]
    if len(result) < 2 or session.view().split == "train":
        return
    best = result.iloc[int(result["mean"].to_numpy().argmax())]
    st.markdown(
        f"**{plain(best['who'])}** finds the most, {best['mean']:.2f} bits.", help=terms.ESTIMATOR
    )


def _clusters(checkpoint: Checkpoint, averages: pd.DataFrame) -> None:
    """The set as a whole, cut into clusters."""
    frame = estimates.clusters(checkpoint)
    st.header("The whole set, cut into clusters", anchor=False, help=terms.CLUSTERS)
    if frame.empty:
        widgets.notice(messages.no_account(checkpoint.data))
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        everything = frame[frame["part"] == "all"]
        known = averages[averages["part"] == "all"]
        whole = known.iloc[int(known["mean"].to_numpy().argmax())]
        best = everything[~everything["few"]]
        st.caption(
            "All samples, training samples too; no model takes part. R, U1, U2 and S by BROJA, "
            "with 95 % bootstrap intervals; a measure of its own, so that its parts need not be "
            "those above."
        )
        if len(best):
            last = best.iloc[-1]
            st.markdown(
                f"{last['clusters']} clusters of each input keep **{last['mean']:.2f}** of the "
                f"{whole['mean']:.2f} bits that {plain(whole['who'])} finds above."
            )
        few = everything[everything["few"]]
        if len(few):
            added = ", ".join(
                f"{bias:.2f} bits with {count}"
                for count, bias in zip(few["clusters"], few["bias"], strict=True)
            )
            widgets.caution(
                "Hatched: too few samples to tell. Chance alone adds more than a tenth, "
                f"{added} clusters."
            )
    with right:
        widgets.chart(
            figures.clusters(frame), "clusters",
            "Bars of the parts of what the set tells, in bits, by number of clusters",
        )  # fmt: skip
    widgets.download(frame, f"clusters-{checkpoint.data}")
