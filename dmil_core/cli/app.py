"""``dmil app``: start the app in a browser."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from importlib.util import find_spec

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
    command, environment = started(a.port, a.rest)
    for variable, folder in (("DMIL_SAMPLE_DATA", a.data), ("DMIL_CHECKPOINTS", a.checkpoints)):
        if folder is not None:
            if not folder.is_dir():
                raise ConfigError(f"{folder} is not a folder; name one that exists")
            environment[variable] = str(folder.resolve())
    if os.name == "posix":
        os.execve(command[0], command, environment)
    else:
        return subprocess.call(command, env=environment)


def started(port: int | None, rest: list[str]) -> tuple[list[str], dict[str, str]]:
    """The command that starts the app, and its environment.

    Streamlit reads the app's settings from ``dashboard/.streamlit/config.toml``, which lies beside
    the script it runs; options of the command line win.

    Raises
    ------
    ConfigError
        If Streamlit or the app is not installed.
    """
    from dmil_core.io.paths import app_folder

    missing = [name for name in ("streamlit", "plotly") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"the app needs {' and '.join(missing)}, which the core alone does not install: "
            "pip install 'dmil-explorer[app]'"
        )
    folder = app_folder()
    if folder is None:
        raise ConfigError(
            "the app is not part of this installation; install dmil-explorer again, or start "
            "`streamlit run dashboard/app.py` in its repository"
        )
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "dashboard" / "app.py")]
    if port is not None:
        command += ["--server.port", str(port)]
    # The app's modules are imported by name, and those of its child processes too.
    search = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    # Nothing in the current folder may take the place of one of these modules.
    paths = {"PYTHONPATH": search, "PYTHONSAFEPATH": "1"}
    return [*command, *rest], {**os.environ, **paths}
