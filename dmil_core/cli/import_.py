"""``dmil import``: take up the predictions of a model that was trained elsewhere."""

from __future__ import annotations

import argparse
import sys

from dmil_core.cli.files import add_files, load_stored
from dmil_core.cli.options import (
    Parser,
    Subparsers,
    add_command,
    add_data,
    add_seed,
    path_argument,
)


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "import",
        run,
        "Take up predictions of a model that was trained elsewhere, so that the app shows them.",
        "  dmil import predictions.csv --data emoji --name my-model\n"
        "  dmil import test.parquet --data my/data.npz --name clip --seed 1\n"
        "The table has a row per sample: id, and p_<class> (probabilities) or logit_<class>\n"
        "of the model for every class; optionally px1_<class>, px2_<class> of models of one\n"
        "input, and embeddings z_0, z_1 ... or z1_0 ..., z2_0 ... for a latent map.\n",
    )
    p.add_argument(
        "table", type=path_argument, metavar="TABLE", help="a table that ends in .parquet or .csv"
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
    p.add_argument(
        "--map", choices=("umap", "pca"), help="write the latent maps too, as `dmil project` does"
    )


def run(a: argparse.Namespace) -> int:
    """Write the checkpoint and, with ``--map``, its latent maps."""
    from dmil_core.cli.list import accuracy_text
    from dmil_core.inference.projection import check_available, project
    from dmil_core.io.atomic import check_writable
    from dmil_core.io.tables import read_table
    from dmil_core.posthoc.imported import check_name, import_predictions

    check_name(a.name)
    if a.out is not None:
        check_writable(a.out, folder=True)
    if a.map:
        check_available(a.map)
    table = read_table(a.table)
    dataset = load_stored(a, a.out.parent if a.out else None)
    made = import_predictions(
        table, dataset, a.name, a.out, seed=a.seed, in_order=a.in_order, overwrite=a.overwrite
    )
    for note in made.notes:
        print(f"dmil: note: {note}", file=sys.stderr)
    if a.map:
        project(made.run.folder, dataset, method=a.map)
    print(f"{made.run.folder}: {accuracy_text(made.run.metrics)}")
    return 0
