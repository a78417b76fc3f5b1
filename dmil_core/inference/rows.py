"""The columns that every prediction table begins with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmil_core import schema
from dmil_core.data.dataset import Dataset


def row_columns(
    dataset: Dataset, rows: NDArray[Any], pred: NDArray[np.integer[Any]]
) -> dict[str, Any]:
    """``id``, ``split``, ``y``, ``pred``, ``correct`` and, where the set has it,
    ``interaction_type``.

    Parameters
    ----------
    rows
        (N,) positions in the set.
    pred
        (N,) position of the predicted class of each.

    Returns
    -------
    dict
        Of a row of no known class ``y`` is the label it was given or empty, and ``correct`` is
        missing.
    """
    names, y = np.asarray(dataset.classes, dtype=object), dataset.y[rows]
    correct: Any = y == pred
    if (y < 0).any():
        correct = pd.array(correct, dtype="boolean")
        correct[y < 0] = pd.NA
    columns = {
        "id": dataset.ids[rows].astype(object),
        "split": dataset.split[rows].astype(object),
        "y": dataset.label_names[rows].astype(object),
        "pred": names[pred],
        "correct": correct,
    }
    if dataset.interaction_type is not None:
        columns[schema.INTERACTION_TYPE] = dataset.interaction_type[rows].astype(object)
    return columns
