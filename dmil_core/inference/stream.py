"""Predictions and latent maps of data larger than memory: to a folder of Parquet files.

The source is read in parts (:mod:`dmil_core.data.files.stream`), each of which becomes one file of
the folder (:mod:`dmil_core.io.parts`). Latents of rows that are written are not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import nn

from dmil_core import schema
from dmil_core.checkpoint import Run, as_new_rows, for_prediction, unknown_labels
from dmil_core.data.card import Card
from dmil_core.data.dataset import Dataset
from dmil_core.data.files.load import Request
from dmil_core.data.files.stream import NewRows, Part, Source, batches, columns_said
from dmil_core.engine.options import EngineOptions
from dmil_core.engine.parts import write_parts
from dmil_core.errors import CheckpointError
from dmil_core.inference.predict import predict
from dmil_core.inference.projection import (
    MAX_ROWS,
    FixedMap,
    Method,
    check_available,
    embed,
    grid_of,
    is_by,
    latent_values,
    on_grid,
    trustworthiness,
)
from dmil_core.io.parts import PartsFolder, Rows, Work, Written, arrow_of
from dmil_core.schema import SPLITS


def decompose(
    model: nn.Module,
    run: Run,
    source: Source,
    out: Path,
    request: Request,
    *,
    latents: bool = False,
    split: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    engine: EngineOptions | None = None,
) -> Written:
    """Write a prediction table (see :func:`dmil_core.inference.predict.predict`) in parts.

    Memory does not grow with the rows. The files together are what `dmil decompose` writes of all
    rows at once; ids are not checked for being unique.

    Parameters
    ----------
    model, run
        A checkpoint, as loaded.
    source
        The rows.
    out
        Folder; made if it is not there.
    request
        What the user says of the columns.
    latents
        Whether to add the posterior mean of every latent.
    split
        Only rows of this split.
    progress
        Called with the rows done, and those of the source.
    engine
        What writes the parts; None for this very process.

    Raises
    ------
    ConfigError
        If the folder holds something else than the beginning of this very work.
    DataError
        If rows cannot be used; the parts before them are kept.
    """
    new = NewRows(source, request, Card.from_dict(run.data_card))
    about = {**_about(run, source, request), "latents": latents, "only": split}
    folder = PartsFolder(out, Work("decompose", "decomposition", about))

    rows_of = _Predicted(model, run, new, latents, split)
    footer = {"weights": run.weights_sha256}
    return write_parts(
        folder, source.parts, rows_of, footer, progress, engine, counted=not new.named
    )


@dataclass(frozen=True)
class _Predicted:
    """Predictions for the rows of a part."""

    model: nn.Module
    run: Run
    new: NewRows
    latents: bool
    split: str | None

    def __call__(self, part: Part, before: int) -> Iterator[Rows]:
        for batch in batches(part, self.new.batch_rows):
            rows = self.new.dataset(batch, part.file.name, before)
            before += len(rows)
            matched = as_new_rows(self.run, for_prediction(self.run, rows))
            said = unknown_labels(matched)
            chosen = matched.rows(self.split) if self.split in SPLITS else None
            table = predict(
                self.model, self.run.config.model, matched, chosen, latents=self.latents
            )
            yield Rows(arrow_of(table), len(rows), (said,) if said else ())


def _about(run: Run, source: Source, request: Request) -> dict[str, Any]:
    return {
        "weights_sha256": run.weights_sha256,
        "source": source.about,
        "columns": columns_said(request),
    }


@dataclass(frozen=True)
class Mapped:
    """What is in the folder, how many rows the maps were fitted to, and by which method."""

    written: Written
    fitted_to: int
    method: Method


def project(
    model: nn.Module,
    run: Run,
    source: Source,
    out: Path,
    request: Request,
    *,
    method: Method = "umap",
    fit_rows: int = MAX_ROWS,
    seed: int = 0,
    on_latent: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Mapped:
    """Write two coordinates for each row and latent, in parts.

    Each latent has one map, fitted to rows drawn from all of the source, which do not change their
    places; all others are placed on it, see :class:`dmil_core.inference.projection.FixedMap`. The
    files together are what :func:`dmil_core.inference.projection.project` writes where there are no
    more than ``fit_rows``.

    Parameters
    ----------
    model, run, source, out, request, progress
        As for :func:`decompose`.
    method
        ``umap`` or ``pca``.
    fit_rows
        Largest number of rows that the maps are fitted to.
    seed
        Of the draw and of UMAP.
    on_latent
        Called with the name of each latent before its map is fitted.

    Raises
    ------
    ConfigError
        If the folder holds something else, or the method is unknown or not installed.
    CheckpointError
        If all that is known of the model are its predictions.
    DataError
        If rows cannot be used; the parts before them are kept.
    """
    check_available(method)
    if run.external:
        raise CheckpointError(
            f"{run.folder} holds predictions of a model that is not here; other rows cannot be "
            "mapped"
        )
    new = NewRows(source, request, Card.from_dict(run.data_card))
    about = _about(run, source, request) | {"method": method, "fit_rows": fit_rows, "seed": seed}
    folder = PartsFolder(out, Work("project", "map", about))
    maps = _Maps(model, run, new, source, method, fit_rows, seed, on_latent)

    def rows_of(part: Part, before: int) -> Iterator[Rows]:
        start = source.starts[part.number]
        for batch in batches(part, new.batch_rows):
            rows, kept = new.read(batch, part.file.name, before)
            before += len(rows)
            columns = maps.columns(maps.latents_of(rows), start + kept)
            table = pd.DataFrame({"id": rows.ids.astype(object), **columns})
            yield Rows(arrow_of(table), len(rows))
            start += len(batch)

    written = folder.write(source.parts, rows_of, maps.footer(source.rows), progress)
    return Mapped(written, len(maps.fitted), maps.method)


class _Maps:
    """A map of each latent, fitted to drawn rows.

    Attributes
    ----------
    fitted : (n,) positions in the source of the rows that the maps were fitted to.
    """

    def __init__(
        self, model: nn.Module, run: Run, new: NewRows, source: Source, method: Method,
        fit_rows: int, seed: int, on_latent: Callable[[str], None] | None,
    ) -> None:  # fmt: skip
        self._model, self._run, self._seed = model, run, seed
        rows, self.fitted = new.drawn(source, fit_rows, seed)
        values = self.latents_of(rows)
        self._maps, self._trust = dict[str, FixedMap](), dict[str, float]()
        for name in run.latents:
            if on_latent is not None:
                on_latent(name)
            of_all = values.pop(name)
            xy = embed(of_all, method, seed)
            self._maps[name] = FixedMap(of_all, on_grid(xy), method)
            if np.isfinite(measured := trustworthiness(of_all, xy)):
                self._trust[name] = measured
        self.method = is_by(method, len(self.fitted))

    def latents_of(self, rows: Dataset) -> dict[str, NDArray[np.float32]]:
        """(n, D) of each latent."""
        table = predict(self._model, self._run.config.model, for_prediction(self._run, rows),
                        latents=True)  # fmt: skip
        return {name: latent_values(table, name) for name in self._run.latents}

    def columns(
        self, values: dict[str, NDArray[np.float32]], positions: NDArray[np.int64]
    ) -> dict[str, NDArray[np.float32]]:
        """Coordinates of rows at these positions of the source."""
        place = np.searchsorted(self.fitted, positions)
        place[place == len(self.fitted)] = 0
        own = self.fitted[place] == positions
        columns: dict[str, NDArray[np.float32]] = {}
        for name, of in values.items():
            fixed = self._maps[name]
            xy = np.empty((len(of), 2), np.float32)
            xy[own] = fixed.xy[place[own]]
            if not own.all():
                xy[~own] = on_grid(fixed.placed(of[~own]), grid_of(fixed.xy))
            columns |= dict(zip(schema.projection(name), xy.T, strict=True))
        return columns

    def footer(self, rows: int) -> dict[str, Any]:
        """As that of ``projection.parquet``."""
        return {
            "method": self.method,
            "seed": self._seed,
            "rows": len(self.fitted),
            "of": rows,
            "weights": self._run.weights_sha256,
            "trustworthiness": self._trust,
        }
