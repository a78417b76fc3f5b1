"""What Streamlit's browsers and its server say to each other, for visitors without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.util import calc_hash
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol


def visit(url: str, origin: str | None = None) -> ClientConnection:
    """The connection of a page that was opened at ``url``, as from the site ``origin``."""
    return connect(
        f"{url.replace('http', 'ws', 1)}/_stcore/stream",
        origin=None if origin is None else Origin(origin),
        subprotocols=[Subprotocol("streamlit")],
        proxy=None,
        max_size=None,
        max_queue=None,
        ping_interval=None,
        legacy=True,
    )


def click(page: str = "", query: Mapping[str, str] | None = None) -> bytes:
    """The message that asks for a page with what its address says; the first page is ``""``."""
    message = BackMsg()
    message.rerun_script.query_string = urlencode(query or {})
    message.rerun_script.page_script_hash = calc_hash(page) if page else ""
    return message.SerializeToString()


def whole(connection: ClientConnection, patience: float) -> list[str]:
    """Wait for the end of the page that was asked for; messages of exceptions that it shows.

    Raises
    ------
    TimeoutError
        If nothing comes for ``patience`` seconds.
    """
    faults = []
    while True:
        message = answer(connection, patience)
        kind = message.WhichOneof("type")
        if kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
            faults.append(message.delta.new_element.exception.message[:200])
        if kind == "script_finished":
            return faults


def answer(connection: ClientConnection, patience: float) -> ForwardMsg:
    """The next message of the server.

    Raises
    ------
    TimeoutError
        If none comes within ``patience`` seconds.
    """
    message = ForwardMsg()
    message.ParseFromString(connection.recv(timeout=patience, decode=False))
    return message
