"""``dmil compare``: train several paradigms over paired seeds and summarise them."""

from __future__ import annotations

import argparse
import sys

from dmil_core.cli.files import add_files, load_each
from dmil_core.cli.options import (
    DATA_HELP,
    Parser,
    Subparsers,
    add_command,
    add_engine,
    add_training,
    at_least,
    engine_of,
    path_argument,
)

_FILES_HELP = (
    "; or a table (.csv, .parquet), an archive or a folder, see `dmil inspect`; the options below "
    "are for the files of one set"
)


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "compare",
        run,
        "Train paradigms over paired seeds and summarise.",
        "  dmil compare --data avdigits mfeat --paradigms joint ensemble dmil --seeds 5 --out c\n"
        "  dmil compare --data penguins.csv --label species --out c\n"
        "Writes results.jsonl, then summary.csv from it. A stopped comparison goes on when the\n"
        "same command is run again.\n",
    )
    p.add_argument(
        "--data", required=True, nargs="+", metavar="SET|FILE", help=DATA_HELP + _FILES_HELP
    )
    add_files(p)
    p.add_argument(
        "--paradigms",
        nargs="+",
        default=["joint", "ensemble", "dmil"],
        metavar="P",
        help="default: joint ensemble dmil; see `dmil list`",
    )
    p.add_argument(
        "--seeds", type=at_least(1), default=5, metavar="N", help="seeds 0 to N-1; default 5"
    )
    p.add_argument(
        "--out",
        required=True,
        type=path_argument,
        metavar="DIR",
        help="folder of the runs and the summary",
    )
    p.add_argument(
        "--tune",
        action="store_true",
        help="choose each paradigm's learning rate on validation rows, from the same three values",
    )
    p.add_argument(
        "--fixed-split",
        action="store_true",
        help="train all seeds on the split that a set comes with; by default seed N has split N "
        "of it, as --data SET:split=N has, or of a generated set other rows",
    )
    add_engine(p)
    add_training(p)


def run(a: argparse.Namespace) -> int:
    """Train what is missing, then print and write the summary."""
    from dmil_core.experiments.compare import SUMMARY_FILE, compare
    from dmil_core.io.atomic import check_writable
    from dmil_core.training.progress import ProgressBar

    engine = engine_of(a)
    check_writable(a.out, folder=True)
    datasets = load_each(a, a.out)
    with ProgressBar(a.quiet) as bar:

        def on_run(name: str) -> None:
            bar.close()
            print(name, file=sys.stderr)

        table = compare(
            datasets,
            a.paradigms,
            a.seeds,
            a.out,
            device=a.device,
            epochs_scale=a.epochs_scale,
            recipe=a.recipe,
            tune=a.tune,
            engine=engine,
            own_splits=not a.fixed_split,
            on_run=on_run,
            on_epoch=bar,
        )
    shown = table[["data", "paradigm", "seeds", "accuracy_mean", "accuracy_sd", "synergy_mean"]]
    print(shown.to_string(index=False, float_format="{:.4f}".format))
    print(f"wrote {a.out / SUMMARY_FILE}")
    return 0
