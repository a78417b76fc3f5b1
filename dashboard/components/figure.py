"""Figures that come as SVG text, and saving any figure on the page: PNG, SVG or HTML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.components.served import address

_HTML = """
<div class="drawn"></div>
<button type="button" class="open" aria-expanded="false">Save figure</button>
<span class="kinds" hidden>
  <button type="button" data-kind="png">PNG</button>
  <button type="button" data-kind="svg">SVG</button>
  <button type="button" data-kind="html">HTML</button>
</span>
<span role="status"></span>
"""
_CSS = Path(__file__).with_name("figure.css").read_text("utf-8")
_SCRIPT = """
export default function ({ parentElement, data }) {
  const find = (what) => parentElement.querySelector(what);
  const [open, kinds, status] = [find(".open"), find(".kinds"), find("[role=status]")];
  // Our own text, in which all that comes from data or links is escaped.
  const drawn = find(".drawn");
  if (drawn.text !== data.drawing) drawn.innerHTML = drawn.text = data.drawing;
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
        const told = { ...data, loader: here(data.loader), plotly: here(data.plotly) };
        status.textContent = await save(button.dataset.kind, told);
      } catch (error) {
        status.textContent = "The server does not answer. Reload the page and try again.";
      }
      for (const one of kinds.children) one.disabled = false;
    };
  }
}
"""


def file_name(text: str) -> str:
    """Text as the name of a file, without its ending: letters, digits and ``._-`` alone."""
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.")[:80] or "dmil"


def save_figure(key: str, title: str, alt: str, about: str, drawing: str = "") -> None:
    """A small control that saves the figure with this key as PNG, SVG or HTML.

    The browser does it, with the figure it has drawn already: the page carries no second copy.
    ``title`` and ``about`` are written above the figure, ``alt`` below it in HTML. A ``drawing``,
    SVG text of ours, is shown above the control and is what it saves; else that is a figure of
    Streamlit's.
    """
    part = st.components.v2.component("dmil_figure", html=_HTML, css=_CSS, js=_SCRIPT)
    data: dict[str, Any] = {
        # The same as Streamlit makes of a key for its class.
        "key": re.sub(r"[^a-zA-Z0-9_-]", "-", key.strip()),
        "title": title,
        "alt": alt,
        "about": about,
        "name": file_name(f"{about} {key}"),
        "code": address("own", "figure.js"),
        "loader": address("own", "plotly.js"),
        "plotly": address("plotly", "plotly.min.js"),
        "drawing": drawing,
    }
    part(key=key if drawing else f"save-{key}", data=data)
