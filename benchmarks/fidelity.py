"""Fidelity of the decomposition where interaction types are known. ``make bench-fidelity``.

The ``switch`` distribution in 15 settings: for each paradigm and seed, accuracy by interaction type
and, of a decomposition, agreement of the gate with the true types, its calibration error, the
weight of components that do not occur, and the accuracy lost without each component. For
comparison, the same figures of reference gates that are computed exactly from the distribution's
densities, and of a gate that is read off ``ensemble`` and ``joint`` without training. Then
invariances: order of the modalities, numbering of the classes, seed. All seeds have the same rows,
as gates of different seeds are compared on them. Writes benchmarks/results/fidelity.json; see
:mod:`benchmarks.study`.

What needs several trained models is one unit of work with them: the gate that is read off
``ensemble`` and ``joint``, and the invariances. ``make bench-theorem`` and ``make bench-collapse``
need the models of some runs; with ``--records`` they are measured when these are trained, and kept
there.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics as st
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.runs import RESULTS, Records
from benchmarks.study import Record, Study, Unit, add_options, carry_out, opened
from dmil_core.schema import components, components_in

if TYPE_CHECKING:
    import pandas as pd

    from dmil_core.data.dataset import Dataset

RESULT = RESULTS / "fidelity.json"
SETTINGS = {
    "equal shares": "switch",
    "R only": "switch:shares=1/0/0/0",
    "U1 only": "switch:shares=0/1/0/0",
    "U2 only": "switch:shares=0/0/1/0",
    "S only": "switch:shares=0/0/0/1",
    "R and U": "switch:shares=2/1/1/0",
    "R and S": "switch:shares=1/0/0/1",
    "U and S": "switch:shares=0/1/1/2",
    "x2 three times weaker": "switch:strength2=0.3333",
    "2 classes": "switch:classes=2",
    "8 classes": "switch:classes=8",
    "noise 0.4": "switch:noise=0.4",
    "noise 1.2": "switch:noise=1.2",
    "unbalanced classes": "switch:prior=8/4/2/1",
    "20 % wrong labels": "switch:labels_wrong=0.2",
}
PARADIGMS = ("ensemble", "joint", "dmil-paper", "dmil-paper-sgd", "dmil")
SEEDS = 5
#: Invariances, tested on equal shares: a change of the data and of the gate's columns.
TWINS = ("swapped", "relabelled")
#: The setting whose gates are compared, and the entry of the record that has the result.
PLAIN, INVARIANCE = "equal shares", "invariance"
#: Setting, its distribution, paradigm, seed.
Job = tuple[str, str, str, int]


@cache
def distribution_data(name: str, spec: str) -> Dataset:
    """The rows of a setting, or of its twin: modalities swapped, or classes renumbered."""
    import numpy as np

    from dmil_core.data.catalog import load_dataset
    from dmil_core.data.dataset import from_arrays

    result = load_dataset(spec)
    if name not in TWINS:
        return result
    assert result.interaction_type is not None
    arrays: dict[str, Any] = {
        "x1": result.x1,
        "x2": result.x2,
        "y": result.y,
        "split": result.split,
    }
    arrays |= {"id": result.ids, "interaction_type": result.interaction_type}
    if name == "swapped":
        other = {"R": "R", "U1": "U2", "U2": "U1", "S": "S"}
        arrays |= {"x1": result.x2, "x2": result.x1}
        arrays["interaction_type"] = np.array([other[c] for c in result.interaction_type.tolist()])
    else:
        arrays["y"] = (len(result.classes) - 1) - result.y
    return from_arrays(name, arrays, result.card)


def trained(
    dataset: Dataset, paradigm: str, seed: int, out: Path, out_of_fold: Path | None = None
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Train one run (or read it, where it is finished): its test figures and test rows."""
    import torch

    from dmil_core.checkpoint import run_folder
    from dmil_core.experiments.compare import by_interaction_type, fingerprint
    from dmil_core.io.tables import read_table
    from dmil_core.training.run import train

    torch.set_num_threads(1)
    folder = run_folder(out, dataset.slug, paradigm, seed)
    result = train(dataset, paradigm, seed, folder, out_of_fold=out_of_fold)
    table = read_table(result.predictions)
    test = table[table["split"] == "test"]
    record = {
        "paradigm": paradigm,
        "seed": seed,
        "settings": fingerprint(result.config, result.data_digest),
        "seconds": result.seconds,
        **result.metrics["test"],
        **by_interaction_type(test),
    }
    return record, test


