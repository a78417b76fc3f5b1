"""One sample: its row of the table, what each model says, gates and contributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.services.store.catalog import Checkpoint, DataProblem, dataset, predictions
from dashboard.services.store.rows import Rows
from dmil_core import schema

#: Nats in one bit: everything inside the core is in nats, everything on screen in bits.
NATS_PER_BIT = float(np.log(2.0))
#: What is told of each sample -> the table's column.
COLUMNS: Final = {
    "id": "id",
    "class": "y",
    "prediction": "pred",
    "correct": "correct",
    "confidence": "confidence",
    "dominant": "dominant",
    "interaction_type": schema.INTERACTION_TYPE,
    "unexplained": schema.EXPLAINED,
    **{f"gate-{c}": schema.gate(c) for c in schema.ALL_COMPONENTS},
}


def rows_in(checkpoint: Checkpoint, split: str) -> Rows:
    """Rows of one split of a checkpoint's table, or all of them."""
    table = predictions(checkpoint)
    if split == "all":
        return Rows(table)

    def found() -> NDArray[np.int32]:
        return np.flatnonzero(table.words("split").equal(split)).astype(np.int32)

    return Rows(table, table.kept(("split", split), found))


def in_split(frame: pd.DataFrame, split: str) -> pd.DataFrame:
    """Rows of one split, or all of them."""
    return frame if split == "all" else frame[frame["split"] == split]


