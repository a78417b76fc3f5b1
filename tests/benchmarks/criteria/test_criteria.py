"""The file of targets that the app shows follows from the records."""

from __future__ import annotations

from pathlib import Path

from benchmarks import criteria
from benchmarks.runs import RESULTS
from dmil_core.experiments.targets import read_targets
from dmil_core.io.paths import checkpoints_root
from tests import records


def test_the_shipped_file_is_what_the_shipped_records_give(tmp_path: Path) -> None:
    """``make results`` has been run since the records changed."""
    criteria.write(tmp_path / "targets.json", checkpoints_root(), RESULTS / "fidelity.json")
    made = read_targets(tmp_path / "targets.json")
    assert made == read_targets(RESULTS / "targets.json")
    assert {"comparison", "fidelity"} <= set(made)


def test_a_study_without_records_is_left_out(tmp_path: Path) -> None:
    assert criteria.judge(tmp_path, tmp_path / "fidelity.json") == {}


def test_held_out_sets_are_a_study_of_their_own_once_they_have_records(tmp_path: Path) -> None:
    records.write(records.runs("segments", {"dmil": 0.9, "joint": 0.8}), tmp_path / "checkpoints")
    file = tmp_path / "targets.json"
    criteria.write(file, tmp_path / "checkpoints", tmp_path / "fidelity.json")
    made = read_targets(file)
    assert set(made) == {"held-out"}
    assert [t.state for t in made["held-out"]] == ["open"] * 5
