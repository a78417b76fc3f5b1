"""Kills at random moments: what is half-written is seen, and our commands leave nothing so."""

from __future__ import annotations

import random
from argparse import Namespace
from pathlib import Path

import pytest

from benchmarks.kills import __main__ as kills
from benchmarks.kills.work import Whole, Work, works
from dmil_core.io.atomic import file_digest


class Known(random.Random):
    """Draws the second change to a file."""

    def randint(self, a: int, b: int) -> int:
        return 2


def whole(folder: Path) -> Whole:
    """A reader that takes every file as complete."""
    file = folder / "file"
    return {"file": file_digest(file)} if file.exists() else {}


def test_what_is_half_written_is_a_fault_also_where_the_next_call_mends_it(tmp_path: Path) -> None:
    work = Work(1, lambda _: ["-m", "tests.benchmarks.halves"], whole)
    sound = kills.reference(work, tmp_path / "reference")
    assert (sound.changes, list(sound.whole)) == (2, ["file"])
    kill = kills.strike("halves", work, sound, tmp_path / "again", Known(), turn=1)
    assert kill.faults == ["file is not whole"]
    assert kill.moment == "before change 2 of 2"


def test_a_set_that_is_saved_is_whole_or_absent(tmp_path: Path) -> None:
    """One kill in time and one before a change; ``make bench-kills`` does forty of all kinds."""
    a = Namespace(only=["save"], kills=2, seed=1, epochs_scale=1.0, method="pca", out=tmp_path)
    result = kills.experiment(a)
    assert [kill.faults for kill in result] == [[], []]
    assert "before change" in result[1].moment
    assert {path.name for path in tmp_path.glob("*/*")} == {"reference", "reference.changes"}


@pytest.mark.parametrize(("count", "shares"), [(40, [14, 8, 6, 8, 4]), (1, [1, 1, 1, 1, 1])])
def test_every_kind_of_work_has_its_share_of_the_kills(count: int, shares: list[int]) -> None:
    assert list(kills.shares(works(1.0, "umap"), count).values()) == shares
