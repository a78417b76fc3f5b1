"""Jobs are real processes: they report, queue fairly, end when told to, and are found again."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dashboard.jobs import queue as service
from dashboard.jobs.queue import JOB_FILE, STATE_FILE, Job, Jobs, Step
from dmil_core.errors import BusyError, ResourceError
from tests.disks import Disk, disk

__all__ = ["disk"]

#: Says how far it is, then waits to be ended; with a child of its own that does the same.
WAITS = """
import json, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(json.dumps({"stage": str(child.pid), "fraction": 0.25, "message": "working"}), flush=True)
time.sleep(60)
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + WAITS
#: Ends when the file appears that it is given.
AWAITS = """
import pathlib, sys, time
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.05)
"""


DAY = 24 * 3600


def python(code: str, *arguments: object, title: str = "work") -> Step:
    return Step(title, (sys.executable, "-c", code, *map(str, arguments)))


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether a process exists and is more than a name in a table."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Jobs]:
    made = Jobs(tmp_path / "jobs")
    yield made
    made.close()


def state_of(queue: Jobs, job: Job) -> Job:
    result = queue.get(job.id)
    assert result is not None
    return result


def wait_for(queue: Jobs, job: Job, state: str) -> Job:
    until(lambda: state_of(queue, job).state == state)
    return state_of(queue, job)


def submit(queue: Jobs, *steps: Step, owner: str = "ann", folder: str = "a") -> Job:
    return queue.submit(owner, "train", "A job", folder, steps)


def working(queue: Jobs, job: Job) -> int:
    """Wait until a `WAITS` job has reported; the id of the process it started itself."""
    until(lambda: state_of(queue, job).message == "working")
    return int(state_of(queue, job).stage.removeprefix("work: "))


def test_a_job_reports_its_stage_and_share_of_all_steps_and_ends(
    queue: Jobs, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    say = 'print(\'{"stage": "half", "fraction": 0.5, "message": "so far"}\', flush=True)'
    job = submit(queue, python("", title="first"), python(f"{say}\n{AWAITS}", go, title="second"))
    until(lambda: state_of(queue, job).message == "so far")
    seen = state_of(queue, job)
    assert (seen.state, seen.stage, seen.fraction) == ("running", "second: half", 0.75)
    go.touch()
    ended = wait_for(queue, job, "done")
    assert (ended.fraction, ended.left) == (1.0, None)
    assert queue.of("ann") == [ended]
    assert queue.of("bob") == []


def test_cancelling_kills_everything_that_was_started(queue: Jobs) -> None:
    for code in (WAITS, STUBBORN):
        job = submit(queue, python(code))
        grandchild, runner = working(queue, job), state_of(queue, job).pid
        assert alive(grandchild)
        assert queue.cancel(job.id, "ann")
        assert state_of(queue, job).state == "cancelled"
        until(lambda g=grandchild, r=runner: not alive(g) and not alive(r))


def test_only_the_owner_cancels_starts_again_and_forgets(queue: Jobs) -> None:
    job = submit(queue, python(WAITS))
    working(queue, job)
    assert not queue.cancel(job.id, "bob")
    assert not queue.forget(job.id, "ann"), "it still runs"
    assert state_of(queue, job).state == "running"
    assert queue.cancel(job.id, "ann")
    assert queue.again(job.id, "bob") is None
    again = queue.again(job.id, "ann")
    assert again is not None
    assert again.steps == job.steps
    assert queue.get(job.id) is None
    assert queue.cancel(again.id, "ann")
    assert not queue.forget(again.id, "bob")
    assert queue.forget(again.id, "ann")
    assert queue.of("ann") == []


def test_one_runs_at_once_and_the_rest_wait_fairly(queue: Jobs, tmp_path: Path) -> None:
    go = [tmp_path / f"go{i}" for i in range(4)]
    first = submit(queue, python(AWAITS, go[0]), folder="1")
    wait_for(queue, first, "running")
    second = submit(queue, python(AWAITS, go[1]), folder="2")
    third = submit(queue, python(AWAITS, go[2]), folder="3")
    other = submit(queue, python(AWAITS, go[3]), owner="bob", folder="4")
    assert state_of(queue, third).ahead == 2
    go[0].touch()
    wait_for(queue, first, "done")
    # Bob came last, but Ann has just had her turn.
    wait_for(queue, other, "running")
    assert {state_of(queue, j).state for j in (second, third)} == {"queued"}
    go[3].touch()
    wait_for(queue, second, "running")
    assert queue.cancel(third.id, "ann")
    go[1].touch()
    wait_for(queue, second, "done")
    assert state_of(queue, third).state == "cancelled"
    assert not go[2].exists()


def test_the_queue_is_bounded_for_one_and_for_all(tmp_path: Path) -> None:
    queue = Jobs(tmp_path / "jobs", at_once=0, of_one=2, of_all=3)
    first = submit(queue, python(""), folder="1")
    assert submit(queue, python(""), folder="1").id == first.id, "the same work is not queued twice"
    submit(queue, python(""), folder="2")
    with pytest.raises(BusyError, match="2 unfinished jobs"):
        submit(queue, python(""), folder="3")
    submit(queue, python(""), owner="bob", folder="3")
    with pytest.raises(BusyError, match="other visitors"):
        submit(queue, python(""), owner="eve", folder="4")
    assert queue.cancel(first.id, "ann")
    submit(queue, python(""), folder="5")
    queue.close()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit('dmil: no')", "reason that is ours"),
        ("import sys; print('dmil: x.npz: bad\\n- a\\n- b', file=sys.stderr); sys.exit(2)",
         "x.npz: bad\n- a\n- b"),
        ("raise SystemError('secret')", "reason that is ours"),
        ("import os; os.abort()", "reason that is ours"),
    ],
)  # fmt: skip
def test_a_failure_is_told_in_words_for_the_visitor(queue: Jobs, code: str, message: str) -> None:
    job = wait_for(queue, submit(queue, python(code), python(WAITS)), "failed")
    assert message in job.message
    assert "Traceback" not in job.message
    assert "secret" not in job.message
    if "secret" in code:
        assert "secret" in queue.log(job)


