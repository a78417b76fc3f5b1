"""Tables over records, on records whose answer can be computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dmil_core.experiments import records, scoreboard
from tests.records import run, runs


def table(*parts: list[dict[str, Any]]) -> pd.DataFrame:
    return records.tidy([r for part in parts for r in part])


# --- tables ---------------------------------------------------------------------------------


def test_means_and_spread_over_seeds_best_first() -> None:
    lines = [run("a", "low", s, v) for s, v in enumerate((0.1, 0.2, 0.3))]
    lines += [run("a", "high", s, v) for s, v in enumerate((0.7, 0.8))]
    result = scoreboard.summary(table(lines))
    assert result["paradigm"].tolist() == ["high", "low"]
    assert result["accuracy"].tolist() == pytest.approx([0.75, 0.2])
    assert result["accuracy_sd"].tolist() == pytest.approx([np.sqrt(0.005), 0.1])
    assert result["seeds"].tolist() == [2, 3]


def test_seconds_say_what_they_are_of() -> None:
    lines = [run("a", "dmil", s, 0.5) | {"device": d} for s, d in enumerate(("cuda", "cpu"))]
    lines += [run("a", "joint", 0, 0.4)]
    assert scoreboard.summary(table(lines))["device"].tolist() == ["cpu, cuda", "cpu"]


def test_a_single_seed_has_no_spread_and_no_verdict() -> None:
    one = table([run("a", "dmil", 0, 0.9), run("a", "joint", 0, 0.5)])
    assert scoreboard.summary(one)["accuracy_sd"].isna().all()
    (row,) = scoreboard.differences(one).to_dict("records")
    assert row["difference"] == pytest.approx(-0.4)
    assert (row["verdict"], row["pairs"]) == ("open", 1)


def test_less_is_better_where_it_is() -> None:
    lines = [run("a", p, s, 0.5, ece=e + 0.001 * s) for p, e in (("x", 0.3), ("dmil", 0.1))
             for s in range(3)]  # fmt: skip
    assert scoreboard.summary(table(lines), "ece")["paradigm"].tolist() == ["dmil", "x"]
    assert scoreboard.differences(table(lines), "ece")["verdict"].tolist() == ["worse"]
    assert scoreboard.differences(table(lines), "ece", "x")["verdict"].tolist() == ["better"]


def test_a_difference_by_hand() -> None:
    """Differences -1, -2, -3 hundredths: mean -2, sd 1, t_2 = 4.303, reach 2.484."""
    lines = [run("a", "dmil", s, 0.5) for s in range(3)]
    lines += [run("a", "x", s, 0.5 - 0.01 * (s + 1)) for s in range(3)]
    (row,) = scoreboard.differences(table(lines)).to_dict("records")
    figures = [row["difference"], row["low"], row["high"]]
    assert figures == pytest.approx([-0.02, -0.02 - 0.024841, -0.02 + 0.024841], abs=1e-6)
    assert row["verdict"] == "open"


def test_differences_use_the_seeds_that_both_have() -> None:
    lines = [run("a", "dmil", s, 0.5) for s in (0, 1, 2)] + [run("a", "x", s, 0.6) for s in (2, 3)]
    lines += [run("a", "never", 9, 0.6)]
    result = scoreboard.differences(table(lines))
    assert result[["paradigm", "pairs"]].to_numpy().tolist() == [["x", 1]]
    assert scoreboard.differences(table(lines), reference="absent").empty


def test_interaction_type_only_where_it_is_known() -> None:
    lines = [run("a", "x", s, 0.5, accuracy_S=0.2 * s, accuracy_R=1.0) for s in (0, 1)]
    result = scoreboard.by_interaction_type(table(lines, runs("b", {"x": 0.5})))
    assert result["interaction_type"].tolist() == ["R", "S"]
    assert result["accuracy"].tolist() == pytest.approx([1.0, 0.1])
    assert set(result["data"]) == {"a"}


def test_interaction_type_of_three_inputs_has_u3_before_s() -> None:
    lines = [run("a", "x", 0, 0.5, accuracy_S=0.2, accuracy_U3=0.6, accuracy_U2=0.4)]
    result = scoreboard.by_interaction_type(table(lines))
    assert result["interaction_type"].tolist() == ["U2", "U3", "S"]
    assert result["accuracy"].tolist() == pytest.approx([0.4, 0.6, 0.2])
    two = table([run("b", "x", 0, 0.5, accuracy_S=0.2)])
    assert "accuracy_U3" not in two


def test_no_records_make_empty_tables() -> None:
    none = table()
    for frame in (
        scoreboard.summary(none),
        scoreboard.differences(none),
        scoreboard.by_interaction_type(none),
        scoreboard.rank_summary(none).ranks,
    ):
        assert frame.empty


# --- ranks ----------------------------------------------------------------------------------


def test_ranks_are_over_the_largest_part_without_a_hole() -> None:
    falling = {"w": 0.9, "x": 0.8, "y": 0.7, "z": 0.6}
    rising = {"w": 0.6, "x": 0.7, "y": 0.8, "z": 0.9}
    lines = [*runs("a", falling), *runs("b", rising), *runs("c", {"w": 0.9, "x": 0.8})]
    result = scoreboard.rank_summary(table(lines, runs("a", {"late": 0.9}, seeds=4)))
    assert list(result.scores.index) == ["a", "b"]
    assert result.ranks.to_dict() == {"w": 2.5, "x": 2.5, "y": 2.5, "z": 2.5}
    assert (result.sets_left_out, result.paradigms_left_out) == (("c",), ("late",))
    assert result.per_set.loc["a"].to_dict() == {"w": 1.0, "x": 2.0, "y": 3.0, "z": 4.0}
    assert len(result.cliques) == 1


def test_one_set_has_ranks_but_no_critical_difference() -> None:
    result = scoreboard.rank_summary(table(runs("a", {"x": 0.9, "y": 0.8})))
    assert result.ranks.to_dict() == {"x": 1.0, "y": 2.0}
    assert np.isnan(result.critical)
    assert np.isnan(result.friedman_p)
    assert result.cliques == ()


def test_ranks_of_a_metric_of_which_less_is_better() -> None:
    lines = [run(d, p, s, 0.5, ece=e) for d in "ab" for p, e in (("x", 0.3), ("y", 0.1))
             for s in range(5)]  # fmt: skip
    assert list(scoreboard.rank_summary(table(lines), "ece").ranks.index) == ["y", "x"]
