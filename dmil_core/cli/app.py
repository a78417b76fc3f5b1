"""``dmil app``: start the app in a browser."""

from __future__ import annotations

import argparse
import os
import subprocess

from dmil_core.cli.options import Parser, Subparsers, add_command, at_least, path_argument
from dmil_core.errors import ConfigError


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    p = add_command(
        subparsers,
        "app",
        run,
        "Start the app; open the address that it prints in a browser.",
        "  dmil app\n"
        "  dmil app --port 8600 --checkpoints runs\n"
        "  dmil app --plugin mymodule\n"
        "  dmil app --server.address 0.0.0.0 --server.allowedHosts dmil.example.org\n"
        "It listens on this machine alone; docs/deploy.md says how to serve others.\n"
        "Options that are not listed here go to `streamlit run`.\n",
    )
    p.add_argument(
        "--port", type=at_least(1), metavar="N", help="default: 8501, or the next free one"
    )
    p.add_argument(
        "--data",
        type=path_argument,
        metavar="DIR",
        help="folder of data sets, each a folder with data.npz and card.json; default: see "
        "`dmil list`",
    )
    p.add_argument(
        "--checkpoints",
        type=path_argument,
        metavar="DIR",
        help="folder of checkpoints, <set>/<paradigm>/seed<k>; default: see `dmil list`",
    )
    p.set_defaults(passes_on=True)


def run(a: argparse.Namespace) -> int:
    """Run Streamlit in place of this process, or beside it where that is not possible."""
    from dmil_core.io.app import app_command

    command, environment = app_command(a.port, a.rest)
    for variable, folder in (("DMIL_SAMPLE_DATA", a.data), ("DMIL_CHECKPOINTS", a.checkpoints)):
        if folder is not None:
            if not folder.is_dir():
                raise ConfigError(f"{folder} is not a folder; name one that exists")
            environment[variable] = str(folder.resolve())
    if os.name == "posix":
        os.execve(command[0], command, environment)
    else:
        return subprocess.call(command, env=environment)
