"""``dmil information``: the estimates of a data set that the app shows."""

from __future__ import annotations

import argparse
import sys

from dmil_core.cli.files import add_files, load_data, source_of
from dmil_core.cli.options import (
    UNITS,
    Parser,
    Subparsers,
    add_command,
    add_data,
    add_fit_rows,
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
        "  dmil information --data rows/ --out estimates/\n"
        "Writes information.parquet into the data set's folder of checkpoints: cross-fitted\n"
        "estimates for every row, and an exact decomposition of the inputs cut into clusters.\n",
    )
    add_data(p, files=True)
    add_files(p)
    p.add_argument(
        "--out",
        type=path_argument,
        metavar="FILE|DIR",
        help="default: <checkpoints>/<set>/information.parquet; or a folder, for Parquet files "
        "of any size",
    )
    add_fit_rows(p, 20_000)
    add_seed(p)


def run(a: argparse.Namespace) -> int:
    """Write the estimates."""
    from dmil_core.information import store
    from dmil_core.io.atomic import check_writable

    if a.out is not None and not a.out.suffix:
        return _in_parts(a)
    if a.fit_rows is not None:
        raise ConfigError(
            "--fit-rows is for rows that are read in parts; here all rows are fitted to"
        )
    dataset = load_data(a)
    path = a.out or store.default_path(dataset.slug)
    if path.suffix != ".parquet":
        raise ConfigError(f"{path}: expected a file ending in .parquet, or a folder")
    check_writable(path)
    estimates = store.InformationEstimates.compute(dataset, a.seed)
    estimates.save(path)
    bits = estimates.rows["i12"].mean() / UNITS["bits"]
    print(f"{path}: {len(estimates.rows)} rows, I(x1,x2;y) = {bits:.2f} bits")
    return 0


def _in_parts(a: argparse.Namespace) -> int:
    """Rows of any number, to a folder of Parquet files."""
    from dmil_core.information.stream import FIT_ROWS, estimate_parts
    from dmil_core.posthoc.progress import RowBar

    source, request = source_of(a)
    with RowBar(disable=not sys.stderr.isatty()) as bar:
        done = estimate_parts(
            source, a.out, request, seed=a.seed, fit_rows=a.fit_rows or FIT_ROWS,
            kind="information", progress=bar,
        )  # fmt: skip
    bits = done.means["i12"].value / UNITS["bits"]
    print(
        f"{a.out}: {done.rows:,} of {source.rows:,} rows by a fit to {done.fitted_to:,}, "
        f"I(x1,x2;y) = {bits:.2f} bits"
    )
    return 0
