"""What this project set out to reach, judged on the benchmarks' records.

The criteria are the project's, not the library's: the statistics they use are in
:mod:`dmil_core.experiments`. ``make results`` writes the lists that the app shows to
benchmarks/results/targets.json; the other benchmarks keep their own beside their measurements.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.criteria import comparison, fidelity
from dmil_core.experiments import tuning
from dmil_core.experiments.fidelity_record import read_fidelity
from dmil_core.experiments.records import read_all
from dmil_core.experiments.targets import Study, Target, write_targets


def judge(checkpoints: Path, fidelity_record: Path) -> dict[Study, list[Target]]:
    """The criteria of every study that has a record.

    Parameters
    ----------
    checkpoints
        Folder with ``<data set>/results.jsonl`` and ``tuning.jsonl``, the records of the
        comparison.
    fidelity_record
        Path of ``fidelity.json``.
    """
    result: dict[Study, list[Target]] = {}
    runs = read_all(checkpoints).runs
    if runs["data"].isin(comparison.SETS).any():
        result["comparison"] = comparison.targets(runs, trials=tuning.read_all(checkpoints))
    if runs["data"].isin(comparison.HELD_OUT).any():
        result["held-out"] = comparison.held_out_targets(runs)
    record = read_fidelity(fidelity_record)
    if record is not None:
        result["fidelity"] = fidelity.targets(record)
    return result


def write(path: Path, checkpoints: Path, fidelity_record: Path) -> None:
    """Judge the records and write the file that the app reads."""
    write_targets(path, judge(checkpoints, fidelity_record))
