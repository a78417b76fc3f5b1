"""Ablation study: ``dmil`` without one of its changes at a time. ``make bench-ablations``.

Compared with ``dmil`` and ``dmil-paper``: on the ``switch`` distribution, where the interaction
type is known, agreement and calibration error of the gate; on real sets, accuracy. Seeds are
paired, every decomposition of a seed learns from the same out-of-fold models, and nothing is tuned.
Writes benchmarks/results/ablations.json; see :mod:`benchmarks.study`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import fidelity
from benchmarks.runs import RESULTS, Records, interval
from benchmarks.study import Study, Unit, add_options, carry_out, opened
from dmil_core.experiments.compare import out_of_fold_folder

RESULT = RESULTS / "ablations.json"
SETTINGS = {
    "equal shares": "switch",
    "unbalanced classes": "switch:prior=8/4/2/1",
    "20 % wrong labels": "switch:labels_wrong=0.2",
    "avdigits-same": "avdigits-same",
    "emoji": "emoji",
}
OURS = "dmil"
PARADIGMS = (
    OURS, "dmil-absolute", "dmil-soft", "dmil-by-heart", "dmil-no-gate-target", "dmil-flat",
    "dmil-features", "dmil-pure", "dmil-paper",
)  # fmt: skip
SEEDS = 5
FIGURES = ("accuracy", "gate_agreement", "gate_calibration_error")


def runs_of(setting: str, seed: int, paradigms: list[str], out: Path) -> Records:
    """The figures of some paradigms in one setting, trained one after the other."""
    spec = SETTINGS[setting]
    shared = out_of_fold_folder(out, setting.replace(" ", "-"), seed)
    return [fidelity.run(setting, spec, p, seed, out, shared) for p in paradigms]


def summary(runs: Records) -> Records:
    """For each setting and paradigm: mean, standard deviation and seeds of each figure, and what
    it gains over ours, paired by seed."""
    table = pd.DataFrame(runs)
    rows = []
    for (setting, paradigm), mine in table.groupby(["setting", "paradigm"], sort=False):
        ours = table[(table["setting"] == setting) & (table["paradigm"] == OURS)]
        row: dict[str, Any] = {"setting": setting, "paradigm": paradigm, "seeds": len(mine)}
        for name in (f for f in FIGURES if f in table):
            values, theirs = (t.set_index("seed")[name].dropna() for t in (mine, ours))
            if values.empty:
                continue
            row[name] = float(values.mean())
            row[f"{name}_sd"] = float(values.std(ddof=1)) if len(values) > 1 else None
            both = values.index.intersection(theirs.index)
            if paradigm != OURS and len(both):
                row[f"{name}_gain"] = interval(list(values[both]), list(theirs[both]))
        rows.append(row)
    return rows


STUDY = Study(
    RESULT, {"setting": (), "paradigm": (), "seed": ()}, lambda runs: {"means": summary(runs)}
)


def main() -> int:
    """Run or go on, then print a row for each setting and paradigm."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--paradigms", nargs="+", default=list(PARADIGMS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=Path("build/bench-ablations"))
    add_options(parser)
    a = parser.parse_args()
    record = opened(parser, a, STUDY)
    units = [unit_of(n, s, a, record.settings) for s in range(a.seeds) for n in a.settings]
    show(carry_out(record, a, runs_of, units)["means"])
    return 0


def unit_of(setting: str, seed: int, a: argparse.Namespace, known: frozenset[str]) -> Unit:
    """The paradigms of one setting and seed that are not known, as they share out-of-fold
    models."""
    wanted = {p: fidelity.planned(setting, SETTINGS[setting], p, seed) for p in a.paradigms}
    missing = [p for p, settings in wanted.items() if settings not in known]
    return Unit((setting, seed, missing, a.out), frozenset(wanted.values()))


def show(rows: Records) -> None:
    """Print the means."""
    shown = pd.DataFrame(rows)
    print(shown[["setting", "paradigm", "seeds", *(f for f in FIGURES if f in shown)]].to_string())


if __name__ == "__main__":
    raise SystemExit(main())
