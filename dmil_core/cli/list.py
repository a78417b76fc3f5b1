"""``dmil list``: data sets, paradigms and checkpoints."""

from __future__ import annotations

import argparse

from dmil_core.cli.options import Parser, Subparsers, add_command


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    add_command(
        subparsers, "list", run, "List data sets, paradigms and checkpoints.", "  dmil list\n"
    )


def run(_: argparse.Namespace) -> int:
    """Print the three lists."""
    from dmil_core.checkpoint import find_runs
    from dmil_core.data.catalog import list_datasets
    from dmil_core.paradigms import PARADIGMS

    print("data sets")
    for entry in list_datasets():
        options = ", ".join(o.name for o in entry.options)
        note = entry.error or entry.title + (f" (options: {options})" if options else "")
        print(f"  {entry.name:19} {note}")
    print("paradigms")
    for p in PARADIGMS.values():
        print(f"  {p.name:19} {p.summary}")
    print("checkpoints")
    for result in find_runs():
        state = result.error or accuracy_text(result.run.metrics if result.run else {})
        print(f"  {result.set_name}/{result.paradigm}/seed{result.seed}: {state}")
    return 0


def accuracy_text(metrics: dict[str, dict[str, float]]) -> str:
    """The accuracy on test rows in words."""
    value = metrics.get("test", {}).get("accuracy")
    return "no test rows" if value is None else f"test accuracy {value:.3f}"
