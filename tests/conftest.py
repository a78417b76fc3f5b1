"""What holds for every test: one thread, and no network."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

# Before anything imports torch or numba. Models this small lose time to threads, and one thread
# gives the same sums on every machine.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

LOCAL = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Refuse connections to anything but this machine, so that no test depends on the network."""

    class LocalSocket(socket.socket):
        def connect(self, address: Any) -> None:
            _refuse_remote(self, address)
            super().connect(address)

        def connect_ex(self, address: Any) -> int:
            _refuse_remote(self, address)
            return super().connect_ex(address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", LocalSocket)
        yield


def _refuse_remote(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL:
        raise RuntimeError(f"a test tried to reach {address[0]}; tests run without the network")
