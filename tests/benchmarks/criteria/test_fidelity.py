"""The criteria of the fidelity benchmark, on records with chosen figures."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks import fidelity as benchmark
from benchmarks.criteria.fidelity import RIGHT_LABELS, WRONG_LABELS, targets
from benchmarks.runs import RESULTS
from dmil_core.experiments.fidelity_record import (
    SETTINGS,
    above_bound,
    fidelity_of,
    read_fidelity,
)
from tests import records


def changed(**figures: Any) -> dict[str, Any]:
    """A record with all targets met, but for the runs of dmil in the settings named."""
    record = records.fidelity()
    for setting, values in figures.items():
        for run in record["runs"]:
            if run["setting"].replace(" ", "_").replace("%", "pc") == setting:
                run.update(values if run["paradigm"] == "dmil" else {})
    return record


def states(record: dict[str, Any]) -> list[str]:
    return [t.state for t in targets(fidelity_of(record))]


def test_the_settings_are_those_of_the_benchmark() -> None:
    assert len(benchmark.SETTINGS) == SETTINGS
    assert {RIGHT_LABELS, WRONG_LABELS} <= set(benchmark.SETTINGS)
    assert set(records.SETTINGS) == set(benchmark.SETTINGS)


def test_every_target_is_met_by_a_perfect_record() -> None:
    assert states(records.fidelity()) == ["met"] * 11


@pytest.mark.parametrize(
    ("change", "which"),
    [
        ({"noise_0.4": {"gate_agreement": 0.969}}, 0),
        ({"equal_shares": {"gate_agreement": 0.994}}, 9),
        ({"R_only": {"gate_agreement": 0.39}}, 10),
        ({"8_classes": {"gate_auroc_U2": 0.979}}, 1),
        ({"S_only": {"gate_calibration_error": 0.051}}, 2),
        ({"R_only": {"gate_absent": 0.051}}, 3),
        ({"20_pc_wrong_labels": {"share_S": 0.281}}, 4),
    ],
)
def test_a_figure_just_beyond_its_bound_is_a_miss_of_its_own(
    change: dict[str, Any], which: int
) -> None:
    result = states(changed(**change))
    assert result.pop(which) == "missed"
    assert set(result) == {"met"}


def test_bounds_themselves_are_met() -> None:
    result = changed(
        **{
            "noise_0.4": {"gate_agreement": 0.97},
            "8_classes": {"gate_auroc_U2": 0.98},
            "S_only": {"gate_calibration_error": 0.05, "gate_absent": 0.05},
        }
    )
    assert states(result) == ["met"] * 11


def test_a_low_bound_lowers_what_is_asked_and_may_not_be_exceeded() -> None:
    result = changed(**{"2_classes": {"gate_agreement": 0.78}})
    assert states(result)[0] == "missed"
    result["settings"]["2 classes"]["generator"]["agreement"] = 0.8
    assert states(result)[0] == "met"
    # Two standard errors of 4,000 rows are 1.26 points.
    for agreement, state in ((0.812, "met"), (0.813, "missed")):
        above = changed(**{"2_classes": {"gate_agreement": agreement}})
        above["settings"]["2 classes"]["generator"]["agreement"] = 0.8
        assert states(above)[8] == state


def test_calibration_is_asked_for_where_exact_label_information_has_it() -> None:
    result = changed(**{"noise_1.2": {"gate_calibration_error": 0.1}})
    assert states(result)[2] == "missed"
    result["settings"]["noise 1.2"]["information"]["calibration_error"] = 0.09
    assert states(result)[2] == "met"


def test_no_agreement_of_the_shipped_record_exceeds_the_bound() -> None:
    shipped = read_fidelity(RESULTS / "fidelity.json")
    assert shipped is not None
    assert shipped.runs["gate_agreement"].notna().sum() >= 15
    assert above_bound(shipped) == []


def test_single_interaction_types_are_not_asked_for_agreement_or_mixed_ones_for_absence() -> None:
    result = changed(**{"R_only": {"gate_agreement": 0.5}, "R_and_S": {"gate_absent": 0.5}})
    assert states(result) == ["met"] * 11


@pytest.mark.parametrize("name", ["seeds", "swapped", "relabelled"])
def test_gates_that_disagree_miss_the_invariance(name: str) -> None:
    record = records.fidelity()
    record["invariance"][name] = 0.89
    missed = [t for t in targets(fidelity_of(record)) if t.state == "missed"]
    assert [t.figure for t in missed] == ["0.890"]


def test_a_partial_record_is_open_not_met() -> None:
    record = records.fidelity()
    del record["settings"]["8 classes"], record["invariance"]
    record["runs"] = [r for r in record["runs"] if r["setting"] != "8 classes"]
    assert states(record) == [*["open"] * 4, "met", *["open"] * 3, "met", "met", "open"]
    assert states(records.fidelity(seeds=4))[:5] == ["open"] * 5


def test_few_seeds_cannot_miss_a_target_yet() -> None:
    record = changed(**{"noise_0.4": {"gate_agreement": 0.5}})
    assert states(record)[0] == "missed"
    record["runs"] = [r for r in record["runs"] if r["seed"] < 3]
    assert states(record)[0] == "open"


def test_a_figure_that_is_no_number_leaves_the_criterion_open() -> None:
    assert states(changed(**{"noise_0.4": {"gate_agreement": "high"}}))[0] == "open"
