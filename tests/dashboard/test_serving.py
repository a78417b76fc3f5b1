"""A real server, asked by others than its visitors: other names, other sites, too many files."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import logging
import re
import secrets
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from streamlit import runtime, user_info
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.secrets import AttrDict
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.testing.v1 import AppTest
from websockets.sync.client import ClientConnection

from dashboard import health, login, logs, serving
from dashboard.services.store import health as storage
from tests.browser.protocol import answer, click, visit
from tests.browser.server import app_process
from tests.dashboard.folders import APP
from tests.dashboard.views.test_pages import said

#: A browser's request for a page.
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    """The app as `dmil app` starts it, without any option, and its process id."""
    with app_process({}, options=(), start=("dmil_core", "app", "--port")) as started:
        yield started


@pytest.fixture(scope="module")
def proxied() -> Iterator[str]:
    """The app as somebody serves it to others below a path, with what he opens and allows."""
    options = ("--server.baseUrlPath", "proxy/app", "--server.allowedHosts", "app.example.org")
    trusted = ("--server.corsAllowedOrigins", "https://portal.example.org")
    opened = {serving.METRICS: "1", serving.FRAMES: "https://portal.example.org"}
    with app_process(opened, (*options, *trusted), base="/proxy/app") as (url, _):
        yield url


def asked(
    url: str,
    path: str,
    headers: dict[str, str] | None = None,
    method: str = "GET",
    body: bytes = b"",
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and content of an answer."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request(method, parts.path + path, body or None, headers or {})
    answer = connection.getresponse()
    content = b"" if answer.status == 101 else answer.read()
    connection.close()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, content


def status(url: str, origin: str | None = None, host: str | None = None) -> int:
    """What a visitor's connection is answered with; 101 is a connection."""
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "x" * 22 + "==", "Sec-WebSocket-Protocol": "streamlit",
    }  # fmt: skip
    headers |= {} if origin is None else {"Origin": origin}
    headers |= {} if host is None else {"Host": host}
    return asked(url, "/_stcore/stream", headers)[0]


# --- this machine alone ----------------------------------------------------------------------


def test_the_app_listens_on_this_machine_alone(server: tuple[str, int]) -> None:
    _, pid = server
    listening = [c.laddr.ip for c in psutil.Process(pid).net_connections() if c.status == "LISTEN"]
    assert listening
    assert set(listening) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "LOCALHOST.", "[::1]"])
def test_its_own_names_are_answered(server: tuple[str, int], host: str) -> None:
    url, _ = server
    port = urlsplit(url).port
    assert asked(url, "/", PAGE | {"Host": f"{host}:{port}"})[0] == 200
    assert status(url, f"http://{host}:{port}", f"{host}:{port}") == 101


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8501", "localhost.evil.example", "127.0.0.1.nip.io", "0.0.0.0",
     "localhost@evil.example", "evil.example#localhost", "localhost:99999", "[", "", "192.168.1.7"],
)  # fmt: skip
def test_a_foreign_host_is_refused_on_every_path(server: tuple[str, int], host: str) -> None:
    """A name of somebody else that leads here: otherwise his page could read ours."""
    url, _ = server
    for path in ("/", "/samples", "/static/index.html", "/_stcore/host-config", "/assets/own/x/y"):
        code, headers, content = asked(url, path, PAGE | {"Host": host})
        assert code == 400, path
        assert b"--server.allowedHosts" in content
        assert "set-cookie" not in headers
        assert headers["x-content-type-options"] == "nosniff"
    assert status(url, host=host) == 403
    # Whatever watches the server may ask by any name: the answer is a word.
    assert asked(url, "/_stcore/health", {"Host": host})[2] == b"ok"
    code, _, content = asked(url, health.PATH, {"Host": host})
    assert code == 200
    assert json.loads(content)["status"] == "ok"
    assert b"/" not in content, "no path is named"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:1", "https://127.0.0.1", "file://", "",
     "http://localhost.evil.example", "http://[", "ws://localhost"],
)  # fmt: skip
def test_a_foreign_origin_is_refused_for_connections_and_files(
    server: tuple[str, int], origin: str
) -> None:
    url, _ = server
    assert status(url, origin) == 403
    for method in ("PUT", "POST", "DELETE"):
        code, _, content = asked(url, "/_stcore/upload_file/a/b", {"Origin": origin}, method, b"x")
        assert code == 403
        assert content == b"Requests from other sites are refused.\n"


