"""What inputs tell of a sample's class, in bits: by a model's heads, by small networks that read
the data alone, and exactly where the distribution of the data is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.sample.estimates import account, kept_stamp
from dashboard.services.sample.samples import NATS_PER_BIT, classes, record, rows_in, source
from dashboard.services.store.catalog import (
    Checkpoint,
    DataProblem,
    checkpoint_catalog,
    predictions,
    table,
)
from dashboard.services.store.rows import LargeTable, largest_of
from dashboard.state.view import ESTIMATORS
from dmil_core import schema
from dmil_core.errors import ConfigError
from dmil_core.information.heads import (
    Calibration,
    Fit,
    columns_of_heads,
    from_heads,
    has_two_heads,
    pointwise,
)
from dmil_core.information.store import GROUP
from dmil_core.information.truth import exact_pointwise, known_distribution
from dmil_core.io.columns import Words
from dmil_core.partial_information.pointwise import PARTS, QUANTITIES, Pointwise, mean_of

#: Who tells the averages of a set beside its models: networks that read it, and its known
#: distribution.
DATA, EXACT = "data alone", "exact"
#: What averages are told of, and what they are called.
_AVERAGED = {**{name: name.upper() for name in PARTS}, "i12": "all"}
#: Rows of a large table that its heads are calibrated on, spread over it.
FITTED = 400_000
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
    return checkpoint.status == "ready" and has_two_heads(predictions(checkpoint).columns)


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
    if heads is None or heads[0] is not None:
        return None if heads is None else heads[0]
    found = {name: part(checkpoint, definition, name) for name in QUANTITIES}
    return pd.DataFrame(found, index=_ids(checkpoint))


def part(
    checkpoint: Checkpoint, definition: str, name: str, split: str = "all"
) -> NDArray[Any] | None:
    """(N,) one of these columns by position in the model's table; None where the model cannot
    tell.

    Of a large table only the rows of a split are computed, which takes its share of the time;
    others are not a number.
    """
    table = predictions(checkpoint)
    if not isinstance(table, LargeTable):
        frame = bits(checkpoint, definition)
        return None if frame is None else frame[name].to_numpy()
    heads = _estimates_of_heads(checkpoint, definition)
    if heads is None:
        return None

    member = _member(table, split)

    def read() -> NDArray[np.float32]:
        result = np.full(len(table), np.nan, np.float32)
        for rows, found in _blocks(table, classes(checkpoint), heads[1], definition, member):
            result[rows][member[rows]] = getattr(found, name) / NATS_PER_BIT
        return result

    return table.kept(("bits", definition, name, split), read)


def _member(table: LargeTable, split: str) -> NDArray[np.bool_]:
    if split == "all":
        return np.ones(len(table), dtype=bool)
    return table.words("split").equal(split)


def part_by(
    checkpoint: Checkpoint, definition: str, estimator: str, name: str, split: str = "all"
) -> NDArray[Any] | None:
    """The same by whom the visitor asks, or who can tell where they cannot; None if nobody can."""
    able = estimators(checkpoint)
    if not able:
        return None
    if (estimator if estimator in able else able[0]) == "model":
        return part(checkpoint, definition, name, split)
    frame = _estimates_of_data(checkpoint, definition)
    return None if frame is None else frame[name].reindex(_ids(checkpoint)).to_numpy()


def largest(checkpoint: Checkpoint, definition: str) -> Words | None:
    """The component with the largest part in bits, by position in the model's table; None where the
    model cannot tell."""
    parts = [part(checkpoint, definition, name) for name in PARTS]
    known = [values for values in parts if values is not None]
    if len(known) < len(PARTS):
        return None

    def found() -> Words:
        return Words(largest_of(known), tuple(name.upper() for name in PARTS))

    return predictions(checkpoint).kept(("largest", definition), found)


def _ids(checkpoint: Checkpoint, split: str = "all") -> list[str]:
    return rows_in(checkpoint, split).ids[:]


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
    records: list[tuple[object, ...]] = []
    tables: dict[str, pd.DataFrame] = {}
    for checkpoint in result:
        if isinstance(predictions(checkpoint), LargeTable):
            records += _large_averages(checkpoint, split, definition)
        elif (frame := bits(checkpoint, definition)) is not None:
            tables[checkpoint.model] = frame
    kept = account(result[0])
    if (alone := _estimates_of_data(result[0], definition)) is not None:
        tables[DATA] = alone
    if (tables or records) and (distribution := _exact(result[0], definition)) is not None:
        tables[EXACT] = distribution
    by_fit = {} if kept is None else kept.fit_errors(definition)  # type: ignore[arg-type]
    wanted = _ids(result[0], split) if tables else []
    for who, frame in tables.items():
        rows = frame[frame.index.isin(wanted)]
        groups = None
        if kept is not None and GROUP in kept.rows:
            groups = kept.rows[GROUP].reindex(rows.index).astype(str).to_numpy()
        for name in _AVERAGED:
            values = rows[name].to_numpy(dtype=float)
            if len(values) > 1:
                fit_error = by_fit.get(name, 0.0) / NATS_PER_BIT if who == DATA else 0.0
                average = mean_of(values, groups, fit_error)
                records.append(_average(who, name, average.value, average.error, len(values)))
    return pd.DataFrame(records, columns=["who", "part", "mean", "low", "high", "rows"])


def _average(who: str, name: str, mean: float, error: float, rows: int) -> tuple[object, ...]:
    reach = 1.96 * error
    return who, _AVERAGED[name], mean, mean - reach, mean + reach, rows


def _large_averages(
    checkpoint: Checkpoint, split: str, definition: str
) -> list[tuple[object, ...]]:
    """The averages of a large table, from sums over its rows."""
    table, heads = predictions(checkpoint), _estimates_of_heads(checkpoint, definition)
    if heads is None or not isinstance(table, LargeTable):
        return []
    member = _member(table, split)
    count, sums = int(member.sum()), np.zeros((2, len(_AVERAGED)))
    if count < 2:
        return []
    blocks = _blocks(table, classes(checkpoint), heads[1], definition, member)
    for _, found in blocks:
        for place, name in enumerate(_AVERAGED):
            values = getattr(found, name) / NATS_PER_BIT
            sums[:, place] += values.sum(), values @ values
    means = sums[0] / count
    errors = np.sqrt(np.maximum(sums[1] / count - means**2, 0.0) / (count - 1))
    return [
        _average(checkpoint.model, name, float(mean), float(error), count)
        for name, mean, error in zip(_AVERAGED, means, errors, strict=True)
    ]


def _blocks(
    table: LargeTable, names: tuple[str, ...], fit: Fit, definition: str,
    member: NDArray[np.bool_],
) -> Iterator[tuple[slice, Pointwise]]:  # fmt: skip
    """The information of those rows of a large table that are marked (N,), some at a time."""
    y = table.words("y").among(names)
    for rows, p in table.blocks(columns_of_heads(names)):
        own = member[rows]
        yield rows, pointwise(p[own], y[rows][own], fit, definition)  # type: ignore[arg-type]


def can_agree(checkpoint: Checkpoint) -> bool:
    """Whether the model has both a gate and heads."""
    return checkpoint.gated and _estimates_of_heads(checkpoint, "same-sign") is not None


def agree(checkpoint: Checkpoint, definition: str) -> NDArray[np.bool_] | None:
    """Whether the largest part in bits has the largest gate, by position in the model's table; None
    where the model has no gate or no heads."""
    if not checkpoint.gated:
        return None
    by_heads = largest(checkpoint, definition)
    if by_heads is None:
        return None
    gate = predictions(checkpoint).words("dominant")
    return np.asarray(by_heads.among(gate.names) == gate.codes)


def agreement(checkpoint: Checkpoint, split: str, definition: str) -> float | None:
    """Share of a split's samples for which gate and bits agree; None where none can."""
    same, rows = agree(checkpoint, definition), rows_in(checkpoint, split)
    return None if same is None or rows.empty else float(same[rows.positions].mean())


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
        values = None if heads is None else _of_heads(checkpoint, sample, *heads, definition)
        calibration = () if heads is None else heads[1].calibration
    else:
        frame = _estimates_of_data(checkpoint, definition)
        values = None if frame is None or sample not in frame.index else _row(frame, sample)
    if values is None:
        return None
    distribution = _exact(checkpoint, definition)
    known = (
        None
        if distribution is None or sample not in distribution.index
        else _row(distribution, sample)
    )
    seen = estimator == "model" and record(checkpoint, sample)["split"] == "train"
    return SampleInformation(values, known, calibration, seen)


