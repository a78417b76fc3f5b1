"""Metrics of a prediction table."""

from __future__ import annotations

import pandas as pd

from dmil_core import schema
from dmil_core.metrics import fidelity, scores


def score(table: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Metrics of a prediction table by split: accuracy, macro-F1, ECE; with a decomposition the
    mean gate weights, and where the interaction type is known how well the gate finds it.

    Rows whose class is not known are left out.
    """
    judged = table[table["correct"].notna()]
    return {
        split: _score(judged[judged["split"] == split], classes)
        for split in schema.SPLITS
        if (judged["split"] == split).any()
    }


def _score(rows: pd.DataFrame, classes: tuple[str, ...]) -> dict[str, float]:
    index = {name: i for i, name in enumerate(classes)}
    y, pred = (rows[c].map(index).to_numpy() for c in ("y", "pred"))
    correct = rows["correct"].to_numpy(bool)
    probabilities = rows[[schema.prob(c) for c in classes]].to_numpy()
    confidence = probabilities.max(axis=1)
    result = {
        "accuracy": float(correct.mean()),
        "macro_f1": scores.macro_f1(y, pred),
        "map": scores.mean_average_precision(probabilities, y),
        "ece": scores.expected_calibration_error(confidence, correct),
    }
    names = schema.components_in(rows.columns)
    if names:
        result |= {f"mean_{schema.gate(c)}": float(rows[schema.gate(c)].mean()) for c in names}
        if schema.INTERACTION_TYPE in rows:
            result |= fidelity.of_table(rows)
    return result
