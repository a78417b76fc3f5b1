"""Streamlit's scripts and styles, sent compressed: a first visit receives half of the bytes.

Streamlit sends them as they are, since compressing costs time on every request. The names of these
files hold a digest of their content, so each is compressed once and kept, a few MB for all.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.components.served import base

#: No path but that of a file itself, so that nobody can have one file kept under many names.
_SENT_COMPRESSED: Final = re.compile(r"/static/(js|css)/[\w-][\w.-]*\.(js|css)", re.ASCII)
#: Of the answers that are kept: where there is no such file, Streamlit answers with its page.
_TYPES: Final = ("text/javascript", "application/javascript", "text/css")
#: Requests about one state or one part of a file are answered by Streamlit.
_ABOUT_A_PART: Final = ("range", "if-range", "if-none-match", "if-modified-since")
#: Beyond it, another percent costs twice the time.
_LEVEL: Final = 6


@dataclass(frozen=True)
class _Kept:
    headers: list[tuple[bytes, bytes]]
    body: bytes


class CompressedFiles:
    """Answers requests for Streamlit's scripts and styles by compressed files."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, _Kept] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; answer those for a script or style that is kept."""
        if not _is_taken(scope):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        kept = self._kept.get(path)
        if kept is None:
            answered: list[Message] = []

            async def take(message: Message) -> None:
                answered.append(message)

            await self.app(scope, receive, take)
            kept = await run_in_threadpool(_compressed, answered)
            if kept is None:
                for message in answered:
                    await send(message)
                return
            self._kept[path] = kept
        await send({"type": "http.response.start", "status": 200, "headers": [*kept.headers]})
        await send({"type": "http.response.body", "body": kept.body})


def _is_taken(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    if not _SENT_COMPRESSED.fullmatch(scope["path"].removeprefix(base())):
        return False
    headers = Headers(scope=scope)
    accepted = [word.strip() for word in headers.get("accept-encoding", "").lower().split(",")]
    return "gzip" in accepted and not any(name in headers for name in _ABOUT_A_PART)


def _compressed(answered: list[Message]) -> _Kept | None:
    """A whole answer, compressed; None where it is no file, or encoded already."""
    start, *rest = answered
    if start["type"] != "http.response.start" or start["status"] != 200:
        return None
    if any(message["type"] != "http.response.body" for message in rest):
        return None
    headers = MutableHeaders(raw=list(start["headers"]))
    if not headers.get("content-type", "").startswith(_TYPES):
        return None
    if "content-encoding" in headers:  # by whoever answered
        return None
    # Without a time in it, so that every server of a site sends the same bytes.
    body = gzip.compress(b"".join(message.get("body", b"") for message in rest), _LEVEL, mtime=0)
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    headers.add_vary_header("Accept-Encoding")
    if "etag" in headers and not headers["etag"].startswith("W/"):
        headers["ETag"] = f"W/{headers['etag']}"  # of the same content, not of the same bytes
    return _Kept(headers.raw, body)
