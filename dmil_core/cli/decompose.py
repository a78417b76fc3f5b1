"""``dmil decompose``: run a checkpoint over a data set and write one tidy table."""

from __future__ import annotations

import argparse
import sys

from dmil_core.cli.files import add_files, check_split, load_data, source_of
from dmil_core.cli.options import (
    Parser,
    Subparsers,
    add_checkpoint,
    add_command,
    add_data,
    add_device,
    add_engine,
    check_one_process,
    engine_of,
    path_argument,
)
from dmil_core.errors import ConfigError
from dmil_core.schema import SPLITS


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "decompose",
        run,
        "Run a checkpoint over a data set and write one tidy table. New rows need no y; labels are "
        "matched by name.",
        "  dmil decompose --checkpoint checkpoints/mfeat/dmil/seed0 --data mfeat --out mfeat.csv\n"
        "  dmil decompose --checkpoint runs/mine --data my/new.npz --out new.parquet --latents\n"
        "  dmil decompose --checkpoint runs/mine --data rows/ --out parts/\n",
    )
    add_checkpoint(p)
    add_data(p, files=True)
    add_files(p, split=False)
    p.add_argument(
        "--out",
        required=True,
        type=path_argument,
        metavar="FILE|DIR",
        help="ends in .parquet or .csv; or a folder, for Parquet files of any size: they are read "
        "in parts, each written as one file, and the same command goes on where it was stopped",
    )
    p.add_argument(
        "--latents",
        action="store_true",
        help="add a column for every number of every latent (posterior means)",
    )
    p.add_argument(
        "--split",
        metavar="train|val|test|C",
        help="only rows of one split; of files also the column with the split of each row",
    )
    add_engine(p, parts=True)
    add_device(p)


def run(a: argparse.Namespace) -> int:
    """Write the prediction table."""
    from dmil_core.checkpoint import (
        as_new_rows,
        find_folder,
        for_prediction,
        load_model,
        unknown_labels,
    )
    from dmil_core.inference.predict import predict
    from dmil_core.io.tables import check_table_path, write_table
    from dmil_core.training.run import choose_device

    if not a.out.suffix:
        return _in_parts(a)
    check_one_process(a)
    check_table_path(a.out)
    check_split(a)
    device = choose_device(a.device)
    model, trained = load_model(find_folder(a.checkpoint), str(device))
    dataset = load_data(a, purpose="predict", like=trained)
    matched = as_new_rows(trained, for_prediction(trained, dataset))
    if note := unknown_labels(matched):
        print(f"dmil: note: {note}", file=sys.stderr)
    if dataset.digest != trained.data_digest:
        print(
            f"dmil: note: these rows are not the set {trained.data_name!r} the checkpoint was "
            "trained on, so the column split says nothing about what the model has seen",
            file=sys.stderr,
        )
    rows = matched.rows(a.split) if a.split in SPLITS else None
    table = predict(model, trained.config.model, matched, rows, latents=a.latents)
    write_table(table, a.out, {"data": dataset.digest, "weights": trained.weights_sha256})
    print(f"{a.out}: {len(table)} rows, {table.shape[1]} columns")
    return 0


def _in_parts(a: argparse.Namespace) -> int:
    """The same from Parquet to a folder of Parquet files, in bounded memory."""
    from dmil_core.checkpoint import find_folder, load_model
    from dmil_core.inference.stream import decompose
    from dmil_core.posthoc.progress import RowBar
    from dmil_core.training.run import choose_device

    check_split(a)
    engine = engine_of(a)
    source, request = source_of(a)
    if not engine.is_here and a.device not in ("auto", "cpu"):
        raise ConfigError(f"--device {a.device}: parts side by side are for the processor, cpu")
    device = choose_device(a.device if engine.is_here else "cpu")
    model, trained = load_model(find_folder(a.checkpoint), str(device))
    with RowBar(disable=not sys.stderr.isatty()) as bar:
        done = decompose(
            model, trained, source, a.out, request,
            latents=a.latents, split=a.split if a.split in SPLITS else None, progress=bar,
            engine=engine,
        )  # fmt: skip
    for note in done.notes:
        print(f"dmil: note: {note}", file=sys.stderr)
    print(f"{a.out}: {done.rows:,} rows in {len(done.files):,} files")
    return 0