def test_a_job_goes_on_where_an_optional_step_fails(queue: Jobs, tmp_path: Path) -> None:
    made = tmp_path / "made"
    fails = replace(python("raise SystemExit(2)", title="bits"), optional=True)
    goes_on = python("import pathlib, sys; pathlib.Path(sys.argv[1]).touch()", made)
    wait_for(queue, submit(queue, fails, goes_on), "done")
    assert made.exists()
    must = replace(fails, optional=False)
    wait_for(queue, submit(queue, must, python(WAITS), folder="other"), "failed")


def test_odd_output_is_no_progress_and_stops_nothing(queue: Jobs) -> None:
    code = """
for line in ('{', '{}', '{"stage": 1}', '{"stage": "s", "fraction": "x", "message": ""}',
             '{"stage": "s", "fraction": NaN, "message": "nan"}', '[' * 5000, chr(0) * 9000):
    print(line)
print('{"stage": "s", "fraction": 7, "message": "too much"}')
"""
    job = wait_for(queue, submit(queue, python(code)), "done")
    assert json.loads((queue.root / job.id / STATE_FILE).read_text())["fraction"] == 1.0


SERVER = """
import sys, time
from pathlib import Path
from dashboard.jobs.queue import Jobs, Step
queue = Jobs(Path(sys.argv[1]))
for folder in "ab":
    queue.submit("ann", "train", "A job", folder, [Step("work", (sys.executable, "-c", sys.argv[2]))])
time.sleep(60)
"""  # noqa: E501


def test_jobs_end_with_a_killed_server_and_are_found_by_the_next(tmp_path: Path) -> None:
    root = tmp_path / "jobs"
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(root), WAITS])
    try:
        looking = Jobs(root, at_once=0)  # a second tab, so to say: it only reads
        until(lambda: any(j.message == "working" for j in looking.of("ann")))
        running = next(j for j in looking.of("ann") if j.state == "running")
        child = int(running.stage.removeprefix("work: "))
        assert alive(child)
    finally:
        server.kill()
        server.wait()
    until(lambda: not alive(child) and not alive(running.pid))
    looking.close()
    after = Jobs(root)
    try:
        assert state_of(after, running).state == "stopped"
        assert "goes on" in state_of(after, running).message
        waiting = next(j for j in after.of("ann") if j.id != running.id)
        working(after, waiting)  # what was queued was started by the new server
        again = after.again(running.id, "ann")
        assert again is not None
        assert state_of(after, again).state == "queued"
    finally:
        after.close()


