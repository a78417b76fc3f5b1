"""Units of work side by side: results of all, also where processes are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from dmil_core.engine.local import LocalEngine
from dmil_core.engine.tasks import TRIES, Task
from dmil_core.errors import ResourceError
from tests.core.engine.units import dying, slow_first, square, wrong


def test_each_result_comes_once_and_the_first_that_is_done_first() -> None:
    with LocalEngine(2) as engine:
        assert dict(engine.each([Task(str(n), square, (n,)) for n in range(5)])) == {
            n: n * n for n in range(5)
        }
        # The same processes take the next tasks.
        order = [index for index, _ in engine.each([Task("", slow_first, (n,)) for n in range(3)])]
    assert order[-1] == 0
    assert sorted(order) == [0, 1, 2]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no hard kill on this system")
def test_a_task_whose_process_was_killed_is_begun_again_and_the_others_are_not(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    counts = [tmp_path / str(n) for n in range(4)]
    tasks = [Task(f"unit {n}", dying, (str(counts[n]), n, 2 if n == 1 else 0)) for n in range(4)]
    with LocalEngine(2, said.append) as engine:
        assert dict(engine.each(tasks)) == {n: n for n in range(4)}
    assert [path.stat().st_size for path in counts] == [1, 3, 1, 1]
    assert len(said) == 2
    assert all("unit 1" in line for line in said)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no hard kill on this system")
def test_a_task_that_kills_every_process_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    tasks = [Task("good", square, (3,)), Task("bad", dying, (str(tmp_path / "n"), 0, 99))]
    with LocalEngine(2, lambda line: None) as engine:
        results = engine.each(tasks)
        assert next(results) == (0, 9)
        with pytest.raises(ResourceError, match=f"of bad ended {TRIES} times .* fewer --jobs"):
            next(results)
    assert (tmp_path / "n").stat().st_size == TRIES


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no hard kill on this system")
def test_a_process_that_was_killed_between_two_tasks_is_replaced() -> None:
    with LocalEngine(1) as engine:
        ((_, pid),) = engine.each([Task("", os.getpid)])
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.5)
        assert list(engine.each([Task("", square, (2,))])) == [(0, 4)]


#: Does a task, says which process did it, and stands still.
STANDING = """
import os, time
from dmil_core.engine.local import LocalEngine
from dmil_core.engine.tasks import Task
with LocalEngine(1) as engine:
    ((_, pid),) = engine.each([Task("", os.getpid)])
    print(pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no hard kill on this system")
def test_processes_end_with_who_started_them_however_that_ends() -> None:
    command = [sys.executable, "-c", STANDING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as standing:
        assert standing.stdout is not None
        pid = int(standing.stdout.readline())
        assert psutil.pid_exists(pid)
        standing.kill()
    end = time.monotonic() + 60
    while psutil.pid_exists(pid):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_an_error_of_a_task_is_raised_as_it_is() -> None:
    with pytest.raises(ValueError, match="7 is wrong"), LocalEngine(1) as engine:
        list(engine.each([Task("", wrong, (7,))]))
