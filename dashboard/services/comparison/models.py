"""How trained models of one seed differ: accuracy, synergy, confusion, and who is right where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.services.sample.samples import in_split, modality_names, source
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, DataProblem, table
from dmil_core import schema
from dmil_core.metrics.scores import synergy_bound, synergy_indicator


@dataclass(frozen=True)
class Score:
    """One model's accuracy with its 95 % bootstrap interval over rows; between 0 and 1."""

    model: str
    accuracy: float
    low: float
    high: float
    rows: int


def scores(catalog: CheckpointCatalog, data: str, seed: int, split: str) -> list[Score]:
    """Accuracy of every readable checkpoint of a data set and seed."""
    return [_over_rows(checkpoint, split) for checkpoint in catalog.ready(data, seed)]


def _over_rows(checkpoint: Checkpoint, split: str) -> Score:
    correct = in_split(table(checkpoint), split)["correct"].to_numpy(dtype=bool)
    low, high = interval(correct)
    mean = float(correct.mean()) if len(correct) else float("nan")
    return Score(checkpoint.model, mean, low, high, len(correct))


def interval(correct: Any) -> tuple[float, float]:
    """95 % bootstrap interval of a share over rows; not a number for no rows.

    A share's bootstrap over rows is a binomial draw, which takes no resampling of rows.
    """
    rows = len(correct)
    if not rows:
        return float("nan"), float("nan")
    share = float(np.mean(correct))
    draws = np.random.default_rng(0).binomial(rows, share, size=4000) / rows
    low, high = np.percentile(draws, [2.5, 97.5])
    return float(low), float(high)


def by_interaction_type(checkpoints: Sequence[Checkpoint], split: str) -> pd.DataFrame:
    """Columns model, group, accuracy, low, high, rows, sd; empty where it is not known.

    ``sd`` is NaN: there is one seed. A group is a true interaction type: R, U1, U2, U3 or S.
    """
    groups = {}
    for checkpoint in checkpoints:
        frame = in_split(table(checkpoint), split)
        if schema.INTERACTION_TYPE in frame.columns:
            groups[checkpoint.model] = (frame["correct"], frame[schema.INTERACTION_TYPE])
    return _by_group(groups, schema.ALL_COMPONENTS)


def by_flags(checkpoints: Sequence[Checkpoint], split: str) -> pd.DataFrame:
    """The same by what is marked about the samples; a group is the flags set, in words."""
    data = source(checkpoints[0]) if checkpoints else None
    if data is None or isinstance(data, DataProblem) or not data.flags:
        return _by_group({}, ())
    words = [name.replace("_", " ") for name in data.flags]
    marks = np.stack([np.asarray(v, dtype=bool) for v in data.flags.values()], axis=1)
    names = [" and ".join(w for w, m in zip(words, row, strict=True) if m) for row in marks]
    label = pd.Series([n or "none of these" for n in names], index=data.ids)
    groups = {}
    for checkpoint in checkpoints:
        correct = in_split(table(checkpoint), split)["correct"]
        groups[checkpoint.model] = (correct, label.reindex(correct.index))
    return _by_group(groups, ("none of these", *words, *sorted(set(label))))


def by_members(
    checkpoints: Sequence[Checkpoint], split: str, ids: pd.Index[str], name: str
) -> pd.DataFrame:
    """The same for some samples, under a name of their own, and all others."""
    groups = {}
    for checkpoint in checkpoints:
        correct = in_split(table(checkpoint), split)["correct"]
        inside = pd.Series(correct.index.isin(ids), index=correct.index)
        label = inside.map({True: name, False: "the rest"}).astype(str)
        groups[checkpoint.model] = (correct, label)
    return _by_group(groups, (name, "the rest"))


def groupings(checkpoints: Sequence[Checkpoint], split: str) -> dict[str, pd.DataFrame]:
    """Every way to put a split's samples into groups that is known of this set, by its name, as the
    frame of `by_interaction_type`. Another way to group them is one more entry here."""
    ways = {
        "interaction_type": by_interaction_type(checkpoints, split),
        "flags": by_flags(checkpoints, split),
    }
    return {name: frame for name, frame in ways.items() if not frame.empty}


def _by_group(
    groups: dict[str, tuple[pd.Series[bool], pd.Series[str]]], order: Sequence[str]
) -> pd.DataFrame:
    records = []
    for model, (correct, label) in groups.items():
        for name in dict.fromkeys(order):
            hits = correct[label == name].to_numpy(dtype=bool)
            if len(hits):
                records.append((model, name, hits.mean(), *interval(hits), len(hits)))
    columns = ["model", "group", "accuracy", "low", "high", "rows"]
    return pd.DataFrame(records, columns=columns).assign(sd=np.nan)


@dataclass(frozen=True)
class Synergy:
    """Share of samples right where all frozen unimodal models are wrong, per model.

    Attributes
    ----------
    frame : columns model, indicator, low, high.
    bound : share of samples that all unimodal models get wrong; no indicator can be higher.
    alone : accuracy of each modality alone, by name.
    """

    frame: pd.DataFrame
    bound: float
    alone: dict[str, float]


def synergy(catalog: CheckpointCatalog, data: str, seed: int, split: str) -> Synergy | None:
    """The synergy indicator against the seed's frozen unimodal models; None without them."""
    pair = catalog.get(data, "ensemble", seed)
    if pair.status != "ready":
        return None
    frozen = in_split(table(pair), split)
    names = modality_names(pair)
    columns = [schema.unimodal_pred(m) for m in schema.modality_numbers(len(names))]
    if not set(columns) <= set(frozen.columns) or frozen.empty:
        return None
    right = [(frozen[c] == frozen["y"]).to_numpy(dtype=bool) for c in columns]
    records = []
    for checkpoint in catalog.ready(data, seed):
        correct = (
            table(checkpoint)["correct"].reindex(frozen.index).fillna(False).to_numpy(dtype=bool)
        )
        gained = correct & ~np.logical_or.reduce(right)
        value = synergy_indicator(correct, *right)
        records.append((checkpoint.model, float(value), *interval(gained)))
    frame = pd.DataFrame(records, columns=["model", "indicator", "low", "high"])
    bound = float(synergy_bound(*right))
    alone = {f"{n} alone": float(r.mean()) for n, r in zip(names, right, strict=True)}
    return Synergy(frame, bound, alone)


def confusion(checkpoint: Checkpoint, split: str) -> pd.DataFrame:
    """Counts, rows = true class, columns = predicted class, in the model's class order."""
    frame = in_split(table(checkpoint), split)
    names = list(checkpoint.run.classes) if checkpoint.run else []
    counts = pd.crosstab(frame["y"], frame["pred"])
    return counts.reindex(index=names, columns=names, fill_value=0)
