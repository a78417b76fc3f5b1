"""The record of the fidelity benchmark: what is read from it."""

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


def test_a_row_per_setting_by_hand() -> None:
    record: dict[str, Any] = {
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
    assert row["reference_share"] == pytest.approx(0.75)
    assert (row["worst_component"], row["worst_auroc"]) == ("S", 0.5)
    assert (row["paper_largest"], row["paper_gate"]) == ("S", 0.9)
    # Earlier records lack the variant with the published optimiser.
    assert row["paper_sgd_agreement"] != row["paper_sgd_agreement"]
    record["runs"] += [records.gated("equal shares", "dmil-paper-sgd", 0, gate_agreement=0.48)]
    (both,) = read.settings(read.fidelity_of(record)).to_dict("records")
    assert (both["paper_agreement"], both["paper_sgd_agreement"]) == (0.3, 0.48)
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
    record = records.fidelity()
    for run in record["runs"]:
        if (run["setting"], run["paradigm"]) == ("noise 0.4", "dmil"):
            run["gate_agreement"] = "high"
    table = read.settings(read.fidelity_of(record)).set_index("setting")
    assert table.loc["noise 0.4", "agreement"] != table.loc["noise 0.4", "agreement"]


def test_no_file_is_no_record(tmp_path: Path) -> None:
    assert read.read_fidelity(tmp_path / "fidelity.json") is None


def test_what_the_benchmark_writes_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two real runs on a small distribution, as benchmarks/fidelity.py records them."""
    spec = "switch:train=300,val=100,test=200,shares=1/0/0/1"
    quick = partial(dmil_core.training.run.train, epochs_scale=0.02)
    monkeypatch.setattr(dmil_core.training.run, "train", quick)
    made = [benchmark.run("R and S", spec, p, 0, tmp_path) for p in ("dmil", "joint")]
    record = {"settings": {"R and S": {"spec": spec, **benchmark.references(spec)}}, "runs": made}
    result = read.fidelity_of(json.loads(json.dumps(record)))
    (row,) = read.settings(result).to_dict("records")
    assert row["interaction_types"] == 2
    assert row["agreement"] == made[0]["gate_agreement"]
    assert row["joint"] == made[1]["accuracy"]
    assert 0 <= row["share_S"] <= 1
    assert read.purity(result, "R and S").shape == (4, 2)
    assert set(read.accuracies(result, "R and S")["paradigm"]) == {"dmil", "joint", "best possible"}
