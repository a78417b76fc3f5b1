"""Whether the inputs of a model work together: computed once by a button, and kept."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.jobs import queue
from dashboard.jobs.queue import Jobs
from dashboard.services.comparison import interactions as service
from dashboard.services.sample import interaction as of_samples
from dashboard.services.store.catalog import (
    CheckpointCatalog,
    checkpoint_catalog,
    table,
)
from dashboard.state.view import CHOICES, from_query
from dashboard.text import interactions as text
from dmil_core.checkpoint import Run, read_run
from dmil_core.io.tables import read_table
from dmil_core.posthoc.summary import FILE, Figure, Summary, save
from tests.dashboard import drawn
from tests.dashboard.conftest import OpenPage
from tests.dashboard.folders import REAL, Room


@pytest.fixture
def own_room(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the room to write into, with a queue in which nothing starts."""
    monkeypatch.setenv("DMIL_UPLOADS", str(tmp_path / "uploads"))
    root = tmp_path / "uploads" / "jobs"
    monkeypatch.setitem(queue._OPEN, root, Jobs(root, at_once=0))
    shutil.copytree(room.root / REAL, tmp_path / "runs" / REAL)
    for kept in (tmp_path / "runs").rglob(FILE):
        kept.unlink()
    return tmp_path / "runs"


def summary(run: Run, emap: float = 0.85) -> Summary:
    share = Figure(0.24, 0.22, 0.26)
    return Summary(
        1, run.data_digest, run.weights_sha256, 600, Figure(0.9, 0.88, 0.92),
        Figure(emap, emap - 0.02, emap + 0.02), share, ("x1", "x2"), 100, 1000, 240_000, (),
    )  # fmt: skip


def folder(root: Path, model: str) -> Path:
    return root / REAL / model / "seed0"


def said(app: AppTest) -> str:
    every = [*app.markdown, *app.caption, *app.info]
    return " ".join(str(e.value) for e in every).replace("\\", "")


def button(app: AppTest) -> list[str]:
    return [b.label for b in app.button if b.key == "compute_interactions"]


def test_overview_says_what_it_costs_and_computes_in_the_background(
    open_page: OpenPage, own_room: Path
) -> None:
    app = open_page("", root=own_room, data=REAL, model="joint")
    assert not app.exception
    splits = read_table(folder(own_room, "joint") / "predictions.parquet")["split"]
    test, train = (int((splits == s).sum()) for s in ("test", "train"))
    # A sample itself, its 2 inputs beside 100 others, and beside 20 for each 200 test samples.
    each = 1 + 2 * 100 + 2 * (test // 200 * 20)
    assert f"on {test * each + min(train, 1000):,} inputs" in said(app)
    assert button(app) == ["Compute for joint"]
    app.button(key="compute_interactions").click().run()
    assert not app.exception
    (job,) = queue.jobs()._all()
    argv = job.steps[0].argv
    assert argv[argv.index("--checkpoint") + 1] == str(folder(own_room, "joint"))
    assert "--keep" in argv
    assert not button(app)
    assert [b for b in app.button if b.label == "Cancel"]


def test_what_is_kept_is_drawn_and_said(open_page: OpenPage, own_room: Path) -> None:
    save(summary(read_run(folder(own_room, "joint"))), folder(own_room, "joint"))
    app = open_page("", root=own_room, data=REAL, model="joint")
    assert not app.exception
    words = said(app)
    assert "the accuracy of the model is **90.0%**" in words
    assert "interactions are worth 5.0 points" in words
    assert "**24%** of all effects (22% to 26%)" in words
    assert {"90.0%", "85.0%", text.ADDED} <= set(drawn.texts(drawn.drawing(app, "interactions")))
    assert not button(app)
    # A model with a gate says more itself.
    assert text.TITLE not in [h.value for h in open_page("", root=own_room, data=REAL).header]


def test_figures_of_other_weights_are_not_shown(open_page: OpenPage, own_room: Path) -> None:
    run = read_run(folder(own_room, "joint"))
    save(replace(summary(run), weights="0" * 64), folder(own_room, "joint"))
    assert button(open_page("", root=own_room, data=REAL, model="joint"))


def test_compare_draws_every_model_and_offers_the_ones_that_lack(
    open_page: OpenPage, own_room: Path
) -> None:
    look = {"data": REAL, "part": "samples", "look": "interactions"}
    for model, emap in (("joint", 0.85), ("dmil", 0.9)):
        save(summary(read_run(folder(own_room, model)), emap), folder(own_room, model))
    app = open_page("compare", root=own_room, **look)
    assert not app.exception
    texts = drawn.texts(drawn.drawing(app, "interactions"))
    assert texts.index("joint") < texts.index("dmil")
    assert texts.count("interactions 24%") == 2
    (label,) = button(app)
    assert "ensemble" in label
    assert "joint" not in label
    app.button(key="compute_interactions").click().run()
    (job,) = queue.jobs()._all()
    assert "ensemble" in [s.title for s in job.steps]
    assert all(s.optional for s in job.steps) == (len(job.steps) > 1)


@pytest.mark.parametrize("choice", CHOICES)
def test_samples_let_one_choose_who_stands_in(
    open_page: OpenPage, catalog: CheckpointCatalog, choice: str
) -> None:
    checkpoint = catalog.get(REAL, "joint", 0)
    sample = str(table(checkpoint).query("split == 'test'")["id"].iloc[0])
    found = of_samples.interaction(checkpoint, sample, choice)
    assert isinstance(found, of_samples.Interaction)
    assert found.mean + sum(found.parts.values()) == pytest.approx(found.score)
    assert bool(found.information) == (choice != "class")
    app = open_page("samples", data=REAL, model="joint", sample=sample, background=choice)
    assert not app.exception
    assert text.CHANGES[choice] in said(app)
    assert f"{found.score:+.2f}" in drawn.texts(drawn.drawing(app, "effects"))


def test_who_stands_in_matters(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(REAL, "joint", 0)
    sample = str(table(checkpoint).query("split == 'test'")["id"].iloc[0])
    effects = [of_samples.interaction(checkpoint, sample, c) for c in CHOICES]
    means = [round(e.mean, 6) for e in effects if isinstance(e, of_samples.Interaction)]
    assert len(set(means)) == len(CHOICES)


def test_a_link_with_another_background_is_refused() -> None:
    view, dropped = from_query({"background": "nobody"})
    assert view.background == "marginal"
    assert len(dropped) == 1


def test_a_file_that_is_damaged_is_as_none(own_room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder(own_room, "joint") / "interactions.json").write_text("{")
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(own_room))
    assert service.kept(checkpoint_catalog().get(REAL, "joint", 0)) is None
