"""What one visitor can do to the others: a real server, and clients that speak its protocol."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import Any

import psutil
import pytest
from starlette.types import Message, Receive, Scope, Send
from websockets.sync.client import ClientConnection

from dashboard import start
from dashboard.message_rate import MessageRate
from tests.browser.protocol import answer, click, visit
from tests.browser.server import app_process

#: Seconds within which the server has to answer whatever a client does.
PATIENCE = 2.0
#: Seconds that a session is kept after its visitor has left; Streamlit's default is 120.
KEPT = 1
MESSAGES = 1000


def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Run it on a thread of its own: a browser test may have left a loop on this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, psutil.Process]]:
    """A server's address and process."""
    with app_process({"STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL": str(KEPT)}) as (url, pid):
        yield url, psutil.Process(pid)


def opened(connection: ClientConnection) -> None:
    """Run the script once, to its end."""
    connection.send(click())
    with suppress(TimeoutError):
        while True:
            answer(connection, 1.0)


def until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


def seconds_of_health(url: str, process: psutil.Process) -> float:
    """Seconds until the server says that it is well, as long as it had a processor to itself.

    On a machine that is busy with something else the clock would measure that.
    """
    begun, used = time.monotonic(), sum(process.cpu_times()[:2])
    with urllib.request.urlopen(f"{url}/_stcore/health", timeout=60) as answer:
        assert answer.read() == b"ok"
    return min(time.monotonic() - begun, sum(process.cpu_times()[:2]) - used)


@pytest.mark.parametrize("stays", [True, False], ids=["stays", "goes"])
def test_a_client_that_sends_a_thousand_clicks_does_not_stop_the_server(
    server: tuple[str, psutil.Process], stays: bool
) -> None:
    url, process = server
    client = visit(url)
    opened(client)
    threads = process.num_threads()

    def flood() -> None:
        for _ in range(MESSAGES):
            client.send(click())
        if not stays:
            client.socket.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=flood, daemon=True).start()
    end = time.monotonic() + 5.0
    while time.monotonic() < end:
        assert seconds_of_health(url, process) < PATIENCE
        assert process.num_threads() < threads + 40
        time.sleep(0.05)
    with suppress(OSError):
        client.socket.shutdown(socket.SHUT_RDWR)


def test_sessions_that_ended_give_back_their_handles_and_threads(
    server: tuple[str, psutil.Process],
) -> None:
    url, process = server
    with ExitStack() as stack:
        opened(stack.enter_context(visit(url)))
    time.sleep(start._RELEASE_EVERY + 2 * KEPT)
    handles, threads = process.num_fds(), process.num_threads()
    visitors = 12
    with ExitStack() as stack:
        for _ in range(visitors):
            stack.enter_context(visit(url)).send(click())
        # Each has a connection, and an event loop with three handles.
        until(lambda: process.num_fds() >= handles + 3 * visitors, 10.0)
    until(lambda: process.num_fds() <= handles + 3, 2 * start._RELEASE_EVERY + 2 * KEPT)
    assert process.num_threads() <= threads + 2


# --- the rate alone


def received(count: int, rate: MessageRate, waits: list[float], sends: bool = False) -> list[str]:
    """Types of the messages that the app inside ``rate`` receives from a client with ``count``."""
    types: list[str] = []

    async def receive() -> Message:
        return {"type": "websocket.receive", "bytes": b"click"}

    async def send(_: Message) -> None:
        raise OSError("the client is gone")

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        if sends:
            await send({"type": "websocket.send", "bytes": b"answer"})
        for _ in range(count):
            begun = time.monotonic()
            types.append((await receive())["type"])
            waits.append(time.monotonic() - begun)

    rate.app = inside
    to_the_end(rate({"type": "websocket"}, receive, send))
    return types


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    return None


def test_messages_beyond_a_burst_wait_for_their_turn() -> None:
    waits: list[float] = []
    received(15, MessageRate(_nothing, burst=10, rate=50.0), waits)
    assert max(waits[:10]) < 0.01
    assert sum(waits[10:]) > 0.8 * 5 / 50.0


def test_what_a_client_has_sent_before_it_went_is_not_worked_through() -> None:
    types = received(3, MessageRate(_nothing), [], sends=True)
    assert types == ["websocket.disconnect"] * 3


def test_requests_that_are_no_connection_pass_at_once() -> None:
    passed: list[Receive] = []

    async def inside(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(receive)

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None: ...

    to_the_end(MessageRate(inside)({"type": "http"}, receive, send))
    assert passed == [receive]
