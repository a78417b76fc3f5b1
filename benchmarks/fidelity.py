"""Fidelity of the decomposition where interaction types are known. ``make bench-fidelity``.

The ``switch`` distribution in 15 settings: for each paradigm and seed, accuracy by interaction type
and, of a decomposition, agreement of the gate with the true types, its calibration error, the
weight of components that do not occur, and the accuracy lost without each component. For
comparison, the same figures of reference gates that are computed exactly from the distribution's
densities, and of a gate that is read off ``ensemble`` and ``joint`` without training. Then
invariances: order of the modalities, numbering of the classes, seed. All seeds have the same rows,
as gates of different seeds are compared on them. Writes benchmarks/results/fidelity.json after each
run; runs in it are not trained again, so that a stopped benchmark is resumed, on another machine
too.
"""

from __future__ import annotations

import argparse
import json
import statistics as st
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.runs import RESULTS, finished, path_for
from dmil_core.io.atomic import write_json
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
#: Invariances, tested on equal shares: a change of the data and of the gate's columns.
TWINS = ("swapped", "relabelled")


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


def add_responsibilities(result: dict[str, Any], out: Path) -> None:
    """Add to the record the gate that is read off ``ensemble`` and ``joint`` of each seed, where
    their tables lie under ``out``."""
    from dmil_core.checkpoint import RUN_FILE, run_folder, verify
    from dmil_core.experiments import controls
    from dmil_core.io.tables import read_table

    by_run = {(r["setting"], r["paradigm"], r["seed"]): r for r in result["runs"]}
    for setting, spec in SETTINGS.items():
        dataset = distribution_data(setting, spec)
        for seed in sorted({s for n, _, s in by_run if n == setting}):
            pair, joint = (by_run.get((setting, p, seed)) for p in ("ensemble", "joint"))
            folders = [run_folder(out, dataset.slug, p, seed) for p in ("ensemble", "joint")]
            if pair is None or joint is None or not all((f / RUN_FILE).exists() for f in folders):
                continue
            runs = [verify(f) for f in folders]
            if any(r.data_digest != dataset.digest for r in runs):
                continue
            named = {"setting": setting, "paradigm": controls.RESPONSIBILITIES, "seed": seed}
            named |= {"settings": controls.settings_of(controls.RESPONSIBILITIES, pair, joint)}
            alone, both = (read_table(r.predictions) for r in runs)
            figures = controls.responsibility_figures(alone, both, dataset.classes)
            result["runs"] = replaced(result["runs"], {**named, **figures})


def invariance(seeds: int, out: Path) -> dict[str, float]:
    """Rank correlation of gates between seeds, and with the twins of the data.

    Empty where the tables of some of these runs do not lie under ``out`` (any more).
    """
    from dmil_core.checkpoint import PREDICTIONS_FILE, run_folder
    from dmil_core.metrics import fidelity

    def gates(slug: str) -> list[Any]:
        folders = [run_folder(out, slug, "dmil", s) for s in range(seeds)]
        return [fidelity.gate_of(test_table(f)) for f in folders]

    slugs = ("switch", *TWINS)
    tables = [run_folder(out, n, "dmil", s) / PREDICTIONS_FILE for n in slugs for s in range(seeds)]
    if not all(path.exists() for path in tables):
        return {}
    plain, swapped, renamed = (gates(n) for n in slugs)
    turned = [g[:, [0, 2, 1, 3]] for g in swapped]
    across = [fidelity.rank_agreement([a, b]) for a in plain for b in turned]
    relabelled = [fidelity.rank_agreement([a, b]) for a in plain for b in renamed]
    return {
        "seeds": fidelity.rank_agreement(plain),
        "swapped": sum(across) / len(across),
        "relabelled": sum(relabelled) / len(relabelled),
    }


def test_table(folder: Path) -> pd.DataFrame:
    """Predictions of a finished run on test rows."""
    from dmil_core.checkpoint import PREDICTIONS_FILE
    from dmil_core.io.tables import read_table

    table = read_table(folder / PREDICTIONS_FILE)
    return table[table["split"] == "test"]


def main() -> int:
    """Run all, or the settings named, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--paradigms", nargs="+", default=list(PARADIGMS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--twins", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--out", type=Path, default=Path("build/bench-fidelity"))
    a = parser.parse_args()
    whole = a.settings == list(SETTINGS) and a.twins
    path = path_for(RESULT, whole, a.out)
    result: dict[str, Any] = read(path)
    result["settings"] |= {
        n: {"spec": SETTINGS[n], **references(SETTINGS[n])}
        for n in a.settings
        if "rows" not in result["settings"].get(n, {})
    }
    jobs = []
    for seed in range(a.seeds):
        jobs += [(n, SETTINGS[n], p, seed) for p in a.paradigms for n in a.settings]
        jobs += [(n, SETTINGS["equal shares"], "dmil", seed) for n in TWINS if a.twins]
    recorded = {r["settings"] for r in result["runs"]}
    missing = [job for job in jobs if planned(*job) not in recorded]
    print(f"{len(jobs) - len(missing)} of {len(jobs)} runs are in the record", flush=True)
    for _, new in finished(run, [(*job, a.out) for job in missing], a.jobs):
        result["runs"] = replaced(result["runs"], new)
        write_json(path, result)
    add_responsibilities(result, a.out)
    write_json(path, result)
    if a.twins and (figures := invariance(a.seeds, a.out)):
        result["invariance"] = figures
        write_json(path, result)
    show(result)
    return 0


def read(path: Path) -> dict[str, Any]:
    """The record as far as it was written."""
    if not path.exists():
        return {"settings": {}, "runs": []}
    result: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return result


def planned(name: str, spec: str, paradigm: str, seed: int) -> str:
    """Fingerprint of a run before it is trained."""
    from dmil_core.experiments.compare import fingerprint
    from dmil_core.training.run import plan

    dataset = distribution_data(name, spec)
    return fingerprint(plan(dataset, paradigm, seed), dataset.digest)


def replaced(runs: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs with ``new`` in place of an older one of the same name, in order of names."""

    def name(run: dict[str, Any]) -> tuple[Any, ...]:
        return run["setting"], run["paradigm"], run["seed"]

    return sorted([*(r for r in runs if name(r) != name(new)), new], key=name)


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
