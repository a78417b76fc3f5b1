"""``dmil train``: train one paradigm on one data set."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from dmil_core.cli.files import add_files, load_stored, notes, request_of_source
from dmil_core.cli.list import accuracy_text
from dmil_core.cli.options import (
    Parser,
    Subparsers,
    add_command,
    add_data,
    add_progress,
    add_seed,
    add_training,
    path_argument,
)
from dmil_core.errors import ConfigError
from dmil_core.schema import MODALITY_NUMBERS

if TYPE_CHECKING:
    from dmil_core.training.loop import Report


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "train",
        run,
        "Train one paradigm on one data set.",
        "  dmil train --data avdigits --paradigm dmil\n"
        "  dmil train --data switch:classes=2,noise=1.0 --paradigm joint --seed 3 --out runs/a\n"
        "  dmil train --data my/data.npz --paradigm dmil --out runs/mine\n"
        "  dmil train --data penguins.csv --label species --input 'bill=bill_*' "
        "--input body=flipper_length_mm,body_mass_g\n"
        "  dmil train --data rows/ --stream --out runs/large\n"
        "  torchrun --nproc-per-node 4 -m dmil_core train --data rows/ --stream --out runs/large\n"
        "A training that was killed goes on when the same command is run again.\n",
    )
    add_data(p, files=True)
    add_files(p)
    p.add_argument("--paradigm", default="dmil", metavar="P", help="default: dmil; see `dmil list`")
    add_seed(p)
    p.add_argument(
        "--out",
        type=path_argument,
        metavar="DIR",
        help="folder of the checkpoint; default: <checkpoints>/<set>/<paradigm>/seed<S>, where "
        "`dmil list` names the folder <checkpoints>",
    )
    p.add_argument("--overwrite", action="store_true", help="start over in a folder in use")
    for m in MODALITY_NUMBERS:
        p.add_argument(
            f"--encoder{m}",
            metavar="NAME",
            help=f"encoder of x{m} instead of the default for its kind",
        )
    p.add_argument(
        "--stream",
        action="store_true",
        help="read a Parquet file, or a folder of them, a batch at a time and train from shuffled "
        "files in the folder of the run, in memory that does not grow with the rows; default: "
        "where they are more than 2 GiB",
    )
    p.add_argument(
        "--map", choices=("umap", "pca"), help="write the latent maps too, as `dmil project` does"
    )
    p.add_argument(
        "--lr-scale",
        type=float,
        default=1.0,
        metavar="X",
        help="multiply the learning rate of every stage; `dmil compare --tune` records the factor "
        "of each run as lr_scale; default: 1",
    )
    add_training(p)
    add_progress(p)


def run(a: argparse.Namespace) -> int:
    """Train, write the checkpoint and, with ``--map``, its latent maps."""
    from dmil_core.training import processes

    with processes.together():
        return _run(a, processes.is_first())


def _run(a: argparse.Namespace, first: bool) -> int:
    """The same in one of several processes; ``first`` is the one that says and writes."""
    from dmil_core.data.dataset import Dataset
    from dmil_core.io.atomic import check_writable
    from dmil_core.paradigms import find_paradigm
    from dmil_core.training import processes
    from dmil_core.training.progress import ProgressBar, ProgressLines, emit
    from dmil_core.training.run import train

    find_paradigm(a.paradigm)
    if a.out is not None:
        check_writable(a.out, folder=True)
    if a.map:
        from dmil_core.inference.projection import check_available

        check_available(a.map)
    request = request_of_source(a, a.stream)
    if request is not None and a.map:
        raise ConfigError(
            "--map needs all rows in memory, which are streamed here. Train without it, and run "
            "`dmil project` on a part of the rows"
        )
    if request is None and processes.count() > 1:
        raise ConfigError(
            "several processes train on rows in files: give a Parquet file or a folder of them as "
            "--data, with --stream"
        )
    data = load_stored(a, a.out.parent if a.out else None) if request is None else request
    with ProgressBar(a.quiet or a.progress != "bar" or not first) as bar:
        lines = a.progress == "json" and not a.quiet and first
        on_epoch: Callable[[Report], None] = ProgressLines() if lines else bar
        trained = train(
            data,
            a.paradigm,
            a.seed,
            a.out,
            device=a.device,
            encoders=(a.encoder1, a.encoder2, a.encoder3),
            epochs_scale=a.epochs_scale,
            lr_scale=a.lr_scale,
            recipe=a.recipe,
            overwrite=a.overwrite,
            on_set=lambda rows: notes(rows.issues if first else ()),
            on_epoch=on_epoch,
        )
    if a.map and isinstance(data, Dataset):
        from dmil_core.inference.projection import project

        def on_latent(name: str) -> None:
            if a.progress == "json":
                emit(f"map of {name}", 1.0)  # the training, which is nearly all of it, is done
            elif a.progress == "bar" and not a.quiet:
                print(f"mapping {name}", file=sys.stderr)

        project(trained.folder, data, method=a.map, on_latent=on_latent)
    if first:
        print(f"{trained.folder}: {accuracy_text(trained.metrics)}, {trained.seconds:.0f} s")
    return 0
