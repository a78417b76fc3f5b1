"""The cookie by which the server knows a browser again.

Set with the page itself, so that the first run has it, and out of reach of every script. Every
browser gets one, not only those that upload: only a loaded page can set a cookie that scripts
cannot read, and visitors come to the upload without loading another. It is a random number that
says nothing about anybody, and the server keeps nothing for it before something is uploaded.
"""

from __future__ import annotations

import secrets
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.services.store.own_sets import KEPT_DAYS
from dashboard.services.store.visitors import COOKIE, is_token

#: It ends with the sets that it leads to; every visit begins the days anew, as it does theirs.
_SECONDS: Final = KEPT_DAYS * 24 * 3600


class VisitorCookie:
    """Sets the cookie with each page that is loaded, and renews it when a session connects."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the cookie to the first part of its answer."""
        token = _token_to_set(scope)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                headers = MutableHeaders(scope=message)
                headers.append("Set-Cookie", _cookie(token, _is_secure(scope)))
                if message["type"] == "http.response.start":
                    # No cache between here and the browser may give it to somebody else.
                    headers["Cache-Control"] = "private, no-cache"
            await send(message)

        await self.app(scope, receive, send_with_cookie if token else send)


def _token_to_set(scope: Scope) -> str:
    """The token that the answer carries; empty where it carries none."""
    if scope["type"] not in ("http", "websocket"):
        return ""
    token = HTTPConnection(scope).cookies.get(COOKIE, "")
    known = token if is_token(token) else ""
    if scope["type"] == "websocket":
        # Its session has what the browser sent: a new token would be another visitor's.
        return known
    loads_a_page = scope["method"] == "GET" and "text/html" in Headers(scope=scope).get(
        "accept", ""
    )
    return (known or secrets.token_urlsafe(24)) if loads_a_page else ""


def _is_secure(scope: Scope) -> bool:
    """Whether the browser speaks https, perhaps to a proxy before this server."""
    proxied = Headers(scope=scope).get("x-forwarded-proto", "")
    return scope["scheme"] in ("https", "wss") or proxied.lower().startswith("https")


def _cookie(token: str, secure: bool) -> str:
    # Lax: no other site can make this browser send it along with a request of its own.
    attributes = f"Path=/; Max-Age={_SECONDS}; HttpOnly; SameSite=Lax"
    return f"{COOKIE}={token}; {attributes}{'; Secure' if secure else ''}"
