"""The map of gate weights: places follow from the weights alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dashboard.services.map import maps, slices, ternary
from dashboard.services.map.outlines import corners
from dashboard.services.store.catalog import CheckpointCatalog, table
from dashboard.services.store.rows import Rows, WholeTable
from dashboard.state.slices import Slice
from dmil_core import schema
from tests.dashboard.folders import GENERATED, THREE

HEIGHT = 3**0.5 / 2


def weights(*rows: tuple[float, ...]) -> Rows:
    names = schema.COMPONENTS if len(rows[0]) == 4 else schema.ALL_COMPONENTS
    frame = pd.DataFrame(list(rows), columns=[schema.gate(c) for c in names])
    return Rows(WholeTable(frame, object()))


@pytest.mark.parametrize(
    ("row", "at"),
    [
        ((1, 0, 0, 0), (0, 0)),
        ((0, 1, 0, 0), (1, 0)),
        ((0, 0.3, 0.7, 0), (1, 0)),
        ((0, 0, 0, 1), (0.5, HEIGHT)),
        ((0.5, 0, 0, 0.5), (0.25, HEIGHT / 2)),
        ((1 / 3, 1 / 6, 1 / 6, 1 / 3), (0.5, HEIGHT / 3)),
        ((0, 0.25, 0.25, 0.25, 0.25), (1 - 0.125, HEIGHT / 4)),
    ],
)
def test_a_sample_lies_at_its_weights(row: tuple[float, ...], at: tuple[float, float]) -> None:
    places = ternary.positions(ternary.shares(weights(row)))
    np.testing.assert_allclose(places, [at], atol=1e-12)


@pytest.mark.parametrize("data", [GENERATED, THREE])
def test_the_weights_of_a_table_can_be_read_from_the_map(
    catalog: CheckpointCatalog, data: str
) -> None:
    """Of a place, the weight of a corner is the distance from the opposite side over the height."""
    checkpoint = catalog.get(data, "dmil", 0)
    frame = table(checkpoint)
    on = maps.layout_of(checkpoint, maps.GATE)
    assert isinstance(on, maps.Layout)
    assert on.rows.ids[:] == frame.index.tolist()
    x, y = on.unit.T
    s = y / HEIGHT
    np.testing.assert_allclose(s, frame[schema.gate("S")], atol=1e-5)
    np.testing.assert_allclose(1 - x - s / 2, frame[schema.gate("R")], atol=1e-5)
    unique = [schema.gate(c) for c in schema.components_in(frame.columns) if c.startswith("U")]
    np.testing.assert_allclose(x - s / 2, frame[unique].sum(axis=1), atol=1e-5)


def test_corners_count_the_samples_with_the_largest_weight() -> None:
    top = WholeTable(pd.DataFrame({"dominant": ["R", "U1", "U2", "S", "U1"]}), object())
    assert ternary.largest(Rows(top)) == {"R": 1, "U": 3, "S": 1}


def test_only_models_with_a_gate_have_this_map(catalog: CheckpointCatalog) -> None:
    dmil, joint = (catalog.get(GENERATED, m, 0) for m in ("dmil", "joint"))
    assert maps.choices(dmil, maps.placed(dmil))[-1] == maps.GATE
    assert maps.GATE not in maps.choices(joint, maps.placed(joint))
    assert "dmil:gate" in maps.others(joint, "F")
    assert not isinstance(maps.layout_of(joint, maps.GATE), maps.Layout)


def test_the_usual_colour_is_the_component_and_between_weights_the_truth(
    catalog: CheckpointCatalog,
) -> None:
    known, three = catalog.get(GENERATED, "dmil", 0), catalog.get(THREE, "dmil", 0)
    joint = catalog.get(GENERATED, "joint", 0)
    assert maps.usual_colour(known, "Z") == "dominant"
    assert maps.usual_colour(known, maps.GATE) == "interaction_type"
    assert maps.usual_colour(three, maps.GATE) == "dominant"
    assert maps.usual_colour(joint, "F") == "class"


def test_a_slice_of_the_triangle_holds_the_samples_within(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(GENERATED, "dmil", 0)
    on = maps.of_gate(checkpoint)
    border = corners([(-0.1, 0.8 * HEIGHT), (1.1, 0.8 * HEIGHT), (1.1, 1.1), (-0.1, 1.1)])
    drawn = Slice("mostly S", "dmil", 0, maps.GATE, on.mark, border)
    inside = slices.members(GENERATED, drawn)
    assert isinstance(inside, Rows)
    synergy = table(checkpoint)[schema.gate("S")]
    clear = synergy[(synergy - 0.8).abs() > 0.001]
    assert set(clear.index[clear > 0.8]) == set(inside.ids) & set(clear.index)
    assert len(inside)
