"""``dmil list``: data sets, paradigms and checkpoints."""

from __future__ import annotations

import argparse

from dmil_core.cli.options import Parser, Subparsers, add_command


def add(subparsers: Subparsers[Parser]) -> None:
    """Add the command."""
    add_command(
        subparsers,
        "list",
        run,
        "List data sets, paradigms and checkpoints, and the folders they are in.",
        "  dmil list\n",
    )


def run(_: argparse.Namespace) -> int:
    """Print the three lists, and the folders they come from."""
    from dmil_core.checkpoint import find_runs
    from dmil_core.data.catalog import list_datasets
    from dmil_core.io.paths import checkpoints_root, checkpoints_roots, sample_data_root
    from dmil_core.paradigms import PARADIGMS

    sets, runs = list_datasets(), find_runs()
    files = [entry for entry in sets if not entry.generated]
    print("data sets")
    for entry in sets:
        options = ", ".join(o.name for o in entry.options)
        note = entry.error or entry.title + (f" (options: {options})" if options else "")
        print(f"  {entry.name:19} {note}")
    print("paradigms")
    for p in PARADIGMS.values():
        print(f"  {p.name:19} {p.summary}")
    print("checkpoints")
    for result in runs:
        state = result.error or accuracy_text(result.run.metrics if result.run else {})
        print(f"  {result.set_name}/{result.paradigm}/seed{result.seed}: {state}")
    print("folders")
    print(f"  data sets           {sample_data_root()} (DMIL_SAMPLE_DATA)")
    if not files:
        print(
            "                      no files there: the sets above are generated. Put yours there "
            "as <set>/data.npz with card.json, or give the path of an .npz file to --data"
        )
    print(f"  checkpoints         {checkpoints_root()} (DMIL_CHECKPOINTS)")
    for carried in checkpoints_roots()[1:]:
        print(f"                      {carried} (part of the package, read only)")
    if not runs:
        print("                      none there: train one with `dmil train --data switch`")
    return 0


def accuracy_text(metrics: dict[str, dict[str, float]]) -> str:
    """The accuracy on test rows in words."""
    value = metrics.get("test", {}).get("accuracy")
    return "no test rows" if value is None else f"test accuracy {value:.3f}"
