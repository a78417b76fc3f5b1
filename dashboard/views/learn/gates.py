"""Exact PID: build a mixture of logic gates, and see how each measure decomposes it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.components.marks import marks
from dashboard.figures import joint_distribution as figures
from dashboard.figures import measures as figures_of_measures
from dashboard.guard import callback
from dashboard.services.learn import gates as service
from dashboard.services.learn.gates import GateMixture, Numbers
from dashboard.services.store.catalog import DataProblem
from dashboard.state import session, view
from dashboard.text import gates as text
from dashboard.text import messages
from dashboard.views.learn import gates_build
from dashboard.widgets import badge, plain


def gates() -> None:
    """The page."""
    widgets.alone(_page)


def _page() -> None:
    st.markdown(text.LEAD)
    mixture = service.read(session.view().mixture)
    if isinstance(mixture, DataProblem):
        widgets.notice(messages.no_mixture(mixture.message))
        st.button("Begin with XOR", on_click=callback(gates_build.reset), type="primary")
        return
    gates_build.gate_choice(mixture)
    result = service.numbers(mixture.spec)
    _reading(result)
    left, middle, right = st.columns([6, 4, 3], gap="large")
    with left:
        _measures(mixture, result)
    with middle:
        _joint(mixture)
        _why_apart(mixture, result)
    with right:
        gates_build.controls(mixture)
    _numbers(result)
    _outcomes(mixture)


def _reading(numbers: Numbers) -> None:
    sentences = text.reading(numbers.entropy, numbers.i12, numbers.parts, session.view().measure)
    with st.container(key="reading"):
        st.markdown(" ".join(sentences))


def _measures(mixture: GateMixture, numbers: Numbers) -> None:
    """The measures side by side, and the mean of the pointwise decomposition."""
    chosen, pointwise = session.view().measure, session.view().pointwise
    st.markdown(
        f"**PID measures compared** &ensp; {' '.join(map(badge, text.COMPONENTS))}",
        help=text.MEASURE,
    )
    rows = {name: (text.MEASURES[name], values) for name, values in numbers.parts.items()}
    mean = service.pointwise_mean(mixture.spec, pointwise)
    last = ("pointwise mean", text.POINTWISE_SHORT[pointwise], mean)
    html = figures_of_measures.measures(rows, chosen, numbers.i12, last)
    with st.container(gap=None):
        marks("measures", html, set(rows), lambda name: session.change(measure=name))
        widgets.save_figure("measures", "Measures of a decomposition compared", mixture.spec)
    st.caption(
        f"Bits; dashed: I(x1,x2;y) = {text.bits(numbers.i12)}. Click a bar to choose its measure. "
        f"**{text.MEASURES[chosen]}** counts as shared: {plain(service.meaning(chosen))}."
    )


def _why_apart(mixture: GateMixture, numbers: Numbers) -> None:
    if mixture.mixed:
        mean = service.pointwise_mean(mixture.spec, session.view().pointwise)
        names = [text.GATES[name] for name in mixture.gates]
        st.markdown(text.apart(numbers.parts["broja"], mean, names))


def _joint(mixture: GateMixture) -> None:
    st.markdown("**Joint distribution p(x1, x2, y)**", help=text.JOINT)
    frame = service.cells(mixture.spec)
    names = service.class_names(mixture)
    widgets.chart(
        figures.joint(frame, names),
        "joint",
        f"Squares of each pair of inputs x1 x2 with their class: {service.in_words(frame)}",
        about=mixture.spec,
    )


def _numbers(numbers: Numbers) -> None:
    """The same as a table, to be saved."""
    frame = pd.DataFrame(
        [[text.MEASURES[name], *values] for name, values in numbers.parts.items()],
        columns=["measure", *text.COMPONENTS],
    )
    number = st.column_config.NumberColumn
    with st.expander("The bars as numbers"):
        st.dataframe(
            frame.assign(**{c: frame[c].round(4) + 0.0 for c in text.COMPONENTS}),
            hide_index=True,
            column_config={c: number(format="%.2f") for c in text.COMPONENTS},
            alt="Bits of R, U1, U2 and S by each measure",
        )
        st.caption(
            f"Bits. I(x1;y) = {text.bits(numbers.i1)}, I(x2;y) = {text.bits(numbers.i2)}, "
            f"I(x1,x2;y) = {text.bits(numbers.i12)}, H(y) = {text.bits(numbers.entropy)}."
        )
        widgets.download(frame, "measures")


def _outcomes(mixture: GateMixture) -> None:
    st.markdown("**Pointwise decomposition**", help=text.POINTWISE)
    chosen = session.view().pointwise
    widgets.select(
        "Counted as shared", "pointwise", view.POINTWISE, chosen,
        text.POINTWISE_NAMES.__getitem__, help=text.POINTWISE_CHOICE, width=360,
    )  # fmt: skip
    frame = service.outcomes(mixture.spec, chosen)
    number: Any = st.column_config.NumberColumn
    shown = frame.assign(p=100 * frame["p"])
    st.dataframe(
        shown,
        hide_index=True,
        key="outcomes",
        column_config={
            "y": st.column_config.TextColumn("class y"),
            "p": number("probability", format="%.1f%%"),
            **{c: number(format="%.2f") for c in frame.columns[4:]},
        },
        alt="Pointwise information of each case that can occur, in bits",
    )
    st.caption("Bits; r + u1 + u2 + s = i12. Below 0: evidence against the class of the case.")
    widgets.download(frame, "cases")
