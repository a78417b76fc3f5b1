"""Acceptance criteria: their state, and the file that hands them to the app."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dmil_core.errors import DataError
from dmil_core.experiments.targets import Target, judged, read_targets, unmeasured, write_targets


def test_one_failing_case_decides_and_none_counts_once_all_are_there() -> None:
    assert judged("c", "f", ["x"], complete=False).state == "missed"
    assert judged("c", "f", [], complete=False).state == "open"
    assert judged("c", "f", [], complete=True).state == "met"


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    targets = [Target("a holds", "missed", "0.1", ("case: 0.1",)), unmeasured("b holds")]
    write_targets(tmp_path / "targets.json", {"comparison": targets, "fidelity": []})
    assert read_targets(tmp_path / "targets.json") == {"comparison": targets, "fidelity": []}


def test_without_a_file_there_are_no_targets(tmp_path: Path) -> None:
    assert read_targets(tmp_path / "targets.json") == {}


ENTRY = {"claim": "a", "state": "met", "figure": "1", "failing": []}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "[" * 5000,
        json.dumps({"version": 2, "studies": {}}),
        json.dumps({"version": 1, "studies": {"fidelity": [ENTRY | {"state": "won"}]}}),
        json.dumps({"version": 1, "studies": {"fidelity": [ENTRY | {"claim": 3}]}}),
        json.dumps({"version": 1, "studies": {"fidelity": [ENTRY | {"more": ""}]}}),
        json.dumps({"version": 1, "studies": {"fidelity": [{"claim": "a"}]}}),
    ],
)
def test_another_file_is_refused_with_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "targets.json").write_text(content, "utf-8")
    with pytest.raises(DataError, match="make results"):
        read_targets(tmp_path / "targets.json")
