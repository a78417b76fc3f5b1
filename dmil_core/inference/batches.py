"""The prediction table of rows that come in batches, as one file, and its metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from torch import nn

from dmil_core.config import ModelConfig
from dmil_core.data.dataset import Dataset
from dmil_core.inference.predict import predict
from dmil_core.io.parquet import write_batches
from dmil_core.io.parts import arrow_of
from dmil_core.io.tables import metadata_of
from dmil_core.metrics.predictions import score

#: Rows of a split, at most, that metrics are of.
SCORED_ROWS: Final = 250_000
#: Rows of a row group of the file at least.
_GROUP_ROWS: Final = 100_000


def write_predictions(
    model: nn.Module,
    config: ModelConfig,
    batches: Iterable[Dataset],
    counts: Mapping[str, int],
    path: Path,
    about: dict[str, Any],
) -> dict[str, dict[str, float]]:
    """Write the table that `predict` makes of all rows; memory does not grow with them.

    Parameters
    ----------
    batches
        The rows, with the classes of the model.
    counts
        Rows of each split.
    about
        Metadata of the file.

    Returns
    -------
    dict
        Metrics by split, as of :func:`dmil_core.metrics.predictions.score`. Of a split with more
        than `SCORED_ROWS` rows they are of about so many of them, drawn at random.
    """
    rng = np.random.default_rng(0)
    kept: list[pd.DataFrame] = []
    classes: tuple[str, ...] = ()

    def tables() -> Iterator[pa.Table]:
        nonlocal classes
        waiting: list[pa.Table] = []
        for rows in batches:
            classes = rows.classes
            table = predict(model, config, rows)
            share = table["split"].map(lambda s: SCORED_ROWS / max(counts[s], 1)).to_numpy()
            kept.append(_judged(table[rng.random(len(table)) < share]))
            waiting.append(arrow_of(table))
            if sum(map(len, waiting)) >= _GROUP_ROWS:
                yield pa.concat_tables(waiting)
                waiting = []
        if waiting:
            yield pa.concat_tables(waiting)

    write_batches(path, tables(), metadata_of(about))
    return score(pd.concat(kept, ignore_index=True), classes)


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """The columns that metrics are computed from."""
    others = ("id", "logit_", "contrib_", "pred_", "px")
    return table[[c for c in table.columns if not c.startswith(others)]]
