"""What is asked of every request before the app sees it, and what every answer says.

The app listens on its own machine alone (`.streamlit/config.toml`). That does not keep out a page
of another site that is open in the same browser: it can have its name resolved to this machine, or
open a connection across sites. So names and origins that are not expected are refused, for every
path and not only where Streamlit looks at them.

What a server for others sets is in docs/deploy.md.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime

from dashboard import health
from dashboard.services.store.budgets import LARGEST_FILE, MIB, MOST_BYTES, MOST_FILES

#: Environment variable: "1" opens Streamlit's figures about memory and sessions to everybody.
METRICS: Final = "DMIL_METRICS"
#: Environment variable: sites that may show the app in a frame, separated by spaces.
FRAMES: Final = "DMIL_FRAME_ANCESTORS"

_METRICS_PATH: Final = "/_stcore/metrics"
#: They name nobody; whatever watches a server often asks by its number.
_HEALTH_PATHS: Final = ("/_stcore/health", health.PATH)
_UPLOAD_PATH: Final = "/_stcore/upload_file/"
_READING: Final = ("GET", "HEAD", "OPTIONS")
_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}


class Serving:
    """Refuses requests for other hosts or from other sites, and files for which there is no room.

    Parameters
    ----------
    uploads_at_once : so many of the largest uploads the server holds as they came.
    """

    def __init__(self, app: ASGIApp, uploads_at_once: int) -> None:
        self.app = app
        self._most_together = uploads_at_once * MOST_BYTES
        #: Session -> bytes that are on their way.
        self._arriving: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or say why not."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_headers())
            await send(message)

        refused = _refusal(scope)
        if refused is not None:
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            else:
                await refused(scope, receive, send_with_headers)
        elif scope["type"] == "http" and scope["method"] == "PUT" and _UPLOAD_PATH in scope["path"]:
            await self._take(scope, receive, send_with_headers)
        else:
            await self.app(scope, receive, send_with_headers)

    async def _take(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a file, if there is room for it beside those that are here or on their way."""
        session = scope["path"].partition(_UPLOAD_PATH)[2].partition("/")[0]
        length = Headers(scope=scope).get("content-length", "")
        # One that does not say how long it is may become as long as any.
        size = int(length) if length.isdecimal() else LARGEST_FILE
        if reason := self._no_room(session, size):
            await PlainTextResponse(reason, 413)(scope, receive, send)
            return
        self._arriving[session] += size
        try:
            await self.app(scope, receive, send)
        finally:
            self._arriving[session] -= size
            self._arriving += Counter()  # drops those of which nothing is on its way

    def _no_room(self, session: str, size: int) -> str:
        """Why a file of this size is not taken; empty if it is."""
        if not runtime.exists():
            return ""
        stored = getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {})
        own = list(stored.get(session, {}).values())
        if len(own) >= MOST_FILES:
            return (
                f"You have uploaded {len(own):,} files, and one visitor may have {MOST_FILES:,}. "
                "Reload the page and choose fewer."
            )
        held = sum(len(file.data) for file in own) + self._arriving[session]
        if held + size > MOST_BYTES:
            return (
                f"This file has {size / MIB:,.0f} MiB, and one visitor may have uploaded "
                f"{MOST_BYTES / MIB:,.0f}, of which {held / MIB:,.0f} are here. Reload the page "
                "to begin anew."
            )
        every = _total(stored) + self._arriving.total()
        if every + size > self._most_together:
            return (
                f"This file has {size / MIB:,.0f} MiB, and all visitors together may have uploaded "
                f"{self._most_together / MIB:,.0f}, of which {every / MIB:,.0f} are here. Wait "
                "until others have finished."
            )
        return ""


def _total(stored: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of the files that Streamlit holds for all sessions."""
    sessions = [list(files.values()) for files in list(stored.values())]
    return sum(len(file.data) for files in sessions for file in files)


def _refusal(scope: Scope) -> PlainTextResponse | None:
    """What is answered in place of the app; None where a request may go on to it."""
    headers = Headers(scope=scope)
    path = scope["path"].rstrip("/")
    hosts = headers.getlist("host")
    host = _address(hosts[0]) if len(hosts) == 1 else None
    if path.endswith(_HEALTH_PATHS):
        return None
    if not _is_served(host):
        return PlainTextResponse(
            f"This server does not answer to the name {headers.get('host', '')[:100]!r}. Whoever "
            "runs it can allow the name: --server.allowedHosts NAME; see docs/deploy.md.\n",
            400,
        )
    origin = headers.get("origin")
    if origin is not None and not _is_expected(origin, host):
        changes = scope["type"] == "websocket" or scope["method"] not in _READING
        if changes:
            return PlainTextResponse("Requests from other sites are refused.\n", 403)
    if path.endswith(_METRICS_PATH) and os.environ.get(METRICS) != "1":
        return PlainTextResponse("Not Found", 404)
    return None


def _address(netloc: str) -> SplitResult | None:
    """A name with or without a port, taken apart; None where it is something else."""
    try:
        parts = urlsplit(f"//{netloc}")
        _ = parts.port
    except ValueError:
        return None
    plain = parts.netloc == netloc and "@" not in netloc
    return parts if plain and parts.hostname else None


def _is_served(host: SplitResult | None) -> bool:
    """Whether ``server.allowedHosts`` has the name of a request; an empty list has every name."""
    if host is None or host.hostname is None:
        return False
    allowed = [str(h).strip().lower().rstrip(".") for h in st.get_option("server.allowedHosts")]
    if not allowed or "*" in allowed:
        return True
    name = host.hostname.lower().rstrip(".")
    return any(
        name.endswith(a[1:]) if a.startswith("*.") else name == a.strip("[]") for a in allowed
    )


def _is_expected(origin: str, host: SplitResult | None) -> bool:
    """Whether a page of this origin may change something here: it is ours, or a trusted site's."""
    if not st.get_option("server.enableCORS"):
        return True
    trusted = [str(o).strip().rstrip("/") for o in st.get_option("server.corsAllowedOrigins")]
    if origin in trusted:
        return True
    try:
        site = urlsplit(origin)
        usual = _PORTS.get(site.scheme)
        return (
            usual is not None
            and host is not None
            and site.hostname == host.hostname
            and (site.port or usual) == (host.port or usual)
        )
    except ValueError:
        return False


def _headers() -> dict[str, str]:
    """What every answer says: who may show it in a frame, and that its type is what it says."""
    others = " ".join(os.environ.get(FRAMES, "").split())
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": f"frame-ancestors 'self' {others}".strip(),
    }
    # This header has no word for other sites; browsers that know the one above go by that.
    return headers if others else {**headers, "X-Frame-Options": "SAMEORIGIN"}
