"""Small browser parts that Streamlit has no widget for: a WebGL probe, "copy link", a picture to
draw on.

Their code is fixed text; nothing from data or links is ever put into it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

_STATIC = Path(__file__).parent / "static"
#: Strokes that are taken at once: more than a hand draws before there is an answer.
MOST_STROKES = 50

_PROBE = """
export default function ({ setStateValue }) {
  let able = false;
  try {
    const canvas = document.createElement("canvas");
    able = Boolean(canvas.getContext("webgl") || canvas.getContext("experimental-webgl"));
  } catch (error) {
    able = false;
  }
  setStateValue("able", able);
}
"""

_COPY_HTML = '<button type="button">Copy link to this view</button><span role="status"></span>'
_COPY_CSS = """
button {
  font: inherit; font-size: 0.875rem; width: 100%; min-height: 2.5rem; cursor: pointer;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
}
button:hover, button:focus-visible {
  border-color: var(--st-primary-color); color: var(--st-primary-color); outline: none;
}
span { display: block; font-size: 0.8rem; overflow-wrap: anywhere; color: var(--st-text-color); }
"""
_COPY = """
export default function ({ parentElement }) {
  const button = parentElement.querySelector("button");
  const status = parentElement.querySelector("span");
  button.onclick = async () => {
    const link = window.location.href;
    try {
      await navigator.clipboard.writeText(link);
      status.textContent = "Copied. It opens exactly this view.";
    } catch (error) {
      // Without https or permission browsers refuse: show the link to be copied by hand.
      status.textContent = link;
    }
  };
}
"""


def webgl_able() -> bool | None:
    """Whether the visitor's browser offers WebGL; None until it has answered."""
    probe = st.components.v2.component("dmil_webgl_probe", js=_PROBE)
    answer = probe(key="webgl_probe", on_able_change=lambda: None).get("able")
    return None if answer is None else bool(answer)


def copy_link() -> None:
    """A button that copies the page's address, which holds everything that is chosen."""
    part = st.components.v2.component("dmil_copy_link", html=_COPY_HTML, css=_COPY_CSS, js=_COPY)
    part(key="copy_link")


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
    seen_key = f"{key}_seen"
    seen = st.session_state.setdefault(seen_key, 0)

    def report() -> None:
        sent = st.session_state[key].get("strokes")
        strokes = sent[:MOST_STROKES] if isinstance(sent, list) else []
        numbered = [s for s in strokes if isinstance(s, dict) and isinstance(s.get("n"), int)]
        # The browser repeats what it had no answer to yet.
        if new := [s for s in numbered if s["n"] > st.session_state[seen_key]]:
            st.session_state[seen_key] = max(s["n"] for s in new)
            on_strokes(new)

    html, css, js = ((_STATIC / f"drawing.{e}").read_text("utf-8") for e in ("html", "css", "js"))
    part = st.components.v2.component("dmil_drawing", html=html, css=css, js=js)
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
        on_strokes_change=report,
    )
