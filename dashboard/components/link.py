"""A button that copies the page's address."""

from __future__ import annotations

import streamlit as st

from dashboard.components import scripts

_HTML = """<div class="link">
<button type="button">Copy link</button>
<span role="status"></span>
</div>"""


def copy_link() -> None:
    """A button that copies the page's address, which holds everything that is chosen."""
    part = st.components.v2.component(
        "dmil_copy_link", html=_HTML, css=scripts.text("link.css"), js=scripts.text("link.js")
    )
    part(key="copy_link", width="content")
