"""Tables of named columns on the pages: seen by name and value, changed one by one, searched."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import TextInput

from dashboard.export import report
from dashboard.keys import key_of
from dashboard.services.store.catalog import checkpoint_catalog
from tests.dashboard import drawn
from tests.dashboard.conftest import OpenPage
from tests.dashboard.named_columns import BIRDS, GENES, WIDE, bird_arrays, furnish

ARRAYS = bird_arrays()
#: A bird of the test split whose mass is known, and one whose mass was missing.
KNOWN = next(i for i in range(180, 240) if ARRAYS["x2"][i, 2] == 0)
LOST = next(i for i in range(180, 240) if ARRAYS["x2"][i, 2] == 1)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("named"))


@pytest.fixture
def page(open_page: OpenPage, root: Path) -> OpenPage:
    def open_(name: str, /, **query: str) -> AppTest:
        app = open_page(name, root=root, **query)
        assert not app.exception
        return app

    return open_


def tables(app: AppTest) -> list[list[str]]:
    """Texts of every table of features, in the order of the page."""
    return [drawn.texts(svg) for _, svg in drawn._all(app) if 'class="features"' in svg]


def bird(number: int) -> dict[str, str]:
    return {"data": BIRDS, "sample": f"bird-{number:03d}"}


def link(app: AppTest) -> dict[str, str]:
    """The address of the page; of what was in the link it was opened with, AppTest makes lists."""
    return {k: v if isinstance(v, str) else v[-1] for k, v in app.query_params.items()}


def finder(app: AppTest) -> TextInput:
    """The first field that searches a table."""
    return next(t for t in app.text_input if t.label == "Find a feature")


def said(app: AppTest) -> str:
    return " ".join(str(e.value) for kind in ("markdown", "caption") for e in app.get(kind))


def test_a_sample_is_told_by_name_value_unit_and_word(page: OpenPage) -> None:
    bill, body = tables(page("samples", **bird(KNOWN)))
    x1, x2 = ARRAYS["x1"][KNOWN], ARRAYS["x2"][KNOWN]
    assert bill[:2] == ["bill length", f"{x1[0]:.1f} mm"]
    assert f"{x2[1]:,.0f} g" in body
    assert ("Biscoe", "Dream", "Torgersen")[x2[3:6].argmax()] in body
    assert ("female", "male")[int(x2[6])] in body
    train = ARRAYS["x1"][:120, 0].astype(float)
    assert f"z {(x1[0] - train.mean()) / train.std():+.1f}" in bill
    # That nothing was missing is no news.
    assert "body mass was missing" not in body
    lost = tables(page("samples", **bird(LOST)))[1]
    assert lost[lost.index("body mass was missing") + 1] == "yes"


def test_the_list_tells_two_values_of_each_input(page: OpenPage) -> None:
    listed = drawn.sample_list(page("samples", **bird(KNOWN), order="stored"))["rows"]
    second = [row["inputs"][1] for row in listed]
    assert {kind for kind, _ in second} == {"values"}
    cells = [content.replace("\N{NO-BREAK SPACE}", " ") for _, content in second]
    assert all(cell.count("\n") == 1 for cell in cells)
    assert len(set(cells)) > 50
    told = {"flipper length", "body mass", "island", "sex"}
    assert all(any(name in cell for name in told) for cell in cells)
    # Of a bird whose mass was missing this is the rarest.
    assert any("body mass was missing yes" in cell for cell in cells)


def test_the_overview_names_values_of_its_examples(page: OpenPage) -> None:
    assert "bill length" in " ".join(drawn.marked(page("", data=BIRDS)))


@pytest.mark.parametrize(
    ("name", "query"), [("compare", {"part": "samples", "look": "pair"}), ("map", {})]
)
def test_other_pages_show_the_same_table(page: OpenPage, name: str, query: dict[str, str]) -> None:
    told = tables(page(name, **bird(KNOWN), **query))
    assert any("bill length" in one for one in told)
    assert any("flipper length" in one for one in told)


def test_a_number_is_set_in_its_field_and_taken_back(page: OpenPage) -> None:
    app = page("what-if", **bird(KNOWN))
    assert "Nothing is changed yet" in said(app)
    field = app.number_input(key=key_of("value", 2, 1))
    assert (field.label, field.value) == ("body mass (g)", float(ARRAYS["x2"][KNOWN, 1]))
    assert field.value == int(field.value)
    assert "Training rows: " in said(app)
    assert "Beyond the training rows" not in said(app)
    app = field.set_value(9000.0).run()
    assert link(app)["edit2"] == "set:1:9000"
    assert "Beyond the training rows" in said(app)
    assert "**Edited**, it predicts" in said(app)
    was = f"{ARRAYS['x2'][KNOWN, 1]:,.0f} g → 9,000 g"
    assert sum(was in one for one in tables(app)) == 1
    app = app.number_input(key=key_of("value", 1, 0)).set_value(60.0).run()
    assert link(app)["edit1"] == "set:0:60"
    app = app.button(key="undo").click().run()
    assert "edit1" not in link(app)
    assert link(app)["edit2"] == "set:1:9000"
    app = app.button(key="undo").click().run()
    assert "Nothing is changed yet" in said(app)
    assert app.number_input(key=key_of("value", 2, 1)).value == ARRAYS["x2"][KNOWN, 1]


def test_the_value_that_was_there_is_no_change(page: OpenPage) -> None:
    app = page("what-if", **bird(KNOWN), edit1="set:0:60")
    app = app.number_input(key=key_of("value", 1, 0)).set_value(float(ARRAYS["x1"][KNOWN, 0])).run()
    assert "edit1" not in link(app)


def test_a_category_is_chosen_by_its_word(page: OpenPage) -> None:
    app = page("what-if", **bird(KNOWN))
    island, missing = (app.selectbox(key=key_of("value", 2, i)) for i in (3, 2))
    assert island.options == ["Biscoe", "Dream", "Torgersen"]
    assert missing.options == ["no", "yes"]
    app = island.set_value(2).run()
    assert link(app)["edit2"] == "set:3:2"
    old = island.options[int(ARRAYS["x2"][KNOWN, 3:6].argmax())]
    assert any(f"{old} → Torgersen" in one for one in tables(app))


def test_fields_and_answer_are_those_of_the_link(page: OpenPage) -> None:
    app = page("what-if", **bird(KNOWN), edit2="set:1:9000,3:1")
    assert app.number_input(key=key_of("value", 2, 1)).value == 9000
    assert app.selectbox(key=key_of("value", 2, 3)).value == 1


@pytest.mark.parametrize("code", ["set:99:1", "set:3:7", "set:4:0.5"])
def test_a_link_to_a_feature_or_word_that_is_not_there_is_said(page: OpenPage, code: str) -> None:
    app = page("what-if", **bird(KNOWN), edit2=code)
    assert "expected" in " ".join(t.value for t in app.text)


def test_what_is_blank_is_shown_with_what_it_was(page: OpenPage) -> None:
    app = page("what-if", **bird(KNOWN), edit1="blank")
    assert any(" → " in text for text in tables(app)[-2])


def test_a_wide_table_shows_the_most_telling_and_finds_any(page: OpenPage) -> None:
    app = page("samples", data=WIDE, model="joint")
    wide, narrow = tables(app)
    assert sum(text.startswith("GENE") for text in wide) == 12
    assert narrow[0] == "feature 1"
    assert f"12 of {GENES} features" in said(app)
    distances = [abs(float(t.split()[1])) for t in wide if t.startswith("z ")]
    assert distances == sorted(distances, reverse=True)
    app = finder(app).set_value("gene01").run()
    names = [text for text in tables(app)[0] if text.startswith("GENE")]
    assert names == [f"GENE01{i}" for i in range(10)]
    app = finder(app).set_value("<b>nobody</b>").run()
    assert f"None of the {GENES} features" in said(app)


def test_compare_finds_a_column_of_a_wide_table(page: OpenPage) -> None:
    two = {"model": "joint", "compared": "ensemble", "look": "pair"}
    app = page("disagreements", data=WIDE, **two)
    assert sum(text.startswith("GENE") for text in tables(app)[0]) == 6
    app = finder(app).set_value("GENE299").run()
    assert [text for text in tables(app)[0] if text.startswith("GENE")] == ["GENE299"]


def test_fields_of_a_wide_table_are_few_and_keep_what_is_changed(page: OpenPage) -> None:
    app = page("what-if", data=WIDE, model="joint", edit1="set:7:0.5")
    keys = [n.key for n in app.number_input if n.key and n.key.startswith("value-1-")]
    assert len(keys) == 8
    assert keys[0] == key_of("value", 1, 7)
    app = finder(app).set_value("GENE123").run()
    keys = [n.key for n in app.number_input if n.key and n.key.startswith("value-1-")]
    assert keys == [key_of("value", 1, 123)]
    app = app.number_input(key=keys[0]).set_value(3.0).run()
    assert link(app)["edit1"] == "set:7:0.5,123:3"


def test_a_report_has_the_table_with_its_words(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DMIL_CHECKPOINTS", str(root))
    (checkpoint,) = (c for c in checkpoint_catalog().ready(BIRDS, 0) if c.model == "dmil")
    page = report.of_samples(checkpoint, [f"bird-{KNOWN:03d}"], "One bird").decode()
    assert ">flipper length</text>" in page
    assert f">{ARRAYS['x2'][KNOWN, 1]:,.0f} g</text>" in page
    assert "standard deviations above the mean of the training rows" in page
    assert "Bars: distance from the mean of the training rows" in page
