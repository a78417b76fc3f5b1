"""The page on what each input is worth."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import log_softmax
from streamlit.testing.v1 import AppTest

from dashboard.export import worth as export
from dashboard.jobs import queue
from dashboard.jobs.queue import Jobs
from dashboard.services import worth as service
from dashboard.services.store.catalog import (
    CheckpointCatalog,
    DataProblem,
    checkpoint_catalog,
    table,
)
from dashboard.state.view import DEFAULT, from_query, to_query
from dmil_core.information.worth import store
from dmil_core.information.worth.posteriors import Known, Without
from tests.dashboard.conftest import OpenPage
from tests.dashboard.folders import REAL, THREE, UNTRAINED, Room, flip_byte


def said(app: AppTest) -> str:
    return " ".join(str(e.value) for e in app.markdown).replace("\\", "")


def test_the_verdict_comes_first_and_a_price_moves_it(open_page: OpenPage) -> None:
    app = open_page("worth", data=REAL, price="0.5")
    assert not app.exception
    dear = said(app)
    assert re.search(r"\*\*Given .* bits \(", dear)
    assert "At its price it pays to get" in dear
    (slider,) = app.slider
    slider.set_value(0.0).run()
    assert said(app) != dear
    assert app.query_params["price"] in ("0", ["0"])


def test_each_input_has_its_own(open_page: OpenPage, catalog: CheckpointCatalog) -> None:
    result = service.worth(catalog.get(REAL, "dmil", 0))
    assert not isinstance(result, DataProblem)
    names = result.known.names
    for m, name in enumerate(names, start=1):
        app = open_page("worth", data=REAL, input=str(m))
        text = said(app)
        assert name in text.partition("**Given ")[2]
        count = len(service.rescued(result, m - 1))
        assert f"**{count:,}** samples are right only with it" in text


def test_rows_behind_the_number_are_what_they_are_called(catalog: CheckpointCatalog) -> None:
    result = service.worth(catalog.get(REAL, "dmil", 0))
    assert not isinstance(result, DataProblem)
    known = result.known
    place = {str(i): row for row, i in enumerate(known.ids)}
    for ids, right in ((service.rescued(result, 1), True), (service.misled(result, 1), False)):
        for sample, cls in ids:
            row = place[sample]
            assert known.classes[known.y[row]] == cls
            truth = known.y[row]
            assert bool(known.log_q[row].argmax() == truth) == right
            assert bool(known.without[1].log_q[row].argmax() == truth) != right


def test_a_model_without_heads_says_which_have_them(open_page: OpenPage) -> None:
    app = open_page("worth", data=REAL, model="joint")
    assert not app.exception
    assert "as dmil and ensemble have" in " ".join(str(c.value) for c in app.caption)
    # The data alone say it: after networks were fitted, by a button or a command.
    assert "not estimated from the data yet" in str(app.info[0].value)
    assert app.code[0].value == f"dmil worth --data {REAL}"
    assert [b.key for b in app.button if b.key == "estimate_worth"]


# --- from the data alone -------------------------------------------------------------------------


def kept(folder: Path, digest: str, ids: list[str], inputs: int = 2, seed: int = 0) -> Known:
    """Posteriors in which each input is worth more than the one before it, kept."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, len(ids))
    sign = np.stack([1 - 2 * y, 2 * y - 1], axis=1)
    noise = rng.normal(size=(len(ids), 1))

    def log_q(sure: float) -> NDArray[np.float64]:
        result: NDArray[np.float64] = log_softmax(sign * (sure + noise), axis=1)
        return result

    known = Known(
        names=tuple(f"sensor {m}" for m in range(1, inputs + 1)), classes=("calm", "angry"), y=y,
        log_q=log_q(2.0), without=tuple(Without(log_q(2.0 - 2 * m / inputs), 0.01)
                                        for m in range(1, inputs + 1)),
        ids=np.array(ids), source="data", fitted=True,
    )  # fmt: skip
    folder.mkdir(exist_ok=True)
    store.save(known, folder / store.FILE, digest)
    return known


