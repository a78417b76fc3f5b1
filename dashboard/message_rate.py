"""How many messages a second the server takes from one connection.

Each message of a browser may start a run of the script, with a thread of its own. A browser sends a
few a second at most; a client that sends a thousand at once would have the interpreter to itself.
What comes faster waits in the connection, where TCP makes the sender wait: nothing is lost.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Messages that are taken at once: more than a visitor's browser sends in a second of clicking.
BURST: Final = 30
#: Messages a second after that.
RATE: Final = 15.0


class MessageRate:
    """Passes messages of a websocket on at a bounded rate, each connection by itself."""

    def __init__(self, app: ASGIApp, burst: int = BURST, rate: float = RATE) -> None:
        self.app = app
        self.burst = burst
        self.rate = rate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; of a websocket, its messages one after the other."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        left, seen, gone = float(self.burst), time.monotonic(), False

        async def receive_in_turn() -> Message:
            nonlocal left, seen
            now = time.monotonic()
            left, seen = min(float(self.burst), left + (now - seen) * self.rate), now
            if left < 1.0:
                # Before the next message is read, so that the connection is not read either.
                await asyncio.sleep((1.0 - left) / self.rate)
            left -= 1.0
            # What a client has sent before it went is not worked through.
            return {"type": "websocket.disconnect", "code": 1006} if gone else await receive()

        async def send_while_there(message: Message) -> None:
            nonlocal gone
            try:
                await send(message)
            except OSError:
                gone = True

        await self.app(scope, receive_in_turn, send_while_there)
