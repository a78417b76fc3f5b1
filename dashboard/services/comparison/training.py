"""How a model was trained: its epochs, and the stages they belong to.

A history holds losses in nats; here they are in bits. Mean squared errors have no unit: their terms
stay as they are, and in the loss of a stage, a weighted sum, they are divided with the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.services.sample.samples import NATS_PER_BIT
from dashboard.services.store.catalog import Checkpoint, log
from dmil_core.checkpoint import read_history
from dmil_core.errors import CheckpointError

#: What names of loss terms begin with that are mean squared errors.
SQUARES: Final = "recon"


@dataclass(frozen=True)
class Stage:
    """One stage of a training.

    Attributes
    ----------
    title : its number and name.
    first, last : its epochs, counted through the whole training from 1.
    most : epochs it could have had.
    best : the epoch whose weights the stage kept; in files that do not say which, the one of least
        validation loss.
    val_loss, val_accuracy : there; bits, 0 to 1.
    patience : epochs without a better validation loss after which it stops; 0 where not known.
    """

    title: str
    first: int
    last: int
    most: int
    best: int
    val_loss: float
    val_accuracy: float
    patience: int

    @property
    def stopped(self) -> bool:
        """Whether it ended before its last epoch."""
        return self.last - self.first + 1 < self.most


@dataclass(frozen=True)
class Training:
    """A model's training: ``epochs`` has the columns of `read_history`, losses and terms in bits,
    and ``step`` (from 1)."""

    epochs: pd.DataFrame
    stages: tuple[Stage, ...]


def training(checkpoint: Checkpoint) -> Training | None:
    """The epochs of a model's training; None where none are kept, as of an external model, or they
    cannot be read."""
    if checkpoint.run is not None and checkpoint.run.external:
        return None
    patience = {s.name: s.patience for s in checkpoint.run.config.stages} if checkpoint.run else {}
    return _training(str(checkpoint.folder), checkpoint.stamp, tuple(patience.items()), checkpoint)


@st.cache_resource(max_entries=64, show_spinner=False)
def _training(
    folder: str, key: str, patience: tuple[tuple[str, int], ...], _checkpoint: Checkpoint
) -> Training | None:
    try:
        epochs = pd.DataFrame(read_history(_checkpoint.folder))
    except CheckpointError as error:
        log.warning("history of %s: %s", folder, error)
        return None
    if epochs.empty:
        return None
    epochs[["loss", "val_loss"]] /= NATS_PER_BIT
    epochs["val_terms"] = epochs["val_terms"].map(_in_bits)
    epochs["step"] = range(1, len(epochs) + 1)
    known = dict(patience)
    # A stage ends where another name begins, or where the count starts again.
    starts = (epochs["stage"] != epochs["stage"].shift()) | (
        epochs["epoch"] <= epochs["epoch"].shift(fill_value=0)
    )
    stages = tuple(
        _stage(rows, known.get(str(rows["stage"].iloc[0]), 0))
        for _, rows in epochs.groupby(starts.cumsum(), sort=True)
    )
    return Training(epochs, stages)


def _in_bits(terms: Mapping[str, float]) -> dict[str, float]:
    return {
        name: value if name.startswith(SQUARES) else value / NATS_PER_BIT
        for name, value in terms.items()
    }


def with_terms(epochs: pd.DataFrame, names: Iterable[str]) -> pd.DataFrame:
    """The epochs with a column for each loss term that was kept; NaN where its stage has it not."""
    kept = pd.DataFrame(list(epochs["val_terms"]), index=epochs.index, dtype=float)
    return epochs.join(kept[[name for name in names if name in kept]])


def _stage(rows: pd.DataFrame, patience: int) -> Stage:
    kept = np.flatnonzero([k is True for k in rows["kept"]])  # None: it was not written down
    best = rows.iloc[int(kept[-1]) if len(kept) else int(rows["val_loss"].to_numpy().argmin())]
    return Stage(
        str(rows["title"].iloc[0]),
        int(rows["step"].iloc[0]),
        int(rows["step"].iloc[-1]),
        int(rows["epochs"].iloc[0]),
        int(best["step"]),
        float(best["val_loss"]),
        float(best["val_accuracy"]),
        patience,
    )
