"""``dmil project``: write the latent maps of a checkpoint."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from dmil_core.cli.options import (
    Parser,
    Subparsers,
    add_checkpoint,
    add_command,
    add_progress,
    at_least,
)
from dmil_core.errors import ConfigError, DmilError

if TYPE_CHECKING:
    from dmil_core.checkpoint import Run
    from dmil_core.data.dataset import Dataset


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "project",
        run,
        "Write the latent maps of a checkpoint.",
        "  dmil project --checkpoint checkpoints/mfeat/dmil/seed0\n"
        "  dmil project --checkpoint runs/mine --data my/data.npz --method pca\n",
    )
    add_checkpoint(p)
    p.add_argument(
        "--data", metavar="SET|FILE", help="rows to map; default: the set it was trained on"
    )
    p.add_argument("--method", default="umap", help="umap or pca; default: umap")
    p.add_argument(
        "--rows",
        type=at_least(1),
        default=4000,
        metavar="N",
        help="map at most N rows; default: 4000",
    )
    add_progress(p)


def run(a: argparse.Namespace) -> int:
    """Write ``projection.parquet`` into the checkpoint's folder."""
    from dmil_core.checkpoint import find_folder, read_run
    from dmil_core.data.catalog import load_dataset
    from dmil_core.inference.projection import METHODS, project
    from dmil_core.io.atomic import check_writable
    from dmil_core.io.tables import table_metadata
    from dmil_core.training.progress import emit

    if a.method not in METHODS:
        raise ConfigError(f"--method {a.method!r}: expected {' or '.join(METHODS)}")
    folder = find_folder(a.checkpoint)
    trained = read_run(folder)
    check_writable(folder, folder=True)
    dataset = _trained_on(trained) if a.data is None else load_dataset(a.data, purpose="predict")

    def on_latent(name: str) -> None:
        if a.progress == "json":
            emit(f"map of {name}", trained.latents.index(name) / len(trained.latents))
        elif a.progress == "bar":
            print(f"mapping {name}", file=sys.stderr)

    path = project(folder, dataset, method=a.method, max_rows=a.rows, on_latent=on_latent)
    about = table_metadata(path)
    print(f"{path}: {about['rows']} of {about['of']} rows by {about['method']}")
    return 0


def _trained_on(run: Run) -> Dataset:
    """The very set a checkpoint was trained on, if its name still leads to it."""
    from dmil_core.data.catalog import load_dataset

    try:
        dataset = load_dataset(run.data_source, purpose="predict")
    except DmilError:
        dataset = None
    if dataset is None or dataset.digest != run.data_digest:
        raise ConfigError(
            f"{run.folder} was trained on {run.data_source!r}, which is no set of that content "
            "here; name the file with --data"
        )
    return dataset
