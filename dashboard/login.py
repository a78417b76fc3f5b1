"""Who may come in: everybody, unless the server asks for a login.

`DMIL_LOGIN=1` asks for one. Who can log in is up to the provider of identities that the section
``[auth]`` of Streamlit's secrets names; see docs/deploy.md.
"""

from __future__ import annotations

import os
from typing import Final

import streamlit as st
from streamlit.errors import StreamlitAuthError

from dashboard.services.store.catalog import log
from dashboard.text import messages
from dashboard.widgets import notice

#: Environment variable: "1" shows the app only to those who have logged in.
LOGIN: Final = "DMIL_LOGIN"


def admitted() -> bool:
    """Whether this visitor sees the app; where not, what to do is shown in its place."""
    if os.environ.get(LOGIN) != "1":
        return True
    # Without [auth] in its secrets Streamlit does not know the attribute, and nobody can log in.
    logged_in = getattr(st.user, "is_logged_in", None)
    if logged_in is True:
        return True
    st.title("DMIL Explorer", anchor=False)
    if logged_in is None:
        log.error("%s=1, and Streamlit's secrets have no section [auth]; see docs/deploy.md", LOGIN)
        notice(messages.no_login())
        return False
    st.markdown("This server shows the app to people who have logged in.")
    if st.button("Log in", key="log_in", type="primary"):
        try:
            st.login()
        except StreamlitAuthError as error:
            log.error("nobody can log in: %s", error)
            notice(messages.no_login())
    return False
