"""What is kept of large tables in memory: columns, orders and selections, within one bound.

All visitors share it. What was used longest ago goes first, and is read or computed again when it
is asked for.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, Protocol, TypeVar

#: Bytes that are kept at most.
MOST: Final = 400 * 1024**2


class Sized(Protocol):
    """Something that says how many bytes it takes, as arrays do."""

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""


T = TypeVar("T", bound=Sized)


class Memory:
    """Values by key, at most ``most`` bytes of them."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.used = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key; made if it is not there, once for all who ask at the same time."""
        with self._lock:
            if key in self._kept:
                return self._found(key)
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    return self._found(key)
            try:
                value = make()
                with self._lock:
                    self._keep(key, value)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return value

    def _found(self, key: Hashable) -> Any:
        self._kept.move_to_end(key)
        return self._kept[key]

    def _keep(self, key: Hashable, value: Sized) -> None:
        self._kept[key] = value
        self.used += value.nbytes
        while self.used > self.most and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self.used -= oldest.nbytes


#: What all visitors share.
MEMORY: Final = Memory(MOST)
