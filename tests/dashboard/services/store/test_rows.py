"""A table read column by column shows what the same table does that is read whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import streamlit as st

from dashboard.services import evidence, listing, overview
from dashboard.services.comparison import models
from dashboard.services.map import maps, slices
from dashboard.services.map.outlines import corners
from dashboard.services.sample import information, samples
from dashboard.services.store import catalog as store_catalog
from dashboard.services.store import rows
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog
from dashboard.services.store.memory import Memory
from dashboard.services.store.rows import LargeTable, WholeTable
from dashboard.state.slices import Slice
from dashboard.state.view import View
from tests.dashboard.folders import GENERATED, REAL, Room

VIEWS = (
    View(),
    View(split="all", order="gate-S", show="wrong"),
    View(order="confidence-up", dominant="U1"),
    View(order="id"),
    View(order="bits-R", definition="ccs"),
    View(order="contribution-U2", search="1"),
    View(wrong="joint", right="dmil", order="stored"),
    View(answers="2", order="class"),
    View(show="apart", order="unexplained"),
    View(alone="none"),
)


@pytest.fixture
def both(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, object], dict[str, object]]:
    """Everything that is asked of small tables, and of the same ones as if they were large."""
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(room.root))
    st.cache_resource.clear()
    whole = answers(WholeTable)
    monkeypatch.setattr(rows, "WHOLE", 0)
    monkeypatch.setattr(rows, "_FEW", 1)
    st.cache_resource.clear()
    large = answers(LargeTable)
    st.cache_resource.clear()
    return whole, large


def answers(kind: type[rows.Table]) -> dict[str, object]:
    catalog = store_catalog.checkpoint_catalog()
    result: dict[str, object] = {}
    for data in (REAL, GENERATED):
        dmil = catalog.get(data, "dmil", 0)
        assert type(store_catalog.predictions(dmil)) is kind
        result |= {(data, name): value for name, value in asked(catalog, dmil).items()}  # type: ignore[misc]
    return result


def asked(catalog: CheckpointCatalog, dmil: Checkpoint) -> dict[str, object]:
    sample = listing.selected(dmil, View()).ids[1]
    border = corners([(-0.1, 0.3), (1.1, 0.3), (1.1, 1.1), (-0.1, 1.1)])
    drawn = Slice("", "dmil", 0, maps.GATE, maps.of_gate(dmil).mark, border)
    members = slices.members(dmil.data, drawn)
    assert isinstance(members, rows.Rows)
    lists = {str(v): listing.selected(dmil, replace(v, data=dmil.data)).ids[:] for v in VIEWS}
    return {
        **lists,
        "record": samples.record(dmil, sample),
        "bits": information.of_sample(dmil, sample, "same-sign").values,  # type: ignore[union-attr]
        "averages": information.averages([dmil], "test", "same-sign"),
        "evidence": evidence.evidence(catalog, dmil, "test", "same-sign"),
        "starts": overview.starts(dmil, "test", "ccs"),
        "gates": evidence.gates(dmil, "test").weights,  # type: ignore[union-attr]
        "scores": models.scores(catalog, dmil.data, 0, "test"),
        "confusion": models.confusion(dmil, "test"),
        "members": members.ids[:],
        "slice": slices.against_rest([dmil], dmil, members, "test", "same-sign"),
        "neighbours": samples.neighbours_in(listing.selected(dmil, View()), sample),
    }


def test_a_large_table_shows_what_a_small_one_does(
    both: tuple[dict[str, object], dict[str, object]],
) -> None:
    whole, large = both
    assert whole.keys() == large.keys()
    for name, value in whole.items():
        other = large[name]
        if isinstance(value, np.ndarray):
            np.testing.assert_allclose(value, np.asarray(other), rtol=1e-5)
        elif isinstance(value, pd.DataFrame):
            assert isinstance(other, pd.DataFrame)
            pd.testing.assert_frame_equal(value, other, check_dtype=False, rtol=2e-4, atol=1e-5)
        elif isinstance(value, dict) and name[1] in ("bits", "record"):
            assert isinstance(other, dict)
            assert list(map(str, value)) == list(map(str, other))
            for key, one in value.items():
                assert one == other[key] or one == pytest.approx(other[key], rel=1e-4, abs=1e-6)
        else:
            assert other == value, name


def test_ids_are_found_in_any_table(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(room.root))
    dmil = store_catalog.checkpoint_catalog().get(REAL, "dmil", 0)
    some = samples.rows_in(dmil, "test")
    assert some.position_of(some.ids[7]) == 7
    assert some.ids[7] in some.ids
    assert "absent" not in some.ids
    assert some.position_of("absent") is None
    other = some.take(slice(None, None, -1))
    assert other.inside(some).all()
    assert not some.keep(~some.correct).inside(some.keep(some.correct)).any()


def test_memory_keeps_what_was_used_last_within_its_bound() -> None:
    memory, made = Memory(3000), []

    def number(key: int) -> np.ndarray:
        made.append(key)
        return np.zeros(1000, np.uint8)

    for key in (0, 1, 0, 2, 3, 0, 1):
        assert len(memory.get(key, lambda key=key: number(key))) == 1000
        assert memory.used <= 3000
    assert made == [0, 1, 2, 3, 1]
