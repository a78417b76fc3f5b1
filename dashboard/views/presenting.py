"""The bar of the presenter's path, above any page: where it is, next and previous."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.guard import callback
from dashboard.state import lesson_progress, session
from dashboard.text import presenting as text


def bar(page: str) -> None:
    """The stop that the link names, on the page with this name; nothing where it names none."""
    number = session.view().present
    if not 1 <= number <= len(text.STOPS):
        return
    away = text.STOPS[number - 1].page != page
    with st.container(
        key="presenting", horizontal=True, vertical_alignment="center", border=True, gap="small"
    ):
        st.markdown(text.where(number), width="stretch")
        if away:
            st.button(
                text.RETURN, key="present_return", on_click=callback(go), args=(number,),
                type="primary",
            )  # fmt: skip
        st.button(
            text.PREVIOUS, key="present_previous", icon=":material/chevron_left:",
            shortcut="PageUp", disabled=number == 1, on_click=callback(go), args=(number - 1,),
        )  # fmt: skip
        st.button(
            text.NEXT, key="present_next", icon=":material/chevron_right:", icon_position="right",
            shortcut="PageDown", disabled=number == len(text.STOPS), on_click=callback(go),
            args=(number + 1,), type="secondary" if away else "primary",
        )  # fmt: skip
        st.button(text.END, key="present_end", on_click=callback(_end), type="tertiary")


def offer() -> None:
    """The way into the path."""
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key="present_offer"
    ):
        with st.container(gap=None):
            st.markdown(f"**{text.TITLE}**")
            st.caption(text.LEAD)
        st.button(
            text.BEGIN, key="present_begin", icon=":material/co_present:", width="content",
            on_click=callback(go), args=(1,),
        )  # fmt: skip


def go(number: int) -> None:
    """Stop there, with its choices."""
    stop = text.STOPS[number - 1]
    chosen: dict[str, Any] = dict(stop.choices)
    if lesson := chosen.get("lesson"):
        # Its question is asked anew.
        progress = lesson_progress.again(lesson_progress.read(session.view().said), lesson)
        chosen["said"] = lesson_progress.write(progress)
    session.go(stop.page, **chosen, present=number)


def _end() -> None:
    session.change(present=0)
