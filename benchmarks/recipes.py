"""How much of a comparison is due to the training recipe? ``make bench-recipes``.

Every recipe of :mod:`dmil_core.paradigms.recipe`, which changes one setting of the standard one
(smoothing, averaging of weights, the epoch that is kept, early stopping), with each paradigm on
each set. Seeds have their own splits and are paired over recipes and paradigms; nothing is tuned.
Runs are those of :func:`dmil_core.experiments.compare.compare`. Writes
benchmarks/results/recipes.json; see :mod:`benchmarks.study`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.runs import RESULTS, Records, planned
from benchmarks.study import JOBS, Record, Study, Unit, add_common, opened
from dmil_core.cli.options import engine_of
from dmil_core.data.catalog import load_dataset
from dmil_core.experiments import records, scoreboard
from dmil_core.experiments.compare import compare, read_results, with_record
from dmil_core.io.atomic import check_writable, write_lines
from dmil_core.paradigms import ENSEMBLE, STANDARD
from dmil_core.paradigms.recipe import RECIPES

RESULT = RESULTS / "recipes.json"
SETS = ("emoji", "watch", "mfeat", "avdigits-same")
PARADIGMS = ("joint", "ensemble", "i2m2", "dmil")
SEEDS = 3
#: Figures of a run that the record keeps, of validation and test rows.
FIGURES = ("accuracy", "macro_f1", "ece", "right")


def run_recipe(unit: Unit, record: Record, a: argparse.Namespace) -> None:
    """Add to the record the runs of all paradigms on a set by one recipe, each when it is trained;
    those in it are not trained."""
    data, recipe = unit.arguments
    dataset = load_dataset(data)
    out: Path = a.out / dataset.slug / recipe
    path = out / records.RESULTS_FILE
    lines: Records = read_results(path)
    for known in (r for r in record.runs if r.get("settings") in unit.settings):
        lines = with_record(lines, known)
    write_lines(path, lines)
    compare(
        [dataset], a.paradigms, a.seeds, out, recipe=recipe, epochs_scale=a.epochs_scale,
        engine=engine_of(a, JOBS),
        on_run=lambda line: print(f"{recipe}: {line}", file=sys.stderr, flush=True),
        on_record=lambda line, _: record.add([_short(line) | {"recipe": recipe}]),
    )  # fmt: skip
    # Those that an earlier command left under --out.
    lines = [line for line in read_results(path) if line["settings"] in unit.settings]
    record.add([_short(line) | {"recipe": recipe} for line in lines])


def _short(line: dict[str, Any]) -> dict[str, Any]:
    """A line of results.jsonl with fewer figures."""
    parts = {s: line[s] for s in ("val", "test") if s in line}
    return line | {s: {k: v for k, v in f.items() if k in FIGURES} for s, f in parts.items()}


def table_of(runs: Records, *, recipe: str = "", paradigm: str = "") -> pd.DataFrame:
    """The table of :mod:`dmil_core.experiments.records` of the runs by one recipe; or of those of
    one paradigm, with recipes in place of paradigms."""
    if recipe:
        return records.tidy([r for r in runs if r["recipe"] == recipe])
    mine = [r for r in runs if r["paradigm"] == paradigm]
    return records.tidy([r | {"paradigm": r["recipe"]} for r in mine])


STUDY = Study(
    RESULT,
    {"data": SETS, "recipe": tuple(RECIPES), "seed": (), "paradigm": (ENSEMBLE.name, *PARADIGMS)},
    lambda _: {},
)


def main() -> int:
    """Train or go on, then print accuracies."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=list(SETS), metavar="SET")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), choices=list(RECIPES))
    add_common(parser, PARADIGMS, SEEDS, "build/bench-recipes")
    a = parser.parse_args()
    record = opened(parser, a, STUDY)
    units = [unit_of(data, recipe, a) for data in a.data for recipe in a.recipes]
    if a.show:
        show(record.content()["runs"])
        return 0
    if a.adopt:
        show(record.adopt(units)["runs"])
        return 0
    check_writable(record.path)
    for missing in record.missing(units):
        run_recipe(missing, record, a)
    show(record.finish(units)["runs"])
    return 0


def unit_of(data: str, recipe: str, a: argparse.Namespace) -> Unit:
    """All paradigms and seeds on a set by one recipe."""
    settings = [
        planned(data, p, seed, a.epochs_scale, recipe=recipe)
        for p in (ENSEMBLE.name, *a.paradigms)
        for seed in range(a.seeds)
    ]
    return Unit((data, recipe), frozenset(settings))


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