def _of_heads(
    checkpoint: Checkpoint, sample: str, frame: pd.DataFrame | None, fit: Fit, definition: str
) -> dict[str, float] | None:
    if frame is not None:
        return _row(frame, sample) if sample in frame.index else None
    row, names = record(checkpoint, sample), classes(checkpoint)
    if not row:
        return None
    p = np.array([[float(row[c]) for c in columns_of_heads(names)]])
    y = np.array([names.index(row["y"])])
    found = pointwise(p, y, fit, definition)  # type: ignore[arg-type]
    return {k: float(v[0]) / NATS_PER_BIT for k, v in found.columns().items()}


def shortfall(checkpoint: Checkpoint) -> Shortfall | None:
    """Where a model of this set finds clearly more than the networks that read the data do.

    The mean of what is told of rows that were not trained on is no more than the information there
    is, so that who finds less has missed something, and its parts do not describe the data.
    """
    by_data = _estimates_of_data(checkpoint, "same-sign")
    if by_data is None or not (rows := _ids(checkpoint, "test")):
        return None
    mean = float(by_data["i12"].reindex(rows).mean())
    best = Shortfall(mean, "", -np.inf)
    for other in _some(checkpoint_catalog().ready(checkpoint.data, checkpoint.seed), checkpoint):
        if (values := part(other, "same-sign", "i12", "test")) is not None:
            more = float(values[rows_in(other, "test").positions].mean(dtype=float))
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
) -> tuple[pd.DataFrame | None, Fit] | None:
    """The bits of every row, indexed by id, and what they were computed with; of a large table only
    the latter, from rows spread over it."""
    if not has_unimodal_heads(checkpoint):
        return None
    return _heads(str(checkpoint.folder), checkpoint.stamp, definition, checkpoint)


@st.cache_resource(max_entries=12, show_spinner="Reading the heads …")
def _heads(
    folder: str, key: str, definition: str, _checkpoint: Checkpoint
) -> tuple[pd.DataFrame | None, Fit] | None:
    known, names = predictions(_checkpoint), classes(_checkpoint)
    large = isinstance(known, LargeTable)
    columns = [
        "split",
        "y",
        schema.unimodal_pred(1),
        schema.unimodal_pred(2),
        *columns_of_heads(names),
    ]
    frame = known.some(columns, FITTED) if isinstance(known, LargeTable) else table(_checkpoint)
    try:
        heads = from_heads(frame, names, definition)  # type: ignore[arg-type]
    except ConfigError:
        return None
    return None if large else _bits(heads.rows.columns(), frame.index), heads.fit


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
