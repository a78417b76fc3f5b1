"""An input that was decoded from files or cells, with what is said about it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
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

    def spread(self, rows: NDArray[np.int64], count: int) -> Decoded:
        """The same for ``count`` rows, of which only these are here: nothing in all others.

        Raw media has an entry for every row: a black picture or a clip of no length for those.
        """
        values = np.zeros((count, *self.values.shape[1:]), dtype=self.values.dtype)
        values[rows] = self.values
        issues = tuple(replace(i, rows=tuple(rows[list(i.rows)].tolist())) for i in self.issues)
        return replace(self, values=values, issues=issues, media=self._spread_media(rows, count))

    def _spread_media(self, rows: NDArray[np.int64], count: int) -> dict[str, NDArray[Any]]:
        media = dict(self.media)
        if self.spec is None or not media:
            return media
        if self.spec.offset_key:
            lengths = np.zeros(count, dtype=np.int64)
            lengths[rows] = np.diff(media[self.spec.offset_key])
            media[self.spec.offset_key] = np.concatenate([[0], np.cumsum(lengths)])
            return media
        if self.spec.key:
            pixels = media[self.spec.key]
            media[self.spec.key] = np.zeros((count, *pixels.shape[1:]), dtype=pixels.dtype)
            media[self.spec.key][rows] = pixels
        return media


def file_count(count: int) -> str:
    """So many files, in words."""
    return "1 file" if count == 1 else f"{count:,} files"
