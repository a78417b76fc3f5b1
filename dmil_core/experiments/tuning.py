"""Choose a learning rate on validation rows: the same search for every paradigm on every set.

Three factors on the paradigm's own rate are tried first. While the best of those tried is the
smallest or the largest, the next one beyond it is tried as well, so that what is chosen lies inside
what was tried. A record is a trial: data, paradigm, lr_scale, val_accuracy (0 to 1) and the name
of the training recipe. Trials without a recipe are of an earlier rule: three factors and no more,
runs of half the epochs.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from dmil_core.errors import DataError
from dmil_core.experiments.records import MAX_RECORDS_BYTES
from dmil_core.io.atomic import lies_in
from dmil_core.io.reading import json_line, parsing, read_lines

TUNING_FILE: Final = "tuning.jsonl"

#: Factors on a learning rate, about half a power of ten apart.
GRID: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
#: The factors that are tried first.
FIRST: Final = (0.3, 1.0, 3.0)

Trials = Iterable[Mapping[str, Any]]


def best_scales(tried: Trials) -> dict[tuple[str, str], float]:
    """(set, paradigm) -> the factor with the best accuracy on validation rows; of equally good ones
    the nearest to 1."""
    return {key: trial["lr_scale"] for key, trial in best_trials(tried).items()}


def best_trials(tried: Trials) -> dict[tuple[str, str], Mapping[str, Any]]:
    """(set, paradigm) -> the trial whose factor is chosen."""
    best: dict[tuple[str, str], Mapping[str, Any]] = {}
    for trial in sorted(tried, key=lambda t: abs(math.log(t["lr_scale"]))):
        so_far = best.setdefault((trial["data"], trial["paradigm"]), trial)
        if trial["val_accuracy"] > so_far["val_accuracy"]:
            best[trial["data"], trial["paradigm"]] = trial
    return best


def next_scales(tried: Trials, data: str, paradigm: str) -> tuple[float, ...]:
    """The factors to try next for a paradigm on a set; none when the best one lies inside those
    tried, or the grid ends."""
    mine = [t for t in tried if (t["data"], t["paradigm"]) == (data, paradigm)]
    known = {t["lr_scale"] for t in mine}
    if missing := tuple(scale for scale in FIRST if scale not in known):
        return missing
    best = best_scales(mine)[data, paradigm]
    above = [scale for scale in GRID if scale > best][:1]
    below = [scale for scale in GRID if scale < best][-1:]
    return tuple(scale for scale in (*below, *above) if scale not in known)


def at_edge(tried: Trials) -> list[tuple[str, str]]:
    """The (set, paradigm) whose best factor is the smallest or largest of those tried."""
    tried = list(tried)
    edges = []
    for (data, paradigm), best in best_scales(tried).items():
        scales = [t["lr_scale"] for t in tried if (t["data"], t["paradigm"]) == (data, paradigm)]
        if best in (min(scales), max(scales)):
            edges.append((data, paradigm))
    return edges


def is_current(trial: Mapping[str, Any]) -> bool:
    """Whether a trial was made by the rule of this module rather than an earlier one."""
    return bool(trial.get("recipe"))


def read_all(root: Path) -> list[dict[str, Any]]:
    """The trials of every ``<set>/tuning.jsonl`` below ``root``; the folder's name is the set's.

    Reading is as lenient as that of :func:`dmil_core.experiments.records.read_all`: lines that are
    no trial, or of another set, are skipped.
    """
    paths = sorted(path for path in root.glob(f"*/{TUNING_FILE}") if lies_in(path, root))
    return [t for path in paths for t in _trials(path) if t["data"] == path.parent.name]


def _trials(path: Path) -> Iterable[dict[str, Any]]:
    try:
        lines = read_lines(path, MAX_RECORDS_BYTES)
    except (FileNotFoundError, DataError):
        return
    for line in lines:
        with contextlib.suppress(DataError), parsing(path, "a trial"):
            trial = json_line(line)
            if isinstance(trial, dict) and _is_trial(trial):
                yield trial


def _is_trial(trial: Mapping[str, Any]) -> bool:
    named = all(isinstance(trial.get(k), str) for k in ("data", "paradigm"))
    figures = [trial.get(k) for k in ("lr_scale", "val_accuracy")]
    numbers = all(isinstance(v, int | float) and math.isfinite(v) for v in figures)
    return named and numbers and trial["lr_scale"] > 0
