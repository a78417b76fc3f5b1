"""Live trainings take turns in a real process, stop when they are told to or left, and end well."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from dashboard.jobs.live_queue import LOST, Busy, LiveQueue, Look
from dmil_core.teaching.scene import LEARNERS, STEPS, Settings

TINY = Settings(train=40, val=30, epochs_scale=0.01)
#: A busy machine takes ten times as long.
PATIENCE = 120.0


@pytest.fixture(scope="module")
def kept() -> Iterator[LiveQueue]:
    """One process for all tests that do not end it; turns pass at once."""
    made = LiveQueue(turn=0.0, gone=60.0)
    yield made
    made.close()


@pytest.fixture
def queue(kept: LiveQueue) -> Iterator[LiveQueue]:
    """The same, left empty."""
    kept.gone, kept.most, kept.turn = 60.0, 24, 0.0
    yield kept
    for name in list(kept._runs):
        kept.leave(name)


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def seen(queue: LiveQueue, name: str) -> Look:
    look = queue.look(name)
    assert look is not None
    return look


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_goes_from_its_first_picture_to_the_end(queue: LiveQueue) -> None:
    name = queue.open(TINY)
    until(lambda: seen(queue, name).state == "ready")
    before = seen(queue, name)
    assert before.scene is not None
    assert set(before.latest) == set(LEARNERS)
    assert before.steps == 0
    queue.go(name)
    until(lambda: not seen(queue, name).busy)
    end = seen(queue, name)
    assert (end.state, end.steps, end.of) == ("done", STEPS, STEPS)
    assert all(one.done and one.fraction == 1 for one in end.latest.values())
    # Pictures of the past would fill the memory; its numbers are kept.
    assert all(not one.surfaces for told in end.history.values() for one in told)
    assert len(end.history["dmil"]) > 3


def test_step_does_one_and_pause_stops_before_the_next(queue: LiveQueue) -> None:
    name = queue.open(TINY)
    queue.go(name, until=1)
    until(lambda: seen(queue, name).state == "paused")
    assert seen(queue, name).steps == 1
    queue.go(name, until=1)  # the same click again
    assert seen(queue, name).state == "paused"
    queue.pace(name, "slow")
    queue.go(name)
    until(lambda: seen(queue, name).steps == 2)
    queue.pause(name)
    stopped = seen(queue, name)
    time.sleep(1.5)  # longer than the slow pace
    assert seen(queue, name).state == "paused"
    assert seen(queue, name).steps <= stopped.steps + 1
    queue.pace(name, "fast")
    queue.go(name)
    until(lambda: seen(queue, name).state == "done")


def test_one_process_trains_all_and_turns_pass_fairly(queue: LiveQueue) -> None:
    names = [queue.open(TINY) for _ in range(3)]
    until(lambda: all(seen(queue, n).state == "ready" for n in names))
    for name in names:
        queue.go(name)
    apart = 0
    waited = set()
    while any(seen(queue, n).busy for n in names):
        looks = [seen(queue, n) for n in names]
        assert len(queue.processes()) == 1
        waited |= {look.ahead for look in looks if look.state == "waiting"}
        if all(look.busy for look in looks):
            steps = [look.steps for look in looks]
            apart = max(apart, max(steps) - min(steps))
    assert [seen(queue, n).state for n in names] == ["done"] * 3
    # A turn is a step here, and the three are looked at one after the other while they go on.
    assert apart <= 6
    assert {1, 2} <= waited


def test_without_others_waiting_a_turn_goes_on_and_a_long_one_is_kept(queue: LiveQueue) -> None:
    queue.turn = 60.0
    first, second = queue.open(TINY), queue.open(TINY)
    until(lambda: seen(queue, second).state == "ready")
    queue.go(first)
    until(lambda: seen(queue, first).steps > 0)
    queue.go(second)
    until(lambda: seen(queue, second).steps > 0)
    assert seen(queue, first).state == "done"


def test_who_leaves_is_stopped_and_the_next_is_served(queue: LiveQueue) -> None:
    queue.turn = 60.0
    left, next_ = queue.open(TINY), queue.open(TINY)
    until(lambda: seen(queue, next_).state == "ready")
    queue.pace(left, "slow")
    queue.go(left)
    until(lambda: seen(queue, left).steps > 0)
    queue.go(next_)
    assert seen(queue, next_).state == "waiting"
    queue.gone = 1.0
    # Nobody looks at the first any more; the second is looked at all the time.
    until(lambda: seen(queue, next_).state == "done")
    assert queue.look(left) is None
    queue.go(left)
    queue.pause(left)
    assert queue.look(left) is None


def test_too_many_are_refused_in_words_until_one_leaves(queue: LiveQueue) -> None:
    queue.most = 1
    name = queue.open(TINY)
    with pytest.raises(Busy, match="most at once"):
        queue.open(TINY)
    queue.leave(name)
    assert queue.look(queue.open(TINY)) is not None


def test_a_mixture_that_cannot_be_learnt_fails_in_words_and_harms_no_other(
    queue: LiveQueue,
) -> None:
    good = queue.open(TINY)
    bad = queue.open(Settings(mixture="gates:table=0~0~a/1~1~a", train=40, val=30))
    until(lambda: seen(queue, bad).state == "failed")
    assert "only one class ever occurs" in seen(queue, bad).problem
    queue.go(good, until=1)
    until(lambda: seen(queue, good).state == "paused")


def test_a_killed_process_is_told_replaced_and_none_is_left_at_the_end() -> None:
    queue = LiveQueue(gone=60.0)
    try:
        name = queue.open(TINY)
        until(lambda: seen(queue, name).state == "ready")
        (pid,) = queue.processes()
        os.kill(pid, signal.SIGKILL)
        queue.go(name)
        until(lambda: seen(queue, name).state == "failed")
        assert seen(queue, name).problem == LOST
        assert not alive(pid)
        again = queue.open(TINY)
        until(lambda: seen(queue, again).state == "ready")
        (pid,) = queue.processes()
    finally:
        queue.close()
    assert not alive(pid)
