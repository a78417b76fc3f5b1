"""An input that was decoded from files or cells, with what is said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from dmil_core.data.card import MediaSpec
from dmil_core.data.validate import Issue
from dmil_core.schema import Kind


@dataclass(frozen=True, eq=False)
class Decoded:
    """One input: its array, what is wrong with it, and raw media to be stored beside it."""

    values: NDArray[Any]
    issues: tuple[Issue, ...] = ()
    media: dict[str, NDArray[Any]] = field(default_factory=dict)
    spec: MediaSpec | None = None
    kind: Kind | None = None
    note: str = ""


def file_count(count: int) -> str:
    """So many files, in words."""
    return "1 file" if count == 1 else f"{count:,} files"
