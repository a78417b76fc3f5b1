"""The scripts that browsers fetch: listed ones alone, to be kept for good."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urljoin

import pytest
import streamlit
from starlette.routing import Router

from dashboard.components import served


def fetched(path: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and content of what the server hands out at a path."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()  # the browser sends no more, and stays
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "scheme": "http",
             "query_string": b"", "headers": [], "server": ("localhost", 80)}  # fmt: skip
    router = Router(served.routes(), redirect_slashes=False)
    try:
        # In a thread, since a browser of other tests may keep a loop running in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, router(scope, receive, send)).result()  # type: ignore[arg-type]
    except served.HTTPException as refused:
        return refused.status_code, {}, b""
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent)


@pytest.mark.parametrize(
    ("folder", "file"),
    [("own", "plotly.js"), ("own", "help/index.js"), ("plotly", "plotly.min.js")],
)
def test_a_script_lies_at_its_address_and_may_be_kept_for_good(folder: str, file: str) -> None:
    status, headers, content = fetched(served.address(folder, file))
    assert status == 200
    assert content
    assert headers["content-type"].startswith("text/javascript")
    assert "immutable" in headers["cache-control"]


def test_scripts_of_one_folder_find_each_other_by_relative_paths() -> None:
    control = served.address("own", "figure/control.js")
    assert urljoin(control, "./save.js") == served.address("own", "figure/save.js")
    assert urljoin(control, "../plotly.js") == served.address("own", "plotly.js")


def test_a_page_from_before_an_update_gets_the_new_file_without_keeping_it() -> None:
    status, headers, _ = fetched("/assets/own/0123456789abcdef/plotly.js")
    assert status == 200
    assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["own/x/served.py", "own/x/map/map.css", "own/x/../served.py", "own/x/", "own/x//etc/passwd",
     "plotly/x/plotly.js", "plotly/x/datasets/iris.csv", "other/x/plotly.js", "own/plotly.js"],
)  # fmt: skip
def test_nothing_else_is_served(path: str) -> None:
    assert fetched(f"/assets/{path}")[0] == 404


def test_a_script_that_does_not_exist_has_no_address() -> None:
    with pytest.raises(KeyError, match=r"plotly\.js"):
        served.address("own", "nothing.js")


def test_addresses_begin_with_the_folder_of_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamlit, "get_option", {"server.baseUrlPath": "/apps/dmil/"}.__getitem__)
    address = served.address("own", "plotly.js")
    assert address.startswith("/apps/dmil/assets/own/")
    assert fetched(address)[0] == 200
    assert fetched(address.removeprefix("/apps/dmil"))[0] == 404