def test_a_request_for_two_hosts_is_for_none(server: tuple[str, int]) -> None:
    port = urlsplit(server[0]).port
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


def test_programs_without_an_origin_and_pages_of_the_server_are_not_foreign(
    server: tuple[str, int],
) -> None:
    url, _ = server
    assert status(url) == status(url, url) == 101
    # Refused for its session alone.
    for headers in ({}, {"Origin": url}):
        code, _, content = asked(url, "/_stcore/upload_file/a/b", headers, "PUT", b"x")
        assert (code, b"other sites" in content) == (403, False)


def test_every_answer_says_who_may_frame_it_and_that_its_type_is_meant(
    server: tuple[str, int],
) -> None:
    url, _ = server
    script = asked(url, "/")[2].decode().partition('src="./static/js/')[2].partition('"')[0]
    for path, code in (
        ("/", 200), ("/samples", 200), ("/_stcore/health", 200), ("/_stcore/host-config", 200),
        (f"/static/js/{script}", 200), ("/assets/own/x/plotly.js", 200), ("/media/none", 404),
        ("/component/none/x", 404), ("/_stcore/metrics", 404), ("//x", 400),
    ):  # fmt: skip
        answered, headers, _ = asked(url, path)
        assert answered == code, path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "SAMEORIGIN", path
        assert headers["content-security-policy"] == "frame-ancestors 'self'", path


@pytest.mark.parametrize("path", ["", "/", "?families=session_events", "%2F"])
def test_metrics_are_closed(server: tuple[str, int], path: str) -> None:
    code, _, content = asked(server[0], f"/_stcore/metrics{path}")
    assert b"# TYPE" not in content
    assert code in (400, 404) or content.lstrip().lower().startswith(b"<!doctype html")


# --- files before anything is read of them ---------------------------------------------------


def test_a_file_that_a_page_asked_for_is_taken(server: tuple[str, int]) -> None:
    url, _ = server
    token = asked(url, "/_stcore/health")[1]["set-cookie"].partition(";")[0]
    with visit(url, origin=url) as visitor:
        headers = {"Cookie": token, "X-Xsrftoken": token.partition("=")[2], "Origin": url}
        headers["Content-Type"] = "multipart/form-data; boundary=mark"
        about = b'Content-Disposition: form-data; name="f"; filename="f"'
        body = b"--mark\r\n" + about + b"\r\n\r\nx\r\n--mark--\r\n"
        path = f"/_stcore/upload_file/{_session_of(visitor)}/{secrets.token_hex(8)}"
        assert asked(url, path, headers, "PUT", body)[0] == 204


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> MemoryUploadedFileManager:
    """What Streamlit holds of all sessions, on a server with room for 1000 bytes of each."""
    manager = MemoryUploadedFileManager("/_stcore/upload_file")
    monkeypatch.setattr(runtime, "exists", lambda: True)
    instance = SimpleNamespace(uploaded_file_mgr=manager)
    monkeypatch.setattr(runtime, "get_instance", lambda: instance)
    monkeypatch.setattr(serving, "MOST_BYTES", 1000)
    monkeypatch.setattr(serving, "MOST_FILES", 5)
    return manager


def sent(app: serving.Serving, session: str, size: int | None) -> tuple[int, str]:
    """What a file of this size is answered with; its length may not be said."""
    length = [] if size is None else [(b"content-length", str(size).encode())]
    scope = {
        "type": "http", "method": "PUT", "path": f"/base/_stcore/upload_file/{session}/file",
        "headers": [(b"host", b"localhost"), *length],
    }  # fmt: skip
    messages: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    # In a thread, since a browser of other tests may keep a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, app(scope, None, send)).result()  # type: ignore[arg-type]
    return messages[0]["status"], messages[1]["body"].decode()


