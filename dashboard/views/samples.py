"""Samples: find one in the list, see it, and see what the model made of it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import session, state, widgets
from dashboard.services import information
from dashboard.services import samples as service
from dashboard.services.stock import Checkpoint, stock, table
from dashboard.text import messages, terms
from dashboard.views import sample_panel
from dashboard.widgets import plain


def samples() -> None:
    """The page."""
    found = widgets.current(stock())
    if found is None:
        return
    widgets.legend(found)
    left, right = st.columns([5, 8], gap="medium")
    with left:
        _filters(found)
        rows = _rows(found)
        widgets.start_with_first(rows)
        _list(found, rows)
    with right:
        _detail(found, rows)


def _rows(found: Checkpoint) -> pd.DataFrame:
    view = session.view()
    rows = service.selected(found, view)
    return information.apart(found, rows, view.definition) if view.show == "apart" else rows


def _filters(found: Checkpoint) -> None:
    view = session.view()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Search",
            placeholder="Search id or class",
            icon=":material/search:",
            max_chars=state.LONGEST,
            label_visibility="collapsed",
            **session.bound("search", "choice_search", view.search),
        )
        count = len(state.filters_of(view)) - bool(view.search)
        with st.popover(f"Filter ({count})" if count else "Filter", icon=":material/tune:"):
            _filter_choices(found)


def _filter_choices(found: Checkpoint) -> None:
    view, columns = session.view(), table(found).columns
    every = {"": "any"}
    classes = ("", *service.classes(found))
    widgets.select("True class", "truth", classes, view.truth, lambda c: every.get(c, c))
    shows = {"all": "right and wrong", "right": "right only", "wrong": "wrong only"}
    if information.agree(found, view.definition) is not None:
        shows["apart"] = f"{terms.GATE_AND_BITS} disagree"
    widgets.select("Show", "show", tuple(shows), view.show, shows.__getitem__, help=terms.APART)
    names = {**terms.component_names(service.modality_names(found)), **every}
    components = ("", *service.components(found))

    def letter(c: str) -> str:
        return f"{c}: {names[c]}" if c else "any"

    if "dominant" in columns:
        label = "Component with the largest gate"
        widgets.select(label, "dominant", components, view.dominant, letter, help=terms.GATE)
    if "composition" in columns:
        help_ = terms.COMPOSITION
        widgets.select(
            "True composition", "composition", components, view.composition, letter, help=help_
        )
    flags = ("", *service.flags(found))
    if len(flags) > 1:
        widgets.select(
            "Known about the sample", "flag", flags, view.flag, lambda f: widgets.words(f) or "any"
        )
    orders = [o for o in state.ORDERS if service.order_column(o) in ("", *columns)]
    widgets.select("Order", "order", orders, view.order, terms.ORDERS.__getitem__)


def _list(found: Checkpoint, rows: pd.DataFrame) -> None:
    view = session.view()
    if rows.empty:
        widgets.notice(messages.nothing_matches())
        st.button("Clear all filters", on_click=session.clear_filters, type="primary")
        return
    total = len(service.in_split(table(found), view.split))
    shown = pd.DataFrame(
        {
            "": ["✓" if c else "✗" for c in rows["correct"]],
            "id": rows["id"].to_numpy(),
            "true": rows["y"].to_numpy(),
            "says": rows["pred"].to_numpy(),
            "sure": 100 * rows["confidence"].to_numpy(),
        }
    )
    if "dominant" in rows.columns:
        shown["gate"] = rows["dominant"].to_numpy()
    st.dataframe(
        shown,
        hide_index=True,
        height=480,
        **widgets.row_choice("rows", rows["id"], view.sample),
        column_config={
            "": st.column_config.TextColumn(width=30, help="✓ right, ✗ wrong"),
            "id": st.column_config.TextColumn(width=85),
            "true": st.column_config.TextColumn(width=70),
            "says": st.column_config.TextColumn(width=70, help=f"Answer of {found.model}"),
            "sure": st.column_config.NumberColumn(width=52, format="%.0f %%", help=terms.SURE),
            "gate": st.column_config.TextColumn(width=45, help=f"{terms.DOMINANT} {terms.GATE}"),
        },
        alt="Samples with their true class and the model's answer",
    )
    st.caption(f"{len(rows):,} of {total:,} samples. Click a row to open it.")
    widgets.download(rows, f"samples-{found.data}-{found.model}")
    chosen = ", ".join(f"{k} = {v}" for k, v in state.filters_of(view).items())
    widgets.report_of(
        found,
        list(rows["id"]),
        f"Samples of {found.data}, {found.model}",
        "Report of these samples",
        f"{terms.SPLITS[view.split]} samples{f', filtered: {chosen}' if chosen else ''}; "
        f"order: {terms.ORDERS[view.order]}.",
    )


def _detail(found: Checkpoint, rows: pd.DataFrame) -> None:
    view = session.view()
    if not view.sample:
        return
    before, after, place = service.neighbours_in(rows, view.sample)
    widgets.stepper(before, after, place, len(rows))
    if view.sample not in table(found).index:
        widgets.notice(messages.unknown_sample(view.sample, view.data))
        if not rows.empty:
            first = str(rows["id"].iloc[0])
            st.button(f"Open the first sample, {plain(first)}", on_click=_open, args=(first,))
        return
    sample_panel.full(found, view.sample)
    title = f"Sample {view.sample} of {found.data}, {found.model}"
    widgets.report_of(found, [view.sample], title, "Report of this sample")
    st.page_link(
        session.page("what_if"), label="What if this sample were different?", icon=":material/edit:"
    )


def _open(sample: str) -> None:
    session.change(sample=sample)
