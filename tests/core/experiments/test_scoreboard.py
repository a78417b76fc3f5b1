"""Tables over records, on records whose answer can be computed by hand."""

from __future__ import annotations

from pathlib import Path
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
    """Differences -1, -2, -3 hundredths: mean -2, sd 1, t_2 = 4.303, and 200 test rows for 600
    training rows: reach 4.303 sqrt(1/3 + 1/3)."""
    rows = {"rows": {"train": 600, "val": 100, "test": 200}}
    lines = [run("a", "dmil", s, 0.5) | rows for s in range(3)]
    lines += [run("a", "x", s, 0.5 - 0.01 * (s + 1)) | rows for s in range(3)]
    (row,) = scoreboard.differences(table(lines)).to_dict("records")
    figures = [row["difference"], row["low"], row["high"]]
    assert figures == pytest.approx([-0.02, -0.02 - 0.035131, -0.02 + 0.035131], abs=1e-6)
    assert row["verdict"] == "open"


def test_a_verdict_is_adjusted_for_all_methods_and_sets() -> None:
    better = [0.1, 0.2, 0.12, 0.25, 0.15]
    noisy = [0.02, -0.02, 0.01, -0.01, 0.0]
    lines = [run("a", "dmil", s, 0.5) for s in range(5)]
    lines += [run("a", "x", s, 0.5 + d * 0.3) for s, d in enumerate(better)]
    alone = scoreboard.differences(table(lines)).to_dict("records")[0]
    many = [run("b", "dmil", s, 0.5) for s in range(5)]
    many += [run("b", f"m{k}", s, 0.5 + d) for k in range(20) for s, d in enumerate(noisy)]
    among = scoreboard.differences(table(lines, many)).to_dict("records")[0]
    assert (alone["verdict"], among["verdict"]) == ("better", "open")
    # The interval of each comparison alone stays as it is.
    assert (alone["low"], alone["high"], alone["p"]) == (among["low"], among["high"], among["p"])
    assert among["adjusted"] == pytest.approx(21 * among["p"])


def test_averages_are_of_the_sets_and_seeds_that_both_have() -> None:
    lines = runs("a", {"dmil": 0.5, "x": 0.6}) + runs("b", {"dmil": 0.5, "x": 0.8, "y": 0.1})
    result = scoreboard.average_differences(table(lines)).set_index("paradigm")
    assert result.loc["x", ["sets", "pairs"]].tolist() == [2, 5]
    assert result.loc["y", "sets"] == 1
    assert result["difference"].to_dict() == pytest.approx({"x": 0.2, "y": -0.4})
    assert result["verdict"].to_dict() == {"x": "better", "y": "worse"}


def test_equal_numbers_of_right_answers_share_their_rank() -> None:
    """Means of the same accuracies in another order differ in the last digit."""
    right = [229, 224, 221, 217, 239]
    lines = [run("a", "x", s, n / 350) for s, n in enumerate(right)]
    lines += [run("a", "y", s, n / 350) for s, n in enumerate(right[::-1])]
    lines += [run("a", "z", s, 0.1) for s in range(5)]
    result = scoreboard.rank_summary(table(lines))
    assert result.ranks.to_dict() == {"x": 1.5, "y": 1.5, "z": 3.0}


def test_ranks_of_a_real_record_are_those_of_whole_numbers() -> None:
    """The accuracies of 25 paradigms on eight sets, five seeds each, with all their digits; ranks
    of the rounded means were 12.81, 12.94 and 11.00."""
    first = pd.read_csv(Path(__file__).with_name("first_record.csv"))
    lines = [run(r["data"], r["paradigm"], r["seed"], r["accuracy"])
             for r in first.to_dict("records")]  # fmt: skip
    result = scoreboard.rank_summary(table(lines))
    assert result.scores.shape == (8, 25)
    ranks = result.ranks[["i2moe", "mib", "tcmax"]]
    assert ranks.tolist() == [12.9375, 12.875, 10.9375]


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


PARTS = {"alone_x1": 0.6, "alone_x2": 0.4, "alone_S": 0.7}


