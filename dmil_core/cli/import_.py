"""``dmil import``: take up a model that was trained elsewhere, or its predictions."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from dmil_core.cli.files import add_files, load_stored
from dmil_core.cli.options import (
    Parser,
    Subparsers,
    add_command,
    add_data,
    add_seed,
    path_argument,
)
from dmil_core.errors import ConfigError

if TYPE_CHECKING:
    from dmil_core.data.dataset import Dataset
    from dmil_core.posthoc.imported import Imported


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "import",
        run,
        "Take up a model that was trained elsewhere, or its predictions, so that the app shows it.",
        "  dmil import predictions.csv --data emoji --name my-model\n"
        "  dmil import test.parquet --data my/data.npz --name clip --seed 1\n"
        "  dmil import --model model.onnx --data emoji --name my-model\n"
        "The table has a row per sample: id, and p_<class> (probabilities) or logit_<class>\n"
        "of the model for every class; optionally px1_<class>, px2_<class> of models of one\n"
        "input, and embeddings z_0, z_1 ... or z1_0 ..., z2_0 ... for a latent map.\n"
        "Of a file of ONNX, predictions are computed, also for each input alone, and the\n"
        "checkpoint has a copy of it, so that What if and Samples can evaluate the model.\n",
    )
    p.add_argument(
        "table",
        nargs="?",
        type=path_argument,
        metavar="TABLE",
        help="a table that ends in .parquet or .csv",
    )
    p.add_argument(
        "--model",
        type=path_argument,
        metavar="FILE.onnx",
        help="in place of a table: a file of ONNX with an input for each of the set's",
    )
    p.add_argument(
        "--output",
        metavar="NAME",
        help="with --model: its output with logits or probabilities; default: the only one",
    )
    add_data(p, files=True)
    add_files(p)
    p.add_argument("--name", required=True, metavar="NAME", help="what the model is called")
    add_seed(p)
    p.add_argument(
        "--in-order",
        action="store_true",
        help="the table has no ids, and its rows stand in the order of the set",
    )
    p.add_argument(
        "--out",
        type=path_argument,
        metavar="DIR",
        help="folder of the checkpoint; default: <checkpoints>/<set>/NAME/seed<S>, where `dmil "
        "list` names the folder <checkpoints>",
    )
    p.add_argument("--overwrite", action="store_true", help="replace a checkpoint in the folder")
    p.add_argument("--quiet", action="store_true", help="no progress bar")
    p.add_argument(
        "--map", choices=("umap", "pca"), help="write the latent maps too, as `dmil project` does"
    )


def run(a: argparse.Namespace) -> int:
    """Write the checkpoint and, with ``--map``, its latent maps."""
    if (a.table is None) == (a.model is None):
        raise ConfigError("name a table of predictions, or a file of ONNX by --model, and not both")
    for option in ("output",) if a.model is None else ("in_order",):
        if getattr(a, option):
            of = "a table" if option == "in_order" else "--model"
            raise ConfigError(f"--{option.replace('_', '-')} is for {of}; leave it out")
    from dmil_core.cli.list import accuracy_text
    from dmil_core.inference.projection import check_available, project
    from dmil_core.io.atomic import check_writable
    from dmil_core.posthoc.imported import check_name

    check_name(a.name)
    if a.out is not None:
        check_writable(a.out, folder=True)
    if a.map:
        check_available(a.map)
    made, dataset = _of_table(a) if a.model is None else _of_model(a)
    for note in made.notes:
        print(f"dmil: note: {note}", file=sys.stderr)
    if a.map:
        project(made.run.folder, dataset, method=a.map)
    print(f"{made.run.folder}: {accuracy_text(made.run.metrics)}")
    return 0


def _of_table(a: argparse.Namespace) -> tuple[Imported, Dataset]:
    from dmil_core.io.tables import read_table
    from dmil_core.posthoc.imported import import_predictions

    table = read_table(a.table)
    dataset = _dataset(a)
    made = import_predictions(
        table, dataset, a.name, a.out, seed=a.seed, in_order=a.in_order, overwrite=a.overwrite
    )
    return made, dataset


def _of_model(a: argparse.Namespace) -> tuple[Imported, Dataset]:
    from dmil_core.posthoc.imported import import_model
    from dmil_core.posthoc.onnx import of_onnx
    from dmil_core.posthoc.progress import RowBar

    model = of_onnx(a.model, a.output)
    dataset = _dataset(a)
    with RowBar(disable=a.quiet) as bar:
        made = import_model(
            model, dataset, a.name, a.out, seed=a.seed, overwrite=a.overwrite, progress=bar
        )
    return made, dataset


def _dataset(a: argparse.Namespace) -> Dataset:
    return load_stored(a, a.out.parent if a.out else None)
