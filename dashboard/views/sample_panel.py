"""One sample as every page shows it: its media, the answers, the gate, the exact waterfall."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard import session, widgets
from dashboard.figures import sample as figures
from dashboard.services import information as facts
from dashboard.services import media
from dashboard.services import neighbours as near_service
from dashboard.services import samples as service
from dashboard.services.stock import Checkpoint, DataProblem, stock
from dashboard.text import messages, terms
from dashboard.widgets import plain


def full(found: Checkpoint, sample: str) -> None:
    """Everything about one sample; it must be in the checkpoint's table."""
    heading(found, sample)
    widgets.media_row(found, sample)
    st.markdown("**What each model says**", help=terms.ALONE)
    widgets.opinions(stock().ready(found.data, found.seed), found, sample)
    if found.gated:
        left, right = st.columns([4, 5], gap="medium")
        with left:
            widgets.gate(found, sample)
        with right:
            waterfall(found, sample)
    else:
        no_gate(found)
    information(found, sample)
    nearest(found, sample)


def brief(found: Checkpoint, sample: str) -> None:
    """Media, gate and answers, for a panel beside a map or a list."""
    heading(found, sample)
    widgets.media_row(found, sample, across=2)
    if found.gated:
        widgets.gate(found, sample)
    widgets.opinions(stock().ready(found.data, found.seed), found, sample, brief=True)
    st.page_link(session.page("samples"), label="Open in Samples", icon=":material/open_in_full:")


def heading(found: Checkpoint, sample: str) -> None:
    """Id, truth, answer and what is known about the sample, in two lines."""
    row = service.record(found, sample)
    st.subheader(f"Sample {plain(sample)}", anchor=False)
    verdict = ":green-badge[:material/check: right]"
    if not bool(row["correct"]):
        verdict = ":red-badge[:material/close: wrong]"
    said = (
        f"True class **{plain(row['y'])}**. {plain(found.model)} says **{plain(row['pred'])}** "
        f"({row['confidence']:.0%} sure) {verdict}"
    )
    known = [said, f":gray-badge[{plain(row['split'])} sample]"]
    composed = row.get("composition") in terms.BADGES
    if composed:
        known.append(f"true composition {widgets.badge(row['composition'])}")
    known += [f":orange-badge[{plain(widgets.words(f))}]" for f in service.flags_of(found, sample)]
    st.markdown(" ".join(known), help=terms.COMPOSITION if composed else None)


def waterfall(found: Checkpoint, sample: str) -> None:
    """How the components add up to the score of the chosen class, with the printed identity."""
    st.markdown("**How the score comes about**", help=terms.CONTRIBUTION)
    cls, against = class_choice(found, sample)
    split = service.decomposition(found, sample, cls, against)
    if split is None:
        widgets.notice(messages.no_gate(plain(found.model)))
        return
    names = terms.component_names(service.modality_names(found))
    fig = figures.waterfall(split.parts, split.stored, names, "score")
    widgets.chart(
        fig,
        "waterfall",
        f"Waterfall of {terms.NUMBERS[len(split.parts)]} contributions to the score, in bits",
    )
    sum_ = " + ".join(f"{c} ({v:+.2f})" for c, v in split.parts.items())
    goal = f"log odds of {cls} over {against}" if against else f"score of {cls}"
    gap = abs(split.total - split.stored)
    st.markdown(
        f"{plain(sum_)} = **{plain(f'{split.total:+.2f}')} bits**, the model's {plain(goal)} "
        f"({plain(f'{split.stored:+.2f}')}; difference {gap:.0e}).",
        help=terms.IDENTITY,
    )


def class_choice(found: Checkpoint, sample: str) -> tuple[str, str]:
    """The class whose score is explained, and the one it is compared with ("" for none)."""
    view, classes = session.view(), service.classes(found)
    row = service.record(found, sample)
    answer, truth = row["pred"], row["y"]
    marks = {truth: " (true)", answer: " (answer)"} if truth != answer else {answer: " (answer)"}
    left, right = st.columns(2)
    cls = view.cls if view.cls in classes else answer
    with left:
        widgets.select("Score of", "cls", classes, cls, lambda c: c + marks.get(c, ""))
    others = ("", *(c for c in classes if c != cls))
    against = view.against if view.against in others else ""
    with right:
        widgets.select(
            "compared with",
            "against",
            others,
            against,
            lambda c: c + marks.get(c, "") if c else "nothing",
        )
    return cls, against


def information(found: Checkpoint, sample: str) -> None:
    """What each input tells of the true class, in bits, how that is split, and its identities."""
    names = service.modality_names(found)
    if len(names) != 2:
        return
    st.markdown("**What the inputs tell of the true class**", help=terms.BITS)
    view, able = session.view(), facts.tellers(found)
    if not able:
        _no_heads(found)
        return
    teller = view.teller if view.teller in able else able[0]
    told = facts.told(found, sample, view.definition, teller)
    if told is None:
        widgets.notice(messages.not_told())
        return
    left, right = st.columns([5, 4], gap="medium")
    with right:
        _choices(found, able, teller)
        _identities(told.values, names)
        if teller == "data":
            _data_alone(found)
        else:
            _how_far_to_trust(told)
    with left:
        widgets.chart(
            figures.information(told.parts, told.exact_parts, terms.component_names(names)),
            "information",
            "Bars of the four parts of what the inputs tell, in bits"
            + ("; rings: the exact values" if told.exact else ""),
        )
        if told.exact is not None:
            st.caption(
                "Rings: exact values, from the law that made this data set. Together the inputs "
                f"really tell {plain(figures.signed(told.exact['i12']))} bits."
            )
    with st.expander("Gate, contribution, bits: what is the difference?"):
        st.markdown(terms.THREE_WORDS)
    if told.calibration:
        with st.expander("How well calibrated are these heads?"):
            _reliability(told, names)