def run(
    name: str, spec: str, paradigm: str, seed: int, out: Path, out_of_fold: Path | None = None
) -> dict[str, Any]:
    """The test figures of one run of a setting, with purity and shares of a decomposition."""
    from dmil_core import schema
    from dmil_core.metrics import fidelity

    dataset = distribution_data(name, spec)
    figures, test = trained(dataset, paradigm, seed, out, out_of_fold)
    record: dict[str, Any] = {"setting": name, **figures}
    if schema.gate("R") in test and schema.INTERACTION_TYPE in test:
        lost = fidelity.purity(test, dataset.classes)
        record["purity"] = {c: lost.loc[c].to_dict() for c in lost.index}
        if schema.EXPLAINED in test:
            share = fidelity.gate_of(test) * test[[schema.EXPLAINED]].to_numpy()
            names = components_in(test.columns)
            record |= {f"share_{c}": float(share[:, i].mean()) for i, c in enumerate(names)}
            record["share_unexplained"] = 1.0 - float(share.sum(axis=1).mean())
    return record


@cache
def references(spec: str) -> dict[str, Any]:
    """Reference gates of the distribution on the same test rows, and the Bayes accuracy.

    *information*: responsibilities from the exact class posteriors, averaged over the label, as a
    gate that only knows the labels could be; a reference, not a bound. *generator*: the posterior
    p(interaction type | x1, x2), whose agreement is an upper bound in expectation.
    """
    from dmil_core.data.catalog import load_dataset
    from dmil_core.data.synthetic.switch import switch_distribution
    from dmil_core.data.synthetic.switch_distribution import responsibilities

    dataset, distribution = load_dataset(spec), switch_distribution(spec)
    rows = dataset.rows("test")
    exact = distribution.posteriors(*(x[rows] for x in dataset.inputs))
    assert dataset.interaction_type is not None
    truth = dataset.interaction_type[rows].astype(str)
    weights = responsibilities(exact, distribution.prior, times_joint=True)
    right = exact.y_joint.argmax(axis=1) == dataset.y[rows]
    names = components(distribution.modalities)
    return {
        "rows": len(rows),
        "information": measured(weights / weights.sum(axis=1, keepdims=True), truth),
        "generator": measured(exact.c_joint, truth),
        "share": {c: float(v) for c, v in zip(names, weights.mean(axis=0), strict=True)},
        "accuracy": float(right.mean()),
        **{f"accuracy_{c}": float(right[truth == c].mean()) for c in names if (truth == c).any()},
    }


def measured(gate: Any, truth: Any) -> dict[str, Any]:
    """Agreement and AUROCs of exact weights."""
    from dmil_core.metrics import fidelity

    return {
        "agreement": fidelity.agreement(gate, truth),
        "auroc": fidelity.aurocs(gate, truth),
        "calibration_error": fidelity.calibration_error(gate, truth),
    }


def measure(
    jobs: Sequence[Job], out: Path, known: Mapping[str, frozenset[str]]
) -> dict[str, Records]:
    """Train runs one after the other: name of a record -> its entries.

    Those of this benchmark are the runs, and what is computed from several of them. ``known`` names
    the other records that are to be added to, with the settings that they have.
    """
    runs = [run(*job, out) for job in jobs]
    by_paradigm = {r["paradigm"]: r for r in runs}
    result = {RESULT.stem: list(runs)}
    if {"ensemble", "joint"} <= set(by_paradigm):
        result[RESULT.stem].append(
            responsibilities(by_paradigm["ensemble"], by_paradigm["joint"], out)
        )
    if set(TWINS) & {r["setting"] for r in runs}:
        result[RESULT.stem].append(invariance(runs, out))
    for name, settings in known.items():
        wanted, reading = readings()[name]
        result[name] = [
            reading(*where, out)
            for r in runs
            if r["settings"] not in settings
            and wanted(*(where := (r["setting"], r["paradigm"], r["seed"])))
        ]
    return result


def readings() -> dict[str, tuple[Callable[..., bool], Callable[..., dict[str, Any]]]]:
    """Name of another benchmark's record -> whether it is about a run, and its measurement."""
    from benchmarks import collapse, theorem  # they import this module

    return {
        "theorem": (theorem.is_about, theorem.run),
        "collapse": (collapse.is_about, collapse.run),
    }


