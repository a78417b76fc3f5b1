"""Live trainings take turns in a real process, stop when they are told to or left, and end well."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from dashboard.jobs.live_queue import LOST, Busy, Classroom, Look
from dmil_core.teaching.scene import LEARNERS, STEPS, Settings

TINY = Settings(train=40, val=30, epochs_scale=0.01)
#: A busy machine takes ten times as long.
PATIENCE = 120.0


@pytest.fixture(scope="module")
def kept() -> Iterator[Classroom]:
    """One process for all tests that do not end it; turns pass at once."""
    made = Classroom(turn=0.0, gone=60.0)
    yield made
    made.close()


@pytest.fixture
def room(kept: Classroom) -> Iterator[Classroom]:
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


def seen(room: Classroom, name: str) -> Look:
    look = room.look(name)
    assert look is not None
    return look


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_goes_from_its_first_picture_to_the_end(room: Classroom) -> None:
    name = room.open(TINY)
    until(lambda: seen(room, name).state == "ready")
    before = seen(room, name)
    assert before.scene is not None
    assert set(before.latest) == set(LEARNERS)
    assert before.steps == 0
    room.go(name)
    until(lambda: not seen(room, name).busy)
    end = seen(room, name)
    assert (end.state, end.steps, end.of) == ("done", STEPS, STEPS)
    assert all(one.done and one.fraction == 1 for one in end.latest.values())
    # Pictures of the past would fill the memory; its numbers are kept.
    assert all(not one.surfaces for told in end.history.values() for one in told)
    assert len(end.history["dmil"]) > 3


def test_step_does_one_and_pause_stops_before_the_next(room: Classroom) -> None:
    name = room.open(TINY)
    room.go(name, until=1)
    until(lambda: seen(room, name).state == "paused")
    assert seen(room, name).steps == 1
    room.go(name, until=1)  # the same click again
    assert seen(room, name).state == "paused"
    room.pace(name, "slow")
    room.go(name)
    until(lambda: seen(room, name).steps == 2)
    room.pause(name)
    stopped = seen(room, name)
    time.sleep(1.5)  # longer than the slow pace
    assert seen(room, name).state == "paused"
    assert seen(room, name).steps <= stopped.steps + 1
    room.pace(name, "fast")
    room.go(name)
    until(lambda: seen(room, name).state == "done")


def test_one_process_trains_all_and_turns_pass_fairly(room: Classroom) -> None:
    names = [room.open(TINY) for _ in range(3)]
    until(lambda: all(seen(room, n).state == "ready" for n in names))
    for name in names:
        room.go(name)
    apart = 0
    waited = set()
    while any(seen(room, n).busy for n in names):
        looks = [seen(room, n) for n in names]
        assert len(room.processes()) == 1
        waited |= {look.ahead for look in looks if look.state == "waiting"}
        if all(look.busy for look in looks):
            steps = [look.steps for look in looks]
            apart = max(apart, max(steps) - min(steps))
    assert [seen(room, n).state for n in names] == ["done"] * 3
    # A turn is a step here, and the three are looked at one after the other while they go on.
    assert apart <= 6
    assert {1, 2} <= waited


def test_without_others_waiting_a_turn_goes_on_and_a_long_one_is_kept(room: Classroom) -> None:
    room.turn = 60.0
    first, second = room.open(TINY), room.open(TINY)
    until(lambda: seen(room, second).state == "ready")
    room.go(first)
    until(lambda: seen(room, first).steps > 0)
    room.go(second)
    until(lambda: seen(room, second).steps > 0)
    assert seen(room, first).state == "done"


def test_who_leaves_is_stopped_and_the_next_is_served(room: Classroom) -> None:
    room.turn = 60.0
    left, next_ = room.open(TINY), room.open(TINY)
    until(lambda: seen(room, next_).state == "ready")
    room.pace(left, "slow")
    room.go(left)
    until(lambda: seen(room, left).steps > 0)
    room.go(next_)
    assert seen(room, next_).state == "waiting"
    room.gone = 1.0
    # Nobody looks at the first any more; the second is looked at all the time.
    until(lambda: seen(room, next_).state == "done")
    assert room.look(left) is None
    room.go(left)
    room.pause(left)
    assert room.look(left) is None


def test_too_many_are_refused_in_words_until_one_leaves(room: Classroom) -> None:
    room.most = 1
    name = room.open(TINY)
    with pytest.raises(Busy, match="most at once"):
        room.open(TINY)
    room.leave(name)
    assert room.look(room.open(TINY)) is not None


def test_a_mixture_that_cannot_be_learnt_fails_in_words_and_harms_no_other(room: Classroom) -> None:
    good = room.open(TINY)
    bad = room.open(Settings(mixture="gates:table=0~0~a/1~1~a", train=40, val=30))
    until(lambda: seen(room, bad).state == "failed")
    assert "only one class ever occurs" in seen(room, bad).problem
    room.go(good, until=1)
    until(lambda: seen(room, good).state == "paused")


def test_a_killed_process_is_told_replaced_and_none_is_left_at_the_end() -> None:
    room = Classroom(gone=60.0)
    try:
        name = room.open(TINY)
        until(lambda: seen(room, name).state == "ready")
        (pid,) = room.processes()
        os.kill(pid, signal.SIGKILL)
        room.go(name)
        until(lambda: seen(room, name).state == "failed")
        assert seen(room, name).problem == LOST
        assert not alive(pid)
        again = room.open(TINY)
        until(lambda: seen(room, again).state == "ready")
        (pid,) = room.processes()
    finally:
        room.close()
    assert not alive(pid)