def test_closing_the_server_leaves_no_process_behind(tmp_path: Path) -> None:
    queue = Jobs(tmp_path / "jobs")
    job = submit(queue, python(WAITS))
    grandchild, runner = working(queue, job), state_of(queue, job).pid
    queue.close()
    assert not Path(f"/proc/{runner}").exists(), "not even a zombie"
    until(lambda: not alive(grandchild))
    assert state_of(queue, job).state == "stopped"


def test_a_runner_that_was_killed_is_a_failure_and_its_command_ends_too(queue: Jobs) -> None:
    job = submit(queue, python(WAITS))
    grandchild = working(queue, job)
    os.kill(state_of(queue, job).pid, 9)
    wait_for(queue, job, "failed")
    until(lambda: not alive(grandchild))


def test_damaged_files_and_odd_names_are_no_jobs(queue: Jobs) -> None:
    for name in ("../../etc", "", "x" * 16, "0" * 16):
        assert queue.get(name) is None
    folder = queue.root / ("0" * 16)
    folder.mkdir(parents=True)
    for content in ("", "{", "[]", '{"id": 1}', "\xff", "[" * 100_000):
        (folder / JOB_FILE).write_text(content, "latin-1")
        (folder / STATE_FILE).write_text(content, "latin-1")
        assert queue.of("ann") == []


