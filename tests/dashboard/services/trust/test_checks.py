"""The checks against tables and models whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.services.store.catalog import CheckpointCatalog, table
from dashboard.services.trust import components, estimators, inputs, interaction_types
from dashboard.services.trust.inputs import Blanked, expected
from dashboard.services.trust.seeds import Seeds
from tests.dashboard.folders import GENERATED, REAL, THREE


def test_who_loses_what_adds_up_to_the_accuracies(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(GENERATED, "dmil", 0)
    found = components.removed(checkpoint, "test")
    assert found is not None
    assert found.by == "truth"
    frame = table(checkpoint).query("split == 'test'")
    assert found.counts == frame["interaction_type"].value_counts().to_dict()
    for c in found.accuracy.index:
        broken = components.breaks(checkpoint, c)[frame.index]
        for k in found.accuracy.columns:
            of_type = broken[frame["interaction_type"] == k]
            assert found.wrong.at[c, k] == of_type.sum()
            # Some samples become right without a component, so that fewer are lost than broken.
            assert found.accuracy.at[c, k] <= of_type.mean() + 1e-12
    # S cannot be answered by the others: without it accuracy falls to chance, a quarter.
    right = frame[frame["interaction_type"] == "S"]["correct"].mean()
    assert right - found.accuracy.at["S", "S"] == pytest.approx(0.25, abs=0.05)


def test_a_component_that_a_model_lacks_breaks_nothing(catalog: CheckpointCatalog) -> None:
    assert not components.breaks(catalog.get(GENERATED, "dmil", 0), "U3").any()
    assert not components.breaks(catalog.get(GENERATED, "joint", 0), "R").any()
    assert components.removed(catalog.get(GENERATED, "joint", 0), "test") is None


def test_blank_inputs_of_a_known_distribution(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(GENERATED, "dmil", 0)
    seen: list[float] = []
    # Of a split that no page of the other tests is about.
    assert inputs.known(checkpoint, "val") is None
    found = inputs.run(checkpoint, "val", seen.append)
    assert isinstance(found, Blanked)
    assert seen[0] == 0.0
    assert seen[-1] == 1.0
    assert inputs.known(checkpoint, "val") is found
    assert found.rows == inputs.MOST
    stored = table(checkpoint).loc[found.right[1, 2].index, "correct"]
    assert (found.right[1, 2] == stored.astype(bool)).all()
    right = found.accuracies()
    # U1 needs the first input alone, U2 the second, R either, S both; nothing is chance of 1 in 4.
    assert right["U1"][1,] > 0.95
    assert right["U2"][2,] > 0.95
    assert min(right["R"][1,], right["R"][2,]) > 0.9
    for kind, shown in (("U1", (2,)), ("U2", (1,)), ("S", (1,)), ("S", (2,)), ("R", ())):
        assert right[kind][shown] == pytest.approx(0.25, abs=0.12)
    assert found.state == "passes"
    broken = inputs.breaks(checkpoint, "val", 1)
    assert (broken == (found.right[1, 2] & ~found.right[2,])).all()


def test_types_that_are_mixed_up_are_contradicted() -> None:
    ids = pd.Index([f"s{i}" for i in range(40)])
    alone = pd.Series([True] * 20 + [False] * 20, index=ids)
    types = pd.Series(["U2"] * 20 + ["S"] * 20, index=ids)
    every = pd.Series(np.ones(40, dtype=bool), index=ids)
    right = {(1, 2): every, (1,): alone, (2,): ~every, (): ~every}
    found = Blanked(2, "gate", types, right, dict.fromkeys(right, 0.5))
    # The first 20 are answered by the first input, and the gate says the second.
    assert {(c.type, c.shown, c.enough) for c in found.contradictions()} == {
        ("U2", (1,), False),
        ("U2", (2,), True),
    }
    assert found.state == "fails"
    few = Blanked(2, "gate", types.iloc[:19], right, dict.fromkeys(right, 0.5))
    assert few.state == "open"


@pytest.mark.parametrize(
    ("kind", "shown", "modalities", "enough"),
    [
        ("R", (1,), 2, True), ("R", (2, 3), 3, True), ("R", (1,), 3, None),
        ("U1", (1,), 2, True), ("U1", (2,), 2, False), ("U3", (1, 3), 3, True),
        ("S", (1,), 2, False), ("S", (1, 2), 3, None), ("S", (1, 2), 2, None), ("R", (), 2, None),
    ],
)  # fmt: skip
def test_what_a_type_says_of_inputs(
    kind: str, shown: tuple[int, ...], modalities: int, enough: bool | None
) -> None:
    assert expected(kind, shown, modalities) == enough


def test_estimates_are_judged_against_the_exact_ones(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(GENERATED, "dmil", 0)
    found = estimators.beside(catalog, checkpoint, "test", "same-sign")
    assert found is not None
    assert found.compared == ("dmil", "exact")
    heads, exact = found.of("dmil"), found.of("exact")
    assert sum(exact[p] for p in ("R", "U1", "U2", "S")) == pytest.approx(exact["all"])
    tolerance = estimators.TOLERANCE * max(found.of(w)["all"] for w in set(found.frame["who"]))
    for difference in found.apart:
        assert difference.size == pytest.approx(
            abs(heads[difference.part] - exact[difference.part])
        )
        assert difference.size > tolerance
    assert found.state == ("fails" if found.apart else "passes")
    assert sum(found.types.values()) == pytest.approx(1.0)


def test_an_estimate_that_is_known_to_fall_short_fails(catalog: CheckpointCatalog) -> None:
    found = estimators.beside(catalog, catalog.get(REAL, "dmil", 0), "test", "same-sign")
    assert found is not None
    assert found.compared == ("dmil", "data alone")
    assert found.shortfall is not None
    assert found.state == "fails"
    # 8 and 16 clusters have too few samples.
    assert found.clusters is not None
    assert found.clusters[0] == 4
    assert estimators.beside(catalog, catalog.get(THREE, "dmil", 0), "test", "same-sign") is None


def test_the_gate_is_judged_by_the_end_of_its_interval(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(GENERATED, "dmil", 0)
    found = interaction_types.by_truth(checkpoint, "test")
    assert found is not None
    assert found.bound is not None
    assert found.bound > 0.99
    assert found.share.low < found.share.value < found.share.high
    assert (found.state == "passes") == (found.share.low >= 0.97 * found.bound)
    assert interaction_types.by_truth(catalog.get(REAL, "dmil", 0), "test") is None
    bits = interaction_types.by_bits(catalog.get(REAL, "dmil", 0), "test", "same-sign")
    assert bits is not None
    assert sum(n for _, n, _ in bits.rows) == bits.total
    assert sum(apart for _, _, apart in bits.rows) == bits.total - bits.agree


def test_seeds_that_differ_are_named() -> None:
    runs = pd.DataFrame({"accuracy": [0.9, 0.92], "R": [0.2, 0.25], "S": [0.3, 0.5]}, index=[0, 1])
    assert Seeds(False, runs).failing == ("S",)
    assert Seeds(False, runs[["accuracy", "R"]]).state == "passes"
    assert Seeds(False, runs.assign(accuracy=[0.8, 0.9])).failing == ("accuracy", "S")