async def _taken(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_a_visitor_cannot_fill_the_memory_with_files_that_no_page_asked_for(
    stored: MemoryUploadedFileManager,
) -> None:
    app = serving.Serving(_taken, uploads_at_once=2)
    assert sent(app, "ann", 1000)[0] == 204
    stored.add_file("ann", UploadedFileRec("1", "f", "", b"x" * 600))
    assert sent(app, "ann", 400)[0] == 204
    code, words = sent(app, "ann", 401)
    assert code == 413
    assert "one visitor may have uploaded" in words
    assert sent(app, "ann", None)[0] == 413, "it may become as long as any"
    stored.add_file("bob", UploadedFileRec("1", "f", "", b"x" * 900))
    assert sent(app, "eve", 500)[0] == 204
    code, words = sent(app, "eve", 501)
    assert code == 413
    assert "all visitors together" in words
    stored.remove_session_files("bob")
    assert sent(app, "eve", 501)[0] == 204
    for number in range(5):
        stored.add_file("eve", UploadedFileRec(str(number), "f", "", b""))
    assert "5 files, and one visitor may have 5" in sent(app, "eve", 1)[1]


def test_files_on_their_way_count_too(stored: MemoryUploadedFileManager) -> None:
    answers = []

    async def meanwhile(scope: Any, receive: Any, send: Any) -> None:
        if not answers:
            answers.append(sent(app, "ann", 401)[0])
            answers.append(sent(app, "ann", 400)[0])
        await _taken(scope, receive, send)

    app = serving.Serving(meanwhile, uploads_at_once=2)
    assert sent(app, "ann", 600)[0] == 204
    assert answers == [413, 204]
    assert sent(app, "ann", 1000)[0] == 204


def _session_of(visitor: ClientConnection) -> str:
    """The session that a server's first message is about."""
    visitor.send(click())
    while True:
        message = answer(visitor, 20.0)
        if message.WhichOneof("type") == "new_session":
            return message.new_session.initialize.session_id


# --- others, when somebody asks for it -------------------------------------------------------


def test_below_a_path_the_app_answers_to_the_names_that_were_allowed(proxied: str) -> None:
    host, origin = {"Host": "app.example.org"}, "https://app.example.org"
    code, _, page = asked(proxied, "/samples", PAGE | host)
    assert code == 200
    assert b"/proxy/app/" in page or b"./static/" in page
    assert asked(proxied, "/_stcore/health")[2] == b"ok"
    assert asked(proxied, "/assets/own/x/plotly.js", host)[0] == 200
    assert status(proxied, origin, "app.example.org") == 101
    assert status(proxied, "https://portal.example.org", "app.example.org") == 101
    assert status(proxied, "https://evil.example", "app.example.org") == 403
    assert asked(proxied, "/", PAGE)[0] == 400, "this machine's names are no longer among them"


def test_metrics_and_frames_are_open_to_whom_they_were_opened(proxied: str) -> None:
    code, headers, content = asked(proxied, "/_stcore/metrics", {"Host": "app.example.org"})
    assert code == 200
    assert b"# EOF" in content
    wanted = "frame-ancestors 'self' https://portal.example.org"
    assert headers["content-security-policy"] == wanted
    assert "x-frame-options" not in headers


# --- the login -------------------------------------------------------------------------------


# --- fewer bytes -----------------------------------------------------------------------------


#: A request by a name that the server allows.
NAMED = {"Host": "app.example.org"}
ZIPPED = {**NAMED, "Accept-Encoding": "gzip, deflate, br"}


@pytest.fixture(scope="module")
def files(proxied: str) -> list[str]:
    """Paths of the scripts and styles that the first page names."""
    page = asked(proxied, "/", {**NAMED, **PAGE})[2].decode("utf-8")
    found = re.findall(r"static/(?:js|css)/[\w.-]+\.(?:js|css)", page)
    assert {name.rpartition(".")[2] for name in found} == {"js", "css"}
    return [f"/{name}" for name in found]


def test_streamlits_files_arrive_compressed_and_are_the_same(
    proxied: str, files: list[str]
) -> None:
    sizes = []
    for path in files:
        _, said, plain = asked(proxied, path, NAMED)
        assert "content-encoding" not in said
        for _ in range(2):  # as it is compressed, and as it is kept
            status, about, sent = asked(proxied, path, ZIPPED)
            assert (status, about["content-encoding"]) == (200, "gzip")
            assert int(about["content-length"]) == len(sent)
            assert "Accept-Encoding" in about["vary"]
            assert gzip.decompress(sent) == plain
            for name in ("content-type", "cache-control", "content-security-policy"):
                assert about[name] == said[name]
        sizes.append((len(plain), len(sent)))
    assert sum(sent for _, sent in sizes) < sum(plain for plain, _ in sizes) / 2


def test_requests_about_a_part_or_a_state_of_a_file_are_answered_as_such(
    proxied: str, files: list[str]
) -> None:
    plain = asked(proxied, files[0], NAMED)[2]
    etag = asked(proxied, files[0], ZIPPED)[1]["etag"]
    status, said, part = asked(proxied, files[0], {**ZIPPED, "Range": "bytes=100-199"})
    assert (status, part) == (206, plain[100:200])
    assert "content-encoding" not in said
    assert asked(proxied, files[0], {**ZIPPED, "If-None-Match": etag})[0] == 304
    assert asked(proxied, files[0], ZIPPED, "HEAD")[2] == b""
    # Streamlit answers with its page where there is no such file; nobody has that kept by any name.
    assert "content-encoding" not in asked(proxied, "/static/js/nothing.js", ZIPPED)[1]


def test_without_a_provider_a_login_lets_nobody_in_and_without_the_switch_everybody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(login.LOGIN, "1")
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not app.exception
    assert "Nobody can log in here" in said(app)
    assert not app.selectbox
    assert "[auth]" in caplog.text
    monkeypatch.delenv(login.LOGIN)
    assert "Nobody can log in" not in said(AppTest.from_file(APP, default_timeout=60).run())


def test_with_a_provider_only_those_who_have_logged_in_see_the_app(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(login.LOGIN, "1")
    # As if these stood in secrets.toml, which Streamlit looks for in the home folder alone.
    auth = AttrDict({"redirect_uri": "https://app.example.org/oauth2callback"})
    monkeypatch.setattr(user_info, "get_secrets_auth_section", lambda: auth)
    app = AppTest.from_file(APP, default_timeout=60).run()
    assert not app.exception
    assert [b.label for b in app.button] == ["Log in"]
    app.button(key="log_in").click().run()
    assert not app.exception
    assert "Nobody can log in here" in said(app), "client_id and the like are missing"


# --- what watches the server ---------------------------------------------------------------------


def test_health_says_what_fails_and_names_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(tmp_path / "nothing"))
    monkeypatch.setenv("DMIL_UPLOADS", str(tmp_path / "uploads"))
    assert storage.report()["checkpoints"] == "none found"
    (tmp_path / "nothing" / "set").mkdir(parents=True)
    well = storage.report()
    assert (well["status"], well["jobs"]) == ("ok", {"queued": 0, "running": 0})
    monkeypatch.setattr(storage, "LEAST_FREE", 1 << 62)
    assert storage.report()["uploads"] == "the disk is nearly full"
    (tmp_path / "file").touch()
    monkeypatch.setenv("DMIL_UPLOADS", str(tmp_path / "file" / "uploads"))
    failing = storage.report()
    assert (failing["status"], failing["uploads"]) == ("failing", "cannot be stored")
    assert str(tmp_path) not in json.dumps(failing)


def test_the_log_is_lines_of_json_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = logging.LogRecord(
        "dashboard", logging.ERROR, "", 0, "two\nlines %s", ("\u2028",), None
    )
    try:
        raise ValueError("a fault")
    except ValueError:
        record.exc_info = sys.exc_info()
    line = logs.JsonLines().format(record)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["level"], found["message"]) == ("error", "two\nlines \u2028")
    assert "a fault" in found["trace"]
    before = logging.getLogger().handlers
    monkeypatch.delenv(logs.LOG, raising=False)
    logs.configure()
    assert logging.getLogger().handlers is before
