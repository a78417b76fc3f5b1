"""What lies in a slice of a latent map, and how it differs from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.services.comparison.models import groups_of, interval
from dashboard.services.map import outlines
from dashboard.services.map.maps import layout_of
from dashboard.services.sample import information
from dashboard.services.sample.samples import rows_in
from dashboard.services.store.catalog import Checkpoint, DataProblem, checkpoint_catalog
from dashboard.services.store.rows import Rows
from dashboard.state.slices import Slice, write
from dmil_core import schema
from dmil_core.partial_information.pointwise import PARTS, mean_of

#: Fewer samples than this on a side, and no interval is told.
FEWEST = 5


def members(data: str, drawn: Slice) -> Rows | DataProblem:
    """All placed samples inside a slice's outline, of every split."""
    checkpoint = checkpoint_catalog().get(data, drawn.model, drawn.seed)
    if checkpoint.status != "ready":
        return DataProblem(f"It was drawn on a map of {drawn.model}, which cannot be read.")
    return _members(str(checkpoint.folder), checkpoint.stamp, write(drawn), checkpoint, drawn)


# A page asks for it several times: for its list, its figures and its map.
@st.cache_resource(max_entries=64, show_spinner=False)
def _members(
    folder: str, key: str, text: str, _checkpoint: Checkpoint, _drawn: Slice
) -> Rows | DataProblem:
    where, drawn = layout_of(_checkpoint, _drawn.latent), _drawn
    if isinstance(where, DataProblem):
        return where
    if where.mark != drawn.mark:
        return DataProblem("The map it was drawn on was computed again. Draw it anew.")
    return where.rows.keep(outlines.inside(where.unit, outlines.outline(drawn)))


def against_rest(
    checkpoints: Sequence[Checkpoint],
    chosen: Checkpoint,
    members: Rows,
    split: str,
    definition: str,
) -> pd.DataFrame:
    """A slice beside the split's other samples, mean and 95% interval of each.

    Parameters
    ----------
    models : models whose accuracy is told.
    chosen : the model whose gate and bits are.
    members : the slice's samples.

    Returns
    -------
    Columns kind (gate, bits, right), name, side (slice, rest), mean, low, high, rows. Gates and
    accuracies are shares from 0 to 1, bits are bits. Bounds are NaN below `FEWEST` samples.
    """
    records = []
    rows = rows_in(chosen, split)
    inside = rows.inside(members)
    for c in schema.components_in(rows.columns):
        records += _sides("gate", c, rows.numbers(schema.gate(c)), inside)
    for part in PARTS:
        bits = information.part(chosen, definition, part, split)
        if bits is not None:
            records += _sides("bits", part.upper(), bits[rows.positions], inside)
    for compared in checkpoints:
        rows = rows_in(compared, split)
        right = rows.correct
        member = groups_of(compared, rows.ids)
        for side, mask in _masks(rows.inside(members)):
            hits = right[mask]
            mean = float(hits.mean()) if len(hits) else np.nan
            own = None if member is None else member[mask]
            low, high = interval(hits, own) if len(hits) >= FEWEST else (np.nan, np.nan)
            records.append(("right", compared.model, side, mean, low, high, len(hits)))
    columns = ["kind", "name", "side", "mean", "low", "high", "rows"]
    return pd.DataFrame(records, columns=columns)


def _masks(inside: NDArray[np.bool_]) -> tuple[tuple[str, NDArray[np.bool_]], ...]:
    return ("slice", inside), ("rest", ~inside)


def _sides(
    kind: str, name: str, values: NDArray[Any], inside: NDArray[np.bool_]
) -> list[tuple[object, ...]]:
    records: list[tuple[object, ...]] = []
    for side, mask in _masks(inside):
        some = values[mask].astype(float)
        mean, reach = (float(some.mean()) if len(some) else np.nan), np.nan
        if len(some) >= FEWEST:
            reach = 1.96 * mean_of(some).error
        records.append((kind, name, side, mean, mean - reach, mean + reach, len(some)))
    return records


def rows_of(checkpoint: Checkpoint, members: Rows, split: str) -> Rows:
    """The rows of a model's table that lie in a slice."""
    rows = rows_in(checkpoint, split)
    return rows.keep(rows.inside(members))
