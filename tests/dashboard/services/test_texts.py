"""The texts of samples, and the search in them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashboard.services import listing
from dashboard.services.sample import texts
from dashboard.services.store.catalog import CheckpointCatalog, checkpoint_catalog, table
from dashboard.state.view import View
from dmil_core.data.catalog import load_dataset
from tests.dashboard.folders import REAL


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> CheckpointCatalog:
    """What the repository ships."""
    monkeypatch.delenv("DMIL_CHECKPOINTS", raising=False)
    return checkpoint_catalog()


def test_a_search_finds_the_words_of_a_text(shipped: CheckpointCatalog) -> None:
    checkpoint = shipped.get("shapes-qa", "dmil", 0)
    data = load_dataset("shapes-qa", purpose="predict")
    wanted = np.char.find(np.asarray(data.x(2), dtype=str), "spoon") >= 0
    found = listing.selected(checkpoint, View(data="shapes-qa", split="all", search="SPOON"))
    assert wanted.sum() > 10
    assert set(found.ids) == set(np.asarray(data.ids)[wanted])
    test = listing.selected(checkpoint, View(data="shapes-qa", search="spoon"))
    assert set(test.words("split").counts()) == {"test"}


def test_samples_without_a_text_are_found_by_id_and_class_alone(
    catalog: CheckpointCatalog,
) -> None:
    checkpoint = catalog.get(REAL, "dmil", 0)
    assert texts.texts(checkpoint) is None
    frame = table(checkpoint)
    found = listing.selected(checkpoint, View(data=REAL, split="all", search="zero"))
    assert set(found.ids) == set(frame.index[(frame["y"] == "zero") | (frame["pred"] == "zero")])


def test_a_data_set_that_cannot_be_read_has_no_texts(shipped: CheckpointCatalog) -> None:
    checkpoint = shipped.get("shapes-qa", "dmil", 0)
    assert texts.texts(replace(checkpoint, run=None)) is None
