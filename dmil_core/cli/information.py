"""``dmil information``: the estimates of a data set that the app shows."""

from __future__ import annotations

import argparse

from dmil_core.cli.files import add_files, load_data
from dmil_core.cli.options import (
    UNITS,
    Parser,
    Subparsers,
    add_command,
    add_data,
    add_seed,
    path_argument,
)
from dmil_core.errors import ConfigError


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "information",
        run,
        "Estimate a data set's pointwise mutual information for the app to show; takes minutes.",
        "  dmil information --data mfeat\n"
        "Writes information.parquet into the data set's folder of checkpoints: cross-fitted\n"
        "estimates for every row, and an exact decomposition of the inputs cut into clusters.\n",
    )
    add_data(p, files=True)
    add_files(p)
    p.add_argument(
        "--out",
        type=path_argument,
        metavar="FILE",
        help="default: <checkpoints>/<set>/information.parquet",
    )
    add_seed(p)


def run(a: argparse.Namespace) -> int:
    """Write the estimates."""
    from dmil_core.information import store
    from dmil_core.io.atomic import check_writable

    dataset = load_data(a)
    path = a.out or store.default_path(dataset.slug)
    if path.suffix != ".parquet":
        raise ConfigError(f"{path}: expected a file ending in .parquet")
    check_writable(path)
    estimates = store.InformationEstimates.compute(dataset, a.seed)
    estimates.save(path)
    bits = estimates.rows["i12"].mean() / UNITS["bits"]
    print(f"{path}: {len(estimates.rows)} rows, I(x1,x2;y) = {bits:.2f} bits")
    return 0
