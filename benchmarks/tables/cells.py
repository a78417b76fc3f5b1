"""What the generated pages are made of: tables, and figures with their spread, as Markdown."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dmil_core.experiments.targets import Target

RESULTS = Path(__file__).resolve().parents[1] / "results"
#: The paradigms of the shorter tables, in their order.
ORDER = ("ensemble", "joint", "dmil", "dmil-paper")


def record_path(name: str) -> Path:
    """Where a benchmark leaves its record."""
    return RESULTS / f"{name}.json"


def read(name: str) -> Any:
    """One benchmark's record."""
    return json.loads(record_path(name).read_text("utf-8"))


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table, numbers to the right."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def mean_sd(mean: float, sd: float, seeds: int, wanted: int) -> str:
    spread = f" ± {100 * sd:.1f}" if math.isfinite(sd) else ""
    short = "" if seeds >= wanted else f" ({seeds} of {wanted})"
    return figure(100 * mean) + spread + short


def figure(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "-"


def mean_spread(values: list[float]) -> str:
    if not values:
        return "-"
    sd = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):.2f} ± {100 * sd:.2f} %"


def given(mean: dict[str, Any]) -> str:
    """Mean and standard deviation that a record holds."""
    sd = mean.get("accuracy_sd")
    spread = "" if sd is None else f" ± {100 * sd:.2f}"
    return f"{100 * mean['accuracy']:.2f}{spread} %"


def bits(nats: list[float]) -> str:
    mean = f"{statistics.mean(nats) / math.log(2):.2f}"
    return f"{mean} ± {statistics.stdev(nats) / math.log(2):.2f}" if len(nats) > 1 else mean


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def listed(checked: list[Target]) -> str:
    lines = []
    for target in checked:
        failing = [f for f in target.failing if f != target.figure]
        less = f" Not: {'; '.join(failing)}." if failing else ""
        lines.append(f"- **{target.state}**: {target.claim}. Measured: {target.figure}.{less}")
    return "\n".join(["Targets:", "", *lines])
