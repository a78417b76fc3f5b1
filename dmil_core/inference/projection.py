"""Latent maps: two coordinates per sample and latent, shipped with a checkpoint.

UMAP (McInnes et al., 2018) takes seconds to import and minutes to fit, so pages never call it;
they read what this wrote. numba's default threading layer aborts when two threads enter UMAP at
once, so one lock guards it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmil_core import schema
from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError
from dmil_core.io.atomic import exclusive
from dmil_core.io.tables import write_table

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
    """Map every latent of a checkpoint to the plane and write ``projection.parquet`` beside it.

    At most ``max_rows`` rows are shown, test rows first, then validation, then training, each in
    file order; the table's metadata says how many of how many, and the trustworthiness of each
    map (share of a point's map neighbours that are its neighbours in the latent, 0 to 1) where
    there are rows enough to measure it.

    Raises
    ------
    ConfigError
        If the method is unknown or not installed.
    CheckpointError
        If the checkpoint is damaged or does not fit the data.
    """
    from dmil_core.checkpoint import PROJECTION_FILE, check_fits, load_model
    from dmil_core.inference.predict import predict

    check_available(method)
    model, run = load_model(folder)
    check_fits(run, dataset)
    rows = shown_rows(dataset, max_rows)
    table = predict(model, run.config.model, dataset, rows, latents=True)
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
        "method": method if _enough(rows) else "pca",
        "seed": seed,
        "rows": len(rows),
        "of": len(dataset),
        "data": dataset.digest,
        "weights": run.weights_sha256,
        "trustworthiness": trust,
    }
    path = Path(folder) / PROJECTION_FILE
    with exclusive(Path(folder)):
        write_table(pd.DataFrame(columns), path, metadata)
    return path


def shown_rows(dataset: Dataset, max_rows: int) -> NDArray[np.int64]:
    """Rows to map, in file order: test before validation before training until the limit."""
    ranked = np.concatenate([dataset.rows(split) for split in ("test", "val", "train")])
    return np.sort(ranked[:max_rows])


def latent_values(table: pd.DataFrame, name: str) -> NDArray[np.float32]:
    """(N, size) of one latent out of a prediction table."""
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
    """(N, D) to (N, 2); a seeded UMAP is the same again in one process, not on every machine."""
    if method == "pca" or not _enough(values):
        return _pca(values)
    import umap

    with _UMAP_LOCK:
        mapper = umap.UMAP(n_neighbors=NEIGHBOURS, random_state=seed, n_jobs=1)
        return np.asarray(mapper.fit_transform(values), dtype=np.float32)


def place(
    values: NDArray[Any], xy: NDArray[Any], new: NDArray[Any], method: Method
) -> NDArray[np.float32]:
    """Where new samples lie on a stored map: (M, D) latents to (M, 2).

    A PCA is a linear map, which is found again from the placed samples. In a UMAP a new sample
    starts at the mean of its `NEIGHBOURS` nearest placed ones, weighted by how near they are in
    the latent (McInnes et al., 2018, section 4.3), and stays there: placed samples do not move.

    Parameters
    ----------
    values, xy : (N, D) latents of the placed samples and (N, 2) their places.
    new : (M, D) latents of samples that were not placed.
    """
    values, new = np.asarray(values, np.float64), np.asarray(new, np.float64)
    if method == "pca" or not _enough(values):
        middle, at = values.mean(axis=0), np.asarray(xy, np.float64).mean(axis=0)
        linear = np.linalg.lstsq(values - middle, xy - at, rcond=1e-6)[0]
        return np.asarray((new - middle) @ linear + at, dtype=np.float32)
    from sklearn.neighbors import NearestNeighbors

    near = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(values))).fit(values)
    distance, rows = near.kneighbors(new)
    # As in UMAP: the nearest one has weight 1, and others fall off with what is beyond it.
    beyond = distance - distance[:, :1]
    reach = np.maximum(beyond.mean(axis=1, keepdims=True), 1e-12)
    weights = np.exp(-beyond / reach)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray((weights[:, :, None] * xy[rows]).sum(axis=1), dtype=np.float32)


def on_grid(xy: NDArray[np.float32]) -> NDArray[np.float32]:
    """The places (N, 2) in steps of 2^-15 of the map's reach: finer than any screen, and a third
    smaller on disk than places with digits that nobody can see."""
    reach = float(np.abs(xy).max(initial=0.0))
    if reach == 0.0:
        return xy
    step = 2.0 ** (np.ceil(np.log2(reach)) - 15)
    return (np.round(xy / step) * step).astype(np.float32)


def _enough(rows: NDArray[Any]) -> bool:
    """Whether there are rows enough for UMAP's neighbourhoods."""
    return len(rows) > NEIGHBOURS + 1


def _pca(values: NDArray[Any]) -> NDArray[np.float32]:
    from sklearn.decomposition import PCA

    size = min(2, *values.shape)
    xy = np.zeros((len(values), 2), dtype=np.float32)
    with np.errstate(invalid="ignore"):  # a collapsed latent has no variance to take a share of
        xy[:, :size] = PCA(size, svd_solver="full").fit_transform(values)
    return xy


def trustworthiness(values: NDArray[Any], xy: NDArray[Any]) -> float:
    """Trustworthiness of a map on at most ``TRUST_ROWS`` evenly spaced rows; NaN below 40 rows."""
    from sklearn.manifold import trustworthiness as measure

    step = max(1, int(np.ceil(len(values) / TRUST_ROWS)))
    values, xy = values[::step], xy[::step]
    if len(values) < 2 * NEIGHBOURS + 10:
        return float("nan")
    return float(measure(values, xy, n_neighbors=NEIGHBOURS))
