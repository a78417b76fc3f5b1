"""How much of a comparison is due to the training recipe? ``make bench-recipes``.

Every recipe of :mod:`dmil_core.paradigms.recipe`, which changes one setting of the standard one
(smoothing, averaging of weights, the epoch that is kept, early stopping), with each paradigm on
each set. Seeds have their own splits and are paired over recipes and paradigms; nothing is tuned.
Runs are those of :func:`dmil_core.experiments.compare.compare`. Writes
benchmarks/results/recipes.json after each recipe and set; runs in it are not trained again, so that
a stopped benchmark is resumed, on another machine too.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.runs import RESULTS, Records, add_common, record_path
from dmil_core.data.catalog import load_dataset
from dmil_core.experiments import records, scoreboard
from dmil_core.experiments.compare import compare, read_results, with_record
from dmil_core.io.atomic import write_json, write_lines
from dmil_core.paradigms import ENSEMBLE, STANDARD
from dmil_core.paradigms.recipe import RECIPES

RESULT = RESULTS / "recipes.json"
SETS = ("emoji", "watch", "mfeat", "avdigits-same")
PARADIGMS = ("joint", "ensemble", "i2m2", "dmil")
SEEDS = 3
#: Figures of a run that the record keeps, of validation and test rows.
FIGURES = ("accuracy", "macro_f1", "ece", "right")


def run_recipe(data: str, recipe: str, known: Records, a: argparse.Namespace) -> Records:
    """The runs of all paradigms on a set by one recipe; those in ``known`` are not trained."""
    dataset = load_dataset(data)
    out: Path = a.out / dataset.slug / recipe
    path = out / records.RESULTS_FILE
    lines: Records = []
    for line in (*_of(known, dataset.name, recipe), *read_results(path)):
        lines = with_record(lines, line)
    write_lines(path, lines)
    compare(
        [dataset], a.paradigms, a.seeds, out, recipe=recipe, epochs_scale=a.epochs_scale,
        jobs=a.jobs, on_run=lambda line: print(f"{recipe}: {line}", file=sys.stderr, flush=True),
    )  # fmt: skip
    wanted = {ENSEMBLE.name, *a.paradigms}
    return [
        _short(line) | {"recipe": recipe}
        for line in read_results(path)
        if line["paradigm"] in wanted and line["seed"] < a.seeds
    ]


def _of(runs: Records, data: str, recipe: str) -> Records:
    return [r for r in runs if (r["data"], r["recipe"]) == (data, recipe)]


def _short(line: dict[str, Any]) -> dict[str, Any]:
    """A line of results.jsonl with fewer figures."""
    parts = {s: line[s] for s in ("val", "test") if s in line}
    return line | {s: {k: v for k, v in f.items() if k in FIGURES} for s, f in parts.items()}


def with_runs(runs: Records, new: Records) -> Records:
    """The runs with ``new`` in place of older ones of the same name."""

    def name(run: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(run[k] for k in ("data", "recipe", "seed", "paradigm"))

    names = {name(r) for r in new}
    return [*(r for r in runs if name(r) not in names), *new]


def table_of(runs: Records, *, recipe: str = "", paradigm: str = "") -> pd.DataFrame:
    """The table of :mod:`dmil_core.experiments.records` of the runs by one recipe; or of those of
    one paradigm, with recipes in place of paradigms."""
    if recipe:
        return records.tidy([r for r in runs if r["recipe"] == recipe])
    mine = [r for r in runs if r["paradigm"] == paradigm]
    return records.tidy([r | {"paradigm": r["recipe"]} for r in mine])


def main() -> int:
    """Train or go on, then print accuracies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=list(SETS), metavar="SET")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    add_common(parser, PARADIGMS, SEEDS, "build/bench-recipes")
    a = parser.parse_args()
    path = record_path(parser, a, RESULT)
    runs = read(path)
    for data in a.data:
        for recipe in a.recipes:
            runs = with_runs(runs, run_recipe(data, recipe, runs, a))
            write_json(path, {"runs": runs})
    show(runs)
    return 0


def read(path: Path) -> Records:
    """The runs of the record as far as it was written."""
    runs: Records = json.loads(path.read_text("utf-8"))["runs"] if path.exists() else []
    return runs


def show(runs: Records) -> None:
    """Print mean accuracies over seeds by set, paradigm and recipe."""
    for paradigm in dict.fromkeys(r["paradigm"] for r in runs):
        means = scoreboard.summary(table_of(runs, paradigm=paradigm))
        wide = means.pivot(index="data", columns="paradigm", values="accuracy")
        print(f"\n{paradigm}\n{(100 * wide).round(2).to_string(na_rep='-')}")
        for d in scoreboard.average_differences(
            table_of(runs, paradigm=paradigm), reference=STANDARD.name
        ).to_dict("records"):
            ends = ", ".join(f"{100 * d[k]:+.2f}" for k in ("difference", "low", "high"))
            print(f"{d['paradigm']} less {STANDARD.name}: {ends}")


if __name__ == "__main__":
    raise SystemExit(main())