def _choices(found: Checkpoint, able: tuple[str, ...], teller: str) -> None:
    names = {"model": f"heads of {plain(found.model)}", "data": "small networks on the data alone"}
    if len(able) > 1:
        widgets.select("Told by", "teller", able, teller, names.__getitem__, help=terms.TELLER)
    else:
        st.caption(f"Told by {names[teller]}.", help=terms.TELLER)
    widgets.definition()


def _identities(bits: dict[str, float], names: Sequence[str]) -> None:
    """The sums that the parts make, in numbers."""

    def signed(name: str) -> str:
        return plain(figures.signed(bits[name]))

    for m, name in enumerate(names, start=1):
        st.markdown(
            f"**{plain(name)}** alone: {signed(f'i{m}')} bits = r ({signed('r')}) "
            f"+ u{m} ({signed(f'u{m}')})"
        )
    parts = " + ".join(f"{c} ({signed(c)})" for c in ("r", "u1", "u2", "s"))
    st.markdown(f"**Both together**: {signed('i12')} bits = {parts}", help=terms.BITS)


def _how_far_to_trust(told: facts.Told) -> None:
    errors = ", ".join(f"{c.after.error:.1%}" for c in told.calibration)
    st.caption(
        "As this model's heads see it, calibrated on validation samples. Calibration error on test "
        f"samples, first input, second, both: {errors}.",
        help=terms.METRIC_WORDS["ece"],
    )
    if told.seen:
        st.caption(
            ":orange[The model was trained on this sample, so its heads know more of it than of "
            "others.]"
        )


def _data_alone(found: Checkpoint) -> None:
    st.caption(
        "By networks that read the inputs as they are and saw neither this sample nor its copies; "
        "no trained model takes part."
    )
    short = facts.shortfall(found)
    if short is not None:
        widgets.notice(messages.data_falls_short(short.found, plain(short.model), short.more))


def _reliability(told: facts.Told, names: Sequence[str]) -> None:
    heads = [*(f"{name} alone" for name in names), "both"]
    curves = {name: c.after for name, c in zip(heads, told.calibration, strict=True)}
    frames = {
        name: pd.DataFrame({"confidence": c.confidence, "accuracy": c.accuracy, "rows": c.rows})
        for name, c in curves.items()
    }
    left, right = st.columns([5, 4], gap="medium")
    with left:
        widgets.chart(
            figures.reliability(frames), "reliability",
            "Lines of how often answers of a confidence are right, for each head",
        )  # fmt: skip
    with right:
        st.markdown(terms.RELIABILITY)
        rows = [
            (name, c.temperature, 100 * c.before.error, 100 * c.after.error)
            for name, c in zip(heads, told.calibration, strict=True)
        ]
        st.dataframe(
            pd.DataFrame(rows, columns=["head", "temp", "before", "after"]),
            hide_index=True,
            column_config={
                "temp": st.column_config.NumberColumn(format="%.2f", help="temperature"),
                "before": st.column_config.NumberColumn(
                    format="%.1f %%", help="calibration error without the temperature"
                ),
                "after": st.column_config.NumberColumn(
                    format="%.1f %%", help="calibration error with it"
                ),
            },
            alt="Temperature and calibration error of each head",
        )
        table = pd.concat([f.assign(head=name) for name, f in frames.items()])
        widgets.download(table, "calibration")


def _no_heads(found: Checkpoint) -> None:
    other = facts.other_that_tells(found)
    widgets.notice(messages.no_heads(plain(found.model)))
    if other is not None:
        st.button(
            f"Show bits of {plain(other.model)}",
            on_click=widgets.use_model,
            args=(other.model,),
        )


def nearest(found: Checkpoint, sample: str) -> None:
    """The samples that the model describes most alike, in a latent of the visitor's choice."""
    latents = found.run.latents if found.run else ()
    view, off = session.view(), "off"
    chosen = view.near if view.near in latents else ""
    st.markdown("**Samples that the model describes alike**", help=terms.NEAREST)
    st.segmented_control(
        "Nearest in the latent",
        (off, *latents),
        required=True,
        wrap=True,
        **session.bound(
            "near", "choice_near", chosen or off, lambda name: "" if name == off else name
        ),
    )
    if not chosen:
        return
    found_ones = near_service.nearest(found, sample, chosen, view.split)
    if isinstance(found_ones, DataProblem):
        widgets.notice(messages.no_neighbours(found_ones.message))
        return
    names = service.modality_names(found)
    st.caption(f"**{plain(chosen)}**: {plain(terms.latent(chosen, names))}")
    for place, one in enumerate(found_ones, start=1):
        with st.container(border=True):
            st.button(
                f"{plain(one.sample)}: {plain(one.truth)}",
                key=f"near_{place}",
                help="Open this sample",
                icon=":material/open_in_new:",
                on_click=session.change,
                kwargs={"sample": one.sample},
            )
            st.caption(f"Distance {one.distance:.2f}")
            sides = media.sides(found, one.sample)
            if not isinstance(sides, DataProblem):
                widgets.media_cards(sides, f"near-{place}", brief=True)


def no_gate(found: Checkpoint) -> None:
    """Say that this model does not decompose, and offer the one that does."""
    widgets.notice(messages.no_gate(plain(found.model)))
    other = next((c for c in stock().ready(found.data, found.seed) if c.gated), None)
    if other is not None:
        st.button(
            f"Show {plain(other.model)}",
            type="primary",
            on_click=widgets.use_model,
            args=(other.model,),
        )
