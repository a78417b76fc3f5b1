"""The README is short and true: its examples run, its links and commands exist."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dmil_core as dmil
from tests.docs.markdown import DOCS, QUICK, REPOSITORY, blocks, links, page, section

README = page("README.md")
MOST_LINES = 160
MEGABYTE = 1_000_000


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= MOST_LINES


def test_it_begins_with_a_moving_picture_that_is_not_too_heavy() -> None:
    before, _, _ = README.partition("\n## ")
    (picture,) = (link for link in links(before) if link.endswith(".gif"))
    assert (REPOSITORY / picture).stat().st_size <= 3 * MEGABYTE


def test_every_link_leads_somewhere() -> None:
    assert [link for link in links(README) if not (REPOSITORY / link).exists()] == []


def test_every_page_of_the_documentation_is_in_the_index() -> None:
    named = {Path(link).name for link in links(section(README, "Documentation"))}
    assert {f.name for f in DOCS.glob("*.md")} - {"index.md"} <= named


def test_the_headline_tables_have_their_six_rows_and_says_where_dmil_stands() -> None:
    text = section(README, "Results")
    tables = [t for t in text.split("\n\n") if t.startswith("|")]
    assert [len(t.splitlines()) - 2 for t in tables] == [6, 6]
    assert re.search(r"`dmil` is \w+( \d+)? of \d+ methods by mean rank", text)


def test_features_are_tested_as_it_says() -> None:
    rows = [line.split("|")[1:-1] for line in section(README, "What you see").splitlines()[3:]]
    features = {
        name.strip(): re.findall(r"`(test_\w+)`", tests) for name, _, tests in filter(None, rows)
    }
    assert {
        "own model", "post-hoc interactions", "graded on known truth", "worth of an input"
    } <= features.keys()  # fmt: skip
    written = "".join(f.read_text("utf-8") for f in (REPOSITORY / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)", written))
    assert all(features.values())
    assert {name for names in features.values() for name in names} - known == set()


def test_three_lines_of_python_decompose_a_shipped_checkpoint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(REPOSITORY)
    names = run(section(README, "In Python"))
    parts = names["parts"]
    np.testing.assert_allclose(parts.contributions.sum(axis=1), parts.logits, atol=1e-4)
    shown = capsys.readouterr().out
    assert all(component in shown for component in parts.components)
    assert {"R", "S"} <= names["latents"].keys()


def test_a_table_of_one_s_own_becomes_a_table_of_contributions(
    own_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (2, 240))
    columns = {name: rng.normal(size=240) + 4 * bits[i // 2] for i, name in enumerate("abcd")}
    table = pd.DataFrame({**columns, "label": np.where(bits[0] ^ bits[1], "yes", "no")})
    table.to_csv("mine.csv", index=False)
    monkeypatch.setattr(dmil, "train", partial(dmil.train, epochs_scale=QUICK), raising=False)
    run(section(README, "Your own data"))
    result = pd.read_csv("mine-decomposed.csv")
    assert len(result) == 240
    assert set(result["split"]) == {"train", "val", "test"}
    for k in ("no", "yes"):
        parts = result[[f"contrib_{c}_{k}" for c in ("R", "U1", "U2", "S")]].sum(axis=1)
        np.testing.assert_allclose(parts, result[f"logit_{k}"], atol=1e-4)


def run(text: str) -> dict[str, Any]:
    """Run the only Python example of a section, and return its variables."""
    (code,) = blocks(text, "python")
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    return names
