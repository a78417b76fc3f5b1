"""Small browser parts that Streamlit has no widget for: "copy link", "save figure", a picture to
draw on, the help (glossary and tour), and a cookie.

Their code is fixed text; nothing from data or links is ever put into it, only sent beside it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import plotly
import streamlit as st
from streamlit.components.v1 import declare_component

from dashboard.text import glossary, tour

_STATIC = Path(__file__).parent / "static"
_PLOTLY = Path(plotly.__file__).parent / "package_data"

#: Keeps a token in a cookie, or reports the one that another tab has put there meanwhile.
_COOKIE = """
export default function ({ data, setStateValue }) {
  const start = data.name + "=";
  const held = () => document.cookie.split("; ").find((c) => c.startsWith(start));
  const token = (held() || "").slice(start.length) || data.token;
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  // Lax: no other site can make this browser send it along with a request of its own.
  document.cookie = start + token + "; Path=/; SameSite=Lax; Max-Age=" + data.seconds + secure;
  setStateValue("kept", held() ? token : "");
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

_SAVE_HTML = """
<button type="button" class="open" aria-expanded="false">Save figure</button>
<span class="kinds" hidden>
  <button type="button" data-kind="png">PNG</button>
  <button type="button" data-kind="svg">SVG</button>
  <button type="button" data-kind="html">HTML</button>
</span>
<span role="status"></span>
"""
_SAVE_CSS = (_STATIC / "figure.css").read_text("utf-8")
_SAVE = """
export default function ({ parentElement, data }) {
  const find = (what) => parentElement.querySelector(what);
  const [open, kinds, status] = [find(".open"), find(".kinds"), find("[role=status]")];
  open.setAttribute("aria-label", `Save figure: ${data.title}`);
  open.onclick = () => {
    kinds.hidden = !kinds.hidden;
    open.setAttribute("aria-expanded", String(!kinds.hidden));
    status.textContent = "";
  };
  for (const button of kinds.children) {
    button.onclick = async () => {
      for (const one of kinds.children) one.disabled = true;
      status.textContent = "Drawing …";
      try {
        const here = (file) => new URL(file, window.location.origin).href;
        const { save } = await import(here(data.code));
        const told = { ...data, plotly: here(data.plotly) };
        status.textContent = await save(button.dataset.kind, told);
      } catch (error) {
        status.textContent = "The server does not answer. Reload the page and try again.";
      }
      for (const one of kinds.children) one.disabled = false;
    };
  }
}
"""

_HELP_CSS = (_STATIC / "help.css").read_text("utf-8")
_HELP = """
export default function ({ parentElement, data }) {
  let gone = false;
  let away = () => {};
  const place = parentElement.querySelector(".help");
  import(new URL(data.code, window.location.origin).href).then(({ mount }) => {
    if (!gone) away = mount(place, data);
  });
  return () => { gone = true; away(); };
}
"""


def serve() -> None:
    """Let the server hand out our own scripts and Plotly's, which lies in its Python package."""
    declare_component("static", path=_STATIC)
    declare_component("plotly", path=_PLOTLY)


@cache
def _address(folder: str, file: str) -> str:
    """Where the server hands out a file; another one after an update, as browsers keep them."""
    path = {"static": _STATIC, "plotly": _PLOTLY}[folder] / file
    return f"{_base()}/component/{__name__}.{folder}/{file}?{path.stat().st_mtime_ns}"


def _base() -> str:
    """The folder of the app in its address, without a slash at the end."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def guide(pages: Sequence[str]) -> None:
    """The glossary, the keys and the tour, which is offered on a visitor's first visit.

    ``pages`` are the ends of the pages' addresses, without the first page's, which has none.
    """
    part = st.components.v2.component(
        "dmil_help", html='<div class="help"></div>', css=_HELP_CSS, js=_HELP
    )
    words = [{"anchor": w.anchor, "name": w.name, "text": w.text} for w in glossary.WORDS]
    data: dict[str, Any] = {
        "words": words,
        "keys": [{"key": key, "text": text} for key, text in glossary.KEYS.items()],
        "offer": tour.OFFER,
        "steps": [asdict(step) for step in tour.STEPS],
        "base": _base(),
        "slugs": list(pages),
        "code": _address("static", "help.js"),
    }
    part(key="help", data=data, width="content")


def file_name(text: str) -> str:
    """Text as the name of a file, without its ending: letters, digits and ``._-`` alone."""
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.")[:80] or "dmil"


def cookie(name: str, token: str, seconds: int) -> str | None:
    """Keep a token in the browser; returns the one it holds now, "" if it refuses cookies, and
    None until it has answered."""
    part = st.components.v2.component("dmil_cookie", js=_COOKIE)
    data = {"name": name, "token": token, "seconds": seconds}
    answer = part(key="cookie", data=data, on_kept_change=lambda: None).get("kept")
    return None if answer is None else str(answer)


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
        numbered = [s for s in sent or () if isinstance(s, dict) and isinstance(s.get("n"), int)]
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


def save_figure(key: str, title: str, alt: str, about: str) -> None:
    """A small control that saves the figure with this key as PNG, SVG or HTML.

    The browser does it, with the figure it has drawn already: the page carries no second copy.
    ``title`` and ``about`` are written above the figure, ``alt`` below it in HTML.
    """
    part = st.components.v2.component("dmil_save_figure", html=_SAVE_HTML, css=_SAVE_CSS, js=_SAVE)
    data: dict[str, Any] = {
        # The same as Streamlit makes of a key for its class.
        "key": re.sub(r"[^a-zA-Z0-9_-]", "-", key.strip()),
        "title": title,
        "alt": alt,
        "about": about,
        "name": file_name(f"{about} {key}"),
        "code": _address("static", "figure.js"),
        "plotly": _address("plotly", "plotly.min.js"),
    }
    part(key=f"save-{key}", data=data)
