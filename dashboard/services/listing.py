"""The list of samples that search, filters and a slice leave, in the visitor's order."""

from __future__ import annotations

import pandas as pd

from dashboard import slices as codec
from dashboard.services import information, samples, slices
from dashboard.services.stock import Checkpoint, DataProblem
from dashboard.state import View


def listed(found: Checkpoint, view: View) -> pd.DataFrame:
    """Rows of the model's table. A slice that cannot be read leaves nothing out."""
    rows = samples.selected(found, view)
    if view.show == "apart":
        rows = information.apart(found, rows, view.definition)
    if view.slice:
        ids = slices.members(view.data, codec.read(view.slice))
        if not isinstance(ids, DataProblem):
            rows = rows[rows.index.isin(ids)]
    return rows