def with_parts(data: str, seeds: int = 3) -> list[dict[str, Any]]:
    """Ours, the ensemble and joint, of which all parts are known."""
    return [
        *runs(data, {"dmil": 0.8}, seeds, **PARTS),
        *runs(data, {"ensemble": 0.65}, seeds, alone_x1=0.61, alone_x2=0.35),
        *runs(data, {"joint": 0.72}, seeds),
    ]


def test_each_part_is_compared_with_the_model_that_does_only_that() -> None:
    result = scoreboard.parts(table(with_parts("a"))).set_index("part")
    assert result["other"].to_dict() == {
        "x1": "ensemble", "x2": "ensemble", "S": "joint", "all": "joint",
    }  # fmt: skip
    assert result["difference"].to_dict() == pytest.approx(
        {"x1": -0.01, "x2": 0.05, "S": -0.02, "all": 0.08}
    )
    assert result["ours"].to_dict() == pytest.approx({"x1": 0.6, "x2": 0.4, "S": 0.7, "all": 0.8})
    assert result["pairs"].tolist() == [3] * 4


def test_the_interval_of_a_part_by_hand() -> None:
    """Differences 1, 2, 3 hundredths, as in the test of a difference above."""
    rows = {"rows": {"train": 600, "val": 100, "test": 200}}
    lines = [run("a", "dmil", s, 0.5, alone_x1=0.5 + 0.01 * (s + 1)) | rows for s in range(3)]
    lines += [run("a", "ensemble", s, 0.5, alone_x1=0.5) | rows for s in range(3)]
    (row,) = scoreboard.parts(table(lines)).to_dict("records")
    figures = [row["difference"], row["low"], row["high"]]
    assert figures == pytest.approx([0.02, 0.02 - 0.035131, 0.02 + 0.035131], abs=1e-6)


def test_seeds_whose_record_lacks_a_part_do_not_count() -> None:
    early = [run("a", "dmil", 7, 0.1), run("a", "ensemble", 7, 0.9), run("a", "joint", 7, 0.1)]
    result = scoreboard.parts(table(with_parts("a"), early)).set_index("part")
    assert result["pairs"].to_dict() == {"x1": 3, "x2": 3, "S": 3, "all": 4}
    assert scoreboard.parts(table(runs("b", {"dmil": 0.5}))).empty


def test_average_parts_are_of_the_sets_and_seeds_that_have_them() -> None:
    other = runs("b", {"dmil": 0.9, "joint": 0.8, "ensemble": 0.7}, 3, alone_S=0.9)
    result = scoreboard.average_parts(table(with_parts("a"), other)).set_index("part")
    assert result["sets"].to_dict() == {"heads": 1, "S": 2, "all": 2}
    # Mean of -.01 and .05; of .7 - .72 and .9 - .8; of .8 - .72 and .9 - .8, all but for the
    # pattern over seeds that accuracies have.
    assert result["difference"].to_dict() == pytest.approx({"heads": 0.02, "S": 0.04, "all": 0.09})
    assert result["pairs"].tolist() == [3, 3, 3]


def test_no_records_make_empty_tables() -> None:
    none = table()
    for frame in (
        scoreboard.summary(none),
        scoreboard.differences(none),
        scoreboard.by_interaction_type(none),
        scoreboard.parts(none),
        scoreboard.average_parts(none),
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


def test_rank_differences_are_means_over_the_sets() -> None:
    scores = {
        "a": {"dmil": 0.9, "x": 0.8, "y": 0.7},
        "b": {"dmil": 0.7, "x": 0.8, "y": 0.9},
        "c": {"dmil": 0.9, "x": 0.7, "y": 0.8},
    }
    standing = scoreboard.rank_summary(table(*(runs(d, s) for d, s in scores.items())))
    apart = scoreboard.rank_differences(standing).set_index("paradigm")
    # Ranks 1, 3, 1 of dmil, 2, 2, 3 of x and 3, 1, 2 of y; Student's t of two degrees: 4.303.
    assert apart["difference"].to_dict() == pytest.approx({"x": 2 / 3, "y": 1 / 3})
    assert set(apart["pairs"]) == {3}
    half = 4.302653 * np.std([1, -1, 2], ddof=1) / np.sqrt(3)
    assert apart["high"]["x"] - apart["difference"]["x"] == pytest.approx(half, rel=1e-6)
    assert scoreboard.rank_differences(standing, "nobody").empty


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
