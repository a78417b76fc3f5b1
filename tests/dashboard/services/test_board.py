"""Figures over data sets: those of the comparison and those held out are kept apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.services.comparison import board
from dmil_core.experiments.scoreboard import HELD_OUT
from tests import records


def test_sets_held_out_change_neither_ranks_nor_adjusted_p_of_the_others(tmp_path: Path) -> None:
    means = {"dmil": 0.9, "joint": 0.85, "ensemble": 0.8}
    others = [r for d in ("emoji", "watch") for r in records.runs(d, means)]
    turned = {"dmil": 0.5, "joint": 0.9, "ensemble": 0.95}
    records.write(others, tmp_path / "before")
    records.write(
        [*others, *(r for d in HELD_OUT for r in records.runs(d, turned))], tmp_path / "after"
    )
    before, after = (
        board.rank_summary(tmp_path / f, "accuracy", "test") for f in ("before", "after")
    )
    assert dict(after.ranks) == dict(before.ranks)
    apart = [
        board.over_sets(tmp_path / f, "accuracy", "dmil", "test").set_index(["data", "paradigm"])
        for f in ("before", "after")
    ]
    assert set(apart[1].index.get_level_values("data")) == {"emoji", "watch", *HELD_OUT}
    for key, row in apart[0].iterrows():
        assert apart[1].loc[key, "adjusted"] == pytest.approx(row["adjusted"])
    assert (apart[1].loc[list(HELD_OUT), "difference"] > 0).all()
