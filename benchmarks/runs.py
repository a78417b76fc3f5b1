"""Trained runs for benchmarks: runs of the comparison where they exist, else trained anew.

Work is spread over processes of one thread each, and intervals over seeds become JSON. How records
are kept is in :mod:`benchmarks.study`.
"""

from __future__ import annotations

import math
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from dmil_core.checkpoint import RUN_FILE, Run, run_folder, verify
from dmil_core.data.catalog import load_dataset, of_seed
from dmil_core.data.dataset import Dataset
from dmil_core.engine.options import EngineOptions
from dmil_core.engine.tasks import Task
from dmil_core.experiments.compare import RUNS_FOLDER, fingerprint, read_results
from dmil_core.experiments.tuning import TUNING_FILE, best_scales
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
    epochs_scale: float = 1.0, records: Path | None = None,
) -> Run:  # fmt: skip
    """The comparison's run of a paradigm and seed, or one like it, trained under ``out``.

    ``dataset`` is the set as it comes; the run has the rows and split of its seed, which
    :func:`dmil_core.data.catalog.of_seed` returns, and the learning rate of :func:`chosen_scale`.
    """
    folder = run_folder(comparison / dataset.slug / RUNS_FOLDER, dataset.slug, paradigm, seed)
    data, scale = of_seed(dataset, seed), chosen_scale(dataset, paradigm, records)
    if (folder / RUN_FILE).exists():
        run = verify(folder)
        wanted = plan(data, paradigm, seed, epochs_scale=epochs_scale, lr_scale=scale)
        if run.finished and run.config == wanted and run.data_digest == data.digest:
            return run
        print(f"{folder} is of other data or settings; training anew", file=sys.stderr)
    mine = run_folder(out / RUNS_FOLDER / f"lr{scale:g}", dataset.slug, paradigm, seed)
    return train(data, paradigm, seed, mine, epochs_scale=epochs_scale, lr_scale=scale)


def chosen_scale(dataset: Dataset, paradigm: str, records: Path | None = None) -> float:
    """The factor on the learning rate that the comparison chose for a set as it comes; 1 where it
    chose none yet. Its trials are those in ``records`` where it is being made there."""
    roots = (records, checkpoints_root()) if records else (checkpoints_root(),)
    paths = [root / dataset.slug / TUNING_FILE for root in roots]
    tried = read_results(next((p for p in paths if p.exists()), paths[-1]))
    return best_scales(tried).get((dataset.name, paradigm), 1.0)


def planned(
    data: str, paradigm: str, seed: int, epochs_scale: float = 1.0, lr_scale: float = 1.0,
    **options: Any,
) -> str:  # fmt: skip
    """Fingerprint, before it is trained, of a run on the rows and split of its seed; ``options``
    go to :func:`dmil_core.training.run.plan`."""
    dataset = rows_of(data, seed)
    config = plan(
        dataset, paradigm, seed, epochs_scale=epochs_scale, lr_scale=lr_scale, **options
    )  # fmt: skip
    return fingerprint(config, dataset.digest)


@lru_cache(maxsize=8)
def rows_of(data: str, seed: int) -> Dataset:
    """The rows and split of a seed."""
    return of_seed(load_dataset(data), seed)


def scale_of(run: Run, dataset: Dataset) -> float:
    """The factor on the learning rate that a run was trained with."""
    plain = plan(dataset, run.paradigm, run.seed)
    return round(run.config.stages[0].lr / plain.stages[0].lr, 6)


def finished(
    work: Callable[..., Result], units: Sequence[tuple[Any, ...]], engine: EngineOptions
) -> Iterator[tuple[int, Result]]:
    """``work(*unit)`` of each unit with the unit's index, as they come from an engine. All
    nodes of a cluster have to see the folder that this is called in."""
    os.environ["OMP_NUM_THREADS"] = "1"  # inherited by the processes, before they import torch
    tasks = [Task(named(unit), work, unit) for unit in units]
    with engine.opened(Path()) as runner:
        for n, (index, result) in enumerate(runner.each(tasks), start=1):
            yield index, result
            print(f"{n}/{len(units)} {named(units[index])}", file=sys.stderr, flush=True)


def named(arguments: Sequence[Any]) -> str:
    """What a unit of work is called: the words and numbers among its arguments."""

    def words(values: Sequence[Any]) -> Iterator[str]:
        for value in values:
            if isinstance(value, str | int):
                yield str(value)
            elif isinstance(value, list | tuple):
                yield from words(value)

    return textwrap.shorten(" ".join(words(arguments)), 80, placeholder=" ...")


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
