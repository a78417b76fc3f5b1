"""Gates: build a gate mixture of two inputs and a class, and see what is exact about it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import joint_distribution as figures
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
    st.header("Gates: what do two inputs tell?", anchor=False)
    st.markdown(text.LEAD)
    mixture = service.read(session.view().mixture)
    if isinstance(mixture, DataProblem):
        widgets.notice(messages.no_mixture(mixture.message))
        st.button("Begin with XOR", on_click=callback(gates_build.reset), type="primary")
        return
    gates_build.gate_choice(mixture)
    result = service.numbers(mixture.spec)
    _verdict(result)
    _parts(result)
    left, middle, right = st.columns([3, 5, 4], gap="large")
    with left:
        gates_build.controls(mixture)
    with middle:
        _joint(mixture)
    with right:
        _definitions(result)
    _outcomes(mixture)


def _verdict(numbers: Numbers) -> None:
    sentences = text.reading(numbers.entropy, numbers.i12, numbers.parts, session.view().measure)
    with st.container(border=True, key="reading"):
        st.markdown(f"### {' '.join(sentences[:2])}")
        if sentences[2:]:
            st.markdown(" ".join(sentences[2:]))


def _parts(numbers: Numbers) -> None:
    """The four parts in large figures."""
    measure = session.view().measure
    by_component = dict(zip(text.COMPONENTS, numbers.parts[measure], strict=True))
    with st.container(horizontal=True, key="parts", gap="medium"):
        for name, value in by_component.items():
            with st.container(width=150, gap=None):
                st.metric(f"{badge(name)} {text.NAMES[name]}", f"{text.bits(value)} bits")
    st.caption(
        f"By {text.MEASURES[measure]}. x1 alone tells {text.bits(numbers.i1)} bits, x2 alone "
        f"{text.bits(numbers.i2)}, both together {text.bits(numbers.i12)} of the class's "
        f"{text.bits(numbers.entropy)}.",
        help=text.MEASURE,
    )


def _joint(mixture: GateMixture) -> None:
    st.markdown("**How often each pair of inputs, and its class**", help=text.JOINT)
    frame = service.cells(mixture.spec)
    names = service.class_names(mixture)
    widgets.chart(
        figures.joint(frame, names),
        "joint",
        f"Squares of each pair of inputs x1 x2 with their class: {service.in_words(frame)}",
        about=mixture.spec,
    )


def _definitions(numbers: Numbers) -> None:
    st.markdown("**What changes between definitions**", help=text.MEASURE)
    frame = pd.DataFrame(
        [[text.MEASURES[name], *values] for name, values in numbers.parts.items()],
        columns=["definition", *text.COMPONENTS],
    )
    names = list(numbers.parts)
    number = st.column_config.NumberColumn
    st.dataframe(
        frame.assign(**{c: frame[c].round(4) + 0.0 for c in text.COMPONENTS}),
        hide_index=True,
        column_config={c: number(format="%.2f") for c in text.COMPONENTS},
        **widgets.row_choice("measures", names, session.view().measure, "measure"),
        alt="Bits of R, U1, U2 and S by each definition",
    )
    chosen = session.view().measure
    st.caption(
        f"Bits. Click a row to use it above. **{text.MEASURES[chosen]}** counts as "
        f"shared: {plain(service.meaning(chosen))}."
    )
    widgets.download(frame, "definitions")


def _outcomes(mixture: GateMixture) -> None:
    st.markdown(
        "**Case by case: what this pair of inputs says of this class**", help=text.POINTWISE
    )
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
            "p": number("how often", format="%.1f %%"),
            **{c: number(format="%.2f") for c in frame.columns[4:]},
        },
        alt="Pointwise information of each case that can occur, in bits",
    )
    st.caption(
        "Bits; r + u1 + u2 + s = i12. A case with less than 0 bits speaks against its own class."
    )
    widgets.download(frame, "cases")
