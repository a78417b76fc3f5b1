"""The ``dmil`` command, one file a command. A user's error is one line and exit code 2."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Final

from dmil_core import __version__
from dmil_core.cli import (
    app,
    compare,
    convert,
    decompose,
    estimate,
    explain,
    import_,
    information,
    pid,
    project,
    train,
    worth,
)
from dmil_core.cli import inspect as inspect_command
from dmil_core.cli import list as list_command
from dmil_core.cli.options import Parser
from dmil_core.errors import DmilError
from dmil_core.io.resources import shortage
from dmil_core.models import plugins

INTERRUPTED: Final = 130

#: In the order of ``dmil --help``; each has ``add(subparsers)`` and ``run(args)``.
COMMANDS: Final = (
    list_command,
    inspect_command,
    convert,
    train,
    import_,
    decompose,
    compare,
    project,
    estimate,
    information,
    explain,
    worth,
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
        code: int = arguments.run(arguments)
        # Here and not when Python ends, where a full disk would be no error but a warning.
        sys.stdout.flush()
        return code
    except DmilError as error:
        print(f"dmil: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        text = str(stop) or "stopped"
        print(f"\ndmil: {text}. Run the same command again to go on", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return 0
    except Exception as error:
        found = shortage(error)
        if found is None and not isinstance(error, OSError):
            raise
        _drop_output()
        print(f"dmil: {_in_words(error)}", file=sys.stderr)
        return 2


def _in_words(error: Exception) -> str:
    """An error of disk or memory that met no boundary of ours, with what to do, in one line."""
    found = shortage(error)
    if found is None:
        return f"{error}. Choose a path you can read and write"
    name = getattr(error, "filename", None)
    return f"{name}: {found.reason}; {found.advice}" if name else f"{found.reason}; {found.advice}"


def _drop_output() -> None:
    """Forget what could not be written to stdout, or Python would try again when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
