"""The parser and the options that several commands share."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

from dmil_core.engine.options import ENGINES, EngineOptions
from dmil_core.errors import ConfigError
from dmil_core.io.paths import named_path

#: Unit -> how many nats it is.
UNITS: Final = {"bits": math.log(2.0), "nats": 1.0}

DATA_HELP: Final = (
    "a data set that `dmil list` names, with options where it has some "
    "(switch:classes=2,noise=1.0), or the path of an .npz file; either of a set that is not "
    "generated with :split=N for another split of the same rows (emoji:split=3)"
)
FILES_HELP: Final = (
    "; or files: a table (.csv, .parquet), several that are joined by id, an archive or a folder, "
    "see `dmil inspect`"
)


class Parser(argparse.ArgumentParser):
    """argparse, with one clear line instead of the usage text on bad arguments."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


Subparsers = argparse._SubParsersAction


def add_command(
    subparsers: Subparsers[Parser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    examples: str,
) -> Parser:
    """Add a command; ``examples`` are lines of its help, those of commands start with ``dmil``."""
    parser = subparsers.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="MODULE",
        help="import a Python module first, which registers encoders of your own; repeatable",
    )
    return parser


def path_argument(text: str) -> Path:
    """An argument type: a path; never an empty text."""
    try:
        return named_path(text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def at_least(least: int) -> Callable[[str], int]:
    """An argument type: a whole number from ``least`` on."""

    def parse(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {least} on, got {text!r}"
            )
        return int(text)

    return parse


def add_data(parser: Parser, required: bool = True, note: str = "", files: bool = False) -> None:
    """``--data``; with ``files`` it takes several, see `dmil_core.cli.files`."""
    if files:
        parser.add_argument(
            "--data",
            required=required,
            nargs="+",
            metavar="SET|FILE",
            help=DATA_HELP + FILES_HELP + note,
        )
        return
    parser.add_argument("--data", required=required, metavar="SET|FILE", help=DATA_HELP + note)


def add_checkpoint(parser: Parser) -> None:
    """``--checkpoint``."""
    parser.add_argument(
        "--checkpoint",
        required=True,
        type=path_argument,
        metavar="DIR",
        help="a folder that `dmil train` wrote, or <set>/<paradigm>/seed<k> as `dmil list` names "
        "it",
    )


def add_seed(parser: Parser) -> None:
    """``--seed``."""
    parser.add_argument("--seed", type=at_least(0), default=0, metavar="S", help="default: 0")


def add_device(parser: Parser) -> None:
    """``--device``."""
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda; default: auto")


def add_training(parser: Parser) -> None:
    """The options of everything that trains."""
    add_device(parser)
    parser.add_argument(
        "--epochs-scale",
        type=float,
        default=1.0,
        metavar="X",
        help="multiply the epochs of every stage, for quick experiments; default: 1",
    )
    parser.add_argument(
        "--recipe",
        default="standard",
        metavar="NAME",
        help="how stages are stopped, weights averaged and labels smoothed: standard, or it "
        "without one of these; an unknown name lists them; default: standard",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def add_engine(parser: argparse.ArgumentParser, jobs: int = 1, parts: bool = False) -> None:
    """``--jobs``, ``--engine`` and ``--address``; ``jobs`` is the number of processes where nobody
    says how many, ``parts`` whether they are for rows that are read in parts alone."""
    of_parts = "; for rows that are read in parts" if parts else ""
    parser.add_argument(
        "--jobs",
        type=at_least(1),
        metavar="N",
        help=f"number of parallel processes; default: {jobs}, with --address one for each CPU of "
        f"the cluster{of_parts}",
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="local",
        help="local: processes of this machine; ray: tasks of Ray, an optional package; "
        "default: local",
    )
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="with --engine ray: join this cluster, see docs/cluster.md; without it Ray runs on "
        "this machine",
    )


def engine_of(a: argparse.Namespace, jobs: int = 1) -> EngineOptions:
    """What :func:`add_engine` has read."""
    return EngineOptions(a.engine, a.jobs or (None if a.address else jobs), a.address)


def check_one_process(a: argparse.Namespace) -> None:
    """Refuse several processes, where all rows are in memory, with a ConfigError."""
    if not engine_of(a).is_here:
        raise ConfigError(
            "--jobs, --engine and --address are for rows that are read in parts, from Parquet to a "
            "folder; leave them out"
        )


def add_progress(parser: Parser) -> None:
    """``--progress``."""
    parser.add_argument(
        "--progress",
        choices=("bar", "json", "none"),
        default="bar",
        help="bar: on stderr; json: one line per epoch on stdout, for programs; default: bar",
    )


def add_fit_rows(parser: Parser, default: int) -> None:
    """``--fit-rows``."""
    parser.add_argument(
        "--fit-rows",
        type=at_least(1),
        metavar="N",
        help="of rows that are read in parts: fit to at most N of them, drawn from all; default: "
        f"{default:,}",
    )
