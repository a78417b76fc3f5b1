"""``dmil estimate``: pointwise mutual information of the inputs with the class, per sample."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from dmil_core.cli.files import add_files, is_plain, load_data, source_of
from dmil_core.cli.options import (
    UNITS,
    Parser,
    Subparsers,
    add_command,
    add_data,
    add_engine,
    add_fit_rows,
    add_seed,
    check_one_process,
    engine_of,
    path_argument,
)
from dmil_core.errors import ConfigError
from dmil_core.io.paths import named_path

if TYPE_CHECKING:
    from dmil_core.partial_information.pointwise import Mean


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "estimate",
        run,
        "Estimate the pointwise mutual information of each input with the class, for every "
        "sample; prints means as JSON.",
        "  dmil estimate --data mfeat --definition same-sign --out mfeat-bits.parquet\n"
        "  dmil estimate --data my/data.npz --definition lsmi --out mine.csv\n"
        "  dmil estimate --data features.parquet --out bits.parquet\n"
        "  dmil estimate --data rows/ --out bits/\n"
        "  dmil estimate --data switch --checkpoint checkpoints/switch/dmil/seed0 --latent M "
        "--out m.csv\n"
        "The table has one row per sample (id, y, i1, i2, i12, r, u1, u2, s) in nats; the means\n"
        "are in bits, with standard errors that include the fit of the networks, by refits to\n"
        "parts of the rows. A .parquet file with columns x1_..., x2_..., y and optionally\n"
        "id may have any number of rows. With --checkpoint, the model's latents of each input\n"
        "take the place of the inputs, for the rows that it was not trained on.\n",
    )
    add_data(p, files=True)
    add_files(p)
    p.add_argument(
        "--definition",
        default="same-sign",
        metavar="D",
        help="definition of pointwise redundancy: same-sign, ccs or lsmi; default: same-sign",
    )
    p.add_argument(
        "--out",
        required=True,
        type=path_argument,
        metavar="FILE|DIR",
        help="ends in .parquet or .csv; or a folder, for Parquet files of any size",
    )
    p.add_argument(
        "--checkpoint",
        type=path_argument,
        metavar="DIR",
        help="use latents of this model",
    )
    p.add_argument("--latent", default="Z", metavar="L", help="Z, M or N; default: Z")
    p.add_argument(
        "--refits",
        type=int,
        metavar="N",
        help="fits to parts of the rows, for the errors of the means: a multiple of 4, or 0 for "
        "errors over rows alone; default: 16",
    )
    add_fit_rows(p, 20_000)
    add_engine(p, parts=True)
    add_seed(p)


def run(a: argparse.Namespace) -> int:
    """Write the table and print the means."""
    from dmil_core.information.refits import REFITS
    from dmil_core.information.sets import estimate
    from dmil_core.io.tables import check_table_path, write_table

    refits = REFITS if a.refits is None else a.refits
    if not a.out.suffix:
        return _estimate_parts(a, refits)
    check_one_process(a)
    check_table_path(a.out)
    if a.fit_rows is not None and not _is_streamed(a):
        raise ConfigError(
            "--fit-rows is for rows that are read in parts; here all rows are fitted to"
        )
    if _is_streamed(a):
        return _estimate_file(a, refits)
    dataset = load_data(a)
    about = {"unit": "nats", "definition": a.definition, "data": dataset.digest, "seed": a.seed}
    shown = {"data": dataset.name, "definition": a.definition}
    if a.checkpoint is None:
        estimates = estimate(dataset, a.definition, a.seed, refits)
    else:
        from dmil_core.checkpoint import find_folder
        from dmil_core.information.latents import estimate_latents

        folder = find_folder(a.checkpoint)
        estimates = estimate_latents(folder, dataset, a.latent, a.definition, a.seed, refits=refits)
        about["latent"] = shown["latent"] = a.latent
    write_table(estimates.table, a.out, about)
    with_fit = bool(estimates.refits.errors(a.definition))
    _print_means({**shown, "rows": len(estimates.table)}, estimates.means, with_fit)
    return 0


def _is_streamed(a: argparse.Namespace) -> bool:
    """Whether it is a .parquet file of columns x1_..., x2_... and y, which may have any size."""
    if len(a.data) > 1 or not a.data[0].endswith(".parquet") or not is_plain(a):
        return False
    from dmil_core.information.stream import has_numbered_columns

    return has_numbered_columns(named_path(a.data[0]))


def _estimate_file(a: argparse.Namespace, refits: int) -> int:
    from dmil_core.information.stream import FIT_ROWS, estimate_file

    if a.out.suffix != ".parquet":
        raise ConfigError(f"{a.out}: rows of a .parquet file are written to a .parquet file")
    path = named_path(a.data[0])
    rows = a.fit_rows or FIT_ROWS
    estimates = estimate_file(path, a.out, a.definition, a.seed, rows, refits)
    shown = {"data": a.data[0], "definition": a.definition, "rows": estimates.rows}
    shown["fitted_to"] = estimates.fitted_to
    _print_means(shown, estimates.means, estimates.with_fit)
    return 0


def _estimate_parts(a: argparse.Namespace, refits: int) -> int:
    """Rows of any number, to a folder of Parquet files."""
    from dmil_core.information.stream import FIT_ROWS, estimate_parts
    from dmil_core.posthoc.progress import RowBar

    if a.checkpoint is not None:
        raise ConfigError(
            f"--out {a.out} is a folder, which is for the inputs as they are; leave --checkpoint "
            "out, or name a file that ends in .parquet or .csv"
        )
    engine = engine_of(a)
    source, request = source_of(a)
    with RowBar(disable=not sys.stderr.isatty()) as bar:
        estimates = estimate_parts(
            source, a.out, request, a.definition, a.seed, a.fit_rows or FIT_ROWS, refits,
            progress=bar, engine=engine,
        )  # fmt: skip
    shown = {"data": a.data[0], "definition": a.definition, "rows": estimates.rows}
    shown |= {"of": source.rows, "fitted_to": estimates.fitted_to}
    _print_means(shown, estimates.means, estimates.with_fit)
    return 0


def _print_means(shown: dict[str, Any], means: dict[str, Mean], with_fit: bool) -> None:
    """What was estimated, and means with standard errors in bits, as JSON."""
    bit = UNITS["bits"]
    bits = {name: {"mean": m.value / bit, "se": m.error / bit} for name, m in means.items()}
    about = {**shown, "unit": "bits", "se_includes_fit": with_fit}
    print(json.dumps({**about, "means": bits}, indent=2))
