"""What inputs tell of a sample's class, in bits: by a model's heads, and exactly where known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.services.samples import NATS_PER_BIT, in_split, record, source
from dashboard.services.stock import Checkpoint, DataProblem, stock, table
from dmil_core.errors import ConfigError
from dmil_core.information.heads import Calibration, can_tell, from_heads
from dmil_core.information.pointwise import mean_of
from dmil_core.information.truth import exact, known_law

#: Columns of one sample's information: three sums, then the parts they are made of.
SUMS = ("i1", "i2", "i12")
PARTS = ("r", "u1", "u2", "s")
#: Who tells the averages of a known law.
EXACT = "exact"


@dataclass(frozen=True)
class Told:
    """What is told of one sample's true class, in bits.

    Attributes
    ----------
    values : i1, i2, i12, r, u1, u2, s by the model's heads.
    exact : the same from the law of the data; None where it is not known.
    calibration : of x1's head, x2's and the final answer, on test rows.
    seen : whether the model was trained on this sample.
    """

    values: dict[str, float]
    exact: dict[str, float] | None
    calibration: tuple[Calibration, ...]
    seen: bool


def tells(found: Checkpoint) -> bool:
    """Whether this model has a head for each of two inputs."""
    return found.status == "ready" and can_tell(table(found).columns)


def other_that_tells(found: Checkpoint) -> Checkpoint | None:
    """A model of the same data and seed that does, `dmil` first."""
    ready = [c for c in stock().ready(found.data, found.seed) if tells(c)]
    return min(ready, key=lambda c: c.model != "dmil", default=None)


def bits(found: Checkpoint, definition: str) -> pd.DataFrame | None:
    """Columns i1, i2, i12, r, u1, u2, s by the model's heads, indexed by id; None where the model
    cannot tell."""
    heads = _told_by(found, definition)
    return None if heads is None else heads[0]


def averages(found: Sequence[Checkpoint], split: str, definition: str) -> pd.DataFrame:
    """What a split's inputs tell on average, in bits, with 95 % intervals over rows.

    Columns who, part (R, U1, U2, S, and all for i(x1,x2;y)), mean, low, high, rows. A model that
    cannot tell is left out; where the law of the data is known the exact averages come last.
    """
    tables = {one.model: frame for one in found if (frame := bits(one, definition)) is not None}
    if tables and (law := _exact(found[0], definition)) is not None:
        tables[EXACT] = law
    records = []
    for who, frame in tables.items():
        rows = frame[frame.index.isin(in_split(table(found[0]), split)["id"])]
        for part in (*PARTS, "i12"):
            values = rows[part].to_numpy(dtype=float)
            if len(values) > 1:
                found_mean = mean_of(values)
                mean, reach = found_mean.value, 1.96 * found_mean.error
                name = "all" if part == "i12" else part.upper()
                records.append((who, name, mean, mean - reach, mean + reach, len(values)))
    return pd.DataFrame(records, columns=["who", "part", "mean", "low", "high", "rows"])


def agree(found: Checkpoint, definition: str) -> pd.Series[bool] | None:
    """For each sample, by id, whether its largest part in bits has the largest gate; None where
    the model has no gate or no heads."""
    told_bits = bits(found, definition)
    if told_bits is None or not found.gated:
        return None
    largest = told_bits[list(PARTS)].to_numpy().argmax(axis=1)
    named = np.array([p.upper() for p in PARTS])[largest]
    return pd.Series(named == table(found)["dominant"].to_numpy(), index=told_bits.index)


def agreement(found: Checkpoint, split: str, definition: str) -> float | None:
    """Share of a split's samples for which gate and bits agree; None where none can."""
    same = agree(found, definition)
    rows = in_split(table(found), split)
    return None if same is None or rows.empty else float(same[rows["id"]].mean())


def apart(found: Checkpoint, rows: pd.DataFrame, definition: str) -> pd.DataFrame:
    """The rows for which gate and bits disagree; all of them where the model cannot tell."""
    same = agree(found, definition)
    return rows if same is None else rows[~same[rows["id"]].to_numpy()]


def told(found: Checkpoint, sample: str, definition: str) -> Told | None:
    """The information of a sample of this model's table; None where the model cannot tell."""
    heads = _told_by(found, definition)
    if heads is None:
        return None
    frame, calibration = heads
    law = _exact(found, definition)
    row = record(found, sample)
    known = None if law is None or sample not in law.index else _row(law, sample)
    return Told(_row(frame, sample), known, calibration, row["split"] == "train")


def _told_by(
    found: Checkpoint, definition: str
) -> tuple[pd.DataFrame, tuple[Calibration, ...]] | None:
    if not tells(found):
        return None
    classes = found.run.classes if found.run else ()
    return _heads(str(found.folder), found.stamp, classes, definition, found)


@st.cache_resource(max_entries=12, show_spinner="Reading the heads …")
def _heads(
    folder: str, key: str, classes: tuple[str, ...], definition: str, _found: Checkpoint
) -> tuple[pd.DataFrame, tuple[Calibration, ...]] | None:
    frame = table(_found)
    try:
        heads = from_heads(frame, classes, definition)  # type: ignore[arg-type]
    except ConfigError:
        return None
    return _bits(heads.rows.columns(), frame.index), heads.calibration


def _row(frame: pd.DataFrame, sample: str) -> dict[str, float]:
    values = frame.loc[sample, [*SUMS, *PARTS]].to_numpy(dtype=float)
    return dict(zip((*SUMS, *PARTS), values.tolist(), strict=True))


def _bits(columns: dict[str, Any], ids: Any) -> pd.DataFrame:
    return pd.DataFrame({k: v / NATS_PER_BIT for k, v in columns.items()}, index=ids)


def _exact(found: Checkpoint, definition: str) -> pd.DataFrame | None:
    """Exact bits of every row, indexed by id; None where the law of the data is not known."""
    if found.run is None:
        return None
    return _exact_of(found.run.data_source, found.run.data_digest, definition, found)


@st.cache_resource(max_entries=6, show_spinner="Computing exact values …")
def _exact_of(
    name: str, digest: str, definition: str, _found: Checkpoint
) -> pd.DataFrame | None:  # fmt: skip
    try:
        law = known_law(name)
    except ConfigError:
        return None
    data = source(_found)
    if law is None or isinstance(data, DataProblem):
        return None
    rows = exact(law, data.x1, data.x2, data.y, definition)  # type: ignore[arg-type]
    return _bits(rows.columns(), np.asarray(data.ids))