def responsibilities(pair: dict[str, Any], joint: dict[str, Any], out: Path) -> dict[str, Any]:
    """The entry of the gate that is read off ``ensemble`` and ``joint``, two runs of one setting
    and seed whose tables lie under ``out``."""
    from dmil_core.checkpoint import PREDICTIONS_FILE, run_folder
    from dmil_core.experiments import controls
    from dmil_core.io.tables import read_table

    dataset = distribution_data(pair["setting"], SETTINGS[pair["setting"]])
    alone, both = (
        read_table(run_folder(out, dataset.slug, r["paradigm"], r["seed"]) / PREDICTIONS_FILE)
        for r in (pair, joint)
    )
    named = {k: pair[k] for k in ("setting", "seed")} | {"paradigm": controls.RESPONSIBILITIES}
    named |= {"settings": controls.settings_of(controls.RESPONSIBILITIES, pair, joint)}
    return named | controls.responsibility_figures(alone, both, dataset.classes)


def invariance(runs: Records, out: Path) -> dict[str, Any]:
    """The entry of the invariances: rank correlation of gates between seeds, and with the twins of
    the data. The tables of the runs lie under ``out``."""
    from dmil_core.checkpoint import run_folder
    from dmil_core.metrics import fidelity

    def gates(setting: str) -> list[Any]:
        slug = distribution_data(setting, SETTINGS[PLAIN]).slug
        mine = (r for r in runs if r["setting"] == setting)
        folders = [run_folder(out, slug, r["paradigm"], r["seed"]) for r in mine]
        return [fidelity.gate_of(test_table(f)) for f in folders]

    plain, swapped, renamed = (gates(n) for n in (PLAIN, *TWINS))
    turned = [g[:, [0, 2, 1, 3]] for g in swapped]
    across = [fidelity.rank_agreement([a, b]) for a in plain for b in turned]
    relabelled = [fidelity.rank_agreement([a, b]) for a in plain for b in renamed]
    # A single seed agrees with no other.
    between = {"seeds": fidelity.rank_agreement(plain)} if len(plain) > 1 else {}
    return {
        "setting": INVARIANCE,
        "paradigm": "dmil",
        "seed": 0,
        "settings": _settings_of_invariance([r["settings"] for r in runs]),
        **between,
        "swapped": sum(across) / len(across),
        "relabelled": sum(relabelled) / len(relabelled),
    }


def _settings_of_invariance(settings: Sequence[str]) -> str:
    """Fingerprint of the invariances of runs."""
    return hashlib.sha256(" ".join([INVARIANCE, *sorted(settings)]).encode()).hexdigest()[:16]


def test_table(folder: Path) -> pd.DataFrame:
    """Predictions of a finished run on test rows."""
    from dmil_core.checkpoint import PREDICTIONS_FILE
    from dmil_core.io.tables import read_table

    table = read_table(folder / PREDICTIONS_FILE)
    return table[table["split"] == "test"]


def summary(runs: Records) -> dict[str, Any]:
    """The exact figures of each setting, and the invariances."""
    present = {r["setting"] for r in runs}
    result: dict[str, Any] = {
        "settings": {
            name: {"spec": spec, **references(spec)}
            for name, spec in SETTINGS.items()
            if name in present
        }
    }
    for entry in (r for r in runs if r["setting"] == INVARIANCE):
        result[INVARIANCE] = {k: entry[k] for k in ("seeds", *TWINS) if k in entry}
    return result


STUDY = Study(RESULT, {"setting": (), "paradigm": (), "seed": ()}, summary)


