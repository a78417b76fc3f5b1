"""Whose answers suffer when a component's contribution is taken out of the logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.services.sample.samples import NATS_PER_BIT, classes, in_split
from dashboard.services.store.catalog import Checkpoint, table
from dashboard.services.trust import state
from dashboard.services.trust.state import FEWEST, State
from dmil_core import schema
from dmil_core.metrics import fidelity
from dmil_core.partial_information.pointwise import mean_of

#: Two-sided 5 % of the normal distribution.
_Z: Final = 1.96


@dataclass(frozen=True)
class Removed:
    """What samples of each type lose without each component.

    Attributes
    ----------
    by : what the types are: ``truth``, or ``gate``, the component of the largest gate.
    counts : type to its number of samples.
    accuracy : rows the component taken away, columns types: share of samples that become wrong,
        less the share that become right.
    bits : the same of the log probability of the true class, in bits.
    wrong : the same, how many samples become wrong.
    failing, failing_in_bits : components with enough samples of their own whose removal does not
        cost these significantly more than any others, by accuracy and by bits.
    """

    by: str
    counts: dict[str, int]
    accuracy: pd.DataFrame
    bits: pd.DataFrame
    wrong: pd.DataFrame
    failing: tuple[str, ...]
    failing_in_bits: tuple[str, ...]

    @property
    def heads(self) -> dict[str, str]:
        """Type to its name in a table; how many samples there are where they are few."""
        return {c: c if n >= FEWEST else f"{c} ({n})" for c, n in self.counts.items()}

    @property
    def judged(self) -> tuple[str, ...]:
        """Components with enough samples of their own."""
        return tuple(c for c, n in self.counts.items() if n >= FEWEST and c in self.accuracy.index)

    @property
    def state(self) -> State:
        """Judged by accuracy; open where no component has enough samples."""
        return state.of(not self.failing) if self.judged else "open"


def removed(checkpoint: Checkpoint, split: str) -> Removed | None:
    """None for a model whose logits are no sum over components."""
    if not _additive(checkpoint) or in_split(table(checkpoint), split).empty:
        return None
    return _removed(str(checkpoint.folder), checkpoint.stamp, split, checkpoint)


def breaks(checkpoint: Checkpoint, component: str) -> pd.Series[bool]:
    """By id, whether an answer is right and becomes wrong without a component; none does where the
    model has no such component."""
    frame = table(checkpoint)
    broken = np.zeros(len(frame), dtype=bool)
    if _additive(checkpoint) and component in schema.components_in(frame.columns):
        losses = _losses(str(checkpoint.folder), checkpoint.stamp, checkpoint)
        broken = losses[component].to_numpy() > 0
    return pd.Series(broken, index=frame.index, dtype=bool)


def types_of(frame: pd.DataFrame) -> tuple[str, pd.Series[str]] | None:
    """``truth`` and the true interaction types of a table's rows, or ``gate`` and the components of
    the largest gates; None where neither is known."""
    if schema.INTERACTION_TYPE in frame and frame[schema.INTERACTION_TYPE].notna().all():
        return "truth", frame[schema.INTERACTION_TYPE].astype(str)
    return ("gate", frame["dominant"].astype(str)) if "dominant" in frame else None


def _additive(checkpoint: Checkpoint) -> bool:
    columns = table(checkpoint).columns
    return "dominant" in columns and schema.contribution("R", classes(checkpoint)[0]) in columns


@st.cache_resource(max_entries=16, show_spinner="Removing each component …")
def _losses(folder: str, key: str, _checkpoint: Checkpoint) -> pd.DataFrame:
    return fidelity.lost(table(_checkpoint), classes(_checkpoint))


@st.cache_resource(max_entries=16, show_spinner="Removing each component …")
def _removed(folder: str, key: str, split: str, _checkpoint: Checkpoint) -> Removed | None:
    frame = in_split(table(_checkpoint), split)
    known = types_of(frame)
    if known is None:
        return None
    by, types = known
    accuracy = _losses(folder, key, _checkpoint).loc[frame.index]
    bits = fidelity.lost(frame, classes(_checkpoint), "nats") / NATS_PER_BIT
    counts = {str(c): int(n) for c, n in types.value_counts().items()}
    names = [c for c in accuracy.columns if c in counts]
    return Removed(
        by,
        {c: counts[c] for c in names},
        accuracy.groupby(types).mean().T[names],
        bits.groupby(types).mean().T[names],
        (accuracy > 0).groupby(types).sum().T[names],
        _failing(accuracy, types, names),
        _failing(bits, types, names),
    )


def _failing(losses: pd.DataFrame, types: pd.Series[str], names: list[str]) -> tuple[str, ...]:
    """Components whose removal does not cost their own samples more than every other type's."""
    groups = {c: losses[types == c] for c in names}
    groups = {c: rows for c, rows in groups.items() if len(rows) >= FEWEST}
    return tuple(c for c in groups if not _costs_its_own(c, groups))


def _costs_its_own(component: str, groups: dict[str, pd.DataFrame]) -> bool:
    means = {c: mean_of(rows[component].dropna().to_numpy(float)) for c, rows in groups.items()}
    own = means.pop(component)
    return all(
        own.value - other.value > _Z * np.hypot(own.error, other.error)
        for other in means.values()
    ) and own.value > _Z * own.error  # fmt: skip
