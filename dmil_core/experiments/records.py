"""The records of a comparison as one tidy table, a row per run.

A record is a line of ``<set>/results.jsonl``, see :mod:`dmil_core.experiments.compare`. Reading is
lenient: lines that are no record are skipped and reported, missing figures are NaN, and of two
records of the same run the later one counts. Nothing heavy is imported, as pages read records
before any model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from dmil_core.errors import DataError
from dmil_core.io.atomic import lies_in
from dmil_core.io.reading import json_line, parsing, read_lines
from dmil_core.schema import ALL_COMPONENTS, COMPONENTS, MODALITY_NUMBERS

RESULTS_FILE: Final = "results.jsonl"
#: Largest file of records, in bytes; a run takes about two thousand.
MAX_RECORDS_BYTES: Final = 64 * 1024**2

#: What identifies a run.
KEYS: Final = ("data", "paradigm", "seed")
#: Figures of a run, of either split: shares between 0 and 1.
METRICS: Final = ("accuracy", "macro_f1", "map", "ece", "synergy", "missed", "synergy_bound")
#: Names of figures in records of earlier versions -> today's; old ones are still read.
OLD_FIGURES: Final = {"synergy_ceiling": "synergy_bound"}
#: Figures of a run as a whole: trained numbers, seconds of training, tuned factor of the rate.
ABOUT: Final = ("parameters", "seconds", "lr_scale")
#: What a run was trained on: one of ``DEVICES``, the first where a record does not say.
DEVICE: Final = "device"
DEVICES: Final = ("cpu", "cuda")
#: Accuracy on the samples of a true interaction type.
BY_INTERACTION_TYPE: Final = tuple(f"accuracy_{c}" for c in ALL_COMPONENTS)
#: Accuracy of each unimodal head, and of component S by itself; of models that have these.
ALONE: Final = (*(f"alone_x{m}" for m in MODALITY_NUMBERS), "alone_S")
#: In every table; ``accuracy_U3`` is in those of three inputs alone.
COLUMNS: Final = (
    *KEYS, "split", "digest", DEVICE, *ABOUT, "train_rows", "rows", *METRICS,
    *(f"accuracy_{c}" for c in COMPONENTS),
)  # fmt: skip


@dataclass(frozen=True)
class Records:
    """Recorded runs, and what could not be read.

    Attributes
    ----------
    runs
        A row per run; at least `COLUMNS`, then whatever else was measured, such as
        ``gate_agreement``, those of `ALONE` and ``right``, the number of right answers. ``digest``
        is that of the data with its own split, empty where it was not recorded; ``split`` the
        number of the split of the run, 0 for the set's own; ``train_rows`` and ``rows`` how many
        the run was trained and measured on.
    problems
        What was left out and why, a sentence each.
    """

    runs: pd.DataFrame
    problems: tuple[str, ...] = ()

    def of(self, data: str) -> pd.DataFrame:
        """The runs of one data set."""
        return self.runs[self.runs["data"] == data]


def read_all(root: Path, split: str = "test") -> Records:
    """Every ``<set>/results.jsonl`` below ``root``; the folder's name is the set's.

    Links that lead out of ``root`` are left out.
    """
    paths = sorted(path for path in root.glob(f"*/{RESULTS_FILE}") if lies_in(path, root))
    result = [read_file(path, split) for path in paths]
    frames = [r.runs for r in result if len(r.runs)]
    runs = pd.concat(frames, ignore_index=True) if frames else _frame([])
    return Records(runs, tuple(p for r in result for p in r.problems))


def read_file(path: Path, split: str = "test") -> Records:
    """The records of one set; none where there is no file.

    Of a file with records of several sets those count that are named like its folder, and of runs
    on several versions of the data those on the version with most runs. Where some runs have the
    split of their seed and others the set's own, those of the more frequent kind count.
    """
    name = path.parent.name
    rows: list[dict[str, Any]] = []
    problems = []
    try:
        lines = read_lines(path, MAX_RECORDS_BYTES, advice="Put the records themselves there")
    except FileNotFoundError:
        lines = []
    except DataError as error:
        lines = []
        # Named without the folders above it, which are nobody's business on a page.
        problems.append(f"{name}/{path.name}: {str(error).removeprefix(str(path)).lstrip(' :')}")
    for number, line in enumerate(lines, start=1):
        try:
            with parsing(f"line {number}", "the record of a run"):
                rows.append(_row(json_line(line), split))
        except DataError:
            problems.append(f"{name}/{path.name}: line {number} is not the record of a run")
    several = len({row["data"] for row in rows}) > 1
    kept = [row for row in rows if not several or row["data"] == name]
    if len(kept) < len(rows):
        problems.append(f"{name}/{path.name}: {len(rows) - len(kept)} runs are of another set")
    runs = _frame([row | {"data": name} for row in kept])
    current = _one_version(runs)
    if len(current) < len(runs):
        less = len(runs) - len(current)
        problems.append(f"{name}/{path.name}: {less} runs are of another version of the data")
    paired = _one_way_to_split(current)
    if len(paired) < len(current):
        less = len(current) - len(paired)
        problems.append(f"{name}/{path.name}: {less} runs are of another split than most")
    return Records(paired, tuple(problems))


def tidy(records: Iterable[dict[str, Any]], split: str = "test") -> pd.DataFrame:
    """Records that are in memory as the same table.

    Raises
    ------
    ValueError
        If one of them is not the record of a run.
    """
    return _frame([_row(r, split) for r in records])


def with_current_names(figures: Any) -> Any:
    """The figures of a run by their names of today; anything but a dictionary stays as it is."""
    if not isinstance(figures, dict):
        return figures
    return {OLD_FIGURES.get(k, k): v for k, v in figures.items()}


def _row(record: Any, split: str) -> dict[str, Any]:
    """One record flat."""
    if not isinstance(record, dict):
        raise ValueError("expected an object")
    data, paradigm, seed = (record.get(k) for k in KEYS)
    if not (isinstance(data, str) and isinstance(paradigm, str) and data and paradigm):
        raise ValueError("expected the names of a set and a paradigm")
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 2**32:
        raise ValueError("expected a whole number as seed")
    figures = with_current_names(record.get(split))
    figures = figures if isinstance(figures, dict) else {}
    rows = record.get("rows")
    rows = rows if isinstance(rows, dict) else {}
    number = record.get("split")
    number = number if isinstance(number, int) and 0 <= number < 2**32 else 0
    measured = {
        str(k): _number(v)
        for k, v in figures.items()
        if str(k) not in (*KEYS, "split", "rows", "train_rows")
    }
    about = {k: _number(record.get(k)) for k in ABOUT}
    about |= {"train_rows": _number(rows.get("train")), "rows": _number(rows.get(split))}
    keys = {"data": data, "paradigm": paradigm, "seed": seed, "split": int(number)}
    device = record.get(DEVICE)
    words = {"digest": str(record.get("base_digest") or record.get("data_digest") or "")}
    words |= {DEVICE: device if device in DEVICES else DEVICES[0]}
    return measured | about | keys | words


def _number(value: Any) -> float:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if fits else math.nan


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = dict.fromkeys([*COLUMNS, *(name for row in rows for name in row)])
    frame = pd.DataFrame(rows, columns=list(columns))
    numbers = [c for c in frame.columns if c not in (*KEYS, "split", "digest", DEVICE)]
    frame = frame.astype(dict.fromkeys(numbers, float) | {"seed": int, "split": int})
    return frame.drop_duplicates(list(KEYS), keep="last").reset_index(drop=True)


def _one_version(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs on the version of the data that most runs are of."""
    if runs["digest"].nunique() < 2:
        return runs
    most = runs["digest"].value_counts().idxmax()
    return runs[runs["digest"] == most].reset_index(drop=True)


def _one_way_to_split(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs whose seeds all have their own split, or all the set's own: a mean over both, or a
    difference between them, would compare nothing. Split 0 of seed 0 is both."""
    later = runs["seed"] > 0
    own = runs["split"] > 0
    if not own.any():
        return runs
    kept = own if int((own & later).sum()) * 2 >= int(later.sum()) else ~own
    return runs[kept | ~later].reset_index(drop=True)
