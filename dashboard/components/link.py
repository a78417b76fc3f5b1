"""A button that copies the page's address."""

from __future__ import annotations

import streamlit as st

_HTML = '<button type="button">Copy link to this view</button><span role="status"></span>'
_CSS = """
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
_SCRIPT = """
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


def copy_link() -> None:
    """A button that copies the page's address, which holds everything that is chosen."""
    part = st.components.v2.component("dmil_copy_link", html=_HTML, css=_CSS, js=_SCRIPT)
    part(key="copy_link")
