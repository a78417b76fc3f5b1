"""Train several paradigms over paired seeds and keep a record that tables are made from.

results.jsonl is the record: one line per finished run, appended as runs finish, so that a
stopped comparison goes on where it was. summary.csv is computed from it, never beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dmil_core import metrics, schema
from dmil_core.checkpoint import Run, run_folder
from dmil_core.data.dataset import Dataset
from dmil_core.errors import DataError
from dmil_core.fit import Report
from dmil_core.paradigms import ENSEMBLE, find_paradigm
from dmil_core.storage import exclusive, write_lines
from dmil_core.tables import read_table, write_table

RESULTS_FILE = "results.jsonl"
SUMMARY_FILE = "summary.csv"
RUNS_FOLDER = "runs"

#: Metrics of results.jsonl that summary.csv reports as mean and standard deviation over seeds.
SUMMARY_METRICS = ("accuracy", "macro_f1", "ece", "synergy", "synergy_ceiling", "gate_agreement")


def compare(
    datasets: Sequence[Dataset],
    paradigms: Sequence[str],
    seeds: int,
    out: Path,
    *,
    device: str = "auto",
    epochs_scale: float = 1.0,
    on_run: Callable[[str], None] | None = None,
    on_epoch: Callable[[Report], None] | None = None,
) -> pd.DataFrame:
    """Train every paradigm on every set with seeds 0 to ``seeds`` - 1 and summarise.

    The ensemble of a seed is always trained: its two models are the frozen unimodal pair that
    every paradigm's synergy indicator of that seed refers to.

    Returns
    -------
    The table of summary.csv.

    Raises
    ------
    ConfigError
        If a paradigm does not exist; before anything is trained.
    """
    from dmil_core.train import train

    names = [ENSEMBLE.name, *(n for n in paradigms if n != ENSEMBLE.name)]
    for name in names:
        find_paradigm(name)
    out.mkdir(parents=True, exist_ok=True)
    with exclusive(out):
        records = read_results(out / RESULTS_FILE)
        for dataset in datasets:
            for seed in range(seeds):
                pair: pd.DataFrame | None = None
                for name in names:
                    if on_run:
                        on_run(f"{dataset.name} {name} seed {seed}")
                    folder = run_folder(out / RUNS_FOLDER, dataset.slug, name, seed)
                    run = train(
                        dataset, name, seed, folder,
                        device=device, epochs_scale=epochs_scale, on_epoch=on_epoch,
                    )  # fmt: skip
                    pair = read_table(run.predictions) if name == ENSEMBLE.name else pair
                    assert pair is not None
                    records = _with(records, record(run, pair))
                    write_lines(out / RESULTS_FILE, records)
        wanted = set(paradigms)
        table = summarize([r for r in records if r["paradigm"] in wanted])
        write_table(table, out / SUMMARY_FILE)
    return table


def record(run: Run, pair: pd.DataFrame) -> dict[str, Any]:
    """One line of results.jsonl; ``pair`` is the prediction table of the seed's ensemble."""
    table = read_table(run.predictions)
    found: dict[str, Any] = {
        "data": run.data_name,
        "data_digest": run.data_digest,
        "paradigm": run.paradigm,
        "seed": run.seed,
        "parameters": run.parameters,
        "seconds": run.seconds,
    }
    for split in ("val", "test"):
        rows = (table["split"] == split).to_numpy()
        if rows.any():
            found[split] = run.metrics[split] | synergy(table[rows], pair[rows])
    return found


def synergy(table: pd.DataFrame, pair: pd.DataFrame) -> dict[str, float]:
    """Synergy indicator and its ceiling over rows of a table and of the frozen unimodal pair.

    Raises
    ------
    DataError
        If the two tables are not of the same rows.
    """
    if not np.array_equal(table["id"].to_numpy(), pair["id"].to_numpy()):
        raise DataError("the two tables list different samples; predict both on the same data")
    truth = pair["y"].to_numpy()
    alone = [pair[schema.unimodal_pred(m)].to_numpy() == truth for m in (1, 2)]
    return {
        "synergy": metrics.synergy_indicator(table["correct"].to_numpy(bool), *alone),
        "synergy_ceiling": metrics.synergy_ceiling(*alone),
    }


def read_results(path: Path) -> list[dict[str, Any]]:
    """The record; empty where there is none.

    Raises
    ------
    DataError
        Naming the line that is not JSON.
    """
    if not path.exists():
        return []
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path} line {number} is not JSON ({error}); remove it") from None
        if not isinstance(record, dict) or not {"data", "paradigm", "seed"} <= set(record):
            raise DataError(f"{path} line {number} is not the record of a run; remove it")
        found.append(record)
    return found


def _with(records: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """The records with ``new`` in place of an older line of the same run."""
    same = ("data", "paradigm", "seed")
    return [r for r in records if any(r[k] != new[k] for k in same)] + [new]


def summarize(records: list[dict[str, Any]]) -> pd.DataFrame:
    """Mean and standard deviation over seeds of the test metrics, a row per set and paradigm."""
    rows = []
    keys = list(dict.fromkeys((r["data"], r["paradigm"]) for r in records))
    for data, paradigm in keys:
        runs = [r for r in records if (r["data"], r["paradigm"]) == (data, paradigm)]
        row: dict[str, Any] = {"data": data, "paradigm": paradigm, "seeds": len(runs)}
        for name in SUMMARY_METRICS:
            values = [r["test"][name] for r in runs if name in r.get("test", {})]
            row[f"{name}_mean"] = np.mean(values) if values else np.nan
            row[f"{name}_sd"] = np.std(values, ddof=1) if len(values) > 1 else np.nan
        row["seconds_mean"] = np.mean([r["seconds"] for r in runs])
        row["parameters"] = runs[0]["parameters"]
        rows.append(row)
    return pd.DataFrame(rows)
