"""The ``dmil`` command, one file a command. A user's error is one line and exit code 2."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from dmil_core import __version__
from dmil_core.cli import app, compare, decompose, estimate, information, pid, project, train
from dmil_core.cli import list as list_command
from dmil_core.cli.options import Parser
from dmil_core.errors import DmilError
from dmil_core.models import plugins

INTERRUPTED: Final = 130

#: In the order of ``dmil --help``; each has ``add(subparsers)`` and ``run(args)``.
COMMANDS: Final = (
    list_command,
    train,
    decompose,
    compare,
    project,
    estimate,
    information,
    pid,
    app,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    whole = parser()
    arguments, rest = whole.parse_known_args(argv)
    if rest and not getattr(arguments, "passes_on", False):
        whole.error(f"unrecognized arguments: {' '.join(rest)}")
    arguments.rest = rest
    try:
        if arguments.plugin:
            plugins.add(arguments.plugin)
        return arguments.run(arguments)
    except DmilError as error:
        print(f"dmil: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        text = str(stop) or "stopped"
        print(f"\ndmil: {text}. Run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return 0
    except OSError as error:
        print(f"dmil: {error}. Choose a path you can read and write", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """The parser of ``dmil`` with all commands; ``run`` of its result is the command's function."""
    result = Parser(
        prog="dmil",
        description="Decompose multimodal models into redundancy, uniqueness and synergy.",
    )
    result.add_argument("--version", action="version", version=f"dmil {__version__}")
    subparsers = result.add_subparsers(
        metavar="COMMAND", dest="command", required=True, parser_class=Parser
    )
    for command in COMMANDS:
        command.add(subparsers)
    return result
