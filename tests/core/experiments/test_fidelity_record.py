"""The fidelity benchmark's record: what is read from it and which targets are met."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import dmil_core.training.run
from benchmarks import fidelity as benchmark
from dmil_core.errors import DataError
from dmil_core.experiments import fidelity_record as read
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
    return [t.state for t in read.targets(read.fidelity_of(record))]


def test_the_settings_are_those_of_the_benchmark() -> None:
    assert len(benchmark.SETTINGS) == read.SETTINGS
    assert {read.RIGHT_LABELS, read.WRONG_LABELS} <= set(benchmark.SETTINGS)
    assert set(records.SETTINGS) == set(benchmark.SETTINGS)


def test_every_target_is_met_by_a_perfect_record() -> None:
    assert states(records.fidelity()) == ["met"] * 8


@pytest.mark.parametrize(
    ("change", "which"),
    [
        ({"noise_0.4": {"gate_agreement": 0.969}}, 0),
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
    assert states(result) == ["met"] * 8


def test_a_low_ceiling_lowers_what_is_asked() -> None:
    result = changed(**{"noise_1.2": {"gate_agreement": 0.78}})
    assert states(result)[0] == "missed"
    result["settings"]["noise 1.2"]["information"]["agreement"] = 0.8
    assert states(result)[0] == "met"


def test_single_interaction_types_are_not_asked_for_agreement_or_mixed_ones_for_absence() -> None:
    result = changed(**{"R_only": {"gate_agreement": 0.5}, "R_and_S": {"gate_absent": 0.5}})
    assert states(result) == ["met"] * 8


@pytest.mark.parametrize("name", ["seeds", "swapped", "relabelled"])
def test_gates_that_disagree_miss_the_invariance(name: str) -> None:
    record = records.fidelity()
    record["invariance"][name] = 0.89
    missed = [t for t in read.targets(read.fidelity_of(record)) if t.state == "missed"]
    assert [t.figure for t in missed] == ["0.890"]


def test_a_partial_record_is_open_not_met() -> None:
    record = records.fidelity()
    del record["settings"]["8 classes"], record["invariance"]
    record["runs"] = [r for r in record["runs"] if r["setting"] != "8 classes"]
    assert states(record) == [*["open"] * 4, "met", *["open"] * 3]
    assert states(records.fidelity(seeds=4))[:5] == ["open"] * 5


def test_few_seeds_cannot_miss_a_target_yet() -> None:
    record = changed(**{"noise_0.4": {"gate_agreement": 0.5}})
    assert states(record)[0] == "missed"
    record["runs"] = [r for r in record["runs"] if r["seed"] < 3]
    assert states(record)[0] == "open"


def test_a_row_per_setting_by_hand() -> None:
    record = {
        "settings": {"equal shares": records.distribution(agreement=0.8)},
        "runs": [
            records.gated("equal shares", "dmil", s, gate_agreement=a, gate_auroc_S=0.5)
            for s, a in enumerate((0.5, 0.7))
        ]
        + [records.gated("equal shares", "dmil-paper", 0, gate_agreement=0.3, mean_gate_S=0.9)],
    }
    (row,) = read.settings(read.fidelity_of(record)).to_dict("records")
    assert row["agreement"] == pytest.approx(0.6)
    assert row["agreement_sd"] == pytest.approx(0.02**0.5)
    assert row["ceiling_share"] == pytest.approx(0.75)
    assert (row["worst_component"], row["worst_auroc"]) == ("S", 0.5)
    assert (row["paper_largest"], row["paper_gate"]) == ("S", 0.9)
    assert row["seeds"] == 2
    assert row["joint"] != row["joint"]


def test_purity_is_the_mean_of_the_runs() -> None:
    record = records.fidelity(seeds=2)
    mine = [r for r in record["runs"] if (r["setting"], r["paradigm"]) == ("R and S", "dmil")]
    mine[0]["purity"]["S"]["S"] = 0.1
    result = read.purity(read.fidelity_of(record), "R and S")
    assert list(result.columns) == ["R", "S"]
    assert result.loc["S", "S"] == pytest.approx(0.3)
    assert result.loc["R", "S"] == 0.0
    assert read.purity(read.fidelity_of(record), "R and S", "joint").empty


def test_shares_add_up_to_one() -> None:
    result = read.shares(read.fidelity_of(records.fidelity()), "U and S")
    assert result.groupby("who")["share"].sum().to_dict() == pytest.approx(
        {"dmil": 1.0, "dmil-paper": 1.0, "exact": 1.0}
    )


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", "null", '{"settings": 3, "runs": []}', "[" * 5000,
                '{"settings": {"a": {}}, "runs": []}', '{"settings": {}, "runs": [{"seed": 1}]}'],
)  # fmt: skip
def test_what_is_no_record_is_refused_with_a_way_on(tmp_path: Path, content: str) -> None:
    (tmp_path / "fidelity.json").write_text(content, "utf-8")
    with pytest.raises(DataError, match="make bench-fidelity"):
        read.read_fidelity(tmp_path / "fidelity.json")


def test_a_figure_that_is_no_number_counts_as_not_measured() -> None:
    record = changed(**{"noise_0.4": {"gate_agreement": "high"}})
    table = read.settings(read.fidelity_of(record)).set_index("setting")
    assert table.loc["noise 0.4", "agreement"] != table.loc["noise 0.4", "agreement"]
    assert states(record)[0] == "open"


def test_no_file_is_no_record(tmp_path: Path) -> None:
    assert read.read_fidelity(tmp_path / "fidelity.json") is None


def test_what_the_benchmark_writes_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two real runs on a small distribution, as benchmarks/fidelity.py records them."""
    spec = "switch:train=300,val=100,test=200,shares=1/0/0/1"
    quick = partial(dmil_core.training.run.train, epochs_scale=0.02)
    monkeypatch.setattr(dmil_core.training.run, "train", quick)
    made = [benchmark.run("R and S", spec, p, 0, tmp_path) for p in ("dmil", "joint")]
    record = {"settings": {"R and S": {"spec": spec, **benchmark.ceilings(spec)}}, "runs": made}
    result = read.fidelity_of(json.loads(json.dumps(record)))
    (row,) = read.settings(result).to_dict("records")
    assert row["interaction_types"] == 2
    assert row["agreement"] == made[0]["gate_agreement"]
    assert row["joint"] == made[1]["accuracy"]
    assert 0 <= row["share_S"] <= 1
    assert read.purity(result, "R and S").shape == (4, 2)
    assert set(read.accuracies(result, "R and S")["paradigm"]) == {"dmil", "joint", "best possible"}
