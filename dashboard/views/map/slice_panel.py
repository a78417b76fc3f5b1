"""A slice of the latent map: how its samples differ from the rest, its table, its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import slices as figures
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.map import slices as service
from dashboard.services.map.maps import GATE
from dashboard.services.sample import samples
from dashboard.services.store import catalog
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dashboard.services.store.rows import Rows
from dashboard.state import session, slices
from dashboard.text import messages, terms
from dashboard.widgets import plain

#: Rows of the table of a slice, which are all sent to the browser.
MOST_ROWS = 1000
#: Models whose accuracy is told of a slice, the chosen one among them.
MOST_MODELS = 6


def slice_panel(checkpoint: Checkpoint) -> None:
    """The slice in force, or how to make one."""
    view = session.view()
    kept = session.slices()
    if not view.slice:
        st.markdown(
            "Draw around some points with **Lasso** or **Box** to see how they differ.",
            help=terms.SLICE,
        )
        _earlier(kept)
        return
    drawn = slices.read(view.slice)
    members = service.members(view.data, drawn)
    if isinstance(members, DataProblem):
        widgets.notice(messages.no_slice(members.message))
        st.button(
            "Clear the slice",
            on_click=callback(session.change),
            kwargs={"slice": "", "panel": "slice"},
        )
        return
    rows = service.rows_of(checkpoint, members, view.split)
    _name(drawn)
    total = len(samples.rows_in(checkpoint, view.split))
    st.markdown(
        f"**{len(rows):,}** of {total:,} samples, drawn on {plain(_where(drawn.latent))} of "
        f"{plain(drawn.model)}.",
        help=terms.SLICE,
    )
    if rows.empty:
        widgets.notice(messages.empty_slice())
        return
    _difference(checkpoint, members)
    _table(checkpoint, rows, drawn)


def _where(latent: str) -> str:
    """What a slice was drawn on, in words."""
    return terms.LATENT_NAMES[GATE] if latent == GATE else latent


def _earlier(kept: list[str]) -> None:
    with st.container(horizontal=True):
        for i, text in enumerate(reversed(kept)):
            name = plain(slices.read(text).name)
            st.button(
                name,
                key=key_of("slice", i),
                on_click=callback(session.change),
                kwargs={"slice": text},
            )


def _name(drawn: slices.Slice) -> None:
    code = slices.write(drawn)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Name",
            max_chars=slices.LONGEST_NAME,
            **session.bound("slice", "slice_name", drawn.name, _renamed(drawn)),
        )
        kept = [k for k in session.slices() if k != code]
        if kept:
            with st.popover("Other slices", icon=":material/history:"):
                _earlier(kept)
        st.button(
            "Clear the slice",
            icon=":material/close:",
            on_click=callback(session.change),
            kwargs={"slice": "", "panel": "slice"},
        )


def _renamed(drawn: slices.Slice) -> Callable[[str], str]:
    def rename(name: str) -> str:
        named = slices.write(replace(drawn, name=slices.tidy(name) or drawn.name))
        session.replace_slice(slices.write(drawn), named)
        return named

    return rename


def _difference(checkpoint: Checkpoint, members: Rows) -> None:
    view = session.view()
    ready = catalog.checkpoint_catalog().ready(checkpoint.data, checkpoint.seed)
    first = [checkpoint, *(c for c in ready if c.model != checkpoint.model)]
    compared = first[:MOST_MODELS]
    frame = service.against_rest(compared, checkpoint, members, view.split, view.definition)
    kinds = [k for k in ("gate", "bits", "right") if (frame["kind"] == k).any()]
    for kind in kinds:
        st.markdown(f"**{terms.SLICE_PARTS[kind]}**", help=terms.SLICE_HELP[kind])
        widgets.chart(
            figures.against_rest(frame[frame["kind"] == kind], kind),
            key_of("slice", kind),
            f"{terms.SLICE_PARTS[kind]}, of the slice and of the rest, with intervals",
        )
    st.caption(
        "Filled: the slice. Hollow: the split's other samples. Lines: 95% intervals, where there "
        f"are at least {service.FEWEST} samples. A slice is drawn where it looks different: do not "
        "read its interval as a test."
    )
    few = frame[(frame["side"] == "slice") & (frame["rows"] < service.FEWEST)]
    if len(few):
        widgets.caution("Too few samples for intervals.")


def _table(checkpoint: Checkpoint, rows: Rows, drawn: slices.Slice) -> None:
    listed = rows.take(slice(MOST_ROWS))
    columns = {
        "": ["✓" if c else "✗" for c in listed.correct],
        "id": listed.ids[:],
        "true": listed.words("y").texts(),
        "predicted": listed.words("pred").texts(),
        "confidence": 100 * listed.numbers("confidence"),
    }
    if "dominant" in listed.columns:
        columns["gate"] = listed.words("dominant").texts()
    st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        placeholder=widgets.MISSING,
        height=min(320, 38 + 35 * len(listed)),
        **widgets.row_choice("slice_rows", listed.ids, session.view().sample),
        column_config={
            "": st.column_config.TextColumn(width=30, help="✓ right, ✗ wrong"),
            "confidence": st.column_config.NumberColumn(format="%.0f%%"),
        },
        alt="Samples of the slice",
    )
    more = f" The first {len(listed):,}; Samples has all." if len(rows) > len(listed) else ""
    st.caption(f"Click a row to see its sample.{more}")
    with st.container(horizontal=True, vertical_alignment="center"):
        name = "-".join(drawn.name.split()) or "slice"
        widgets.download(
            lambda: rows.frame().drop(columns=["position"]),
            f"{checkpoint.data}-{checkpoint.model}-{name}",
        )
        widgets.report_of(
            checkpoint,
            rows.ids,
            f"{drawn.name} of {checkpoint.data}, {checkpoint.model}",
            "Report of this slice",
            f"{terms.SPLITS[session.view().split]} samples inside an outline drawn on "
            f"{drawn.latent} of {drawn.model}.",
        )
        st.page_link(session.page("samples"), label="These in Samples", icon=":material/list_alt:")
