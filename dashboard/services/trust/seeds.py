"""Trainings of a model with several seeds: do gate and accuracy come out the same?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd

from dashboard.services.comparison import board
from dashboard.services.sample import samples
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog
from dashboard.services.trust import state
from dashboard.services.trust.state import State

#: Largest range over seeds that passes: of a component's mean gate weight, and of the accuracy.
MOST_OF_GATE: Final = 0.1
MOST_OF_ACCURACY: Final = 0.05
ACCURACY: Final = "accuracy"


@dataclass(frozen=True)
class Seeds:
    """Figures of each seed.

    Attributes
    ----------
    stored : whether the models themselves are here, and can be opened; else records of runs.
    runs : indexed by seed; columns accuracy and the components' mean gate weights, from 0 to 1.
    other_data : whether the records are of another version of the data.
    """

    stored: bool
    runs: pd.DataFrame
    other_data: bool = False

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Lowest and highest of each figure."""
        return {
            str(c): (float(self.runs[c].min()), float(self.runs[c].max()))
            for c in self.runs.columns
        }

    @property
    def failing(self) -> tuple[str, ...]:
        """Figures that vary too much."""
        limits = {ACCURACY: MOST_OF_ACCURACY}
        return tuple(
            c for c, (low, high) in self.ranges.items() if high - low > limits.get(c, MOST_OF_GATE)
        )

    @property
    def state(self) -> State:
        """Judged by the ranges."""
        return state.of(not self.failing)


def seeds(catalog: CheckpointCatalog, checkpoint: Checkpoint, split: str) -> Seeds | None:
    """Of the trained models of several seeds, else of recorded runs; None with one seed alone."""
    stored = {
        c.seed: c
        for seed in catalog.seeds(checkpoint.data)
        for c in catalog.ready(checkpoint.data, seed)
        if c.model == checkpoint.model
    }
    if len(stored) > 1:
        return Seeds(True, pd.DataFrame({s: _figures(c, split) for s, c in stored.items()}).T)
    recorded = board.recorded(catalog.root, board.split_of(split)).of(checkpoint.data)
    runs = recorded[recorded["paradigm"] == checkpoint.model].set_index("seed").sort_index()
    if len(runs) < 2 or checkpoint.data in catalog.own:
        return None
    gates = {f"mean_gate_{c}": c for c in samples.components(checkpoint)}
    known = [c for c in gates if c in runs and runs[c].notna().all()]
    digests = set(runs["digest"]) - {""}
    digest = checkpoint.run.data_digest if checkpoint.run else ""
    return Seeds(
        False,
        runs[[ACCURACY, *known]].rename(columns=gates).astype(float),
        bool(digests) and digest not in digests,
    )


def _figures(checkpoint: Checkpoint, split: str) -> dict[str, float]:
    rows = samples.rows_in(checkpoint, split)
    weights = samples.mean_gates_of(rows)
    gates = zip(weights["component"], weights["weight"], strict=True)
    return {ACCURACY: float(rows.correct.mean()), **{str(c): float(w) for c, w in gates}}
