"""Slices: as text for links, as geometry, and as samples that differ from the rest."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.services.map import maps, outlines
from dashboard.services.map import slices as service
from dashboard.services.store import catalog as store_catalog
from dashboard.services.store.catalog import (
    CheckpointCatalog,
    DataProblem,
    Projection,
    predictions,
)
from dashboard.services.store.rows import Rows, WholeTable
from dashboard.state import slices
from dashboard.state.slices import Slice
from dmil_core import schema
from tests.dashboard.folders import GENERATED, REAL

words = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="~"), min_size=1)
places = st.tuples(st.integers(0, slices.STEPS), st.integers(0, slices.STEPS))
made = st.builds(
    Slice,
    name=words.map(slices.tidy),
    model=st.sampled_from(("dmil", "i2m2")),
    seed=st.integers(0, 999_999),
    latent=st.sampled_from(("Z", "U1")),
    mark=st.just("e6f392"),
    corners=st.lists(places, min_size=3, max_size=slices.MOST_CORNERS).map(tuple),
)


@given(made)
def test_a_slice_comes_back(one: Slice) -> None:
    text = slices.write(one)
    assert len(text) <= slices.LONGEST
    assert slices.read(text) == one


@settings(max_examples=2000)
@given(st.text(max_size=60) | st.from_regex(r"[a~Z0]{0,20}(~[a0]{1,4}){5}", fullmatch=True))
def test_what_is_no_slice_is_refused_in_words(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert slices.write(slices.read(text)) == text


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=300))
def test_any_outline_becomes_few_corners_or_none(outline: list[tuple[float, float]]) -> None:
    result = outlines.corners(outline)
    assert not result or 3 <= len(result) <= slices.MOST_CORNERS
    assert all(0 <= v <= slices.STEPS for corner in result for v in corner)


def test_a_circle_with_few_corners_holds_what_the_circle_holds() -> None:
    turn = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    circle = np.stack([0.5 + 0.3 * np.cos(turn), 0.5 + 0.3 * np.sin(turn)], axis=1)
    one = Slice("", "dmil", 0, "Z", "0", outlines.corners(circle.tolist()))
    at = np.random.default_rng(0).random((5000, 2))
    radius = np.linalg.norm(at - 0.5, axis=1)
    inside = outlines.inside(at, outlines.outline(one))
    clear = np.abs(radius - 0.3) > 0.003
    assert (inside == (radius < 0.3))[clear].all()


def test_the_middle_of_a_bent_outline_is_outside() -> None:
    border = np.array([[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3]], float)
    at = np.array([[1.5, 2.0], [0.5, 2.0], [2.5, 2.0], [1.5, 0.5], [4.0, 0.5]])
    assert outlines.inside(at, border).tolist() == [False, True, True, True, False]


def among(checkpoint: store_catalog.Checkpoint, ids: pd.Index[str]) -> Rows:
    known = predictions(checkpoint)
    return Rows(known, known.positions_of(ids))


def rows_of(*names: str) -> Rows:
    return Rows(WholeTable(pd.DataFrame({"id": names}, index=pd.Index(names)), object()))


@given(st.floats(0, 6.28), st.booleans(), st.floats(0.1, 9.0), st.floats(-5, 5))
def test_a_turned_map_is_laid_back_over_the_first(
    angle: float, mirrored: bool, scale: float, shift: float
) -> None:
    unit = np.random.default_rng(0).random((40, 2))
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = unit @ (matrix * [1, -1 if mirrored else 1]) * scale + shift
    names = [f"s{i}" for i in range(40)]
    columns = dict(zip(schema.projection("Z"), turned.T, strict=True))
    other = Projection(pd.DataFrame(columns, index=pd.Index(names)), "umap", {}, 40, 40)
    rows = rows_of(*names)
    first = maps.Layout("Z", rows, unit, maps.Turn(np.eye(2), np.zeros(2)), "0")
    laid = maps.beside(first, maps.layout(rows.table, other, "Z"))
    assert laid.apart < 1e-6
    span = np.ptp(unit, axis=0).max()
    np.testing.assert_allclose(laid.shown, (unit - unit.min(axis=0)) / span, atol=1e-6)
    np.testing.assert_allclose(laid.turn.invert(laid.shown), laid.layout.unit, atol=1e-6)


def test_two_maps_of_nothing_in_common_are_no_error() -> None:
    first = maps.Layout("Z", rows_of("a"), np.zeros((1, 2)), maps.Turn(np.eye(2), np.zeros(2)), "0")
    laid = maps.beside(first, replace(first, rows=rows_of("b")))
    assert laid.shown.shape == (1, 2)


def everything(checkpoint: store_catalog.Checkpoint, latent: str = "Z") -> Slice:
    on = maps.placed(checkpoint)
    assert isinstance(on, Projection)
    corners = outlines.corners([(-0.1, -0.1), (1.1, -0.1), (1.1, 1.1), (-0.1, 1.1)])
    return Slice(
        "all",
        checkpoint.model,
        checkpoint.seed,
        latent,
        maps.layout(predictions(checkpoint), on, latent).mark,
        corners,
    )


def test_an_outline_around_everything_holds_every_placed_sample(catalog: CheckpointCatalog) -> None:
    dmil = catalog.get(REAL, "dmil", 0)
    members = service.members(REAL, everything(dmil))
    assert isinstance(members, Rows)
    on = maps.placed(dmil)
    assert isinstance(on, Projection)
    assert set(members.ids) == set(on.frame.index)


def test_a_slice_is_compared_with_exactly_the_other_rows(catalog: CheckpointCatalog) -> None:
    dmil = catalog.get(GENERATED, "dmil", 0)
    frame = store_catalog.table(dmil)
    test = frame[frame["split"] == "test"]
    only = test[test["interaction_type"] == "S"].index
    told = service.against_rest([dmil], dmil, among(dmil, only), "test", "same-sign").set_index(
        ["kind", "name", "side"]
    )
    gate = test.loc[only, "gate_S"].astype(float)
    assert told.loc[("gate", "S", "slice"), "mean"] == pytest.approx(gate.mean())
    error = gate.std() / np.sqrt(len(gate))
    reach = told.loc[("gate", "S", "slice"), "high"] - gate.mean()
    assert reach == pytest.approx(1.96 * error)
    rest = test.drop(only)
    assert told.loc[("right", "dmil", "rest"), "mean"] == pytest.approx(rest["correct"].mean())
    assert told.loc[("right", "dmil", "rest"), "rows"] == len(rest)
    # Its truth is that only both inputs together say it: bits and gate must both show that.
    bits = told.loc["bits"]["mean"]
    assert bits.loc[("S", "slice")] > 1.0 > 0.4 > bits.loc[("S", "rest")]


def test_few_samples_have_no_interval(catalog: CheckpointCatalog) -> None:
    dmil = catalog.get(REAL, "dmil", 0)
    frame = store_catalog.table(dmil)
    few = frame[frame["split"] == "test"].index[:3]
    told = service.against_rest([dmil], dmil, among(dmil, few), "test", "same-sign")
    inside = told[told["side"] == "slice"]
    assert inside["low"].isna().all()
    assert inside["mean"].notna().all()


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"mark": "000000"}, "computed again"),
        ({"latent": "F"}, "has not"),
        ({"model": "nobody"}, "cannot be read"),
        ({"seed": 7}, "cannot be read"),
    ],
)
def test_a_slice_of_another_map_says_why(
    catalog: CheckpointCatalog, changed: dict[str, object], why: str
) -> None:
    one = replace(everything(catalog.get(REAL, "dmil", 0)), **changed)  # type: ignore[arg-type]
    problem = service.members(REAL, one)
    assert isinstance(problem, DataProblem)
    assert why in problem.message
