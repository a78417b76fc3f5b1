"""Who is right about the same samples: how many are answered right by exactly which models."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.services.comparison.chosen import aligned, key
from dashboard.services.sample.samples import in_split
from dashboard.services.store.catalog import Checkpoint, table
from dmil_core import schema


@dataclass(frozen=True)
class Subset:
    """How many samples exactly these models have right, all others of the comparison wrong."""

    right: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Agreement:
    """Samples by who is right about them.

    Attributes
    ----------
    models : keys of the models, in the order of the comparison.
    accuracy : share of the rows each has right.
    subsets : every set of models that occurs, largest first.
    rows : samples that all models have answered.
    left_out : samples of the split that some model has no answer to.
    """

    models: tuple[str, ...]
    accuracy: tuple[float, ...]
    subsets: tuple[Subset, ...]
    rows: int
    left_out: int

    def count(self, right: Collection[str]) -> int:
        """Samples that exactly these models have right."""
        return next((s.count for s in self.subsets if set(s.right) == set(right)), 0)


def agreement(checkpoints: Sequence[Checkpoint], split: str) -> Agreement:
    """Samples of a split by which of the models have them right."""
    models, tables = (
        tuple(key(checkpoint) for checkpoint in checkpoints),
        aligned(checkpoints, split),
    )
    right = np.stack([rows["correct"].to_numpy(dtype=bool) for rows in tables], axis=1)
    codes = right @ (1 << np.arange(len(models)))
    values, counts = np.unique(codes, return_counts=True)
    # Of sets of one size the one with more models right comes first.
    order = sorted(
        zip(counts.tolist(), values.tolist(), strict=True),
        key=lambda entry: (-entry[0], -entry[1].bit_count(), entry[1]),
    )
    subsets = tuple(
        Subset(tuple(m for index, m in enumerate(models) if code >> index & 1), count)
        for count, code in order
    )
    shares = right.mean(axis=0).tolist() if len(right) else [0.0] * len(models)
    left_out = len(in_split(table(checkpoints[0]), split)) - len(right)
    return Agreement(models, tuple(shares), subsets, len(right), left_out)


def members(checkpoints: Sequence[Checkpoint], split: str, right: Collection[str]) -> pd.DataFrame:
    """The samples that exactly the models with these keys have right, hardest first.

    Columns id, truth, hard (mean probability that the models give to the true class); of each model
    ``<key>`` what it says and ``<key> right``; dominant (of the first model with a gate) and
    interaction type where they are known.
    """
    tables = dict(zip(map(key, checkpoints), aligned(checkpoints, split), strict=True))
    keep = np.ones(len(next(iter(tables.values()))), dtype=bool)
    for name, rows in tables.items():
        keep &= rows["correct"].to_numpy(dtype=bool) == (name in right)
    tables = {name: rows[keep] for name, rows in tables.items()}
    first = next(iter(tables.values()))
    frame = pd.DataFrame({"id": first["id"], "truth": first["y"]})
    for name, rows in tables.items():
        frame[name], frame[f"{name} right"] = rows["pred"], rows["correct"].astype(bool)
    frame["hard"] = np.mean([_of_truth(rows) for rows in tables.values()], axis=0)
    for column in ("dominant", schema.INTERACTION_TYPE):
        source = next((rows for rows in tables.values() if column in rows.columns), None)
        if source is not None:
            frame[column] = source[column]
    return frame.sort_values("hard", kind="stable")


def _of_truth(rows: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Probability of the true class of each row."""
    classes = list(dict.fromkeys(rows["y"]))
    probabilities = rows[[schema.prob(c) for c in classes]].to_numpy(dtype=float)
    codes = pd.Categorical(rows["y"], categories=classes).codes
    values: np.ndarray[tuple[int], np.dtype[np.float64]] = probabilities[
        np.arange(len(rows)), codes
    ]
    return values
