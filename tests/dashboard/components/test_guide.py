"""The glossary is complete and can be linked to; the tour leads to what exists."""

from __future__ import annotations

import re

from dashboard.components.figure import file_name
from dashboard.text import glossary, terms, tour
from tests.dashboard.test_imports import complaints

#: Texts that are no definition of a quantity: what a page is, and how to use a control.
NO_WORDS = {
    "HEADLINE",
    "THREE_WORDS",
    "TURNED",
    "APART",
    "GATE_AND_BITS",
    "METRIC",
    "NEEDS",
    "BESIDE",
    "MODELS_APART",
}


def test_every_definition_of_the_app_is_in_the_glossary() -> None:
    everything = " ".join(entry.definition for entry in glossary.entries())
    texts = {n: t for n, t in vars(terms).items() if n.isupper() and isinstance(t, str)}
    missing = [n for n, text in texts.items() if n not in NO_WORDS and text not in everything]
    assert missing == []


def test_every_word_has_a_link_of_its_own() -> None:
    anchors = [entry.anchor for entry in glossary.entries()]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"[a-z0-9-]+", anchor) for anchor in anchors)


def test_the_terms_of_the_field_have_one_entry_each() -> None:
    names = [entry.name.lower() for entry in glossary.entries()]
    terms_alone = [name.partition(" (")[0] for name in names]
    for term in (
        "redundancy", "uniqueness", "synergy", "component", "mixture of logic gates",
        "contribution", "interaction type", "pointwise mutual information", "latent", "logit",
        "out-of-fold model",
        "responsibility", "paradigm", "baseline", "corrupted", "synthetic distribution",
        "checkpoint", "seed", "fidelity", "unexplained", "confidence", "calibration error",
    ):  # fmt: skip
        assert terms_alone.count(term) == 1, term
    assert names == sorted(names)


def test_the_glossary_can_be_read_without_the_app() -> None:
    code = (
        "import sys\n"
        "from dashboard.text.glossary import entries\n"
        "assert entries() and not {'streamlit', 'plotly', 'numpy'} & set(sys.modules)\n"
    )
    assert complaints(code) == ""


def test_the_glossary_uses_no_markdown_that_it_would_show_as_it_is() -> None:
    for text in (
        *(e.definition for e in glossary.entries()),
        *(s.text for s in tour.STEPS),
        tour.OFFER,
    ):
        bare = re.sub(r"\*\*[^*]+\*\*|`[^`]+`", "", text)
        assert not re.search(r"[*`\[\]<>]|^- ", bare, re.MULTILINE), text


def test_the_tour_is_short() -> None:
    assert len(tour.STEPS) == 8
    assert "Eight steps" in tour.OFFER
    assert all(len(step.text) < 320 for step in tour.STEPS)


def test_names_of_files_hold_no_signs_of_their_own() -> None:
    assert file_name('a/b\\c:"d" <é>') == "a-b-c-d"
    assert file_name("../..") == "dmil"
    assert len(file_name("x" * 500)) <= 80
