"""Points of the latent map and what they are coloured by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dashboard.services import information
from dashboard.services.samples import in_split
from dashboard.services.stock import Checkpoint, Projection, table
from dmil_core import schema
from dmil_core.information.pointwise import PARTS

#: What colours are read from; gates are numbers, everything else names.
_COLUMNS = {
    "class": "y",
    "prediction": "pred",
    "correct": "correct",
    "dominant": "dominant",
    "composition": schema.COMPOSITION,
    **{f"gate-{c}": schema.gate(c) for c in schema.ALL_COMPONENTS},
}
#: Colours that are read from what the heads tell.
_BITS = {f"bits-{part.upper()}": part for part in PARTS}


def latents(found: Checkpoint, placed: Projection | None) -> tuple[str, ...]:
    """The model's latents that have map coordinates, in the order of its forward pass."""
    names = found.run.latents if found.run else ()
    return tuple(n for n in names if placed is not None and placed.has(n))


def colours(found: Checkpoint) -> tuple[str, ...]:
    """What this checkpoint's points can be coloured by."""
    columns = table(found).columns
    held = tuple(name for name, column in _COLUMNS.items() if column in columns)
    return (*held, *_BITS) if information.tells(found) else held


def points(
    found: Checkpoint, placed: Projection, latent: str, colour: str, split: str, definition: str
) -> pd.DataFrame:
    """Columns id, x, y, colour; one row per placed sample of the split, in file order.

    ``definition`` says what counts as shared, where points are coloured by bits.
    """
    rows = in_split(table(found), split)
    rows = rows[rows["id"].isin(placed.frame.index)]
    at = placed.frame.loc[rows["id"], list(schema.projection(latent))].to_numpy(dtype=np.float32)
    return pd.DataFrame(
        {
            "id": rows["id"].to_numpy(),
            "x": at[:, 0],
            "y": at[:, 1],
            "colour": _colour_values(found, rows, colour, definition),
        }
    )


def _colour_values(found: Checkpoint, rows: pd.DataFrame, colour: str, definition: str) -> Any:
    if colour in _BITS:
        told = information.bits(found, definition)
        assert told is not None  # a colour that is offered for this checkpoint
        return told.loc[rows["id"], _BITS[colour]].to_numpy(dtype=np.float32)
    values = rows[_COLUMNS[colour]]
    if colour == "correct":
        return np.where(values.to_numpy(dtype=bool), "right", "wrong")
    return values.to_numpy()


def thinned(frame: pd.DataFrame, limit: int, keep: str = "") -> pd.DataFrame:
    """At most ``limit`` points, evenly over the file and always with the sample ``keep``."""
    if len(frame) <= limit:
        return frame
    chosen = np.unique(np.linspace(0, len(frame) - 1, limit).astype(int))
    extra = np.flatnonzero((frame["id"] == keep).to_numpy())
    return frame.iloc[np.union1d(chosen, extra)]


def around(frame: pd.DataFrame, sample: str, count: int = 60) -> pd.DataFrame:
    """A sample and its nearest points on the map, itself first; empty if it was not placed."""
    here = frame[frame["id"] == sample]
    if here.empty:
        return frame.iloc[:0]
    dx = frame["x"].to_numpy() - float(here["x"].iloc[0])
    dy = frame["y"].to_numpy() - float(here["y"].iloc[0])
    distance = np.hypot(dx, dy)
    distance[(frame["id"] == sample).to_numpy()] = -1.0
    return frame.iloc[np.argsort(distance, kind="stable")[: count + 1]]
