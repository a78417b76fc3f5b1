"""Worth: what each input adds to what the others say, for whom, and at which price."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from dashboard import widgets
from dashboard.components.figure import file_name
from dashboard.export import worth as export
from dashboard.figures import worth as figures
from dashboard.keys import key_of
from dashboard.services import worth as service
from dashboard.services.store.catalog import Checkpoint, DataProblem, checkpoint_catalog
from dashboard.state import session
from dashboard.state.view import MOST_PRICE, to_query
from dashboard.text import worth as text
from dashboard.widgets import plain

#: Price of an input where none is chosen.
USUAL_PRICE: Final = 0.1


def worth() -> None:
    """The page."""
    checkpoint = widgets.current(checkpoint_catalog())
    if checkpoint is None:
        return
    result = service.worth(checkpoint)
    if isinstance(result, DataProblem):
        widgets.notice(text.cannot_be_said(checkpoint.model, checkpoint.data, result.message))
        return
    st.header(text.TITLE, anchor=False, help=text.WORTH)
    names = result.known.names
    chosen = session.view().input
    number = int(chosen) if chosen and int(chosen) <= len(names) else len(names)
    st.segmented_control(
        "Input", range(1, len(names) + 1), required=True,
        format_func=lambda m: names[m - 1],
        **session.bound("input", "choice_input", number, str),
    )  # fmt: skip
    _input(checkpoint, result, number - 1)


def _input(checkpoint: Checkpoint, result: service.Result, m: int) -> None:
    lead = st.empty()
    left, right = st.columns([6, 5], gap="large")
    with left:
        shown = service.shown(result, m, _price(result.known.names[m]))
        lead.markdown(f"**{plain(shown.verdict[0])}**")
        widgets.chart(
            figures.acquisition(shown.curve, text.POLICIES, shown.point), "acquisition",
            f"Lines of accuracy by the share of samples that get {plain(shown.name)}. "
            + text.at_half(*shown.at_half),
        )  # fmt: skip
        st.caption(text.CURVE)
    with right:
        st.markdown(plain(" ".join(shown.verdict[1:])))
        for note in shown.notes:
            widgets.caution(plain(note))
        _measures(shown)
        _rows(result, m)
    for number, (by, parts) in enumerate(shown.parts.items()):
        st.subheader(text.BY.get(by, by), anchor=False)
        widgets.bars(
            figures.by_part(parts), key_of("worth_by", number),
            f"Bars of the worth of {plain(shown.name)} in bits, by {by}",
        )  # fmt: skip
    st.download_button(
        "Report of this page", lambda: export.of_worth(checkpoint, shown),
        file_name(f"worth-{checkpoint.data}-{checkpoint.model}") + ".html", "text/html",
        key="worth_report", on_click="ignore", icon=":material/description:", help=text.REPORT,
    )  # fmt: skip


def _price(name: str) -> float:
    value = float(session.view().price or USUAL_PRICE)
    st.slider(
        f"Price of {plain(name)} for one sample, in errors", 0.0, MOST_PRICE, step=0.01,
        help=text.PRICE,
        **session.bound("price", "choice_price", value, lambda v: f"{v:g}"),
    )  # fmt: skip
    return value


def _measures(shown: service.Shown) -> None:
    frame = shown.measures.assign(measure=shown.measures["measure"].map(text.MEASURES))
    frame = frame.rename(columns={"interval": "95 % interval"})
    st.dataframe(frame, hide_index=True, key="worth_measures", placeholder=widgets.MISSING)
    widgets.download(frame, f"worth-{shown.name}")


def _rows(result: service.Result, m: int) -> None:
    """Links to the rows behind the number."""
    for title, found in (
        (text.RESCUED, service.rescued(result, m)),
        (text.MISLED, service.misled(result, m)),
    ):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{len(found):,}** {title}", width="content")
            for sample, cls in found[: service.SHOWN]:
                st.page_link(
                    session.page("samples"), label=plain(cls), help=plain(sample),
                    icon=":material/list_alt:",
                    query_params=to_query(replace(session.view(), sample=sample)),
                )  # fmt: skip
