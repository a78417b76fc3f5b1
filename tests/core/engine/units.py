"""What the tests of engines have done in other processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dmil_core.errors import DataError
from dmil_core.io.parts import Rows


def square(n: int) -> int:
    return n * n


def slow_first(n: int) -> int:
    time.sleep(0.5 if n == 0 else 0.0)
    return n


def dying(path: str, n: int, times: int) -> int:
    """Ends its process hard, so often as said; a file counts."""
    with Path(path).open("a") as file:
        file.write("x")
    if Path(path).stat().st_size <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return n


def wrong(n: int) -> int:
    raise ValueError(f"{n} is wrong")


def doubled(values: Any) -> Any:
    """Writes to its argument, as code that fills missing cells does."""
    values *= 2
    return values


def waiting(folder: str, n: int) -> int:
    """Says on which node it is, and waits until it may go on."""
    import ray

    here = ray.get_runtime_context().get_node_id()
    with (Path(folder) / f"{n}-{here}").open("a") as file:
        file.write("x")
    until = time.monotonic() + 60
    while not (Path(folder) / "go").exists() and time.monotonic() < until:
        time.sleep(0.05)
    return n


def refusing() -> None:
    raise DataError("row 3 has no class")


@dataclass(frozen=True)
class Numbered:
    """A part of a source without files."""

    number: int
    rows: int


@dataclass(frozen=True)
class Numbers:
    """Rows of a part: their places, or fewer; ends its process hard once for one part."""

    folder: str
    killed: int = -1
    lost: int = 0

    def __call__(self, part: Numbered, before: int) -> Iterator[Rows]:
        if part.number == self.killed:
            dying(str(Path(self.folder) / "count"), 0, 1)
        count = part.rows - self.lost
        yield Rows(pa.table({"n": np.arange(before, before + count)}), count, (f"{count} rows",))
