"""The report of a finding: one file, its numbers and words, and no name of a file runs in it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.export.finding import evidence, of_finding
from dashboard.services.finding.sentences import finding
from dashboard.services.store import own_sets, visitors
from dashboard.services.store.own_sets import OwnSet
from tests.dashboard.services.finding.test_sentences import at, numbers
from tests.dashboard.trained_sets import saved

HARM = "<img src=x onerror=alert(1)>{second}"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnSet:
    monkeypatch.setenv("DMIL_UPLOADS", str(tmp_path))
    return saved(visitors.hashed("a" * 32), "Mine <b>")


def report(own: OwnSet, **changes: object) -> str:
    found = numbers(**changes)
    return of_finding(own, found, finding(found)).decode()


def test_it_has_the_paragraph_the_evidence_the_caveats_and_how_it_was_made(own: OwnSet) -> None:
    text = report(own, quick=True, notes=("2 rows are dropped.",))
    for words in (
        "Bill alone determines most of species", "a fifth of their epochs", "2 rows are dropped.",
        "left_1, left_2", "differ, same", "corrected resampled t test",
    ):  # fmt: skip
        assert words in text
    assert "Mine &lt;b&gt;: what was found" in text
    assert "<script" not in text
    assert "default-src &#39;none&#39;" in text or "default-src 'none'" in text


def test_names_from_a_file_are_text(own: OwnSet) -> None:
    text = report(own, inputs=(HARM, "b"), label=HARM)
    assert "<img" not in text
    assert "&lt;img" in text
    # What looks like a place of ours in a name stays a part of the name.
    assert "{second}" in text


def test_the_evidence_has_a_bar_for_each_number_with_its_interval() -> None:
    svg = evidence(numbers(), "Mine")
    for words in ("bill alone", "all inputs: joint", "95.0%", "1.20", "both together"):
        assert words in svg
    assert svg.count("<rect") >= 5 + 7
    # Three lines of a whisker for each bar: its length and two ends.
    whiskers = re.findall(r'stroke-width="1.5"/><line', svg)
    assert len(whiskers) >= 2 * (5 + 7)
    without = evidence(replace(numbers(), bits={}), "Mine")
    assert "both together" not in without
    assert without.count("<rect") < svg.count("<rect")


def test_three_inputs_have_a_bar_each() -> None:
    three = numbers(inputs=("a", "b", "c"), alone=(at(0.5), at(0.6), at(0.7)), bits={})
    assert "c alone" in evidence(three, "Mine")


def test_notes_of_the_upload_are_kept_short(own: OwnSet) -> None:
    from dmil_core.data.files.roles import Roles

    about = own_sets.about(Roles(label="y", split="s"), ["x" * 10_000] * 100)
    assert about.own_split
    assert sum(map(len, about.notes)) < 10_000