@pytest.fixture
def own_room(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the room to write into, with a queue in which nothing starts."""
    monkeypatch.setenv("DMIL_UPLOADS", str(tmp_path / "uploads"))
    root = tmp_path / "uploads" / "jobs"
    monkeypatch.setitem(queue._OPEN, root, Jobs(root, at_once=0))
    for name in (REAL, THREE):
        shutil.copytree(room.root / name, tmp_path / "runs" / name)
    return tmp_path / "runs"


def test_a_set_without_models_is_estimated_by_a_job(open_page: OpenPage, own_room: Path) -> None:
    app = open_page("worth", root=own_room, data=UNTRAINED)
    assert not app.exception
    assert not app.slider
    assert app.code[0].value == f"dmil worth --data {UNTRAINED}"
    app.button(key="estimate_worth").click().run()
    assert not app.exception
    (job,) = queue.jobs()._all()
    assert job.steps[0].argv[-7:] == (
        "worth", "--data", UNTRAINED, "--out", str(own_room / UNTRAINED / store.FILE),
        "--progress", "json",
    )  # fmt: skip
    assert not [b for b in app.button if b.key == "estimate_worth"]
    cancel = next(b for b in app.button if b.label == "Cancel")
    cancel.click().run()
    assert queue.jobs().find("worth", own_room / UNTRAINED).state == "cancelled"  # type: ignore[union-attr]
    assert "The last attempt ended" in said(app)
    # Once it is there the page shows it, without samples that could be opened.
    kept(own_room / UNTRAINED, "any", [str(i) for i in range(300)])
    app = open_page("worth", root=own_room, data=UNTRAINED)
    assert not app.exception
    assert "**Given sensor 1, sensor 2 is worth " in said(app)
    assert "the fit of the networks" in said(app)
    assert not [p for p in app.get("page_link") if "sample" in p.proto.query_string]


def test_three_inputs_have_a_worth_each(
    open_page: OpenPage, own_room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(own_room))
    some = checkpoint_catalog().of(THREE)[0]
    assert some.run is not None
    known = kept(own_room / THREE, some.run.data_digest, table(some)["id"].tolist()[:300], 3)
    values = []
    for m in (1, 2, 3):
        app = open_page("worth", root=own_room, data=THREE, model="dmil", input=str(m))
        assert not app.exception
        others = " and ".join(n for n in known.names if n != f"sensor {m}")
        (found,) = re.findall(rf"\*\*Given {others}, sensor {m} is worth ([.\d]+) bits", said(app))
        values.append(float(found))
        assert "the worth of two of three inputs needs" in " ".join(
            str(c.value) for c in app.caption
        )
    assert values == sorted(values)
    links = [p for p in app.get("page_link") if "sample" in str(p.proto.query_string)]
    assert links
    assert all("split=all" in p.proto.query_string for p in links)


def test_of_a_model_with_heads_one_chooses_who_tells(open_page: OpenPage, own_room: Path) -> None:
    app = open_page("worth", root=own_room, data=REAL, model="dmil", estimator="data")
    assert not app.exception
    assert [b.key for b in app.button if b.key == "estimate_worth"]
    app = open_page("worth", root=own_room, data=REAL, model="dmil")
    by_heads = said(app)
    assert "it is that for this model" in by_heads
    # What is kept of other rows is not shown.
    kept(own_room / REAL, "another set", [str(i) for i in range(300)])
    app = open_page("worth", root=own_room, data=REAL, model="dmil", estimator="data")
    assert "not estimated from the data yet" in str(app.info[0].value)


def test_what_is_kept_and_damaged_is_said(open_page: OpenPage, own_room: Path) -> None:
    kept(own_room / UNTRAINED, "any", [str(i) for i in range(300)])
    flip_byte(own_room / UNTRAINED / store.FILE)
    app = open_page("worth", root=own_room, data=UNTRAINED)
    assert not app.exception
    assert "cannot be read" in str(app.warning[0].value)
    assert [b.key for b in app.button if b.key == "estimate_worth"]


def test_the_report_needs_nothing_and_has_every_number(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(REAL, "dmil", 0)
    result = service.worth(checkpoint)
    assert not isinstance(result, DataProblem)
    shown = service.shown(result, 0, 0.1)
    page = export.of_worth("dmil, 250 samples", shown).decode()
    assert "dmil, 250 samples" in page
    assert "<script" not in page
    assert shown.verdict[0].partition(";")[0] in page.replace("&#39;", "'")
    assert f"{result.worth[0].auroc.with_:.3f}" in page
    assert page.count("<svg") >= 1


@pytest.mark.parametrize(
    ("price", "kept"), [("0.2", "0.2"), ("7", ""), ("x", ""), ("nan", ""), ("-1", "")]
)
def test_a_price_in_a_link_is_a_number_that_can_be_chosen(price: str, kept: str) -> None:
    view, dropped = from_query({"price": price})
    assert view.price == kept
    assert len(dropped) == (kept == "")
    assert ("price" in to_query(view)) == (view.price != DEFAULT.price)