def flags(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Names of what is known about single rows, such as ``image_corrupt``."""
    data = source(checkpoint)
    return () if isinstance(data, DataProblem) else tuple(data.flags)


def flags_of(checkpoint: Checkpoint, sample: str) -> tuple[str, ...]:
    """The flags that are set for one sample."""
    data = source(checkpoint)
    if isinstance(data, DataProblem):
        return ()
    row = row_of(data, sample)
    return tuple(n for n, values in data.flags.items() if row is not None and bool(values[row]))


def source(checkpoint: Checkpoint) -> Any:
    """The data set behind a checkpoint, or the problem with it."""
    if checkpoint.run is None:
        return DataProblem("The checkpoint cannot be read.")
    return dataset(checkpoint.run.data_source, checkpoint.run.data_digest)


def located(checkpoint: Checkpoint, sample: str) -> tuple[Any, int] | DataProblem:
    """The data set behind a checkpoint and a sample's row in it, or why it cannot be shown."""
    data = source(checkpoint)
    if isinstance(data, DataProblem):
        return data
    row = row_of(data, sample)
    if row is None:
        return DataProblem(f"The data set has no sample with the id {sample}.")
    return data, row


def row_of(data: Any, sample: str) -> int | None:
    """Row of a sample in its data set."""
    rows = np.flatnonzero(data.ids == sample)
    return int(rows[0]) if len(rows) else None


def neighbours_in(rows: Rows, sample: str) -> tuple[str | None, str | None, int | None]:
    """Ids before and after a sample in a list, and its place; of a sample not in it, the first."""
    position, ids = rows.position_of(sample), rows.ids
    if position is None:
        return None, (ids[0] if len(ids) else None), None
    before = ids[position - 1] if position else None
    after = ids[position + 1] if position + 1 < len(ids) else None
    return before, after, position


def modality_names(checkpoint: Checkpoint) -> tuple[str, ...]:
    """What the modalities are called, from the card stored with the checkpoint."""
    card = checkpoint.run.data_card if checkpoint.run else {}
    described = card.get("modalities", []) or [{}] * schema.FEWEST_MODALITIES
    names = (str(m.get("name", "")) for m in described)
    return tuple(name or f"modality {m}" for m, name in enumerate(names, start=1))


def components(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The components of a set with as many modalities as this checkpoint's."""
    return schema.components(len(modality_names(checkpoint)))


@dataclass(frozen=True)
class Opinion:
    """What one model, or one modality alone, says about a sample."""

    who: str
    says: str
    probability: float
    correct: bool
    #: Probability of the true class.
    of_truth: float


def opinions(checkpoints: Sequence[Checkpoint], sample: str) -> list[Opinion]:
    """Predictions of every given checkpoint that has the sample."""
    result = []
    for checkpoint in checkpoints:
        row = record(checkpoint, sample)
        if row:
            truth = float(row.get(schema.prob(row["y"]), np.nan))
            result.append(
                Opinion(
                    checkpoint.model, row["pred"], row["confidence"], bool(row["correct"]), truth
                )
            )
    return result


def record(checkpoint: Checkpoint, sample: str) -> dict[str, Any]:
    """One sample's row of the table, column to value; empty where there is no such sample."""
    table = predictions(checkpoint)
    position = table.find(sample)
    return {} if position is None else table.record(position)


def unimodal(checkpoint: Checkpoint, sample: str) -> list[Opinion]:
    """What each modality alone says; empty for tables that do not hold it."""
    row, names = record(checkpoint, sample), modality_names(checkpoint)
    result: list[Opinion] = []
    for modality, name in zip(schema.MODALITY_NUMBERS, names, strict=False):
        column = schema.unimodal_pred(modality)
        if column in row:
            says = str(row[column])
            p = float(row.get(schema.unimodal_prob(modality, says), np.nan))
            truth = float(row.get(schema.unimodal_prob(modality, row["y"]), np.nan))
            result.append(Opinion(f"{name} alone", says, p, says == row["y"], truth))
    return result


def gates(checkpoint: Checkpoint, sample: str) -> pd.DataFrame:
    """Columns component, weight: rows that sum to 1; no rows for models without a gate."""
    row = record(checkpoint, sample)
    available = schema.components_in(row)
    weights = [float(row[schema.gate(c)]) for c in available]
    return pd.DataFrame({"component": available, "weight": weights})


def gates_of(rows: Rows) -> list[dict[str, float]]:
    """Component to gate weight, of each of some rows; empty for models without a gate."""
    available = schema.components_in(rows.columns)
    weights = [rows.numbers(schema.gate(c)).astype(float).tolist() for c in available]
    return [dict(zip(available, row, strict=True)) for row in zip(*weights, strict=True)]


def mean_gates(checkpoint: Checkpoint, split: str) -> pd.DataFrame:
    """The same on average over a split; no rows for models without a gate."""
    return mean_gates_of(rows_in(checkpoint, split))


def mean_gates_of(rows: Rows) -> pd.DataFrame:
    """The same over the given rows."""
    available = schema.components_in(rows.columns)
    weights = [float(rows.numbers(schema.gate(c)).mean(dtype=float)) for c in available]
    return pd.DataFrame({"component": available, "weight": weights})


def explained(checkpoint: Checkpoint, sample: str) -> float | None:
    """Share of a sample that any component explains, 0 to 1; None where the model does not say."""
    value = record(checkpoint, sample).get(schema.EXPLAINED)
    return None if value is None else float(value)


@dataclass(frozen=True)
class Decomposition:
    """How the components add up to a logit; all numbers in bits.

    Attributes
    ----------
    cls : the class explained.
    against : the class it is compared with, or "" for the logit itself.
    parts : component to contribution; with ``against``, the difference of the two classes'.
    total : what the parts add up to.
    stored : the model's own logit (or difference of two logits) in the table.
    """

    cls: str
    against: str
    parts: dict[str, float]
    total: float
    stored: float


def decomposition(
    checkpoint: Checkpoint, sample: str, cls: str, against: str = ""
) -> Decomposition | None:
    """Contributions of R, U1 ... S to one class's logit; None where the table has none."""
    row = record(checkpoint, sample)
    if schema.contribution("R", cls) not in row:
        return None

    def bits(column: str, other: str) -> float:
        value = float(row[column]) - (float(row[other]) if against else 0.0)
        return value / NATS_PER_BIT

    parts = {
        str(c): bits(schema.contribution(c, cls), schema.contribution(c, against))
        for c in schema.components_in(row)
    }
    stored = bits(schema.logit(cls), schema.logit(against))
    return Decomposition(cls, against, parts, sum(parts.values()), stored)


def classes(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Class names in the order of the model's outputs."""
    return checkpoint.run.classes if checkpoint.run else ()
