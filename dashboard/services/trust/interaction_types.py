"""Does the gate find the true interaction type; where that is not known, do gate and bits agree?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services import evidence
from dashboard.services.sample import information, samples
from dashboard.services.sample.samples import rows_in
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dashboard.services.trust import state
from dashboard.services.trust.state import State
from dmil_core import schema
from dmil_core.metrics.intervals import Interval, wilson

#: Smallest agreement that passes: of the largest possible one, and of gate and bits.
LEAST_OF_BOUND: Final = 0.97
LEAST_WITH_BITS: Final = 0.8


@dataclass(frozen=True)
class ByTruth:
    """The largest gate against the true interaction type.

    Attributes
    ----------
    counts : rows are true types, columns components of the largest gate.
    agree, total : samples.
    share : of samples that agree, with its interval.
    frequent : the most frequent true type and its share: what a constant answer would reach.
    bound : share that the exact posterior of the type reaches on these samples; None where the
        distribution is not known.
    """

    counts: pd.DataFrame
    agree: int
    total: int
    share: Interval
    frequent: tuple[str, float]
    bound: float | None

    @property
    def state(self) -> State:
        """Judged by the lower end of the interval."""
        return state.of(self.share.low >= LEAST_OF_BOUND * (self.bound or 1.0))


@dataclass(frozen=True)
class ByBits:
    """The component of the largest gate against the largest part in bits.

    Attributes
    ----------
    rows : component, samples with its gate the largest, how many of them have another part largest.
    """

    rows: tuple[tuple[str, int, int], ...]
    agree: int
    total: int
    share: Interval

    @property
    def state(self) -> State:
        """Judged by the lower end of the interval."""
        return state.of(self.share.low >= LEAST_WITH_BITS)


def by_truth(checkpoint: Checkpoint, split: str) -> ByTruth | None:
    """None where the model has no gate, or the types are not known."""
    return _by_truth(str(checkpoint.folder), checkpoint.stamp, split, checkpoint)


@st.cache_resource(max_entries=32, show_spinner="Comparing gate and truth …")
def _by_truth(folder: str, key: str, split: str, _checkpoint: Checkpoint) -> ByTruth | None:
    counts = evidence.truth_by_gate(_checkpoint, split)
    if counts is None:
        return None
    agree = sum(int(counts.loc[c, c]) for c in counts.index)
    types = counts.sum(axis=1)
    total = int(types.sum())
    frequent = str(types.idxmax())
    return ByTruth(
        counts, agree, total, _share(agree, total),
        (frequent, int(types[frequent]) / total), _bound(_checkpoint, split),
    )  # fmt: skip


def _bound(checkpoint: Checkpoint, split: str) -> float | None:
    """Share of a split's samples whose type the exact posterior of a `switch` set finds."""
    from dmil_core.data.synthetic import switch

    name = checkpoint.run.data_source if checkpoint.run else ""
    data: Any = samples.source(checkpoint)
    stem = name.partition(":")[0]
    if stem not in (switch.NAME, switch.THREE) or isinstance(data, DataProblem):
        return None
    rows = np.arange(len(data)) if split == "all" else data.rows(split)
    posterior = switch.switch_distribution(name).posteriors(*(x[rows] for x in data.inputs))
    names = np.asarray(schema.components(data.modalities))
    found: NDArray[np.bool_] = (
        names[posterior.c_joint.argmax(axis=1)] == data.interaction_type[rows]
    )
    return float(found.mean())


def by_bits(checkpoint: Checkpoint, split: str, definition: str) -> ByBits | None:
    """None where the model has no gate, or no head for each of two inputs."""
    same = information.agree(checkpoint, definition)
    split_rows = rows_in(checkpoint, split)
    if same is None or split_rows.empty:
        return None
    agrees = same[split_rows.positions]
    gate = split_rows.words("dominant").texts()
    rows = tuple(
        (c, int((gate == c).sum()), int(((gate == c) & ~agrees).sum()))
        for c in samples.components(checkpoint)
    )
    agree = int(agrees.sum())
    return ByBits(rows, agree, len(agrees), _share(agree, len(agrees)))


def _share(part: int, total: int) -> Interval:
    return Interval(part / total, *wilson(part, total))
