"""Who a visitor is: nobody with a name, only the browser that holds a token.

The token is in a cookie and nowhere else. In the URL it would go along with every copied link, and
whoever opened the link would see the sender's data. Local storage would do as well, but the server
only learns of it after a round trip, so a page loaded again would first say that there is no such
set. A browser gets a token when it first uploads something or starts a job, not before. On the
server only a hash of it is kept, so that no folder name, log or message can be used to become that
visitor.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path
from typing import Final

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dmil_core.io.paths import uploads_root

COOKIE: Final = "dmil_visitor"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32}")
#: Where a session keeps a token that its browser did not send yet.
_KEY: Final = "visitor_token"


def token() -> str:
    """This browser's token; empty where it has none."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ""
    held = str(st.session_state.get(_KEY) or st.context.cookies.get(COOKIE, ""))
    return held if _TOKEN.fullmatch(held) else ""


def begin() -> str:
    """This browser's token, made now if it has none."""
    if not token():
        st.session_state[_KEY] = secrets.token_urlsafe(24)
    return token()


def adopt(other: str) -> None:
    """Take the token that the browser got in another tab meanwhile."""
    if _TOKEN.fullmatch(other):
        st.session_state[_KEY] = other


def visitor() -> str:
    """What the server calls this browser: a hash of its token; empty where it has none."""
    return hashed(token())


def hashed(held: str) -> str:
    """What the server calls the browser that holds this token; empty where it is none."""
    return hashlib.sha256(held.encode()).hexdigest()[:32] if _TOKEN.fullmatch(held) else ""


def folder(of: str) -> Path:
    """Where a visitor's sets lie."""
    return uploads_root() / "sets" / of


def checkpoints(of: str) -> Path:
    """Where a visitor's trained models lie, in the order that `checkpoint_catalog` knows."""
    return folder(of) / "checkpoints"
