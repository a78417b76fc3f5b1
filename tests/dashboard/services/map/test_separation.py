"""How many of a point's neighbours are of its group, against what follows by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.services.map import maps
from dashboard.services.map.separation import of_groups, separation
from dashboard.services.store.catalog import CheckpointCatalog
from tests.dashboard.folders import GENERATED


def test_of_groups_far_apart_all_neighbours_are_alike() -> None:
    rng = np.random.default_rng(0)
    places = np.concatenate([rng.random((30, 2)), rng.random((10, 2)) + 9])
    found = separation(places, np.repeat(["a", "b"], [30, 10]))
    assert found is not None
    # Of the small group each has 9 others; its tenth neighbour is of the other.
    assert found.share == pytest.approx((30 * 1 + 10 * 0.9) / 40)
    assert found.chance == pytest.approx((30 * 29 + 10 * 9) / (40 * 39))


def test_mixed_groups_are_alike_as_by_chance() -> None:
    rng = np.random.default_rng(1)
    found = separation(rng.random((4000, 2)), rng.choice(["a", "b", "c"], 4000, p=[0.6, 0.3, 0.1]))
    assert found is not None
    assert found.share == pytest.approx(found.chance, abs=0.02)
    assert found.beyond_chance == pytest.approx(0, abs=0.04)


def test_points_in_one_place_do_not_count_themselves() -> None:
    groups = np.arange(60) % 2
    found = separation(np.zeros((60, 2)), groups)
    assert found is not None
    assert found.share < 0.9
    assert found.chance == pytest.approx(29 / 59)


@pytest.mark.parametrize("groups", [["a"] * 50, ["a", "b"]])
def test_nothing_is_said_of_one_group_or_a_few_points(groups: list[str]) -> None:
    assert separation(np.random.default_rng(0).random((len(groups), 2)), np.array(groups)) is None


def test_components_lie_apart_in_z_and_a_number_groups_nothing(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(GENERATED, "dmil", 0)
    on = maps.layout_of(checkpoint, "Z")
    assert isinstance(on, maps.Layout)
    found = of_groups(checkpoint, on, "interaction_type", "test")
    assert found is not None
    assert found.beyond_chance > 0.9
    assert of_groups(checkpoint, on, "gate-S", "test") is None
