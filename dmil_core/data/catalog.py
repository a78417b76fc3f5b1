"""Find and load data sets by name: bundled, generated, or a user's own file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dmil_core.data import switch
from dmil_core.data.dataset import Dataset
from dmil_core.errors import DataError

_GENERATED: Final[dict[str, Callable[[str], Dataset]]] = {
    switch.NAME: lambda spec: switch.SwitchSet.from_spec(spec).dataset(),
}


@dataclass(frozen=True)
class Entry:
    """One name that ``load_dataset`` takes."""

    name: str
    title: str
    generated: bool


def list_datasets(root: Path | None = None) -> tuple[Entry, ...]:
    """All bundled and generated sets."""
    return (Entry(switch.NAME, switch.TITLE, True),)


def load_dataset(spec: str | Path, root: Path | None = None) -> Dataset:
    """Load a set by name."""
    head = str(spec).partition(":")[0]
    if head in _GENERATED:
        return _GENERATED[head](str(spec))
    raise DataError(f"No data set {str(spec)!r}.")
