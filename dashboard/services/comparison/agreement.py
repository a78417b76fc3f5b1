"""Who is right about the same samples: how many are answered right by exactly which models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.services.comparison.chosen import aligned, key
from dashboard.services.sample.samples import in_split
from dashboard.services.store.catalog import Checkpoint, table


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
