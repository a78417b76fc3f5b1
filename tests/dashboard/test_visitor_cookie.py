"""The cookie by which a browser is known again: set with the page, out of reach of scripts."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest

from dashboard.services.store import own_sets, visitors
from dashboard.visitor_cookie import VisitorCookie

TOKEN = "t" * 32
PAGE = {"accept": "text/html,application/xhtml+xml"}


async def _site(scope: dict[str, Any], _receive: Any, send: Any) -> None:
    """A server that answers every request and takes every connection."""
    kind = "websocket.accept" if scope["type"] == "websocket" else "http.response.start"
    await send({"type": kind, "status": 200, "headers": [(b"cache-control", b"public")]})


def answer(
    headers: dict[str, str], kind: str = "http", method: str = "GET", scheme: str = "http"
) -> list[tuple[str, str]]:
    """Headers of what a browser gets that asks with these."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    lines = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": method, "scheme": scheme, "path": "/", "headers": lines}
    answer = VisitorCookie(_site)(scope, None, send)  # type: ignore[arg-type]
    # In a thread, since a browser of other tests may keep a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, answer).result()
    return [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]


def cookie(*arguments: Any, **more: Any) -> Morsel[str] | None:
    """The visitor's cookie that an answer sets; None where it sets none."""
    jar: SimpleCookie = SimpleCookie()
    for name, value in answer(*arguments, **more):
        if name == "set-cookie":
            jar.load(value)
    return jar.get(visitors.COOKIE)


def test_a_page_brings_a_token_that_no_script_and_no_other_site_can_use() -> None:
    first, second = cookie(PAGE), cookie(PAGE)
    assert first is not None
    assert second is not None
    assert visitors.is_token(first.value)
    assert first.value != second.value
    assert first["httponly"]
    assert first["samesite"] == "Lax"
    assert first["path"] == "/"
    assert int(first["max-age"]) == own_sets.KEPT_DAYS * 24 * 3600
    assert not first["secure"]
    assert ("cache-control", "private, no-cache") in answer(PAGE)


@pytest.mark.parametrize(
    ("headers", "scheme"), [({}, "https"), ({"x-forwarded-proto": "https"}, "http")]
)
def test_over_https_the_cookie_never_goes_over_http(headers: dict[str, str], scheme: str) -> None:
    made = cookie(PAGE | headers, scheme=scheme)
    assert made is not None
    assert made["secure"]


def test_a_token_is_kept_and_its_days_begin_anew_with_each_page_and_session() -> None:
    known = {"cookie": f"other=1; {visitors.COOKIE}={TOKEN}"}
    for made in (cookie(PAGE | known), cookie(known, kind="websocket", scheme="ws")):
        assert made is not None
        assert made.value == TOKEN
        assert made["max-age"]


@pytest.mark.parametrize("bad", ["", "short", "é" * 32, "a" * 31 + "%"])
def test_what_is_no_token_is_replaced(bad: str) -> None:
    made = cookie(PAGE | {"cookie": f"{visitors.COOKIE}={bad}"})
    assert made is not None
    assert visitors.is_token(made.value)
    assert made.value != bad


def test_scripts_probes_and_sessions_without_a_token_get_none() -> None:
    assert cookie({"accept": "*/*"}) is None
    assert cookie({}) is None
    assert cookie(PAGE, method="POST") is None
    # A session that was opened without a token goes on without: a new one is another visitor's.
    assert cookie({}, kind="websocket") is None
    assert ("cache-control", "public") in answer({"accept": "*/*"})
