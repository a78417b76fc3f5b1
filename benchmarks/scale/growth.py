"""What is measured at each number of rows, and what follows for growth."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.runs import RESULTS, Records
from benchmarks.scale.process import cost_of
from benchmarks.scale.rows import ROLES, model, rows
from dmil_core.experiments.targets import Target, judged, unmeasured

RESULT: Final = RESULTS / "scale.json"
SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
#: Costs of start are the cost of so many rows; growth is what comes on top.
BASE: Final = SIZES[0]
MOST_MEGABYTES: Final = 1_000.0
LEAST_ROWS_A_SECOND: Final = 50_000.0
#: Of the record; another where what is measured changes.
VERSION: Final = 1

#: Arguments of Python for work on a folder of rows, given the folder of the benchmark and where
#: results go.
Arguments = Callable[[Path, Path, Path], list[str]]


@dataclass(frozen=True)
class Work:
    """Something that is done with so many rows.

    Attributes
    ----------
    arguments : of Python.
    streamed : whether it is to be within the bars of commands that read rows in parts.
    most_rows : beyond them it takes hours.
    """

    arguments: Arguments
    streamed: bool = True
    most_rows: int = SIZES[-1]


def _dmil(command: str, *options: str, checkpoint: bool = True) -> Arguments:
    """A command over rows in parts."""

    def arguments(folder: Path, data: Path, out: Path) -> list[str]:
        where = ["--checkpoint", str(model(folder, "dmil"))] if checkpoint else []
        return ["-m", "dmil_core", command, *where, "--data", str(data), *ROLES, *options,
                "--out", str(out)]  # fmt: skip

    return arguments


def _plain(work: str) -> Arguments:
    """The same in plain PyTorch and pandas."""

    def arguments(folder: Path, data: Path, out: Path) -> list[str]:
        checkpoint = str(model(folder, "dmil"))
        return ["-m", "benchmarks.scale.plain", work, str(data), checkpoint, f"{out}.parquet"]

    return arguments


def _train(paradigm: str) -> Arguments:
    """Training from files."""
    return _dmil(
        "train", "--stream", "--quiet", "--paradigm", paradigm, "--epochs-scale", "0.02",
        checkpoint=False,
    )  # fmt: skip


#: By name, in the order of the record.
WORKS: Final[dict[str, Work]] = {
    "decompose": Work(_dmil("decompose")),
    "decompose, plain PyTorch and pandas": Work(_plain("decompose"), streamed=False),
    "project (PCA)": Work(_dmil("project", "--method", "pca")),
    "estimate": Work(_dmil("estimate", "--refits", "0", checkpoint=False)),
    "information": Work(_dmil("information", "--refits", "0", checkpoint=False)),
    "worth": Work(_dmil("worth", "--refits", "0", checkpoint=False)),
    "explain": Work(_dmil("explain", "--stream", "--quiet"), most_rows=100_000),
    "train (dmil, 2 % of the epochs)": Work(_train("dmil"), streamed=False),
    "train (joint, 2 % of the epochs)": Work(_train("joint"), streamed=False),
    "train (one epoch), plain PyTorch and pandas": Work(_plain("train"), streamed=False),
}


def measure(work: str, count: int, out: Path) -> Records:
    """One work on so many rows."""
    folder = out.resolve()
    data, results = rows(folder, count), folder / "results"
    shutil.rmtree(results, ignore_errors=True)
    arguments = WORKS[work].arguments(folder, data, results)
    cost = cost_of(arguments, folder)
    return [{"work": work, "rows": count, "settings": settings_of(work, count),
             "seconds": cost.seconds, "megabytes": cost.megabytes}]  # fmt: skip


def settings_of(work: str, count: int) -> str:
    """Fingerprint of a measurement."""
    return f"{VERSION}: {work} {count}"


def summary(runs: Records) -> dict[str, Any]:
    """For each work the exponent of its growth and its rows a second beyond the start."""
    growth = {}
    for work in dict.fromkeys(r["work"] for r in runs):
        seconds = {r["rows"]: r["seconds"] for r in runs if r["work"] == work}
        growth[work] = {
            "exponent": exponent(seconds),
            "rows_a_second": rate(seconds),
            "most_megabytes": max(r["megabytes"] for r in runs if r["work"] == work),
        }
    return {"growth": growth}


def exponent(seconds: dict[int, float]) -> float | None:
    """Slope of log(cost beyond the start) over log(rows), by least squares; None where fewer than
    two sizes cost at least a tenth more than the start."""
    start = seconds.get(BASE, 0.0)
    beyond = {n: s - start for n, s in seconds.items() if s > 1.1 * start and n != BASE}
    if len(beyond) < 2:
        return None
    slope, _ = np.polyfit(np.log(list(beyond)), np.log(list(beyond.values())), 1)
    return float(slope)


def rate(seconds: dict[int, float]) -> float | None:
    """Rows in each second of processor time between the two largest sizes; None where they cost
    the same."""
    if len(seconds) < 2:
        return None
    fewer, most = sorted(seconds)[-2:]
    between = seconds[most] - seconds[fewer]
    return (most - fewer) / between if between > 0 else None


def targets(record: dict[str, Any]) -> list[Target]:
    """The bars of streamed commands."""
    claim = f"at most {MOST_MEGABYTES:,.0f} MB of memory at any number of rows"
    fast = f"decompose does at least {LEAST_ROWS_A_SECOND:,.0f} rows a second of one core"
    growth = record["growth"]
    streamed = {
        w: growth[w]["most_megabytes"] for w, work in WORKS.items() if work.streamed and w in growth
    }
    if not streamed or (rows_a_second := growth["decompose"]["rows_a_second"]) is None:
        return [unmeasured(claim), unmeasured(fast)]
    over = [f"{w}: {mb:,.0f} MB" for w, mb in streamed.items() if mb > MOST_MEGABYTES]
    largest = max(r["rows"] for r in record["runs"])
    slow = [] if rows_a_second >= LEAST_ROWS_A_SECOND else [f"{rows_a_second:,.0f}"]
    return [
        judged(claim, f"{max(streamed.values()):,.0f} MB at {largest:,} rows", over, True),
        judged(fast, f"{rows_a_second:,.0f} rows", slow, True),
    ]
