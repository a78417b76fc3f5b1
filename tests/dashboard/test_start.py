"""What is done before the first visitor comes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.types import Message, Receive, Scope, Send

from dashboard import start
from tests.dashboard.test_imports import complaints


def links(content_type: bytes) -> list[bytes]:
    """The link headers of an answer of this type."""
    sent: list[Message] = []

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", content_type)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    # In a thread of its own: browser tests leave a loop running in this one.
    with ThreadPoolExecutor(1) as one:
        one.submit(asyncio.run, start.FetchCharts(answer)({"type": "http"}, receive, send)).result()
    return [value for name, value in sent[0]["headers"] if name == b"link"]


def test_a_page_tells_the_browser_to_fetch_what_draws_charts() -> None:
    (link,) = links(b"text/html; charset=utf-8")
    assert link.startswith(b"</static/js/PlotlyChart.")
    assert link.endswith(b"; rel=modulepreload")
    assert links(b"text/plain") == []


def test_the_pages_are_imported_before_the_first_visitor_comes() -> None:
    code = (
        "import sys\n"
        "from dashboard import start\n"
        "start._prepare()\n"
        "assert 'dashboard.views.overview' in sys.modules\n"
        "assert not {'torch', 'umap', 'sklearn'} & set(sys.modules)\n"
    )
    assert complaints(code) == ""


def test_a_fault_at_the_start_is_logged_and_the_server_starts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(start, "import_module", lambda _: 1 / 0)
    start._prepare()
    assert "not made ready" in caplog.text