def test_every_fault_of_a_damaged_job_is_in_the_log_once(
    queue: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    job = wait_for(queue, submit(queue, python("")), "done")
    file = queue.root / job.id / STATE_FILE
    state = json.loads(file.read_text())
    file.write_text(json.dumps({**state, "state": "odd", "pid": "7", "more": 1}))
    for _ in range(3):
        assert queue.get(job.id) is None
    (line,) = [r.getMessage() for r in caplog.records if job.id in r.getMessage()]
    assert "job.state: expected one of 'queued', 'running'" in line
    assert "job.pid: expected an integer, got '7'" in line
    assert "unknown field 'more'" in line


def test_a_job_is_read_as_it_was_written(queue: Jobs) -> None:
    job = submit(queue, python("", title="one"), Step("two", ("a", "b"), 6), folder="x")
    assert wait_for(queue, job, "failed").steps == job.steps


def test_old_jobs_are_forgotten(queue: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    job = wait_for(queue, submit(queue, python("")), "done")
    monkeypatch.setattr(service, "KEPT_SECONDS", -1)
    submit(queue, python(""), folder="b")
    assert queue.get(job.id) is None


# --- a clock that is set ----------------------------------------------------------------------


@pytest.mark.parametrize("days", [-1, 1])
def test_the_latest_job_is_the_latest_whatever_the_clock_says(
    queue: Jobs, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    first = wait_for(queue, submit(queue, python("raise SystemExit(3)")), "failed")
    now = time.time
    monkeypatch.setattr(service, "time", SetClock(lambda: now() + days * DAY))
    second = submit(queue, python(""))
    assert queue.find("train", second.folder) == state_of(queue, second)
    assert [j.id for j in queue.of("ann")] == [second.id, first.id]
    assert wait_for(queue, second, "done").fraction == 1.0
    third = submit(queue, python(""))
    assert third.created > second.created > first.created
    wait_for(queue, third, "done")


def test_a_job_that_ended_in_the_future_is_forgotten(queue: Jobs) -> None:
    job = wait_for(queue, submit(queue, python("")), "done")
    file = queue.root / job.id / STATE_FILE
    ended = json.loads(file.read_text()) | {"changed": time.time() + 3650 * DAY}
    file.write_text(json.dumps(ended))
    submit(queue, python(""), folder="b")
    assert queue.get(job.id) is None


def test_jobs_that_wait_are_started_in_turn_when_the_clock_was_set_back(
    queue: Jobs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said, now = tmp_path / "order", time.time
    queue.at_once = 0
    for n in range(3):
        monkeypatch.setattr(service, "time", SetClock(lambda n=n: now() - n * DAY))
        code = f"open({str(said)!r}, 'a').write('{n}')"
        last = submit(queue, python(code), folder=str(n))
    start(queue)
    wait_for(queue, last, "done")
    assert said.read_text() == "012"


class SetClock:
    """The module `time` with a clock that somebody has set."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self.time = wall

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


# --- a disk that is full -------------------------------------------------------------------------


@pytest.fixture
def full(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """A queue on a disk that can be filled; nothing starts until `start`."""
    monkeypatch.setattr(service, "_RETRY", 0.2)
    made = Jobs(disk.folder / "jobs", at_once=0)
    yield made
    made.close()


def start(queue: Jobs) -> None:
    queue.at_once = 1
    queue._wake()


SAYS = (
    "import sys; print('dmil: w cannot be written: the disk is full', file=sys.stderr); sys.exit(2)"
)


def test_a_job_that_fails_on_a_full_disk_says_why_and_the_next_one_runs(
    full: Jobs, disk: Disk
) -> None:
    job = submit(full, python(SAYS))
    with disk.full():
        start(full)
        failed = wait_for(full, job, "failed")
        assert failed.message == "w cannot be written: the disk is full"
        assert full.of("ann") == [failed]
        assert not alive(failed.pid)
    # Once there is room it is kept, for a server that starts again.
    until(lambda: json.loads((full.root / job.id / STATE_FILE).read_text())["state"] == "failed")
    after = submit(full, python(""), folder="b")
    wait_for(full, after, "done")


def test_work_that_ends_well_on_a_full_disk_is_done(full: Jobs, disk: Disk) -> None:
    job = submit(full, python(""))
    with disk.full():
        start(full)
        assert wait_for(full, job, "done").fraction == 1.0


def test_a_process_that_is_killed_on_a_full_disk_is_a_failure_at_once(
    full: Jobs, disk: Disk, tmp_path: Path
) -> None:
    said = tmp_path / "pids"
    code = f"import os, pathlib; pathlib.Path({str(said)!r}).mkdir(); {{}}"
    job = submit(full, python(code.format("import time; time.sleep(60)")))
    with disk.full():
        start(full)
        until(said.exists)
        process = full._running[job.id]
        process.kill()
        process.wait()
        failed = state_of(full, job)
        assert (failed.state, failed.message) == ("failed", service.KILLED)


def test_a_dead_job_is_a_failure_also_where_nobody_watches(
    queue: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(queue, python(WAITS))
    working(queue, job)
    process = queue._running[job.id]

    def broken(_: Jobs) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Jobs, "_look", broken)
    process.kill()
    process.wait()
    assert state_of(queue, job).state == "failed"


def test_the_watch_outlives_a_fault_of_ours(
    queue: Jobs, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    whole, faults = queue._look, iter([1] * 5)

    def look() -> None:
        if next(faults, None):
            raise RuntimeError("a fault of ours")
        whole()

    # Of this queue alone: one of another test may still be watching.
    monkeypatch.setattr(queue, "_look", look)
    wait_for(queue, submit(queue, python("")), "done")
    assert sum("a fault of ours" in str(r.exc_info) for r in caplog.records) == 1


def test_a_process_that_cannot_be_started_fails_its_job_alone(
    queue: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(service.subprocess, "Popen", refuses)
        job = wait_for(queue, submit(queue, python("")), "failed")
    assert "no further process" in job.message
    wait_for(queue, submit(queue, python("")), "done")


def test_cancelling_and_removing_work_on_a_full_disk(full: Jobs, disk: Disk) -> None:
    waiting, running = submit(full, python(WAITS), folder="b"), submit(full, python(WAITS))
    with disk.full():
        assert full.cancel(waiting.id, "ann")
        assert state_of(full, waiting).state == "cancelled"
        start(full)
        until(lambda: running.id in full._running)
        assert full.cancel(running.id, "ann")
        assert state_of(full, running).state == "cancelled"
        assert full.forget(running.id, "ann")
        assert full.get(running.id) is None


def test_a_job_that_the_disk_does_not_take_is_none(full: Jobs, disk: Disk) -> None:
    ended = submit(full, python(""))
    assert full.cancel(ended.id, "ann")
    with disk.full():
        with pytest.raises(ResourceError):
            submit(full, python(""), folder="b")
        with pytest.raises(ResourceError):
            full.again(ended.id, "ann")
        assert [j.id for j in full.of("ann")] == [ended.id]
    assert [f.name for f in full.root.iterdir()] == [ended.id]
