"""A picture to draw on."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboard.components import scripts
from dashboard.guard import callback
from dashboard.keys import key_of

#: Strokes that are taken at once: more than a hand draws before there is an answer.
MOST_STROKES = 50


def drawing(
    key: str,
    png: bytes,
    size: tuple[int, int],
    label: str,
    brush: int,
    on_strokes: Callable[[list[dict[str, Any]]], None],
) -> None:
    """A picture to draw on with mouse, finger or keys.

    Parameters
    ----------
    png : the picture with what is drawn so far.
    size : its height and width in pixels of the data.
    label : what it is, for those who do not see it.
    brush : width of the brush at first, in places of the grid.
    on_strokes : called with the strokes that are new, each with ``ink``, ``width`` and ``points``.
        They come from the browser: nothing about them is certain.
    """
    seen_key = key_of("seen", key)
    seen = st.session_state.setdefault(seen_key, 0)

    def report() -> None:
        sent = st.session_state[key].get("strokes")
        strokes = sent[:MOST_STROKES] if isinstance(sent, list) else []
        numbered = [s for s in strokes if isinstance(s, dict) and isinstance(s.get("n"), int)]
        # The browser repeats what it had no answer to yet.
        if new := [s for s in numbered if s["n"] > st.session_state[seen_key]]:
            st.session_state[seen_key] = max(s["n"] for s in new)
            on_strokes(new)

    part = st.components.v2.component(
        "dmil_drawing",
        html=scripts.text("drawing.html"),
        css=scripts.text("drawing.css"),
        js=scripts.text("drawing.js"),
    )
    height, width = size
    part(
        key=key,
        data={
            "picture": "data:image/png;base64," + base64.b64encode(png).decode("ascii"),
            "height": height,
            "width": width,
            "label": label,
            "brush": brush,
            "seen": seen,
        },
        on_strokes_change=callback(report),
    )
