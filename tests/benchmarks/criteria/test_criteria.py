"""The file of targets that the app shows follows from the records."""

from __future__ import annotations

from pathlib import Path

from benchmarks import criteria
from benchmarks.runs import RESULTS
from dmil_core.experiments.targets import read_targets
from dmil_core.io.paths import checkpoints_root


def test_the_shipped_file_is_what_the_shipped_records_give(tmp_path: Path) -> None:
    """``make results`` has been run since the records changed."""
    criteria.write(tmp_path / "targets.json", checkpoints_root(), RESULTS / "fidelity.json")
    made = read_targets(tmp_path / "targets.json")
    assert made == read_targets(RESULTS / "targets.json")
    assert set(made) == {"comparison", "fidelity"}


def test_a_study_without_records_is_left_out(tmp_path: Path) -> None:
    assert criteria.judge(tmp_path, tmp_path / "fidelity.json") == {}
