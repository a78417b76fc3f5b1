"""Where two trained models differ: sample by sample, in answer, probabilities and gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.services.comparison.chosen import aligned
from dashboard.services.sample.samples import classes, decomposition, gates, record
from dashboard.services.store.catalog import Checkpoint
from dmil_core import schema


def differences(first: Checkpoint, second: Checkpoint, split: str) -> pd.DataFrame:
    """Every sample of a split that both models have, largest change first, indexed by id.

    Columns id, truth; ``first_says``, ``first_p`` (how sure), ``first_right`` and the same of
    ``second``; distance (total variation of the two posteriors, 0 to 1); where both have a gate
    with the same components gate_distance (total variation of the gates), gate_part (component
    whose weight differs most) and gate_by (second less first).
    """
    a, b = aligned((first, second), split)
    frame = pd.DataFrame({"id": a["id"], "truth": a["y"]})
    for name, rows in (("first", a), ("second", b)):
        frame[f"{name}_says"], frame[f"{name}_p"] = rows["pred"], rows["confidence"]
        frame[f"{name}_right"] = rows["correct"].astype(bool)
    columns = _columns(first, second)
    frame["distance"] = _distance(_matrix(a, columns), _matrix(b, columns))
    available = schema.components_in(a.columns)
    if available and available == schema.components_in(b.columns):
        columns = [schema.gate(c) for c in available]
        left, right = _matrix(a, columns), _matrix(b, columns)
        change = right - left
        most = np.abs(change).argmax(axis=1)
        frame["gate_distance"] = _distance(left, right)
        frame["gate_part"] = np.asarray(available)[most]
        frame["gate_by"] = change[np.arange(len(change)), most]
    return frame.sort_values("distance", ascending=False, kind="stable")


def _classes(first: Checkpoint, second: Checkpoint) -> list[str]:
    return list(dict.fromkeys((*classes(first), *classes(second))))


def _columns(first: Checkpoint, second: Checkpoint) -> list[str]:
    return [schema.prob(c) for c in _classes(first, second)]


def _matrix(rows: pd.DataFrame, columns: list[str]) -> Any:
    """Columns as numbers (N, C); a class that a model does not know has no probability."""
    return rows.reindex(columns=columns, fill_value=0.0).to_numpy(dtype=float)


def _distance(p: Any, q: Any) -> Any:
    return 0.5 * np.abs(p - q).sum(axis=1)


def distance(first: Checkpoint, second: Checkpoint, sample: str) -> float:
    """Total variation distance between two posteriors of one sample, 0 to 1."""
    left, right = record(first, sample), record(second, sample)
    gaps = (
        abs(float(left.get(c, 0.0)) - float(right.get(c, 0.0))) for c in _columns(first, second)
    )
    return 0.5 * sum(gaps)


def posteriors(first: Checkpoint, second: Checkpoint, sample: str, most: int = 6) -> pd.DataFrame:
    """Columns cls, first, second: probabilities of the classes that matter, most probable first.

    These are the true class and, ``most`` in all, those that either model gives half a percent.
    """
    left, right = record(first, sample), record(second, sample)
    rows = [
        (c, float(left.get(schema.prob(c), 0.0)), float(right.get(schema.prob(c), 0.0)))
        for c in _classes(first, second)
    ]
    frame = pd.DataFrame(rows, columns=["cls", "first", "second"])
    largest = frame[["first", "second"]].max(axis=1).where(frame["cls"] != left["y"], 1.0)
    order = largest[largest >= 0.005].sort_values(ascending=False, kind="stable").index
    return frame.loc[order[:most]].reset_index(drop=True)


@dataclass(frozen=True)
class Moved:
    """The component in which two models differ most, and what each gives it."""

    component: str
    first: float
    second: float


def gate_moved(first: Checkpoint, second: Checkpoint, sample: str) -> Moved | None:
    """Whose gate weight differs most; None where not both have the same components."""
    left, right = (
        dict(zip(g["component"], g["weight"], strict=True))
        for g in (gates(first, sample), gates(second, sample))
    )
    return _most(left, right)


def contribution_moved(
    first: Checkpoint, second: Checkpoint, sample: str, cls: str, against: str
) -> Moved | None:
    """Whose contribution to a class differs most, in bits; None where not both have them."""
    splits = [decomposition(one, sample, cls, against) for one in (first, second)]
    one, two = (s.parts if s is not None else {} for s in splits)
    return _most(one, two)


def _most(left: dict[str, float], right: dict[str, float]) -> Moved | None:
    if not left or set(left) != set(right):
        return None
    part = max(left, key=lambda c: abs(right[c] - left[c]))
    return Moved(part, left[part], right[part])
