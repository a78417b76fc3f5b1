"""Estimates of R, U1, U2 and S beside each other, in bits: do they agree?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from dashboard.services.sample import estimates, information
from dashboard.services.sample.samples import in_split, modality_names
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, table
from dashboard.services.trust.state import State
from dmil_core import schema
from dmil_core.metrics.intervals import Interval

#: Estimates agree that differ by no more than this share of all information.
TOLERANCE: Final = 0.05
#: Models whose heads are shown beside those of the chosen one.
_OTHERS: Final = ("dmil", "ensemble")


@dataclass(frozen=True)
class Difference:
    """Two estimates of one part, in bits."""

    part: str
    first: str
    of_first: float
    second: str
    of_second: float

    @property
    def size(self) -> float:
        """How far they are from each other."""
        return abs(self.of_first - self.of_second)


@dataclass(frozen=True)
class Beside:
    """The estimates of a split.

    Attributes
    ----------
    frame : columns who, part, mean, low, high, rows; see `information.averages`.
    compared : the two that are judged: heads and the exact values, or heads and the data alone.
    apart : differences beyond the tolerance between estimates whose intervals are disjoint.
    unclear : such differences within overlapping intervals.
    shortfall : where the estimate from the data alone is known to miss something.
    clusters : how many, and their parts in bits, of the largest number with enough samples.
    types : true interaction type to its share of the samples; empty where not known.
    """

    frame: pd.DataFrame
    compared: tuple[str, ...]
    apart: tuple[Difference, ...]
    unclear: tuple[Difference, ...]
    shortfall: information.Shortfall | None
    clusters: tuple[int, Mapping[str, float]] | None
    types: Mapping[str, float]

    @property
    def state(self) -> State:
        """Open with one estimate alone, or where intervals are too wide to tell."""
        if self.shortfall is not None:
            return "fails"
        if len(self.compared) < 2:
            return "open"
        return "fails" if self.apart else "open" if self.unclear else "passes"

    def of(self, who: str) -> dict[str, float]:
        """Part to mean bits of one estimate."""
        return {part: interval.value for part, interval in _intervals(self.frame, who).items()}

    @property
    def largest(self) -> Difference | None:
        """The largest difference of a part of the two that are judged."""
        if len(self.compared) < 2:
            return None
        return max(_differences(self.frame, *self.compared[:2])[0], key=lambda d: d.size)


def beside(
    catalog: CheckpointCatalog, checkpoint: Checkpoint, split: str, definition: str
) -> Beside | None:
    """None where nobody can tell, as of three inputs or without heads of single inputs."""
    if len(modality_names(checkpoint)) != 2:
        return None
    ready = {c.model: c for c in catalog.ready(checkpoint.data, checkpoint.seed)}
    names = dict.fromkeys((checkpoint.model, *_OTHERS))
    able = [c for n in names if (c := ready.get(n)) and information.has_unimodal_heads(c)]
    frame = information.averages(able or [checkpoint], split, definition)
    if frame.empty:
        return None
    who = list(dict.fromkeys(frame["who"]))
    heads = [c.model for c in able if c.model in who][:1]
    others = [w for w in (information.EXACT, information.DATA) if w in who]
    compared = (*heads, *others[:1])
    apart: list[Difference] = []
    unclear: list[Difference] = []
    if len(compared) == 2:
        differences, disjoint = _differences(frame, *compared)
        tolerance = TOLERANCE * float(frame.loc[frame["part"] == "all", "mean"].max())
        beyond = [d for d in differences if d.size > tolerance]
        apart = [d for d in beyond if d.part in disjoint]
        unclear = [d for d in beyond if d.part not in disjoint]
    return Beside(
        frame, compared, tuple(apart), tuple(unclear), information.shortfall(checkpoint),
        _clusters(checkpoint), _types(checkpoint, split),
    )  # fmt: skip


def _differences(frame: pd.DataFrame, one: str, other: str) -> tuple[list[Difference], set[str]]:
    """Of each part, and the parts whose intervals are disjoint."""
    first, second = (_intervals(frame, who) for who in (one, other))
    parts = [p for p in schema.COMPONENTS if p in first and p in second]
    differences = [Difference(p, one, first[p].value, other, second[p].value) for p in parts]
    disjoint = {
        str(p) for p in parts if first[p].low > second[p].high or second[p].low > first[p].high
    }
    return differences, disjoint


def _intervals(frame: pd.DataFrame, who: str) -> dict[str, Interval]:
    rows = frame[frame["who"] == who]
    numbers = rows[["mean", "low", "high"]].to_numpy(dtype=float).tolist()
    return {str(p): Interval(*row) for p, row in zip(rows["part"], numbers, strict=True)}


def _clusters(checkpoint: Checkpoint) -> tuple[int, Mapping[str, float]] | None:
    frame = estimates.clusters(checkpoint)
    enough = frame[~frame["few"].astype(bool)]
    if enough.empty:
        return None
    count = int(enough["clusters"].max())
    rows = enough[enough["clusters"] == count]
    return count, {str(p): float(v) for p, v in zip(rows["part"], rows["mean"], strict=True)}


def _types(checkpoint: Checkpoint, split: str) -> dict[str, float]:
    frame = in_split(table(checkpoint), split)
    if schema.INTERACTION_TYPE not in frame or frame[schema.INTERACTION_TYPE].isna().any():
        return {}
    shares = frame[schema.INTERACTION_TYPE].value_counts(normalize=True)
    return {str(c): float(v) for c, v in shares.items()}
