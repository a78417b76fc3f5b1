"""Trained runs for benchmarks: runs of the comparison where they exist, else trained anew.

Work is spread over processes of one thread each, and intervals over seeds become JSON.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from dmil_core.checkpoint import RUN_FILE, Run, run_folder, verify
from dmil_core.config import RunConfig
from dmil_core.data.catalog import of_seed
from dmil_core.data.dataset import Dataset
from dmil_core.experiments.compare import RUNS_FOLDER, read_results, workers
from dmil_core.experiments.tuning import TUNING_FILE, best_scales
from dmil_core.io.atomic import check_writable, write_json
from dmil_core.io.paths import checkpoints_root
from dmil_core.metrics import rank_tests
from dmil_core.training.run import plan, train

RESULTS = Path(__file__).parent / "results"
#: Where ``make bench-compare`` leaves its runs.
COMPARISON = Path("build/bench-compare")

Records = list[dict[str, Any]]
Result = TypeVar("Result")


def compared(
    dataset: Dataset, paradigm: str, seed: int, out: Path, comparison: Path,
    epochs_scale: float = 1.0,
) -> Run:  # fmt: skip
    """The comparison's run of a paradigm and seed, or one like it, trained under ``out``.

    ``dataset`` is the set as it comes; the run has the rows and split of its seed, which
    :func:`dmil_core.data.catalog.of_seed` returns. What is trained here has the learning rate that
    the comparison chose on validation rows, where a record says which.
    """
    folder = run_folder(comparison / dataset.slug / RUNS_FOLDER, dataset.slug, paradigm, seed)
    data = of_seed(dataset, seed)
    if (folder / RUN_FILE).exists():
        run = verify(folder)
        if is_run_of(run, data, plan(data, paradigm, seed, epochs_scale=epochs_scale)):
            return run
        print(f"{folder} is of other data or settings; training anew", file=sys.stderr)
    scale = chosen_scale(dataset, paradigm)
    mine = run_folder(out / RUNS_FOLDER / f"lr{scale:g}", dataset.slug, paradigm, seed)
    return train(data, paradigm, seed, mine, epochs_scale=epochs_scale, lr_scale=scale)


def is_run_of(run: Run, dataset: Dataset, wanted: RunConfig) -> bool:
    """Whether it is a finished run of these rows and settings; its learning rates may be others."""
    same = _without_rates(run.config) == _without_rates(wanted)
    return same and run.finished and run.data_digest == dataset.digest


def _without_rates(config: RunConfig) -> RunConfig:
    return replace(config, stages=tuple(replace(s, lr=0.0) for s in config.stages))


def chosen_scale(dataset: Dataset, paradigm: str) -> float:
    """The factor on the learning rate that the comparison chose for a set as it comes; 1 where it
    chose none yet."""
    tried = read_results(checkpoints_root() / dataset.slug / TUNING_FILE)
    return best_scales(tried).get((dataset.name, paradigm), 1.0)


def scale_of(run: Run, dataset: Dataset) -> float:
    """The factor on the learning rate that a run was trained with."""
    plain = plan(dataset, run.paradigm, run.seed)
    return round(run.config.stages[0].lr / plain.stages[0].lr, 6)


def add_common(
    parser: argparse.ArgumentParser, paradigms: Sequence[str], seeds: int, out: str
) -> None:
    """Add the options that these benchmarks share."""
    parser.add_argument("--paradigms", nargs="+", default=list(paradigms))
    parser.add_argument("--seeds", type=int, default=seeds)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--epochs-scale", type=float, default=1.0, help="for a quick look")
    parser.add_argument("--out", type=Path, default=Path(out))


def record_path(parser: argparse.ArgumentParser, a: argparse.Namespace, record: Path) -> Path:
    """The record itself where all is run as it is by default, else a file under ``--out``."""
    free = ("jobs", "out", "comparison", "fidelity")  # where and how fast, not what
    whole = all(value == parser.get_default(k) for k, value in vars(a).items() if k not in free)
    return path_for(record, whole, a.out)


def path_for(record: Path, whole: bool, out: Path) -> Path:
    """Where to write what is measured: the record itself if it is the ``whole`` of it, else a file
    under ``out``.

    Raises
    ------
    ResourceError
        If nothing can be written there, which is tried now: not after hours of work.
    """
    path = record if whole else out / record.name
    check_writable(path)
    return path


def finished(
    work: Callable[..., Result], units: Sequence[tuple[Any, ...]], jobs: int
) -> Iterator[tuple[int, Result]]:
    """``work(*unit)`` of each unit with the unit's index, as they come from processes side by
    side."""
    os.environ["OMP_NUM_THREADS"] = "1"  # inherited by the processes, before they import torch
    with workers(jobs) as pool:
        futures = {pool.submit(work, *unit): i for i, unit in enumerate(units)}
        for n, done in enumerate(as_completed(futures), start=1):
            index = futures[done]
            yield index, done.result()
            named = " ".join(str(v) for v in units[index] if isinstance(v, str | int))
            print(f"{n}/{len(units)} {named}", file=sys.stderr, flush=True)


def spread(work: Callable[..., Records], units: Sequence[tuple[Any, ...]], jobs: int) -> Records:
    """The records of ``work(*unit)`` in order of the units."""
    result = dict(finished(work, units, jobs))
    return [record for index in sorted(result) for record in result[index]]


def recorded(
    parser: argparse.ArgumentParser, a: argparse.Namespace, record: Path,
    measure: Callable[..., Records], units: Sequence[tuple[Any, ...]],
    summary: Callable[[Records], dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """Measure all units and write their runs with what ``summary`` makes of them; returns both."""
    path = record_path(parser, a, record)
    runs = spread(measure, units, a.jobs)
    result = {"runs": runs, **summary(runs)}
    write_json(path, result)
    return result


def ratio_of(dataset: Dataset) -> float:
    """Test rows for each training row, what intervals over seeds with splits of their own need."""
    return len(dataset.rows("test")) / len(dataset.rows("train"))


def interval(
    first: Sequence[float], second: Sequence[float], test_ratio: float = 0.0
) -> dict[str, float | None]:
    """``first`` - ``second``, paired by seed: mean, 95 % interval and p-value; None where one seed
    has none."""
    d = rank_tests.paired_difference(first, second, test_ratio)
    return {k: v if math.isfinite(v) else None for k, v in vars(d).items()}
