"""How far the evaluation of a model is, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dmil_core.posthoc.function import Progress


class RowBar:
    """A progress bar that counts rows."""

    def __init__(self, disable: bool = False) -> None:
        self._disable = disable
        self._bar: Any = None

    def __call__(self, done: int, of: int) -> None:
        """``done`` rows so far, of ``of``; those of the first call were evaluated before."""
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                total=of, initial=done, unit="row", file=sys.stderr, disable=self._disable
            )
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> RowBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


def announce(rows: int) -> None:
    """Say on how many rows a model will be evaluated."""
    print(f"dmil: note: the model is evaluated on at most {rows:,} rows", file=sys.stderr)


@contextmanager
def shown(progress: Progress | bool | None, rows: int) -> Iterator[Progress | None]:
    """The callable that progress is told: a bar, after a line that says the cost, where progress is
    True, or None and somebody watches (stderr is a terminal, or a notebook runs)."""
    if callable(progress):
        yield progress
        return
    if progress is None:
        progress = sys.stderr.isatty() or "ipykernel" in sys.modules
    if not progress:
        yield None
        return
    announce(rows)
    with RowBar() as bar:
        yield bar
