"""Worth: what each input adds to what the others say, for whom, and at which price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import streamlit as st

from dashboard import widgets
from dashboard.components.figure import file_name
from dashboard.export import worth as export
from dashboard.figures import worth as figures
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services import faults
from dashboard.services import worth as service
from dashboard.services.sample import information
from dashboard.services.sample.samples import modality_names
from dashboard.services.store import visitors
from dashboard.services.store.catalog import Checkpoint, DataProblem, checkpoint_catalog
from dashboard.state import session
from dashboard.state.view import ESTIMATORS, MOST_PRICE, to_query
from dashboard.text import worth as text
from dashboard.views import job_panel
from dashboard.widgets import plain

#: Price of an input where none is chosen.
USUAL_PRICE: Final = 0.1


@dataclass(frozen=True)
class _Told:
    """What is shown, and who says it.

    Attributes
    ----------
    who : in words.
    model : "" of the data alone.
    linked : whether there is a model whose samples can be opened.
    """

    result: service.Result
    who: str
    data: str
    model: str
    linked: bool


def worth() -> None:
    """The page."""
    catalog, view = checkpoint_catalog(), session.view()
    if not catalog.sets:
        widgets.current(catalog)
        return
    of = service.subject(catalog, view.data)
    checkpoint = _model() if catalog.of(view.data) else None
    heads = None if checkpoint is None else service.worth(checkpoint)
    st.header(text.TITLE, anchor=False, help=text.WORTH)
    if checkpoint is not None and isinstance(heads, service.Result):
        if _by_whom(checkpoint) == "model":
            _result(_Told(heads, checkpoint.model, of.data, checkpoint.model, True))
            return
    elif checkpoint is not None and isinstance(heads, DataProblem):
        _why_not(checkpoint, heads)
    elif not catalog.of(view.data):
        st.caption(text.ONLY_DATA)
    _by_the_data(of, checkpoint is not None)


def _why_not(checkpoint: Checkpoint, heads: DataProblem) -> None:
    model, names = plain(checkpoint.model), modality_names(checkpoint)
    if information.has_unimodal_heads(checkpoint) and len(names) == text.FEWEST_INPUTS:
        widgets.notice(text.cannot_be_said(model, heads.message))
    else:
        st.caption(text.without_heads(model, len(names)))


def _model() -> Checkpoint | None:
    """The chosen model; None after saying why it cannot be shown."""
    return widgets.current(checkpoint_catalog())


def _by_whom(checkpoint: Checkpoint) -> str:
    names = {
        who: words.format(model=plain(checkpoint.model)) for who, words in text.BY_WHOM.items()
    }
    chosen = session.view().estimator
    st.segmented_control(
        "Estimator", ESTIMATORS, required=True, format_func=names.__getitem__, help=text.OF_WHOM,
        **session.bound("estimator", "choice_by_whom", chosen),
    )  # fmt: skip
    return str(chosen)


# --- from the data alone -------------------------------------------------------------------------


def _by_the_data(of: service.Subject, linked: bool) -> None:
    """What small networks say that need no model; where they were not fitted, a button for it."""
    found = service.of_data(of)
    if isinstance(found, service.Result):
        _result(_Told(found, "small networks on the data alone", of.data, "", linked))
        return
    if isinstance(found, DataProblem):
        widgets.notice(text.damaged(found.message))
    job = service.estimating(of)
    if job is not None and job.active:
        job_panel.show(
            lambda: [j for j in (service.estimating(of),) if j is not None], visitors.visitor()
        )
        return
    if found is None:
        widgets.notice(text.not_estimated("" if of.own else of.data))
    if job is not None and job.state != "done":
        why = faults.without_paths(job.message) or job.state
        widgets.caution(f"The last attempt ended: {plain(why)}")
    st.button(
        text.ESTIMATE, key="estimate_worth", type="primary", icon=":material/play_arrow:",
        on_click=callback(_estimate), args=(of,),
    )  # fmt: skip


def _estimate(of: service.Subject) -> None:
    service.estimate(of, visitors.hashed(visitors.ensure_token()))


# --- the figures ---------------------------------------------------------------------------------


def _result(told: _Told) -> None:
    names = told.result.known.names
    chosen = session.view().input
    number = int(chosen) if chosen and int(chosen) <= len(names) else len(names)
    st.segmented_control(
        "Input", range(1, len(names) + 1), required=True,
        format_func=lambda m: names[m - 1],
        **session.bound("input", "choice_input", number, str),
    )  # fmt: skip
    with widgets.save_menu("save_worth"):
        _input(told, number - 1)


def _input(told: _Told, m: int) -> None:
    result = told.result
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
        _rows(told, m)
    for number, (by, parts) in enumerate(shown.parts.items()):
        st.subheader(text.BY.get(by, by), anchor=False)
        widgets.bars(
            figures.by_part(parts), key_of("worth_by", number),
            f"Bars of the worth of {plain(shown.name)} in bits, by {by}",
        )  # fmt: skip
    about = text.about(told.who, told.data, shown.samples)
    st.download_button(
        "Report of this page", lambda: export.of_worth(about, shown),
        file_name(f"worth-{told.data}-{told.model or 'data'}") + ".html", "text/html",
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
    frame = frame.rename(columns={"interval": "95% interval"})
    st.dataframe(frame, hide_index=True, key="worth_measures", placeholder=widgets.MISSING)
    widgets.download(frame, f"worth-{shown.name}")


def _rows(told: _Told, m: int) -> None:
    """Links to the rows behind the number."""
    view = session.view()
    # Networks on the data say it of training samples too.
    view = view if told.model else replace(view, split="all")
    for title, found in (
        (text.RESCUED, service.rescued(told.result, m)),
        (text.MISLED, service.misled(told.result, m)),
    ):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{len(found):,}** {title}", width="content")
            for sample, cls in found[: service.SHOWN] if told.linked else ():
                st.page_link(
                    session.page("samples"), label=plain(cls), help=plain(sample),
                    icon=":material/list_alt:",
                    query_params=to_query(replace(view, sample=sample)),
                )  # fmt: skip
