"""How trained models of one seed differ: accuracy, synergy, confusion, and who is right where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.services.sample.samples import classes, modality_names, rows_in, source
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, DataProblem, predictions
from dashboard.services.store.rows import Mask, Rows, crossed
from dmil_core import schema
from dmil_core.io.columns import Words, words_of
from dmil_core.metrics.intervals import of_share
from dmil_core.metrics.scores import synergy_bound, synergy_indicator


@dataclass(frozen=True)
class Score:
    """One model's accuracy with its 95% interval over rows; between 0 and 1."""

    model: str
    accuracy: float
    low: float
    high: float
    rows: int


def scores(catalog: CheckpointCatalog, data: str, seed: int, split: str) -> list[Score]:
    """Accuracy of every readable checkpoint of a data set and seed."""
    return [score(checkpoint, split) for checkpoint in catalog.ready(data, seed)]


def score(checkpoint: Checkpoint, split: str) -> Score:
    """Accuracy of one checkpoint on a split; not a number without samples."""
    rows = rows_in(checkpoint, split)
    correct = rows.correct
    low, high = interval(correct, groups_of(checkpoint, rows.ids))
    mean = float(correct.mean()) if len(correct) else float("nan")
    return Score(checkpoint.model, mean, low, high, len(correct))


def interval(correct: Any, group: Any = None) -> tuple[float, float]:
    """95% interval of a share over rows; not a number for no rows, or rows of one group.

    Where rows belong together, such as those of one person, by groups, else Wilson's; see
    :mod:`dmil_core.metrics.intervals`.
    """
    return of_share(np.asarray(correct, dtype=bool), group)


def groups_of(checkpoint: Checkpoint, ids: Iterable[str]) -> Any:
    """The group of each sample; None where the set has none, or cannot be read."""
    data = source(checkpoint)
    if isinstance(data, DataProblem) or data.group is None:
        return None
    return pd.Series(data.group, index=data.ids).reindex(list(ids)).astype(str).to_numpy()


def by_interaction_type(checkpoints: Sequence[Checkpoint], split: str) -> pd.DataFrame:
    """Columns model, group, accuracy, low, high, rows, sd; empty where it is not known.

    ``sd`` is NaN: there is one seed. A group is a true interaction type: R, U1, U2, U3 or S.
    """
    groups = {}
    for checkpoint in checkpoints:
        rows = rows_in(checkpoint, split)
        if schema.INTERACTION_TYPE in rows.columns:
            groups[checkpoint.model] = (rows, rows.words(schema.INTERACTION_TYPE))
    return _by_group(checkpoints, groups, schema.ALL_COMPONENTS)


def by_flags(checkpoints: Sequence[Checkpoint], split: str) -> pd.DataFrame:
    """The same by what is marked about the samples; a group is the flags set, in words."""
    data = source(checkpoints[0]) if checkpoints else None
    if data is None or isinstance(data, DataProblem) or not data.flags:
        return _by_group((), {}, ())
    marks = np.stack([np.asarray(v, dtype=bool) for v in data.flags.values()], axis=1)
    names = [_in_words(_set_flags(data, row)) for row in marks]
    label = pd.Series(names, index=data.ids)
    words = [_in_words((flag,)) for flag in data.flags]
    groups = {}
    for checkpoint in checkpoints:
        rows = rows_in(checkpoint, split)
        groups[checkpoint.model] = (rows, words_of(label.reindex(rows.ids[:])))
    return _by_group(checkpoints, groups, (_in_words(()), *words, *sorted(set(label.unique()))))


def flag_groups(checkpoint: Checkpoint) -> dict[str, tuple[str, ...]]:
    """The groups of `by_flags` by their names, each with the flags that are set in it."""
    data = source(checkpoint)
    if isinstance(data, DataProblem) or not data.flags:
        return {}
    marks = np.stack([np.asarray(v, dtype=bool) for v in data.flags.values()], axis=1)
    every = [_set_flags(data, row) for row in np.unique(marks, axis=0)]
    return {_in_words(flags): flags for flags in every}


