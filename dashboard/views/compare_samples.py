"""One seed of each trained model: synergy, groups, confusions, and who is right where."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import session, widgets
from dashboard.figures import board
from dashboard.figures import compare as figures
from dashboard.services import accounts, information
from dashboard.services import comparison as service
from dashboard.services.samples import modality_names
from dashboard.services.stock import Checkpoint, Stock, shown, stock, table
from dashboard.text import messages, terms
from dashboard.views import sample_panel
from dashboard.widgets import plain


def samples(all_: Stock) -> None:
    """The part of the page."""
    view = session.view()
    ready = all_.ready(view.data, view.seed)
    if not ready:
        widgets.current(all_)
        return
    _damaged(all_)
    st.caption(
        f"Models trained with seed {view.seed}, {terms.SPLITS[view.split]} rows: what they answer "
        "sample by sample. One seed is a look, not a comparison."
    )
    _disagreements(ready)
    st.divider()
    left, right = st.columns(2, gap="large")
    with left:
        _synergy(all_)
    with right:
        _confusion(all_, ready)
    _by_group(ready)
    _bits(ready)


def _damaged(all_: Stock) -> None:
    view = session.view()
    for found in all_.of(view.data, view.seed):
        checked = all_.get(found.data, found.model, found.seed)
        if checked.status == "damaged":
            widgets.notice(messages.damaged(shown(checked.folder), checked.problem))


def _synergy(all_: Stock) -> None:
    view = session.view()
    st.subheader("Synergy indicator", anchor=False, help=terms.SYNERGY_INDICATOR)
    found = service.synergy(all_, view.data, view.seed, view.split)
    if found is None:
        widgets.notice(messages.no_pair())
        return
    fig = figures.synergy(found.frame, found.ceiling)
    widgets.chart(fig, "synergy", "Synergy indicator of each model and its ceiling")
    alone = ", ".join(f"{plain(name)} {value:.1%}" for name, value in found.alone.items())
    st.caption(
        "Share of samples a model gets right although each input alone leads to a wrong answer "
        f"({alone} right). Dashed: the share where all of these are wrong, the most possible."
    )


def _by_group(ready: tuple[Checkpoint, ...]) -> None:
    split = session.view().split
    frame, title, help_ = service.by_composition(ready, split), "true composition", ""
    flagged = service.by_flags(ready, split) if frame.empty else frame
    if frame.empty and not flagged.empty:
        frame, title, help_ = flagged, "what is known about the samples", terms.FLAGS
    st.subheader(f"Right by {title}", anchor=False, help=help_ or terms.COMPOSITION)
    if frame.empty:
        widgets.notice(messages.no_composition())
        return
    # Bars of more models than this would be too thin to read.
    many = len(ready) > 6
    fig = board.composition(frame) if many else figures.by_group(frame, [c.model for c in ready])
    widgets.chart(fig, "by_group", f"Accuracy of each model by {title}")
    rows = frame.drop_duplicates("group")
    counts = ", ".join(f"{g} {n:,}" for g, n in zip(rows["group"], rows["rows"], strict=True))
    spread = "" if many else " Whisker: 95 % bootstrap interval."
    st.caption(f"Samples: {plain(counts)}.{spread}")


def _bits(ready: tuple[Checkpoint, ...]) -> None:
    """What the inputs tell on average: by the heads of a few models, and exactly where known."""
    view = session.view()
    some = [c for c in ready if c.model in (view.model, "dmil", "ensemble")]
    shown_models = some or list(ready[:1])
    frame = information.averages(shown_models, view.split, view.definition)
    st.subheader("What the inputs tell on average", anchor=False, help=terms.BITS)
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
        for one in shown_models:
            share = information.agreement(one, view.split, view.definition)
            if share is not None:
                st.markdown(
                    f"The largest gate of **{plain(one.model)}** is the largest part in bits for "
                    f"**{share:.1%}** of the samples.",
                    help=f"Samples, Filter, Show lists those where {terms.GATE_AND_BITS} disagree.",
                )
        if view.split == "train":
            st.caption(":orange[Models know their training samples; look at test samples.]")
    with right:
        widgets.chart(
            figures.averages(frame), "averages",
            "Bars of what the inputs tell on average, in bits, by model",
        )  # fmt: skip
    widgets.download(frame, f"bits-{view.data}")
    _clusters(shown_models[0], frame)


def _nearest(frame: pd.DataFrame) -> None:
    found = frame[(frame["part"] == "all") & (frame["who"] != information.EXACT)]
    if len(found) < 2 or session.view().split == "train":
        return
    best = found.iloc[int(found["mean"].to_numpy().argmax())]
    st.markdown(
        f"**{plain(best['who'])}** finds the most, {best['mean']:.2f} bits.", help=terms.TELLER
    )


def _clusters(found: Checkpoint, averages: pd.DataFrame) -> None:
    """The set as a whole, cut into clusters."""
    frame = accounts.clusters(found)
    st.subheader("The whole set, cut into clusters", anchor=False, help=terms.CLUSTERS)
    if frame.empty:
        widgets.notice(messages.no_account(found.data))
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
            st.caption(
                ":orange[Hatched: too few samples to tell. Chance alone adds more than a tenth, "
                f"{added} clusters.]"
            )
    with right:
        widgets.chart(
            figures.clusters(frame), "clusters",
            "Bars of the parts of what the set tells, in bits, by number of clusters",
        )  # fmt: skip
    widgets.download(frame, f"clusters-{found.data}")


def _confusion(all_: Stock, ready: tuple[Checkpoint, ...]) -> None:
    view = session.view()
    chosen = next((c for c in ready if c.model == view.model), ready[0])
    st.subheader(f"Confusion of {plain(chosen.model)}", anchor=False, help=terms.CONFUSION)
    counts = service.confusion(chosen, view.split)
    widgets.chart(figures.confusion(counts), "confusion", "Confusion matrix of the chosen model")
    st.caption("Rows: true class. Columns: answer. Choose another model in the sidebar.")


def _disagreements(ready: tuple[Checkpoint, ...]) -> None:
    view = session.view()
    st.subheader("One right, the other wrong", anchor=False)
    if len(ready) < 2:
        widgets.notice(messages.one_model_only())
        return
    models = [c.model for c in ready]
    first = view.model if view.model in models else models[0]
    others = [m for m in models if m != first]
    rival = view.rival if view.rival in others else others[0]
    by_name = {c.model: c for c in ready}
    left, right = st.columns(2, gap="large")
    with left:
        a, b = _pair_choice(by_name, first, rival, others)
        frame = service.disagreements(by_name[a], by_name[b], view.split)
        _pair_list(frame, a, b)
    with right:
        _pair_sample(by_name[a], frame)


def _pair_choice(
    by_name: dict[str, Checkpoint], first: str, rival: str, others: list[str]
) -> tuple[str, str]:
    widgets.select(f"Compare {plain(first)} with", "rival", others, rival)
    counts = service.agreement(by_name[first], by_name[rival], session.view().split)
    st.caption(
        f"Both right {counts['both']:,}, only {plain(first)} {counts['first']:,}, only "
        f"{plain(rival)} {counts['second']:,}, neither {counts['neither']:,}."
    )
    sides = {
        "first": f"{plain(first)} right, {plain(rival)} wrong ({counts['first']:,})",
        "second": f"{plain(rival)} right, {plain(first)} wrong ({counts['second']:,})",
    }
    side = session.view().side
    bound = session.bound("side", "choice_side", side)
    st.radio("Show", list(sides), format_func=sides.__getitem__, **bound)
    return (first, rival) if side == "first" else (rival, first)


def _pair_list(frame: pd.DataFrame, right: str, wrong: str) -> None:
    if frame.empty:
        widgets.notice(messages.no_disagreement())
        return
    sample = session.view().sample
    listed = frame.drop(columns=["right_says"])
    listed[["right_p", "wrong_p"]] *= 100
    st.dataframe(
        listed,
        hide_index=True,
        height=min(420, 38 + 35 * len(frame)),
        **widgets.row_choice("pairs", frame["id"], sample),
        column_config={
            "id": st.column_config.TextColumn(width=90),
            "truth": st.column_config.TextColumn("true", width=75),
            "right_p": st.column_config.NumberColumn(
                f"{right} sure", format="%.0f %%", help=terms.SURE
            ),
            "wrong_says": st.column_config.TextColumn(f"{wrong} says", width=85),
            "wrong_p": st.column_config.NumberColumn("how sure", format="%.0f %%", help=terms.SURE),
            "dominant": st.column_config.TextColumn(
                "gate", width=45, help=f"{terms.DOMINANT} {terms.GATE}"
            ),
        },
        alt=f"Samples that {right} gets right and {wrong} wrong",
    )
    st.caption("Most certain mistakes first. Click a row to see the sample.")
    widgets.download(frame, f"{right}-right-{wrong}-wrong-{session.view().data}")


def _pair_sample(found: Checkpoint, frame: pd.DataFrame) -> None:
    sample = session.view().sample
    if sample and sample in frame.index and sample in table(found).index:
        gated = next((c for c in stock().ready(found.data, found.seed) if c.gated), found)
        sample_panel.brief(found if found.gated else gated, sample)
        return
    st.info(
        "**Choose a sample** of the list to see its inputs and what each model says.",
        icon=":material/ads_click:",
    )
