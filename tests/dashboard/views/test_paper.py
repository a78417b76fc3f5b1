"""The page The paper: parts and their sizes are the loaded model's, Theorem 1 is the record's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from streamlit.testing.v1 import AppTest

from dashboard.figures import architecture as figures
from dashboard.services.comparison import training
from dashboard.services.learn import paper
from dashboard.services.store import loaded
from dashboard.services.store.catalog import CheckpointCatalog, DataProblem
from dashboard.state import view
from dashboard.text import paper as text
from dmil_core.checkpoint import HISTORY_FILE
from dmil_core.inference.summary import Size
from dmil_core.io.atomic import write_lines
from dmil_core.migration import term_name
from dmil_core.training.losses import FAMILIES, TERMS
from tests.dashboard.conftest import OpenPage
from tests.dashboard.folders import GENERATED, REAL, THREE, Room

BIT = 0.6931471805599453


def said(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.latex, *app.info, *app.warning]
    return "\n".join(str(part.value) for part in parts)


def sizes(catalog: CheckpointCatalog, data: str) -> dict[str, Size]:
    made = paper.sizes(catalog.get(data, "dmil", 0))
    assert not isinstance(made, DataProblem), made
    return made


def test_the_paper_is_named_linked_and_cited_as_in_the_repository(open_page: OpenPage) -> None:
    root = Path(__file__).parents[3]
    citation = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))
    (reference,) = citation["references"]
    authors = [f"{a['given-names']} {a['family-names']}" for a in reference["authors"]]
    assert (text.TITLE, list(text.AUTHORS)) == (reference["title"], authors)
    assert (f"{text.VENUE} {text.YEAR}") == reference["conference"]["name"]
    assert (reference["start"], reference["end"]) == text.PAGES
    assert reference["url"] == text.PREPRINT
    assert f"arXiv:{text.ARXIV}" == reference["identifiers"][0]["value"]
    assert f"```bibtex\n{text.bibtex()}\n```" in (root / "README.md").read_text("utf-8")
    app = open_page("paper", data=REAL)
    shown = said(app)
    assert f"[{text.TITLE}]({text.PREPRINT})" in shown
    assert ", ".join(authors) in shown
    assert [c.value for c in app.code] == [text.bibtex()]


def test_every_symbol_of_the_equations_is_explained_with_its_shape(
    open_page: OpenPage, catalog: CheckpointCatalog
) -> None:
    made = sizes(catalog, GENERATED)
    shapes = paper.shapes(made)
    assert shapes["classes"] == paper.shape_text(made["answer"].shape)
    assert (shapes["components"], shapes["one"]) == ("4", "1")
    apart = {**made, "x2": Size((7, 3), 0)}
    assert paper.shapes(apart)["x"] == "48; 7 x 3"
    assert {of for *_, of in text.SYMBOLS} <= {*shapes, ""}
    explained = " ".join(symbol for symbol, *_ in text.SYMBOLS)
    parts = text.PARTS.values()
    equations = " ".join(e for p in parts for e in (*p.equations, *(loss for loss, _ in p.losses)))
    used = set(re.findall(r"(?<![A-Za-z\\])([a-zA-Z])(?![A-Za-z])", equations))
    # Indices, the unit matrix, the number of classes, and the losses themselves.
    assert used - set("ckmIKL") <= set(re.findall(r"(?<![A-Za-z\\])[a-zA-Z]", explained))
    told = said(open_page("paper", data=GENERATED))
    assert f"| $M_m$ | latent of input m that predicts the class alone | {shapes['m']} |" in told


@pytest.mark.parametrize("data", [REAL, GENERATED, THREE])
def test_every_part_of_the_drawing_has_words_and_a_size(
    catalog: CheckpointCatalog, data: str
) -> None:
    made = sizes(catalog, data)
    modalities = sum(k.startswith("x") for k in made)
    ids = figures.parts(modalities)
    assert set(ids) == set(made)
    assert {box.id for box in figures.boxes(modalities, {})} == set(ids)
    assert {k for a in figures.arrows(modalities, False) for k in (a.start, a.end)} == set(ids)
    assert set(ids) <= set(view.BOXES)
    assert {k[0] if k[1:].isdigit() else k for k in ids} == set(text.PARTS) == set(text.SHORT)


def test_sizes_are_those_of_the_loaded_model(catalog: CheckpointCatalog) -> None:
    made = sizes(catalog, GENERATED)
    model, run = loaded.model(catalog.get(GENERATED, "dmil", 0))
    d, classes = run.config.model.latent_size, run.config.model.classes
    assert made["x1"].shape == (48,)
    assert made["m1"].shape == made["r"].shape == made["s"].shape == (d,)
    assert made["heads"].shape == (4, classes)
    assert made["gate"].shape == (4,)
    assert made["answer"].shape == (classes,)
    assert made["heads"].weights == 4 * (d + 1) * classes
    # What is left out is there for training alone: unimodal heads, decoders, helper posteriors.
    drawn = sum(size.weights for size in made.values())
    apart = ("head.", "decoder.", "v_r.")
    whole = [(n, p.numel()) for n, p in model.named_parameters()]
    own = sum(
        n for name, n in whole if name.startswith("heads.") or not any(a in name for a in apart)
    )
    assert drawn == own


@pytest.mark.parametrize("modalities", [2, 3])
def test_boxes_lie_apart_and_arrows_run_to_the_right(modalities: int) -> None:
    boxes = figures.boxes(modalities, {})
    at = {box.id: box for box in boxes}
    for i, a in enumerate(boxes):
        for b in boxes[i + 1 :]:
            beside = a.x + a.width <= b.x or b.x + b.width <= a.x
            assert beside or a.y + a.height <= b.y or b.y + b.height <= a.y, (a, b)
    for arrow in figures.arrows(modalities, unimodal_terms=True):
        start, end = at[arrow.start], at[arrow.end]
        assert start.x + start.width < end.x
        # What lies between two parts is passed in a gap between its boxes.
        between = [b for b in boxes if start.x + start.width < b.x and b.x + b.width < end.x]
        assert bool(between) == (arrow.through is not None), arrow
        for b in between:
            assert not b.y <= arrow.through <= b.y + b.height, (arrow, b)


@pytest.mark.parametrize("modalities", [2, 3])
def test_the_unimodal_part_goes_into_the_heads_where_the_model_has_it_so(modalities: int) -> None:
    with_terms, without = (
        {(a.start, a.end) for a in figures.arrows(modalities, terms)} for terms in (True, False)
    )
    assert with_terms - without == {(f"m{m}", "heads") for m in range(1, modalities + 1)}
    assert without < with_terms
    # Into the tall box beside its own rows, not beside the gate.
    boxes = {box.id: box for box in figures.boxes(modalities, {})}
    heads = boxes["heads"]
    levels = [a.through for a in figures.arrows(modalities, True) if a.start.startswith("m")]
    assert all(heads.y < v < heads.y + heads.height for v in levels if v is not None)


def test_the_record_in_bits_with_the_mean_of_its_seeds(
    catalog: CheckpointCatalog, room: Room
) -> None:
    record = json.loads((room.results / "theorem.json").read_text("utf-8"))
    frame = paper._theorem(str(room.results / "theorem.json"), "tested")
    assert not isinstance(frame, DataProblem | None)
    rows = frame.set_index(["setting", "who"])
    for setting, own in record["settings"].items():
        exact = rows.loc[(setting, "together")]
        assert exact["bound"] == pytest.approx(own["together"]["bound"] / BIT)
        runs = [r for r in record["runs"] if r["setting"] == setting and r["paradigm"] == "joint"]
        mean = sum(r["linear"]["equivocation"] for r in runs) / len(runs) / BIT
        assert rows.loc[(setting, "joint"), "equivocation"] == pytest.approx(mean)
        assert rows.loc[(setting, "joint"), "seeds"] == len(runs)
        told = text.why([dict(r) for _, r in frame[frame["setting"] == setting].iterrows()])
        assert f"{own['together']['by_interaction_type']['S'] / BIT:.2f} bits" in told


@pytest.mark.parametrize("terms", [True, False])
def test_the_heads_are_described_as_the_model_has_them(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, terms: bool
) -> None:
    monkeypatch.setattr(paper, "unimodal_terms", lambda checkpoint: terms)
    told = said(open_page("paper", data=REAL, box="heads"))
    assert (r"\ell_c = o_c + W_c" in told) == terms
    assert (r"\ell_c = W_c" in told) != terms


def test_which_models_build_on_the_unimodal_heads(catalog: CheckpointCatalog) -> None:
    separate = catalog.get(REAL, "dmil-paper", 0)
    assert separate.run is not None
    assert not paper.unimodal_terms(separate)
    config = separate.run.config
    config = replace(config, model=replace(config.model, unimodal_terms=True))
    assert paper.unimodal_terms(replace(separate, run=replace(separate.run, config=config)))
    assert not paper.unimodal_terms(catalog.get("watch", "dmil", 0))  # never trained


def test_a_part_from_a_link_is_shown(open_page: OpenPage) -> None:
    app = open_page("paper", data=REAL, box="n2")
    chosen = next(s for s in app.selectbox if s.label == "Part")
    assert chosen.value == "n2"
    assert r"N_2 \sim q(N_2 \mid z_2)" in said(app)
    app.selectbox(chosen.key).set_value("gate").run()  # type: ignore[arg-type]
    assert r"\mathrm{softmax}" in said(app)
    assert app.query_params["box"] == "gate"


def test_the_losses_of_a_part_are_its_own_where_they_were_kept(
    open_page: OpenPage, room: Room
) -> None:
    path = room.root / REAL / "dmil" / "seed0" / HISTORY_FILE
    before = path.read_bytes()
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    kept = [{**line, "val_terms": {"gate": 0.5, "align": 0.1}} for line in lines]
    try:
        for history, own in ((kept, True), ([{**x, "val_terms": {}} for x in lines], False)):
            write_lines(path, history)
            told = said(open_page("paper", data=REAL, box="gate"))
            assert (text.OWN_LOSS in told) == own
            assert (text.STAGE_LOSS.replace("`", "") in told.replace("`", "")) != own
    finally:  # the room is every test's
        path.write_bytes(before)


def test_terms_are_columns_and_nan_where_a_stage_has_them_not() -> None:
    epochs = pd.DataFrame({"step": [3, 4], "val_terms": [{"gate": 0.5}, {"gate": 0.25, "ce": 1.0}]})
    result = training.with_terms(epochs, ["ce", "gate", "align"])
    assert result["gate"].tolist() == [0.5, 0.25]
    assert result["ce"].isna().tolist() == [True, False]
    assert "align" not in result


def test_every_loss_term_on_the_page_exists() -> None:
    named = {name for part in text.PARTS.values() for name, _ in part.terms}
    terms = {*TERMS, *(term_name(family, 1) for family in FAMILIES)}
    assert {name.replace("{m}", "1") for name in named} <= terms


def test_another_architecture_leads_to_one_of_the_paper(open_page: OpenPage) -> None:
    app = open_page("paper", data=REAL, model="joint")
    assert "not built as in the paper" in said(app)
    next(b for b in app.button if b.label == "Show dmil").click().run()
    assert any(s.label == "Part" for s in app.selectbox)


def test_without_a_record_the_way_to_one_is_said(open_page: OpenPage, room: Room) -> None:
    assert "make bench-theorem" in said(open_page("paper", results=room.empty, data=REAL))