def _set_flags(data: Any, row: Any) -> tuple[str, ...]:
    return tuple(name for name, is_set in zip(data.flags, row, strict=True) if is_set)


def _in_words(flags: Sequence[str]) -> str:
    return " and ".join(name.replace("_", " ") for name in flags) or "none of these"


def by_members(
    checkpoints: Sequence[Checkpoint], split: str, members: Rows, name: str
) -> pd.DataFrame:
    """The same for some samples, under a name of their own, and all others."""
    groups = {}
    for checkpoint in checkpoints:
        rows = rows_in(checkpoint, split)
        inside = rows.inside(members).astype(np.int8)
        groups[checkpoint.model] = (rows, Words(inside, ("the rest", name)))
    return _by_group(checkpoints, groups, (name, "the rest"))


def groupings(checkpoints: Sequence[Checkpoint], split: str) -> dict[str, pd.DataFrame]:
    """Every way to put a split's samples into groups that is known of this set, by its name, as the
    frame of `by_interaction_type`. Another way to group them is one more entry here."""
    ways = {
        "interaction_type": by_interaction_type(checkpoints, split),
        "flags": by_flags(checkpoints, split),
    }
    return {name: frame for name, frame in ways.items() if not frame.empty}


def _by_group(
    checkpoints: Sequence[Checkpoint],
    groups: dict[str, tuple[Rows, Words]],
    order: Sequence[str],
) -> pd.DataFrame:
    records = []
    by_model = {c.model: c for c in checkpoints}
    for model, (rows, label) in groups.items():
        member = groups_of(by_model[model], rows.ids)
        for name in dict.fromkeys(order):
            here = label.equal(name)
            hits = rows.correct[here]
            if len(hits):
                ends = interval(hits, None if member is None else member[here])
                records.append((model, name, hits.mean(), *ends, len(hits)))
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


def frozen_wrong(ensemble: Checkpoint) -> Rows | None:
    """The samples of which all models of one input of an ensemble are wrong; None where its table
    does not have their predictions."""
    rows = rows_in(ensemble, "all")
    right = _frozen_right(ensemble, rows)
    return None if right is None else rows.keep(~np.logical_or.reduce(right))


def _frozen_right(ensemble: Checkpoint, rows: Rows) -> list[Mask] | None:
    """For each input which rows the ensemble's model of it alone predicts correctly."""
    names = modality_names(ensemble)
    columns = [schema.unimodal_pred(m) for m in schema.modality_numbers(len(names))]
    if not set(columns) <= set(rows.columns):
        return None
    truth = rows.words("y")
    said = [rows.words(c).among(truth.names) for c in columns]
    return [np.asarray((answers == truth.codes) & (answers >= 0)) for answers in said]


def synergy(catalog: CheckpointCatalog, data: str, seed: int, split: str) -> Synergy | None:
    """The synergy indicator against the seed's frozen unimodal models; None without them."""
    pair = catalog.get(data, "ensemble", seed)
    if pair.status != "ready":
        return None
    frozen = rows_in(pair, split)
    right = _frozen_right(pair, frozen)
    if right is None or frozen.empty:
        return None
    records = []
    member = groups_of(pair, frozen.ids)
    for checkpoint in catalog.ready(data, seed):
        correct = frozen.truth_in(predictions(checkpoint), "correct")
        gained = correct & ~np.logical_or.reduce(right)
        value = synergy_indicator(correct, *right)
        records.append((checkpoint.model, float(value), *interval(gained, member)))
    frame = pd.DataFrame(records, columns=["model", "indicator", "low", "high"])
    bound = float(synergy_bound(*right))
    names = modality_names(pair)
    alone = {f"{n} alone": float(r.mean()) for n, r in zip(names, right, strict=True)}
    return Synergy(frame, bound, alone)


def confusion(checkpoint: Checkpoint, split: str) -> pd.DataFrame:
    """Counts, rows = true class, columns = predicted class, in the model's class order."""
    rows = rows_in(checkpoint, split)
    return crossed(rows.words("y"), rows.words("pred"), classes(checkpoint))
