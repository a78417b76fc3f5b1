"""``dmil project``: write the latent maps of a checkpoint."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from dmil_core.cli.files import add_files, is_plain, source_of
from dmil_core.cli.options import (
    Parser,
    Subparsers,
    add_checkpoint,
    add_command,
    add_progress,
    at_least,
    path_argument,
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
        "  dmil project --checkpoint runs/mine --data my/data.npz --method pca\n"
        "  dmil project --checkpoint runs/mine --data rows/ --out places/\n",
    )
    add_checkpoint(p)
    p.add_argument(
        "--data", metavar="SET|FILE", help="rows to map; default: the set it was trained on"
    )
    add_files(p)
    p.add_argument(
        "--out",
        type=path_argument,
        metavar="DIR",
        help="with Parquet of any size as --data: a folder for the places of all rows, on maps "
        "fitted to --rows drawn rows; default: projection.parquet in the checkpoint's folder",
    )
    p.add_argument("--method", default="umap", help="umap or pca; default: umap")
    p.add_argument(
        "--rows",
        type=at_least(1),
        default=4000,
        metavar="N",
        help="map at most N rows, or fit the maps to them; default: 4000",
    )
    add_progress(p)


def run(a: argparse.Namespace) -> int:
    """Write ``projection.parquet`` into the checkpoint's folder."""
    from dmil_core.checkpoint import find_folder, read_run
    from dmil_core.data.catalog import load_dataset
    from dmil_core.inference.projection import METHODS, project
    from dmil_core.io.atomic import check_writable
    from dmil_core.io.tables import table_metadata

    if a.method not in METHODS:
        raise ConfigError(f"--method {a.method!r}: expected {' or '.join(METHODS)}")
    if a.out is not None:
        return _in_parts(a)
    if not is_plain(a):
        raise ConfigError("options such as --input are for --data with --out, a folder")
    folder = find_folder(a.checkpoint)
    trained = read_run(folder)
    check_writable(folder, folder=True)
    dataset = _trained_on(trained) if a.data is None else load_dataset(a.data, purpose="predict")
    said = _Said(a.progress, trained.latents)
    path = project(folder, dataset, method=a.method, max_rows=a.rows, on_latent=said)
    about = table_metadata(path)
    print(f"{path}: {about['rows']} of {about['of']} rows by {about['method']}")
    return 0


def _in_parts(a: argparse.Namespace) -> int:
    """Places of rows of any number, in a folder of Parquet files."""
    from dmil_core.checkpoint import find_folder, load_model
    from dmil_core.inference.stream import project
    from dmil_core.posthoc.progress import RowBar

    if a.data is None:
        raise ConfigError("--out is for --data, a Parquet file or a folder of Parquet files")
    a.data = [a.data]
    source, request = source_of(a, "Leave --out out")
    model, trained = load_model(find_folder(a.checkpoint))
    with RowBar(disable=a.progress != "bar" or not sys.stderr.isatty()) as bar:
        done = project(
            model, trained, source, a.out, request, method=a.method, fit_rows=a.rows,
            on_latent=_Said(a.progress, trained.latents), progress=bar,
        )  # fmt: skip
    print(
        f"{a.out}: {done.written.rows:,} rows in {len(done.written.files):,} files, on maps by "
        f"{done.method} of {done.fitted_to:,} rows"
    )
    return 0


class _Said:
    """Which latent is mapped: a line on stderr, or one of JSON on stdout."""

    def __init__(self, how: str, latents: tuple[str, ...]) -> None:
        self._how, self._latents = how, latents

    def __call__(self, name: str) -> None:
        from dmil_core.training.progress import emit

        if self._how == "json":
            emit(f"map of {name}", self._latents.index(name) / len(self._latents))
        elif self._how == "bar":
            print(f"mapping {name}", file=sys.stderr)


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
