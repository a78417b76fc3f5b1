"""The selection: the samples that the filters in force leave. One chip shows it on every page."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services import listing
from dashboard.services.sample.samples import rows_in
from dashboard.services.store.catalog import CheckpointCatalog
from dashboard.state import session, slices
from dashboard.state.view import DEFAULT, FILTERS, LISTS, View, filters_of, model_in, names_in
from dashboard.text import selection as text
from dashboard.widgets import plain

_KEY: Final = "selection"


def filters(view: View) -> dict[str, tuple[str, ...]]:
    """The filters in force by their names in the URL, each as `dashboard.text.selection` takes
    it."""
    return {name: _values(view, name) for name in filters_of(view)}


def _values(view: View, name: str) -> tuple[str, ...]:
    value = getattr(view, FILTERS[name])
    if name in LISTS:
        found = names_in(value)
        return found if name == "flags" else tuple(_model(word, view.seed) for word in found)
    if name == "confidence":
        return tuple(value.split(":"))
    return (slices.read(value).name or "slice",) if name == "slice" else (value,)


def _model(word: str, usual: int) -> str:
    model, seed = model_in(word, usual)
    return model if seed == usual else f"{model} (seed {seed})"


def in_words(view: View) -> str:
    """All filters in one line; empty without one. Not escaped."""
    return text.headline(filters(view), view.model)


def chip(catalog: CheckpointCatalog) -> None:
    """How many samples are selected and by what, with a way to clear it; nothing without a filter.

    A click lists the filters, each with a button that takes it away.
    """
    view = session.view()
    result = filters(view)
    if not result:
        return
    with st.container(
        key="selection_chip", horizontal=True, vertical_alignment="center", width="content",
        gap=None,
    ):  # fmt: skip
        label = plain(text.headline(result, view.model))
        with st.popover(
            f"{_counted(catalog, view)}: {label}", key=_KEY, icon=":material/filter_alt:",
            help=text.HELP,
        ):  # fmt: skip
            for name, values in result.items():
                st.button(
                    f"Remove: {plain(text.words(name, values, view.model))}",
                    key=key_of("drop_filter", name), type="tertiary", icon=":material/close:",
                    on_click=callback(_drop), args=(name,),
                )  # fmt: skip
            for label, page in ((text.SAMPLES, "samples"), (text.MAP, "map")):
                st.button(
                    label, key=key_of("selection_on", page), on_click=callback(session.visit),
                    args=(page,), kwargs={"sample": ""} if page == "samples" else {},
                )  # fmt: skip
        st.button(
            text.CLEAR, key="clear_selection", icon=":material/close:",
            on_click=callback(session.clear_filters), type="tertiary",
        )  # fmt: skip


def _counted(catalog: CheckpointCatalog, view: View) -> str:
    """How many samples of how many, the first alone in bold: a phone shows no more."""
    chosen = catalog.get(view.data, view.model, view.seed)
    rows = listing.selection(chosen, view) if chosen.status == "ready" else None
    if rows is None:
        return "**-**"
    return f"**{len(rows):,}** of {len(rows_in(chosen, view.split)):,}"


def _drop(name: str) -> None:
    session.change(**{FILTERS[name]: getattr(DEFAULT, FILTERS[name])})
