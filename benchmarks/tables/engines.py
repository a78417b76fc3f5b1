"""What engines cost: measured for tasks of two seconds, and of the shipped comparison computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.tables.cells import read, table
from dmil_core.experiments.compare import read_results
from dmil_core.experiments.records import RESULTS_FILE


def engines(checkpoints: Path) -> str:
    """Everything about them."""
    record = read("engines")
    (few, *_, many) = record["runs"]
    start, each = _line(few, many)
    cells = [
        [
            str(run["tasks"]),
            *(f"{run['cpu'][name]:.1f}" for name in ("local", "ray")),
            f"{run['ray_more']:+.0%}",
        ]
        for run in record["runs"]
    ]
    measured = table(["tasks", "`local`, CPU s", "`ray`, CPU s", "difference"], cells)
    size = f"{few['seconds']:.0f} seconds each, {record['jobs']} side by side"
    return f"""`make bench-engines` measures CPU seconds of all processes, from the start of a
command to its end, for tasks of {size}, on two cores with nothing else to do:

{measured}

A line through these: a Ray that is started for a command takes {start:.1f} CPU seconds more than
processes, and each task {each:.2f} more. A cluster is started once.

{_compared(checkpoints)}"""


def _line(few: dict[str, Any], many: dict[str, Any]) -> tuple[float, float]:
    """CPU seconds that Ray takes more: once, and for each task."""
    more = [run["cpu"]["ray"] - run["cpu"]["local"] for run in (few, many)]
    each = (more[1] - more[0]) / (many["tasks"] - few["tasks"])
    return more[0] - each * few["tasks"], each


def _compared(checkpoints: Path) -> str:
    files = sorted(checkpoints.glob(f"*/{RESULTS_FILE}"))
    # What is computed from others' runs took no time of its own.
    seconds = [r["seconds"] for file in files for r in read_results(file) if r.get("seconds")]
    hours, longest = sum(seconds) / 3600, max(seconds)
    return f"""The {len(seconds):,} runs of the shipped comparison (`checkpoints/*/results.jsonl`,
{len(files)} sets, without the trials of learning rates) took {hours:.1f} hours of one core in
all. On k cores that is computed to be {hours:.1f} / k hours, and never less than the longest run,
{longest:.0f} seconds."""
