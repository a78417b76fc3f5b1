"""What inputs tell of a sample's class, in bits: by a model's heads, by small networks that read
the data alone, and exactly where the distribution of the data is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.services.sample.estimates import account, kept_stamp
from dashboard.services.sample.samples import NATS_PER_BIT, in_split, record, source
from dashboard.services.store.catalog import Checkpoint, DataProblem, checkpoint_catalog, table
from dashboard.state.view import ESTIMATORS
from dmil_core.errors import ConfigError
from dmil_core.information.heads import Calibration, from_heads, has_two_heads
from dmil_core.information.store import GROUP
from dmil_core.information.truth import exact_pointwise, known_distribution
from dmil_core.partial_information.pointwise import PARTS, QUANTITIES, largest_part, mean_of

#: Who tells the averages of a set beside its models: networks that read it, and its known
#: distribution.
DATA, EXACT = "data alone", "exact"
#: Share of what another finds below which the networks that read the data have missed too much.
_ENOUGH = 0.95


@dataclass(frozen=True)
class SampleInformation:
    """The pointwise mutual information of one sample's inputs with its class, in bits.

    Attributes
    ----------
    values : i1, i2, i12, r, u1, u2, s by who tells.
    exact : the same from the distribution of the data; None where it is not known.
    calibration : of x1's head, x2's and the final answer, on test rows; none of the data alone.
    seen : whether who tells was trained on this sample.
    """

    values: dict[str, float]
    exact: dict[str, float] | None
    calibration: tuple[Calibration, ...]
    seen: bool

    @property
    def parts(self) -> dict[str, float]:
        """r, u1, u2 and s by the letters of their components."""
        return {name.upper(): self.values[name] for name in PARTS}

    @property
    def exact_parts(self) -> dict[str, float] | None:
        """The exact ones."""
        return self.exact and {name.upper(): self.exact[name] for name in PARTS}


@dataclass(frozen=True)
class Shortfall:
    """The networks that read the data find less than a model does: mean bits on test rows."""

    estimate: float
    model: str
    more: float


def has_unimodal_heads(checkpoint: Checkpoint) -> bool:
    """Whether this model has a head for each of two inputs."""
    return checkpoint.status == "ready" and has_two_heads(table(checkpoint).columns)


def other_with_unimodal_heads(checkpoint: Checkpoint) -> Checkpoint | None:
    """A model of the same data and seed that does, `dmil` first."""
    ready = [
        c
        for c in checkpoint_catalog().ready(checkpoint.data, checkpoint.seed)
        if has_unimodal_heads(c)
    ]
    return min(ready, key=lambda c: c.model != "dmil", default=None)


def bits(checkpoint: Checkpoint, definition: str) -> pd.DataFrame | None:
    """Columns i1, i2, i12, r, u1, u2, s by the model's heads, indexed by id; None where the model
    cannot tell."""
    heads = _estimates_of_heads(checkpoint, definition)
    return None if heads is None else heads[0]


def bits_by(checkpoint: Checkpoint, definition: str, estimator: str) -> pd.DataFrame | None:
    """The same by whom the visitor asks, or who can tell where they cannot; None if nobody can."""
    able = estimators(checkpoint)
    if not able:
        return None
    asked = estimator if estimator in able else able[0]
    return (
        bits(checkpoint, definition)
        if asked == "model"
        else _estimates_of_data(checkpoint, definition)
    )


def averages(checkpoints: Sequence[Checkpoint], split: str, definition: str) -> pd.DataFrame:
    """What a split's inputs tell on average, in bits, with 95% intervals over rows.

    Columns who, part (R, U1, U2, S, and all for i(x1,x2;y)), mean, low, high, rows. A model that
    cannot tell is left out; after the models come networks that read the data alone, where their
    estimates are kept, and last the exact averages, where the distribution of the data is known.
    Rows of a group, where it is kept which they are, count for one in the intervals; those of the
    networks include the error by their fit, where it is kept.
    """
    key = "|".join(
        [
            *(f"{checkpoint.folder}:{checkpoint.stamp}" for checkpoint in checkpoints),
            kept_stamp(checkpoints[0]),
        ]
    )
    return _averages(key, split, definition, tuple(checkpoints))


@st.cache_resource(max_entries=32, show_spinner="Averaging …")
def _averages(
    key: str, split: str, definition: str, _checkpoints: tuple[Checkpoint, ...]
) -> pd.DataFrame:  # fmt: skip
    result = _checkpoints
    tables = {
        checkpoint.model: frame
        for checkpoint in result
        if (frame := bits(checkpoint, definition)) is not None
    }
    kept = account(result[0])
    if (alone := _estimates_of_data(result[0], definition)) is not None:
        tables[DATA] = alone
    if tables and (distribution := _exact(result[0], definition)) is not None:
        tables[EXACT] = distribution
    by_fit = {} if kept is None else kept.fit_errors(definition)  # type: ignore[arg-type]
    records = []
    for who, frame in tables.items():
        rows = frame[frame.index.isin(in_split(table(result[0]), split)["id"])]
        groups = None
        if kept is not None and GROUP in kept.rows:
            groups = kept.rows[GROUP].reindex(rows.index).astype(str).to_numpy()
        for part in (*PARTS, "i12"):
            values = rows[part].to_numpy(dtype=float)
            if len(values) > 1:
                fit_error = by_fit.get(part, 0.0) / NATS_PER_BIT if who == DATA else 0.0
                average = mean_of(values, groups, fit_error)
                mean, reach = average.value, 1.96 * average.error
                name = "all" if part == "i12" else part.upper()
                records.append((who, name, mean, mean - reach, mean + reach, len(values)))
    return pd.DataFrame(records, columns=["who", "part", "mean", "low", "high", "rows"])


def agree(checkpoint: Checkpoint, definition: str) -> pd.Series[bool] | None:
    """For each sample, by id, whether its largest part in bits has the largest gate; None where
    the model has no gate or no heads."""
    by_heads = bits(checkpoint, definition)
    if by_heads is None or not checkpoint.gated:
        return None
    largest = largest_part(*(by_heads[p].to_numpy() for p in PARTS))
    return pd.Series(largest == table(checkpoint)["dominant"].to_numpy(), index=by_heads.index)


def agreement(checkpoint: Checkpoint, split: str, definition: str) -> float | None:
    """Share of a split's samples for which gate and bits agree; None where none can."""
    same = agree(checkpoint, definition)
    rows = in_split(table(checkpoint), split)
    return None if same is None or rows.empty else float(same[rows["id"]].mean())


