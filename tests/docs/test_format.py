"""docs/format.md is true: its examples run, and it names what is written."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from dmil_core.checkpoint import Run, read_history
from dmil_core.config import RunConfig, Stage
from dmil_core.experiments.records import ABOUT, KEYS, METRICS
from dmil_core.inference.projection import METHODS
from dmil_core.io.tables import read_table, table_metadata
from dmil_core.schema import ROW_COLUMNS

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT = (REPOSITORY / "docs" / "format.md").read_text("utf-8")
CHECKPOINT = REPOSITORY / "checkpoints" / "mfeat" / "dmil" / "seed0"


def section(title: str) -> str:
    """Text below a heading, up to the next one."""
    match = re.search(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert match, f"docs/format.md has no section {title!r}"
    return match[1]


def named(text: str) -> set[str]:
    """Everything between backticks."""
    return set(re.findall(r"`([^`]+)`", text))


def test_the_fields_of_run_json_are_all_there() -> None:
    written = {f.name for f in fields(Run)} - {"folder"}
    assert written == named(
        "".join(line.split("|")[1] for line in section("run.json").splitlines() if line[:1] == "|")
    )


def test_the_fields_of_a_configuration_are_all_there() -> None:
    text = named(section("config"))
    assert {f.name for cls in (RunConfig, Stage) for f in fields(cls)} <= text


def test_every_column_of_a_shipped_table_is_explained() -> None:
    documented = named(section("Prediction table"))
    assert set(ROW_COLUMNS) <= documented
    shapes = [re.sub(r"<\w+>", ".+", name) for name in documented]
    table = read_table(CHECKPOINT / "predictions.parquet")
    assert [c for c in table if not any(re.fullmatch(s, c) for s in shapes)] == []


def test_what_a_shipped_projection_holds_is_explained() -> None:
    text = named(section("projection.parquet"))
    assert set(table_metadata(CHECKPOINT / "projection.parquet")) <= text
    assert set(METHODS) <= text


def test_what_a_shipped_file_of_information_holds_is_explained() -> None:
    path, text = (
        CHECKPOINT.parents[1] / "information.parquet",
        named(section("information.parquet")),
    )
    assert set(read_table(path)) | set(table_metadata(path)) <= text


def test_what_a_line_of_the_history_holds_is_explained() -> None:
    assert set(read_history(CHECKPOINT)[0]) <= named(section("history.jsonl"))


def test_the_fields_of_a_record_are_all_there() -> None:
    text = named(section("results.jsonl"))
    assert {*KEYS, *METRICS, *ABOUT} <= text
    lines = pd.read_json(CHECKPOINT.parents[1] / "results.jsonl", lines=True)
    assert set(lines) <= text


def test_the_examples_print_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for code in re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL):
        exec(compile(code, "format.md", "exec"), {})
        assert f"prints `{capsys.readouterr().out.strip()}`." in TEXT
