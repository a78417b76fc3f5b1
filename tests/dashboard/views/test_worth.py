"""The page on what each input is worth."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.export import worth as export
from dashboard.services import worth as service
from dashboard.services.store.catalog import CheckpointCatalog, DataProblem
from dashboard.state.view import DEFAULT, from_query, to_query
from tests.dashboard.conftest import OpenPage
from tests.dashboard.folders import REAL


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
        assert f"**{count:,}** test samples are right only with it" in text


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
    assert "dmil and ensemble have them" in str(app.info[0].value)
    assert app.code[0].value == f"dmil worth --data {REAL}"


def test_the_report_needs_nothing_and_has_every_number(catalog: CheckpointCatalog) -> None:
    checkpoint = catalog.get(REAL, "dmil", 0)
    result = service.worth(checkpoint)
    assert not isinstance(result, DataProblem)
    shown = service.shown(result, 0, 0.1)
    page = export.of_worth(checkpoint, shown).decode()
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