def apart(checkpoint: Checkpoint, rows: pd.DataFrame, definition: str) -> pd.DataFrame:
    """The rows for which gate and bits disagree; all of them where the model cannot tell."""
    same = agree(checkpoint, definition)
    return rows if same is None else rows[~same[rows["id"]].to_numpy()]


def estimators(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Who can tell of this model's samples: of ``state.TELLERS``."""
    can = {"model": has_unimodal_heads(checkpoint), "data": account(checkpoint) is not None}
    return tuple(estimator for estimator in ESTIMATORS if can[estimator])


def of_sample(
    checkpoint: Checkpoint, sample: str, definition: str, estimator: str = "model"
) -> SampleInformation | None:
    """The information of a sample of this model's table; None where who is asked cannot tell."""
    calibration: tuple[Calibration, ...] = ()
    if estimator == "model":
        heads = _estimates_of_heads(checkpoint, definition)
        frame, calibration = heads or (None, ())
    else:
        frame = _estimates_of_data(checkpoint, definition)
    if frame is None or sample not in frame.index:
        return None
    distribution = _exact(checkpoint, definition)
    known = (
        None
        if distribution is None or sample not in distribution.index
        else _row(distribution, sample)
    )
    seen = estimator == "model" and record(checkpoint, sample)["split"] == "train"
    return SampleInformation(_row(frame, sample), known, calibration, seen)


def shortfall(checkpoint: Checkpoint) -> Shortfall | None:
    """Where a model of this set finds clearly more than the networks that read the data do.

    The mean of what is told of rows that were not trained on is no more than the information there
    is, so that who finds less has missed something, and its parts do not describe the data.
    """
    rows = in_split(table(checkpoint), "test")["id"]
    by_data = _estimates_of_data(checkpoint, "same-sign")
    if by_data is None or rows.empty:
        return None
    mean = float(by_data["i12"].reindex(rows).mean())
    best = Shortfall(mean, "", -np.inf)
    for other in _some(checkpoint_catalog().ready(checkpoint.data, checkpoint.seed), checkpoint):
        if (frame := bits(other, "same-sign")) is not None:
            more = float(frame.loc[rows, "i12"].mean())
            best = Shortfall(mean, other.model, more) if more > best.more else best
    return best if mean < _ENOUGH * best.more else None


def _some(ready: Sequence[Checkpoint], chosen: Checkpoint) -> list[Checkpoint]:
    return [c for c in ready if c.model in (chosen.model, "dmil", "ensemble")]


def _estimates_of_data(checkpoint: Checkpoint, definition: str) -> pd.DataFrame | None:
    kept = account(checkpoint)
    if kept is None:
        return None
    return _bits(kept.split(definition).columns(), kept.rows.index)  # type: ignore[arg-type]


def _estimates_of_heads(
    checkpoint: Checkpoint, definition: str
) -> tuple[pd.DataFrame, tuple[Calibration, ...]] | None:
    if not has_unimodal_heads(checkpoint):
        return None
    classes = checkpoint.run.classes if checkpoint.run else ()
    return _heads(str(checkpoint.folder), checkpoint.stamp, classes, definition, checkpoint)


@st.cache_resource(max_entries=12, show_spinner="Reading the heads …")
def _heads(
    folder: str, key: str, classes: tuple[str, ...], definition: str, _checkpoint: Checkpoint
) -> tuple[pd.DataFrame, tuple[Calibration, ...]] | None:
    frame = table(_checkpoint)
    try:
        heads = from_heads(frame, classes, definition)  # type: ignore[arg-type]
    except ConfigError:
        return None
    return _bits(heads.rows.columns(), frame.index), heads.calibration


def _row(frame: pd.DataFrame, sample: str) -> dict[str, float]:
    values = frame.loc[sample, list(QUANTITIES)].to_numpy(dtype=float)
    return dict(zip(QUANTITIES, values.tolist(), strict=True))


def _bits(columns: dict[str, Any], ids: Any) -> pd.DataFrame:
    return pd.DataFrame({k: v / NATS_PER_BIT for k, v in columns.items()}, index=ids)


def _exact(checkpoint: Checkpoint, definition: str) -> pd.DataFrame | None:
    """Exact bits of every row, indexed by id; None where the distribution of the data is not
    known."""
    if checkpoint.run is None:
        return None
    return _exact_of(checkpoint.run.data_source, checkpoint.run.data_digest, definition, checkpoint)


@st.cache_resource(max_entries=6, show_spinner="Computing exact values …")
def _exact_of(
    name: str, digest: str, definition: str, _checkpoint: Checkpoint
) -> pd.DataFrame | None:  # fmt: skip
    try:
        distribution = known_distribution(name)
    except ConfigError:
        return None
    data = source(_checkpoint)
    if distribution is None or isinstance(data, DataProblem):
        return None
    rows = exact_pointwise(distribution, data.x1, data.x2, data.y, definition)  # type: ignore[arg-type]
    return _bits(rows.columns(), np.asarray(data.ids))
