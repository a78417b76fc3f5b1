"""The preview of a table, in which columns get their roles: by a click, or by name."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.store import drafts
from dashboard.services.store.drafts import Draft
from dashboard.services.store.uploads import InputRole
from dashboard.text import yours as text
from dashboard.views.uploads import state
from dashboard.widgets import plain

#: Height of the preview: its head, what the columns are, and the first rows.
_ROW = 35
_KINDS = {
    "sequence": "a signal: time x channels",
    "audio": "sound: time x pitches",
    "image": "a grey picture: height x width",
}


def roles(draft: Draft, picked: tuple[str, ...]) -> None:
    """The fields and buttons that set roles, and the inputs that they make.

    ``picked`` are the columns that are selected in the preview.
    """
    _buttons(draft, _found(draft, picked))
    _inputs(draft)


# --- selection -----------------------------------------------------------------------------------


def preview(draft: Draft) -> tuple[str, ...]:
    """The preview; which columns are selected in it."""
    heads = drafts.heads(draft)
    rows = ["role", *drafts.grid_rows(draft)]
    cells = drafts.grid(draft)
    # Positions instead of names: a name may be anything, and the head says it.
    frame = pd.DataFrame(
        {str(i): [text.role(h.use, h.input), *cells[h.column]] for i, h in enumerate(heads)},
        index=rows,
    )
    config: dict[str, Any] = {
        str(i): st.column_config.TextColumn(text.head(h.use, h.column)) for i, h in enumerate(heads)
    }
    config["_index"] = st.column_config.Column("", width="small")
    event = st.dataframe(
        frame, key=key_of("grid", draft.number), column_config=config,
        height=_ROW * (len(rows) + 1) + 3, on_select="rerun", selection_mode="multi-column",
        alt="Preview of the table: for each column its role, type, missing and distinct values",
    )  # fmt: skip
    st.caption(text.GRID)
    picked = (int(p) for p in event["selection"]["columns"])
    return tuple(heads[p].column for p in picked if p < len(heads))


def _found(draft: Draft, picked: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that are selected in the preview or in the fields, in their order."""
    left, right = st.columns(2)
    found = right.text_input(
        text.FIND, key=key_of("grid_find", draft.number), placeholder="audio_*, first..last",
    )  # fmt: skip
    named = left.multiselect(
        "Columns", draft.upload.columns, key=key_of("grid_names", draft.number),
        placeholder="Search a column",
    )  # fmt: skip
    by_text, fault = drafts.selected(draft, found or "")
    if fault:
        right.caption(f":material/error: {plain(fault)}")
    order = {c: i for i, c in enumerate(draft.upload.columns)}
    every = dict.fromkeys((*picked, *named, *by_text))
    return tuple(sorted(every, key=order.__getitem__))


def _clear(draft: Draft) -> None:
    """Nothing is selected any more."""
    st.session_state[key_of("grid", draft.number)] = {
        "selection": {"rows": [], "columns": [], "cells": []}
    }
    st.session_state[key_of("grid_names", draft.number)] = []
    st.session_state[key_of("grid_find", draft.number)] = ""


# --- roles ---------------------------------------------------------------------------------------


def _buttons(draft: Draft, columns: tuple[str, ...]) -> None:
    st.markdown(plain(text.selected(columns)))
    with st.container(horizontal=True, gap="small", key="roles"):
        for use in drafts.USES:
            _, word, about = text.USES[use]
            several = use in drafts.SINGLES and len(columns) > 1
            st.button(
                word.capitalize(), key=key_of("use", drafts.USES.index(use)),
                icon=f":material/{text.ICONS[use]}:", disabled=not columns or several,
                help="Select one column." if several else about,
                on_click=callback(_assign), args=(use, columns),
            )  # fmt: skip
    unused, count = drafts.left_out(draft)
    with st.container(horizontal=True, vertical_alignment="center", key="changes"):
        st.button(
            "Undo", key="undo_role", icon=":material/undo:", disabled=not draft.before,
            on_click=callback(_undo),
        )  # fmt: skip
        st.button(
            "Back to the guess", key="back_to_guess", icon=":material/auto_fix_high:",
            disabled=draft.is_guess, on_click=callback(_guess),
        )  # fmt: skip
        numbers, words = drafts.spelled(draft, columns)
        if numbers or words:
            st.button(
                "Read as words" if numbers else "Read as numbers", key="read_as",
                icon=":material/title:" if numbers else ":material/pin:",
                on_click=callback(_read_as), args=(numbers or words, bool(numbers)),
            )  # fmt: skip
        st.markdown(f"**{text.left_out(unused, count)}**", width="content")


def _assign(use: str, columns: tuple[str, ...]) -> None:
    draft = state.draft()
    _clear(draft)
    state.put(drafts.assigned(draft, columns, use))


def _undo() -> None:
    state.put(drafts.undone(state.draft()))


def _guess() -> None:
    state.put(drafts.as_guessed(state.draft()))


def _read_as(columns: tuple[str, ...], words: bool) -> None:
    state.put(drafts.read_as(state.draft(), columns, words))


# --- inputs --------------------------------------------------------------------------------------


def _inputs(draft: Draft) -> None:
    found = draft.roles
    if not found.inputs:
        st.info("No input is chosen. Select the columns of the first one, and press Input 1.",
                icon=":material/info:")  # fmt: skip
        return
    for place, (column, one) in enumerate(
        zip(st.columns(len(found.inputs)), found.inputs, strict=True)
    ):
        with column.container(border=True, height="stretch"):
            _input(draft, place, one)


def _input(draft: Draft, place: int, one: InputRole) -> None:
    _name(place, one, key_of("input_name", draft.number, place, one.name))
    shown = ", ".join(plain(c[:40]) for c in one.columns[:4])
    more = f" and {len(one.columns) - 4:,} more" if len(one.columns) > 4 else ""
    count = "1 column" if len(one.columns) == 1 else f"{len(one.columns):,} columns"
    st.caption(f"{count}: {shown}{more}")
    kinds = drafts.open_kinds(draft, one)
    if kinds:
        _kind(place, one, kinds, key_of("input_kind", draft.number, place))


def _name(place: int, one: InputRole, key: str) -> None:
    st.text_input(
        f"Name of input {place + 1}", one.name, max_chars=40, key=key,
        on_change=callback(_named), args=(place, key),
    )  # fmt: skip


def _kind(place: int, one: InputRole, kinds: tuple[str, ...], key: str) -> None:
    st.selectbox(
        f"Input {place + 1} is", kinds, kinds.index(one.kind) if one.kind in kinds else 0,
        format_func=lambda k: _KINDS.get(k, k), key=key,
        on_change=callback(_of_kind), args=(place, key),
    )  # fmt: skip


def _named(place: int, key: str) -> None:
    state.put(drafts.named(state.draft(), place, str(st.session_state[key])))


def _of_kind(place: int, key: str) -> None:
    state.put(drafts.of_kind(state.draft(), place, st.session_state[key]))
