"""The token by which the server knows a browser again, kept by the browser."""

from __future__ import annotations

import streamlit as st

from dashboard.components.cookie import cookie
from dashboard.services.store import own_sets, visitors
from dashboard.text import yours as text


def remember() -> None:
    """Keep the visitor's token in the browser, from the first upload or job on."""
    held = visitors.token()
    if not held:
        return
    kept = cookie(visitors.COOKIE, held, own_sets.KEPT_DAYS * 24 * 3600)
    if kept == "":
        st.warning(text.NO_COOKIES, icon=":material/cookie_off:")
    elif kept and kept != held:
        visitors.adopt(kept)
        st.rerun()
