"""A slice of the fidelity benchmark: small distributions, short training, and a gate that must not
collapse.

The bounds are looser than the benchmark's targets, since there is a quarter of the rows and less
than half of the epochs; a collapsed gate agrees with a quarter of the samples and is far outside.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fidelity import references
from dmil_core import schema
from dmil_core.data.catalog import load_dataset
from dmil_core.io.tables import read_table
from dmil_core.metrics import fidelity
from dmil_core.training.run import train

SMALL = "train=2000,val=500,test=1500"
DISTRIBUTIONS = {
    "equal": f"switch:{SMALL}",
    "R only": f"switch:shares=1/0/0/0,{SMALL}",
    "S only": f"switch:shares=0/0/0/1,{SMALL}",
    "wrong labels": f"switch:labels_wrong=0.2,{SMALL}",
}


@pytest.fixture(scope="module")
def learn(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """(distribution, paradigm) -> measures of a short training on test rows."""
    root = tmp_path_factory.mktemp("fidelity")

    @cache
    def measured(distribution: str, paradigm: str = "dmil") -> dict[str, Any]:
        dataset = load_dataset(DISTRIBUTIONS[distribution])
        run = train(
            dataset, paradigm, 0, root / distribution / paradigm, epochs_scale=0.4,
            out_of_fold=root / distribution / "teachers",
        )  # fmt: skip
        table = read_table(Path(run.predictions)).query("split == 'test'")
        result: dict[str, Any] = fidelity.of_table(table)
        gate = fidelity.gate_of(table)
        result["mean"] = dict(zip(schema.COMPONENTS, gate.mean(axis=0), strict=True))
        if schema.EXPLAINED in table:
            share = gate * table[[schema.EXPLAINED]].to_numpy()
            result["share"] = dict(zip(schema.COMPONENTS, share.mean(axis=0), strict=True))
        result["purity"] = fidelity.purity(table, dataset.classes)
        return result

    return measured


def test_the_gate_finds_the_interaction_type(learn: Any) -> None:
    result, top = learn("equal"), references(DISTRIBUTIONS["equal"])
    assert result["gate_agreement"] >= 0.95 * top["information"]["agreement"]
    for c, best in top["information"]["auroc"].items():
        assert result[f"gate_auroc_{c}"] >= 0.97 * best
    assert result["gate_calibration_error"] <= 0.15


def test_without_responsibilities_it_does_not(learn: Any) -> None:
    """What the bounds are worth: flat losses, the same model and rows, are far outside."""
    assert learn("equal", "dmil-flat")["gate_agreement"] < 0.75


@pytest.mark.parametrize(("distribution", "only"), [("R only", "R"), ("S only", "S")])
def test_a_single_interaction_type_does_not_invent_others(
    learn: Any, distribution: str, only: str
) -> None:
    assert learn(distribution)["mean"][only] >= 0.85


def test_taking_a_component_away_hurts_nobody_elses_samples(learn: Any) -> None:
    lost = learn("equal")["purity"]
    for c in lost.index:
        for k in lost.columns:
            if c != k:
                assert abs(lost.loc[c, k]) <= 0.03
    assert lost.loc["S", "S"] >= 0.5


def test_wrong_labels_are_unexplained_and_not_synergy(learn: Any) -> None:
    clean, wrong = learn("equal"), learn("wrong labels")
    assert wrong["gate_agreement"] >= 0.8
    assert wrong["share"]["S"] - clean["share"]["S"] <= 0.03
    # A fifth of the labels cannot be told; the model noticed, and did not spread them around.
    assert sum(wrong["share"].values()) <= sum(clean["share"].values()) - 0.1
