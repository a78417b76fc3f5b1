"""Who a visitor is: nobody with a name, only the browser that holds a token.

The token is in a cookie that no script can read (`dashboard.visitor_cookie` sets it) and nowhere
else. In the URL it would go along with every copied link, and whoever opened the link would see the
sender's data. On the server only a hash of it is kept, so that no folder name, log or message can
be used to become that visitor.
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
#: Where the session of a browser that refuses cookies keeps a token.
_KEY: Final = "visitor_token"


def is_token(text: str) -> bool:
    """Whether a text can be a token at all."""
    return _TOKEN.fullmatch(text) is not None


def token() -> str:
    """This browser's token; empty where it has none."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ""
    tokens = (st.context.cookies.get(COOKIE, ""), st.session_state.get(_KEY, ""))
    return next((t for t in map(str, tokens) if is_token(t)), "")


def ensure_token() -> str:
    """This browser's token; one for this session alone where the browser refuses cookies."""
    if not token():
        st.session_state[_KEY] = secrets.token_urlsafe(24)
    return token()


def refuses_cookies() -> bool:
    """Whether this browser's token ends with its session."""
    return bool(token()) and not is_token(str(st.context.cookies.get(COOKIE, "")))


def visitor() -> str:
    """What the server calls this browser: a hash of its token; empty where it has none."""
    return hashed(token())


def hashed(token: str) -> str:
    """What the server calls the browser that holds this token; empty where it is none."""
    return hashlib.sha256(token.encode()).hexdigest()[:32] if is_token(token) else ""


def folder(of: str) -> Path:
    """Where a visitor's sets lie."""
    return uploads_root() / "sets" / of


def checkpoints(of: str) -> Path:
    """Where a visitor's trained models lie, in the order that `checkpoint_catalog` knows."""
    return folder(of) / "checkpoints"
