"""A button that copies the page's address."""

from __future__ import annotations

import streamlit as st

from dashboard.components import scripts

_HTML = '<button type="button">Copy link to this view</button><span role="status"></span>'


def copy_link() -> None:
    """A button that copies the page's address, which holds everything that is chosen."""
    part = st.components.v2.component(
        "dmil_copy_link", html=_HTML, css=scripts.text("link.css"), js=scripts.text("link.js")
    )
    part(key="copy_link")
