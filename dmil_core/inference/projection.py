"""Latent maps: two coordinates for each sample and latent, stored with a checkpoint.

UMAP (McInnes et al., 2018) takes seconds to import and minutes to fit, so the maps are computed
once and stored. numba's default threading layer aborts when two threads enter UMAP at once, so a
lock guards it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sized
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmil_core import schema
from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError
from dmil_core.io.atomic import check_writable, exclusive
from dmil_core.io.tables import write_table

if TYPE_CHECKING:
    from dmil_core.checkpoint import Run

Method = Literal["umap", "pca"]
METHODS: tuple[Method, ...] = ("umap", "pca")

MAX_ROWS = 4000
TRUST_ROWS = 1500
NEIGHBOURS = 15

_UMAP_LOCK = threading.Lock()


def project(
    folder: Path,
    dataset: Dataset,
    *,
    method: Method = "umap",
    max_rows: int = MAX_ROWS,
    seed: int = 0,
    on_latent: Callable[[str], None] | None = None,
) -> Path:
    """Project every latent of a checkpoint to the plane and write ``projection.parquet`` to it.

    Parameters
    ----------
    folder
        A checkpoint's folder.
    dataset
        The data set that its samples come from.
    method
        ``umap`` or ``pca``; with 16 rows or fewer PCA is used in any case.
    max_rows
        Largest number of rows: test rows first, then validation rows, then training rows.
    seed
        Of UMAP.
    on_latent
        Called with the name of each latent before it is projected.

    Returns
    -------
    pathlib.Path
        The file: a row per sample with ``id`` and two coordinates for each latent. Its metadata
        hold the method, the numbers of rows shown and in all, digests of data and weights, and the
        trustworthiness (0 to 1) of each map that has enough rows to measure it.

    Raises
    ------
    ConfigError
        If the method is unknown or not installed.
    CheckpointError
        If the checkpoint is damaged or does not fit the data.
    """
    from dmil_core.checkpoint import PROJECTION_FILE, verify

    check_available(method)
    check_writable(Path(folder), folder=True)
    run = verify(folder)
    table = _external(run, dataset, max_rows) if run.external else _run(run, dataset, max_rows)
    columns, trust = {"id": table["id"]}, {}
    for name in run.latents:
        if on_latent:
            on_latent(name)
        values = latent_values(table, name)
        xy = embed(values, method, seed)
        columns |= dict(zip(schema.projection(name), on_grid(xy).T, strict=True))
        if np.isfinite(measured := trustworthiness(values, xy)):
            trust[name] = measured
    metadata = {
        "method": is_by(method, len(table)),
        "seed": seed,
        "rows": len(table),
        "of": len(dataset),
        "data": dataset.digest,
        "weights": run.weights_sha256,
        "trustworthiness": trust,
    }
    path = Path(folder) / PROJECTION_FILE
    with exclusive(Path(folder)):
        write_table(pd.DataFrame(columns), path, metadata)
    return path


def _run(run: Run, dataset: Dataset, max_rows: int) -> pd.DataFrame:
    """The prediction table of the shown rows, with latents."""
    from dmil_core.checkpoint import for_prediction, load_model
    from dmil_core.inference.predict import predict

    model, _ = load_model(run.folder)
    rows = shown_rows(dataset, max_rows)
    return predict(model, run.config.model, for_prediction(run, dataset), rows, latents=True)


def _external(run: Run, dataset: Dataset, max_rows: int) -> pd.DataFrame:
    """The same of a model whose predictions are all that is known of it."""
    from dmil_core.errors import CheckpointError
    from dmil_core.io.tables import read_table

    if dataset.digest != run.data_digest:
        raise CheckpointError(
            f"{run.folder} holds predictions for {run.data_name!r}; other rows cannot be mapped"
        )
    table = read_table(run.predictions)
    return table.iloc[_preferred(table["split"].to_numpy(str), max_rows)].reset_index(drop=True)


def shown_rows(dataset: Dataset, max_rows: int) -> NDArray[np.int64]:
    """Indices of the rows to project, ascending; test rows are preferred, then validation rows."""
    return _preferred(dataset.split, max_rows)


def _preferred(split: NDArray[np.str_], max_rows: int) -> NDArray[np.int64]:
    ranked = [np.flatnonzero(split == name) for name in ("test", "val", "train")]
    return np.sort(np.concatenate(ranked)[:max_rows])


def latent_values(table: pd.DataFrame, name: str) -> NDArray[np.float32]:
    """(N, D) values of one latent, from a prediction table made with ``latents=True``; of
    ``schema.LOGITS`` the logits, which every prediction table has."""
    if name == schema.LOGITS:
        return table[[c for c in map(str, table) if c.startswith(schema.logit(""))]].to_numpy(
            np.float32
        )
    size = 0
    while schema.latent(name, size) in table:
        size += 1
    return table[[schema.latent(name, i) for i in range(size)]].to_numpy(np.float32)


def check_available(method: str) -> None:
    """Refuse a method that does not exist or is not installed, before anything is computed.

    Raises
    ------
    ConfigError
        Saying what to install.
    """
    if method not in METHODS:
        raise ConfigError(f"method {method!r}: expected {' or '.join(METHODS)}")
    if method == "umap" and find_spec("umap") is None:
        raise ConfigError(
            "maps by umap need umap-learn, which the core alone does not install: "
            "pip install 'dmil-explorer[maps]', or choose pca"
        )


def embed(values: NDArray[Any], method: Method, seed: int = 0) -> NDArray[np.float32]:
    """Project (N, D) values to (N, 2).

    A seeded UMAP is reproducible on one machine, not across machines.
    """
    if method == "pca" or not _enough(values):
        return _pca(values)
    import umap

    with _UMAP_LOCK:
        mapper = umap.UMAP(n_neighbors=NEIGHBOURS, random_state=seed, n_jobs=1)
        return np.asarray(mapper.fit_transform(values), dtype=np.float32)


class FixedMap:
    """A map whose samples keep their places, and where new ones lie on it.

    A PCA is a linear map, which is recovered from its samples by least squares. On a UMAP a new
    sample lies at the mean of its ``NEIGHBOURS`` nearest samples, weighted by their distances in
    the latent (the initialisation of McInnes et al., 2018, section 4.3).

    Parameters
    ----------
    values, xy
        (N, D) latents of its samples and (N, 2) their coordinates.
    method
        The method that the map was made with.
    """

    def __init__(self, values: NDArray[Any], xy: NDArray[Any], method: Method) -> None:
        self.xy = np.asarray(xy, np.float32)
        values = np.asarray(values, np.float64)
        self._linear: NDArray[np.float64] | None = None
        if is_by(method, len(values)) == "pca":
            self._middle, self._at = values.mean(axis=0), np.asarray(xy, np.float64).mean(axis=0)
            self._linear = np.linalg.lstsq(values - self._middle, xy - self._at, rcond=1e-6)[0]
            return
        from sklearn.neighbors import NearestNeighbors

        self._near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(values))).fit(values)

    def placed(self, new: NDArray[Any]) -> NDArray[np.float32]:
        """(M, 2) coordinates of new samples (M, D)."""
        new = np.asarray(new, np.float64)
        if self._linear is not None:
            return np.asarray((new - self._middle) @ self._linear + self._at, dtype=np.float32)
        distance, rows = self._near.kneighbors(new)
        # As in UMAP: the nearest one has weight 1, and others fall off with what is beyond it.
        beyond = distance - distance[:, :1]
        reach = np.maximum(beyond.mean(axis=1, keepdims=True), 1e-12)
        weights = np.exp(-beyond / reach)
        weights /= weights.sum(axis=1, keepdims=True)
        return np.asarray((weights[:, :, None] * self.xy[rows]).sum(axis=1), dtype=np.float32)


def project_new(
    values: NDArray[Any], xy: NDArray[Any], new: NDArray[Any], method: Method
) -> NDArray[np.float32]:
    """Coordinates (M, 2) of new samples (M, D) on a stored map, which does not change; see
    :class:`FixedMap`."""
    return FixedMap(values, xy, method).placed(new)


def on_grid(xy: NDArray[np.float32], step: float | None = None) -> NDArray[np.float32]:
    """Coordinates (N, 2) rounded to steps of 2^-15 of their range, or of another map.

    Finer than any screen, and the file is a third smaller.
    """
    step = grid_of(xy) if step is None else step
    return xy if step == 0.0 else (np.round(xy / step) * step).astype(np.float32)


def grid_of(xy: NDArray[np.float32]) -> float:
    """The step of the grid that coordinates (N, 2) are rounded to; 0 where all are 0."""
    largest = float(np.abs(xy).max(initial=0.0))
    return 0.0 if largest == 0.0 else float(2.0 ** (np.ceil(np.log2(largest)) - 15))


def is_by(method: Method, rows: int) -> Method:
    """The method that a map of so many rows is made with."""
    return method if _enough(range(rows)) else "pca"


def _enough(rows: Sized) -> bool:
    """Whether there are enough rows for UMAP's neighbourhoods."""
    return len(rows) > NEIGHBOURS + 1


def _pca(values: NDArray[Any]) -> NDArray[np.float32]:
    from sklearn.decomposition import PCA

    size = min(2, *values.shape)
    xy = np.zeros((len(values), 2), dtype=np.float32)
    with np.errstate(invalid="ignore"):  # a collapsed latent has no variance to take a share of
        xy[:, :size] = PCA(size, svd_solver="full").fit_transform(values)
    return xy


def trustworthiness(values: NDArray[Any], xy: NDArray[Any]) -> float:
    """Trustworthiness (0 to 1) of a map (N, 2) of latents (N, D), after Venna and Kaski (2001).

    Computed on at most ``TRUST_ROWS`` evenly spaced rows; NaN below 40 rows.
    """
    from sklearn.manifold import trustworthiness as measure

    step = max(1, int(np.ceil(len(values) / TRUST_ROWS)))
    values, xy = values[::step], xy[::step]
    if len(values) < 2 * NEIGHBOURS + 10:
        return float("nan")
    return float(measure(values, xy, n_neighbors=NEIGHBOURS))
