"""Durations are measured with a clock that nobody can set.

A clock is set back or forward when a machine learns the time from others. What reads it has to say
why it needs the time of day, and what becomes of it then.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCES: Final = ("dmil_core", "dashboard", "benchmarks", "checkpoints", "sample_data")
#: What may read the time of day, and why.
ALLOWED: Final = {
    "dmil_core/training/run.py": "a checkpoint says when it was made",
    "dmil_core/posthoc/imported.py": "so does one of another model",
    "dashboard/jobs/queue.py": "jobs are kept for days, over restarts; their order is made sure of",
    "dashboard/services/store/own_sets.py": "so are sets, whose age is corrected",
    "dashboard/components/drawing.js": "numbers of strokes; those that the server has seen count",
}
READS: Final = re.compile(r"\bDate\.now\b|\bnew Date\b")
CALLS: Final = {
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.strftime", "time.ctime",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "Timestamp.now",
}  # fmt: skip


def python_files() -> list[Path]:
    return [file for source in SOURCES for file in (ROOT / source).rglob("*.py")]


def calls(file: Path) -> set[str]:
    """Whatever is called of a clock, as ``module.function``."""
    result = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Attribute):
            result.add(".".join(ast.unparse(node).split(".")[-2:]))
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            result |= {f"time.{name.name}" for name in node.names}
    return result & CALLS


def test_the_time_of_day_is_read_only_where_it_is_needed() -> None:
    scripts = [f for f in (ROOT / "dashboard").rglob("*.js") if READS.search(f.read_text("utf-8"))]
    readers = {*scripts, *(file for file in python_files() if calls(file))}
    assert {str(file.relative_to(ROOT)) for file in readers} == set(ALLOWED)


@pytest.mark.parametrize(
    ("line", "found"),
    [("time.time()", True), ("datetime.datetime.now(UTC)", True), ("time.monotonic()", False),
     ("from time import time", True), ("pd.Timestamp.now()", True), ("f = time.time", True)],
)  # fmt: skip
def test_every_way_to_read_it_is_found(tmp_path: Path, line: str, found: bool) -> None:
    (tmp_path / "a.py").write_text(line)
    assert bool(calls(tmp_path / "a.py")) == found