def main() -> int:
    """Run all, or the settings named, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--paradigms", nargs="+", default=list(PARADIGMS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--twins", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--out", type=Path, default=Path("build/bench-fidelity"))
    add_options(parser)
    a = parser.parse_args()
    others: dict[str, Record] = {}
    if a.records:
        from benchmarks import collapse, theorem

        others = {
            study.shipped.stem: Record(study, a.records / study.shipped.name)
            for study in (theorem.STUDY, collapse.STUDY)
        }
    known = {name: record.settings for name, record in others.items()}

    def take(record: Record, new: dict[str, Records]) -> None:
        for name, entries in new.items():
            if name in others and entries:
                others[name].add(entries)
        record.add(new[RESULT.stem])

    units = [
        Unit((jobs, a.out, known), settings_of(jobs))
        for jobs in together(a.settings, a.paradigms, a.seeds, a.twins)
    ]
    show(carry_out(opened(parser, a, STUDY), a, measure, units, take))
    return 0


def together(
    settings: Sequence[str], paradigms: Sequence[str], seeds: int, twins: bool
) -> list[tuple[Job, ...]]:
    """The runs, in groups of those whose models are needed at the same time; the longest first."""
    pair = [p for p in ("ensemble", "joint") if p in paradigms]
    result: list[tuple[Job, ...]] = []
    compared: set[Job] = set()
    if twins:
        names = (PLAIN, *TWINS)
        result = [tuple((n, SETTINGS[PLAIN], "dmil", s) for n in names for s in range(seeds))]
        compared = set(result[0])
    for seed, name in ((s, n) for s in range(seeds) for n in settings):
        groups = [pair] if len(pair) > 1 else [[p] for p in pair]
        groups += [[p] for p in paradigms if p not in pair]
        for group in groups:
            jobs = tuple((name, SETTINGS[name], p, seed) for p in group)
            if not compared & set(jobs):
                result.append(jobs)
    return result


def settings_of(jobs: Sequence[Job]) -> frozenset[str]:
    """Fingerprints of all that :func:`measure` records of these runs for this benchmark."""
    from dmil_core.experiments import controls

    runs = [{"paradigm": job[2], "settings": planned(*job)} for job in jobs]
    settings = {run["settings"] for run in runs}
    by_paradigm = {run["paradigm"]: run for run in runs}
    if {"ensemble", "joint"} <= set(by_paradigm):
        pair, joint = (by_paradigm[p] for p in ("ensemble", "joint"))
        settings.add(controls.settings_of(controls.RESPONSIBILITIES, pair, joint))
    if set(TWINS) & {job[0] for job in jobs}:
        settings.add(_settings_of_invariance([run["settings"] for run in runs]))
    return frozenset(settings)


def planned(name: str, spec: str, paradigm: str, seed: int) -> str:
    """Fingerprint of a run before it is trained."""
    from dmil_core.experiments.compare import fingerprint
    from dmil_core.training.run import plan

    dataset = distribution_data(name, spec)
    return fingerprint(plan(dataset, paradigm, seed), dataset.digest)


def show(result: dict[str, Any]) -> None:
    """Print DMIL's figures for each setting beside the reference and the other paradigms."""
    print(f"\n{'setting':24}{'agreement':>18}{'reference':>11}{'auroc/reference':>17}{'calib.':>8}"
          f"{'absent':>8}{'acc.':>7}{'bayes':>7}{'joint':>7}{'ens.':>7}{'S+':>7}")  # fmt: skip
    for name, distribution in result["settings"].items():
        runs = {
            p: [r for r in result["runs"] if (r["setting"], r["paradigm"]) == (name, p)]
            for p in PARADIGMS
        }
        ours = runs["dmil"]
        if not ours:
            continue
        top = distribution["information"]

        def mean(key: str, who: list[dict[str, Any]]) -> float:
            values = [r[key] for r in who if key in r]
            return st.mean(values) if values else float("nan")

        ratio = [mean(f"gate_auroc_{c}", ours) / v for c, v in top["auroc"].items()]
        spread = [r["gate_agreement"] for r in ours]
        sd = st.stdev(spread) if len(spread) > 1 else 0.0
        share = mean("share_S", ours) if "share_S" in ours[0] else mean("mean_gate_S", ours)
        print(f"{name:24}{mean('gate_agreement', ours):10.4f} ±{sd:.4f}{top['agreement']:11.4f}"
              f"{min(ratio, default=float('nan')):17.4f}{mean('gate_calibration_error', ours):8.3f}"
              f"{mean('gate_absent', ours):8.3f}{mean('accuracy', ours):7.3f}"
              f"{distribution['accuracy']:7.3f}"
              f"{mean('accuracy', runs['joint']):7.3f}{mean('accuracy', runs['ensemble']):7.3f}"
              f"{share - distribution['share']['S']:+7.3f}")  # fmt: skip
    print({k: round(v, 3) for k, v in result.get("invariance", {}).items()})


if __name__ == "__main__":
    raise SystemExit(main())
