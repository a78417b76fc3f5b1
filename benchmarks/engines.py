"""What does an engine cost? CPU time of tasks of two seconds in local processes and on Ray.

``python -m benchmarks.engines``; needs the extra ``ray``. All processes count, from the start of
the command to its end: the engine's own, and those that it starts. Writes
benchmarks/results/engines.json.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from dmil_core.engine.options import ENGINES, EngineName, EngineOptions
from dmil_core.engine.tasks import Task
from dmil_core.io.atomic import write_json

RESULT = Path(__file__).parent / "results" / "engines.json"
#: CPU seconds of a task, and how many there are.
SECONDS = 2.0
COUNTS = (8, 32)
JOBS = 2
#: Seconds between two looks at the processes.
PERIOD = 0.1


def busy(seconds: float) -> float:
    """Take so many seconds of CPU time; returns how many were taken."""
    start = time.process_time()
    while (taken := time.process_time() - start) < seconds:
        sum(range(10_000))
    return taken


def work(engine: EngineName, tasks: int) -> None:
    """Do the tasks."""
    with (
        tempfile.TemporaryDirectory() as folder,
        EngineOptions(engine, JOBS).opened(Path(folder)) as runner,
    ):
        done = list(runner.each([Task(str(n), busy, (SECONDS,)) for n in range(tasks)]))
    assert len(done) == tasks


def cpu_seconds(command: list[str]) -> float:
    """CPU time of a command and of all processes that it starts.

    Those of Ray are not waited for by who started them, so that the system keeps no sum: they are
    looked at while they run.
    """
    seen: dict[psutil.Process, float] = {}
    with subprocess.Popen(command) as started:
        root = psutil.Process(started.pid)
        while started.poll() is None:
            for process in (root, *_below(root)):
                try:
                    times = process.cpu_times()
                except psutil.Error:
                    continue
                seen[process] = times.user + times.system
            time.sleep(PERIOD)
    if started.returncode:
        raise SystemExit(started.returncode)
    return sum(seen.values())


def _below(root: psutil.Process) -> list[psutil.Process]:
    try:
        return root.children(recursive=True)
    except psutil.Error:
        return []


def main() -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=ENGINES, help="do the tasks with one engine, unmeasured")
    parser.add_argument("--tasks", nargs="+", type=int, default=list(COUNTS))
    a = parser.parse_args()
    if a.only:
        for tasks in a.tasks:
            work(a.only, tasks)
        return 0
    runs: list[dict[str, Any]] = []
    for tasks in a.tasks:
        taken = {}
        for engine in ENGINES:
            command = [sys.executable, "-m", "benchmarks.engines", "--only", engine]
            taken[engine] = cpu_seconds([*command, "--tasks", str(tasks)])
        more = taken["ray"] / taken["local"] - 1.0
        runs.append({"tasks": tasks, "seconds": SECONDS, "cpu": taken, "ray_more": more})
        print(f"{tasks} tasks: {taken}, ray takes {more:+.0%}", flush=True)
    if a.tasks == list(COUNTS):
        write_json(RESULT, {"jobs": JOBS, "runs": runs})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
