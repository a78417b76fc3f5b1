"""What inputs do alone and together, of models without a gate."""

from __future__ import annotations

import pytest

from dashboard.services.sample import interaction as service
from dashboard.services.sample.samples import modality_names
from dashboard.services.store.catalog import CheckpointCatalog, table
from tests.dashboard import drawn
from tests.dashboard.conftest import OpenPage
from tests.dashboard.folders import REAL


def test_effects_add_up_to_the_score(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(REAL, "joint", 0)
    frame = table(checkpoint)
    sample = str(frame[frame["split"] == "test"]["id"].iloc[0])
    found = service.interaction(checkpoint, sample)
    assert isinstance(found, service.Interaction)
    assert found.cls == frame.loc[sample, "pred"]
    assert found.mean + sum(found.parts.values()) == pytest.approx(found.score)
    first, second = modality_names(checkpoint)
    assert list(found.parts) == [first, second, f"{first} \N{MULTIPLICATION SIGN} {second}"]
    assert set(found.information) == {"r", "u1", "u2", "s"}


def test_the_page_draws_them_for_a_model_without_a_gate(open_page: OpenPage) -> None:
    app = open_page(data=REAL, model="joint")
    assert not app.exception
    texts = drawn.texts(drawn.drawing(app, "effects"))
    assert "mean over other samples" in texts
    assert "score" in texts
    assert not [k for k in drawn.keys(open_page(data=REAL, model="dmil")) if k.endswith("effects")]
