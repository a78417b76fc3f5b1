"""The numbers of a finding, from what the trainings of a visitor's set wrote."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.comparison.models import groups_of
from dashboard.services.finding.numbers import BITS, Contrast, Estimate, Numbers, Source
from dashboard.services.sample import information
from dashboard.services.sample.estimates import account, kept_stamp
from dashboard.services.sample.samples import NATS_PER_BIT, in_split, modality_names
from dashboard.services.store import own_sets
from dashboard.services.store.catalog import (
    Checkpoint,
    CheckpointCatalog,
    checkpoint_catalog,
    table,
)
from dashboard.services.store.own_sets import OwnSet
from dmil_core import schema
from dmil_core.experiments.scoreboard import differences
from dmil_core.information.store import GROUP
from dmil_core.metrics.intervals import by_group, wilson
from dmil_core.partial_information.pointwise import QUANTITIES, Mean, mean_of

#: What counts as shared, as on the pages where nothing else is chosen.
_DEFINITION: Final = "same-sign"
#: Each of `BITS` as a sum of what the estimates have.
_SUMS: Final[dict[str, dict[str, float]]] = {
    **{name: {name: 1.0} for name in QUANTITIES},
    "add1": {"u1": 1.0, "s": 1.0},
    "add2": {"u2": 1.0, "s": 1.0},
    "lead": {"i1": 1.0, "i2": -1.0},
}
#: Of a normal distribution, for 95 %.
_Z: Final = 1.96
#: Share of what dmil finds below which the networks that read the data have missed too much.
_ENOUGH: Final = 0.95
_REFERENCE: Final = "ensemble"
#: The least that a finding is made of.
_NEEDED: Final = ("joint", _REFERENCE)
#: By model, its runs in the order of their seeds.
Runs = Mapping[str, Sequence[Checkpoint]]


def numbers(own_set: OwnSet, among: CheckpointCatalog | None = None) -> Numbers | None:
    """What is known so far; None before joint and ensemble are trained.

    Parameters
    ----------
    among : the checkpoints that there are; by default those that this visitor sees.
    """
    catalog = checkpoint_catalog() if among is None else among
    runs = {
        model: [
            one
            for seed in own_sets.SEEDS
            if (one := catalog.get(own_set.name, model, seed)).status == "ready"
        ]
        for model in own_sets.PARADIGMS
    }
    if not all(runs[model] for model in _NEEDED):
        return None
    every = [one for of_model in runs.values() for one in of_model]
    key = "|".join([*(f"{c.folder}:{c.stamp}" for c in every), kept_stamp(every[0])])
    return _numbers(key, runs, own_set)


@st.cache_resource(max_entries=32, show_spinner="Putting the finding together …")
def _numbers(key: str, _runs: Runs, _own_set: OwnSet) -> Numbers:
    about, first = _own_set.about, _runs[_REFERENCE][0]
    counts = table(first)["y"].value_counts().to_numpy(dtype=float)
    shares = counts / counts.sum()
    seeds = min(len(_runs[model]) for model in own_sets.PARADIGMS if _runs[model])
    names = modality_names(first)
    bits, found_by = _bits(_runs, first) if len(names) == schema.FEWEST_MODALITIES else (None, {})
    return Numbers(
        label=about.label,
        inputs=names,
        classes=len(counts),
        entropy=float(-(shares * np.log2(shares)).sum()),
        largest=float(shares.max()),
        rows=int(counts.sum()),
        test_rows=len(in_split(table(first), "test")),
        runs=seeds,
        own_split=not about.own_split,
        quick=own_sets.is_quick(first),
        bits={} if bits is None else bits.values,
        bits_rows=0 if bits is None else bits.rows,
        source="data" if bits is None else bits.source,
        with_fit=bits is not None and bits.with_fit,
        found_by=found_by,
        alone=tuple(
            _accuracy(_runs[_REFERENCE], schema.unimodal_pred(m))
            for m in schema.modality_numbers(len(names))
        ),
        accuracy={m: _accuracy(runs, "pred") for m, runs in _runs.items() if runs},
        contrasts=_contrasts(_runs, own_split=not about.own_split),
        notes=about.notes,
    )


# --- bits ----------------------------------------------------------------------------------------


class _Bits:
    """Means in bits by one source."""

    def __init__(
        self, source: Source, values: dict[str, Estimate], rows: int, with_fit: bool
    ) -> None:
        self.source, self.values, self.rows, self.with_fit = source, values, rows, with_fit


def _bits(runs: Runs, first: Checkpoint) -> tuple[_Bits | None, dict[str, float]]:
    """The bits by who finds more of them, and what each finds."""
    by_source = [b for b in (_by_data(first), _by_heads(runs["dmil"])) if b is not None]
    found: dict[str, float] = {b.source: b.values["i12"].value for b in by_source}
    if not by_source:
        return None, {}
    chosen = by_source[0]
    if len(by_source) > 1 and found["data"] < _ENOUGH * found["model"]:
        chosen = by_source[1]
    return chosen, found


def _by_data(first: Checkpoint) -> _Bits | None:
    """By networks that read the data alone, over all rows."""
    kept = account(first)
    if kept is None:
        return None
    columns = kept.split(_DEFINITION).columns()
    groups = kept.rows[GROUP].astype(str).to_numpy() if GROUP in kept.rows else None
    fitted = kept.refits is not None and len(kept.refits.differences) > 1
    values = {}
    for name in BITS:
        weights = _SUMS[name]
        rows = sum(w * columns[q] for q, w in weights.items())
        fit = 0.0
        if fitted and kept.refits is not None:
            fit = kept.refits.error(weights, _DEFINITION).root_mean_square
        values[name] = _estimate(mean_of(np.asarray(rows), groups, fit), NATS_PER_BIT)
    return _Bits("data", values, len(kept.rows), fitted)


def _by_heads(runs: Sequence[Checkpoint]) -> _Bits | None:
    """By the heads of dmil, over test rows; a row that several runs test counts once."""
    frames = []
    for run in runs:
        frame = information.bits(run, _DEFINITION)
        if frame is not None:
            frames.append(frame.loc[in_split(table(run), "test")["id"], list(QUANTITIES)])
    if not frames or not all(map(len, frames)):
        return None
    rows = pd.concat(frames)
    rows = rows.groupby(level=0).mean()
    groups = groups_of(runs[0], rows.index)
    values = {}
    for name in BITS:
        by_run = [float(_sum(f, name).mean()) for f in frames]
        spread = float(np.std(by_run, ddof=1)) if len(by_run) > 1 else 0.0
        average = mean_of(_sum(rows, name).to_numpy(dtype=float), groups, spread)
        values[name] = _estimate(Mean(float(np.mean(by_run)), average.error))
    return _Bits("model", values, len(rows), with_fit=True)


def _sum(frame: pd.DataFrame, name: str) -> pd.Series:
    parts = [w * frame[q] for q, w in _SUMS[name].items()]
    return sum(parts[1:], parts[0])


def _estimate(mean: Mean, unit: float = 1.0) -> Estimate:
    value, reach = mean.value / unit, _Z * mean.error / unit
    return Estimate(value, value - reach, value + reach)


# --- accuracy ------------------------------------------------------------------------------------


def _right(run: Checkpoint, column: str) -> pd.Series:
    """Whether each test sample is right, by id."""
    rows = in_split(table(run), "test")
    if column not in rows:
        return pd.Series(dtype=float)
    return pd.Series((rows[column] == rows["y"]).to_numpy(dtype=float), index=rows["id"])


def _accuracy(runs: Sequence[Checkpoint], column: str) -> Estimate:
    """The mean over runs, with the interval of one test split."""
    by_run = [r for one in runs if len(r := _right(one, column))]
    if not by_run:
        return Estimate(math.nan)
    mean, rows = float(np.mean([r.mean() for r in by_run])), float(np.mean([*map(len, by_run)]))
    every = pd.concat(by_run).groupby(level=0).mean()
    groups = groups_of(runs[0], every.index)
    low, high = wilson(mean * rows, rows)
    if groups is not None:
        first, last = by_group(every.to_numpy(), groups)
        # The wider one: few groups that are alike leave no spread to measure.
        low, high = min(low, _or(first, low)), max(high, _or(last, high))
    return Estimate(mean, max(0.0, low), min(1.0, high))


def _or(value: float, other: float) -> float:
    return value if math.isfinite(value) else other


def _contrasts(runs: Runs, own_split: bool) -> dict[str, Contrast]:
    """joint and dmil, each less ensemble."""
    records = []
    for model, of_model in runs.items():
        for run in of_model:
            frame = table(run)
            right = _right(run, "pred")
            train = int((frame["split"] == "train").sum())
            # Runs that share a split differ by their seed alone, and need no correction for it.
            rows = len(right) if own_split else 0
            records.append((run.data, model, run.seed, float(right.mean()), rows, train))
    columns = ["data", "paradigm", "seed", "accuracy", "rows", "train_rows"]
    frame = differences(pd.DataFrame(records, columns=columns), "accuracy", _REFERENCE)
    result = {}
    for row in frame.to_dict("records"):
        over_runs = Estimate(float(row["difference"]), float(row["low"]), float(row["high"]))
        over_rows = _over_rows(runs[row["paradigm"]], runs[_REFERENCE])
        result[str(row["paradigm"])] = Contrast(over_runs, over_rows, float(row["adjusted"]))
    return result


def _over_rows(ours: Sequence[Checkpoint], theirs: Sequence[Checkpoint]) -> Estimate:
    """The mean difference over the different test rows of all runs."""
    other = {run.seed: run for run in theirs}
    pairs = [
        _right(run, "pred") - _right(other[run.seed], "pred") for run in ours if run.seed in other
    ]
    every = pd.concat(pairs).groupby(level=0).mean()
    values: NDArray[Any] = every.to_numpy(dtype=float)
    return _estimate(mean_of(values, groups_of(ours[0], every.index)))
