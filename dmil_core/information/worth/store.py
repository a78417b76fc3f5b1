"""What is known of the class with and without each input, in a file for the app.

One Parquet file, ``checkpoints/<set>/worth.parquet``: a row per sample that has all inputs, with
the log probabilities of :class:`~dmil_core.information.worth.posteriors.Known`, and in the metadata
all that is not of single rows. Figures are made on reading, so that no price and no cost is chosen
here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import log_softmax

from dmil_core.errors import DataError
from dmil_core.information.worth.posteriors import Corrected, Known, Without
from dmil_core.io import strict_json
from dmil_core.io.paths import checkpoints_root
from dmil_core.io.reading import parsing
from dmil_core.io.tables import read_table, table_metadata, write_table
from dmil_core.partial_information.pmf import Floats

FILE: Final = "worth.parquet"
#: Version of the files that are written; files of a later one are refused.
VERSION: Final = 1
_GROUP, _WEIGHT, _BY = "group", "weight", "by_"
_AGAIN: Final = "Write it again: dmil worth --data ... --out"


@dataclass(frozen=True)
class _About:
    """The metadata: what :class:`Known` has beside its rows."""

    version: int
    data: str
    names: list[str]
    classes: list[str]
    fit_errors: list[float]
    source: str
    fitted: bool
    notes: list[str]


def default_path(set_slug: str) -> Path:
    """Path of a set's file where the app looks for it."""
    return checkpoints_root() / set_slug / FILE


def save(known: Known, path: Path, data: str) -> None:
    """Write a file at once or not at all; ``data`` is the digest of the set."""
    write_table(table_of(known), path, {"worth": about_of(known, data)})


def table_of(known: Known) -> pd.DataFrame:
    """The columns of a file."""
    columns: dict[str, Any] = {"id": known.ids.astype(object), "class": known.y}
    columns |= _block("all", known.log_q)
    for m, without in enumerate(known.without, start=1):
        columns |= _block(f"without_x{m}", without.log_q)
    if known.group is not None:
        columns[_GROUP] = np.asarray(known.group).astype(str).astype(object)
    columns |= {f"{_BY}{n}": v.astype(str).astype(object) for n, v in known.by.items()}
    if known.corrected is not None:
        columns[_WEIGHT] = known.corrected.weights
        columns |= _block("corrected_all", known.corrected.log_q)
        for m, log_q in enumerate(known.corrected.without, start=1):
            columns |= _block(f"corrected_without_x{m}", log_q)
    return pd.DataFrame(columns)


def about_of(known: Known, data: str) -> dict[str, Any]:
    """What a file says beside its rows."""
    return {
        "version": VERSION,
        "data": data,
        "names": list(known.names),
        "classes": list(known.classes),
        "fit_errors": [w.fit_error for w in known.without],
        "source": known.source,
        "fitted": known.fitted,
        "notes": list(known.notes),
    }


def load(path: Path) -> tuple[Known, str]:
    """Read a file: what is known, and the digest of the set that it is of.

    Raises
    ------
    DataError
        If it is damaged, holds something else, or is of a later version.
    """
    frame, metadata = read_table(path), table_metadata(path)
    with parsing(f"the metadata of {path}", "that of a table of the worth", advice=_AGAIN):
        about: _About = strict_json.read(_About, metadata["worth"])
    if about.version > VERSION:
        raise DataError(
            f"{path}: it has version {about.version}, this program reads versions up to {VERSION}; "
            "update the program or write the file again"
        )
    with parsing(path, "a table of the worth", advice=_AGAIN):
        return _known(frame, about), about.data


def _known(frame: pd.DataFrame, about: _About) -> Known:
    classes, inputs = len(about.classes), range(1, len(about.names) + 1)

    def block(name: str) -> Floats:
        values = frame[[_column(name, k) for k in range(classes)]].to_numpy(np.float64)
        if not np.isfinite(values).all():
            raise ValueError(f"{name}: expected finite numbers")
        result: Floats = log_softmax(values, axis=1)  # stored in 32 bits, they add up to nearly 1
        return result

    y = frame["class"].to_numpy(np.int64)
    if not len(y) or not 0 <= y.min() <= y.max() < classes:
        raise ValueError("expected a class for each row")
    corrected = None
    if _WEIGHT in frame:
        corrected = Corrected(
            frame[_WEIGHT].to_numpy(np.float64),
            block("corrected_all"),
            tuple(block(f"corrected_without_x{m}") for m in inputs),
        )
    return Known(
        names=tuple(about.names),
        classes=tuple(about.classes),
        y=y,
        log_q=block("all"),
        without=tuple(
            Without(block(f"without_x{m}"), error)
            for m, error in zip(inputs, about.fit_errors, strict=True)
        ),
        ids=frame["id"].to_numpy(str),
        group=frame[_GROUP].to_numpy(str) if _GROUP in frame else None,
        by={
            str(c).removeprefix(_BY): frame[c].to_numpy(str)
            for c in frame.columns
            if str(c).startswith(_BY)
        },
        source=about.source,
        fitted=about.fitted,
        notes=tuple(about.notes),
        corrected=corrected,
    )


def _block(name: str, log_q: Floats) -> dict[str, Any]:
    """Columns of (N, K) log probabilities, by the number of the class."""
    values = log_q.astype(np.float32)
    return {_column(name, k): values[:, k] for k in range(values.shape[1])}


def _column(name: str, k: int) -> str:
    return f"log_q_{name}_{k}"
