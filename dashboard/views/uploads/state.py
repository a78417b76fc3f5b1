"""The upload of this session: what was dropped, and what was said about it so far."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.services.store import drafts, uploads
from dashboard.services.store.drafts import Draft
from dashboard.services.store.uploads import Assembled

#: Where they are kept.
DRAFT, MADE = "upload", "upload_made"


def is_there() -> bool:
    """Whether something was dropped."""
    return DRAFT in st.session_state


def draft() -> Draft:
    """The upload; only where there is one."""
    result: Draft = st.session_state[DRAFT]
    return result


def put(new: Draft) -> None:
    """The upload after a change."""
    st.session_state[DRAFT] = new


def new_number() -> str:
    """A key that no upload of this session had."""
    number = int(st.session_state.get("upload_number", 0)) + 1
    st.session_state["upload_number"] = number
    return str(number)


def hold(files: Sequence[tuple[str, bytes]]) -> None:
    """Read files and keep them in this session alone, until they are saved or replaced."""
    st.session_state.pop(MADE, None)
    with st.spinner("Reading the files …"):
        put(drafts.begin(new_number(), files))


def round_() -> int:
    """How often the place for files was emptied."""
    return int(st.session_state.get("upload_round", 0))


def empty_place() -> None:
    """The place for files shows none: those that it showed are saved, or not looked at."""
    st.session_state["upload_round"] = round_() + 1


def forget() -> None:
    """Nothing is kept any more."""
    st.session_state.pop(DRAFT, None)
    st.session_state.pop(MADE, None)
    uploads.forget()


def assembled(one: Draft, name: str, title: str, about: str) -> Assembled:
    """The set so far; made again only when something of it changed."""
    want = (one.number, one.said, name, title)
    kept = st.session_state.get(MADE)
    if kept is not None and kept[0] == want:
        result: Assembled = kept[1]
        return result
    with st.spinner("Checking every row …"):
        result = uploads.assemble(one.upload, one.roles, one.said.repairs, name, title, about)
    st.session_state[MADE] = (want, result)
    return result
