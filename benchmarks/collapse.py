"""Why does the gate of the released losses collapse? ``make bench-collapse``.

For each seed of ``dmil-paper`` and ``dmil-paper-sgd``, the released losses with our optimiser and
with the published one, on ``switch``: mean gate weights, how often the largest gate is the true
interaction type, over all samples and over those of each type, and the accuracy of each component's
head on samples of other interaction types. From the latents, by a probe with a hidden layer: mutual
information with the class of S samples in the encoders' features, in M and in N. Writes
benchmarks/results/collapse.json, see :mod:`benchmarks.study`; ``make results`` makes the table in
docs/collapse.md from it. Runs are those of ``make bench-fidelity``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.fidelity import SETTINGS, planned, trained
from benchmarks.runs import RESULTS, Records
from benchmarks.study import Study, Unit, add_options, carry_out, opened
from benchmarks.theorem import DISTRIBUTIONS, SEEDS, fresh, measure
from dmil_core.schema import COMPONENTS

RESULT = RESULTS / "collapse.json"
PARADIGMS = ("dmil-paper", "dmil-paper-sgd")
#: Latents that are probed for the class of S samples.
LATENTS = {"Z": ("Z",), "M": ("M1", "M2"), "N": ("N1", "N2")}


def is_about(setting: str, paradigm: str, seed: int) -> bool:
    """Whether a run of ``make bench-fidelity`` is measured."""
    return setting in DISTRIBUTIONS and paradigm in PARADIGMS and seed < SEEDS


def run(setting: str, paradigm: str, seed: int, out: Path) -> dict[str, Any]:
    """Figures of one seed on test rows; probes of its latents on newly drawn rows."""
    from dmil_core.checkpoint import load_model, run_folder
    from dmil_core.data.catalog import load_dataset
    from dmil_core.inference.predict import predict

    spec = SETTINGS[setting]
    dataset = load_dataset(spec)
    figures, test = trained(dataset, paradigm, seed, out)
    model, result = load_model(run_folder(out, dataset.slug, paradigm, seed))
    table = predict(model, result.config.model, fresh(spec), latents=True)
    synergy_in = {
        name: measure(table, names, result, "mlp", seed)["by_interaction_type"]["S"]
        for name, names in LATENTS.items()
    }
    return {
        "setting": setting,
        "paradigm": paradigm,
        "seed": seed,
        "settings": figures["settings"],
        "optimizer": result.config.stages[-1].optimizer,
        "lr": result.config.stages[-1].lr,
        "accuracy": figures["accuracy"],
        "accuracy_S": figures["accuracy_S"],
        "agreement": figures["gate_agreement"],
        "gate": {c: figures[f"mean_gate_{c}"] for c in COMPONENTS},
        "found": found(test),
        "heads": heads(test),
        "synergy_in": synergy_in,
    }


def found(test: pd.DataFrame) -> dict[str, float]:
    """Interaction type -> share of its samples whose largest gate weight is its own."""
    from dmil_core import schema
    from dmil_core.metrics import fidelity

    gate = fidelity.gate_of(test)
    largest = pd.Series(fidelity.names_of(gate), dtype=object).to_numpy()[gate.argmax(axis=1)]
    truth = test[schema.INTERACTION_TYPE].astype(str)
    right = pd.Series(largest == truth.to_numpy(), index=test.index)
    return {str(k): float(v) for k, v in right.groupby(truth).mean().items()}


def heads(test: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Component -> interaction type -> share of its samples that the component's own head gets
    right."""
    from dmil_core import schema

    result: dict[str, dict[str, float]] = {}
    for c in COMPONENTS:
        right = test[schema.component_pred(c)] == test["y"]
        result[c] = {
            str(k): float(v) for k, v in right.groupby(test[schema.INTERACTION_TYPE]).mean().items()
        }
    return result


def measure_run(setting: str, paradigm: str, seed: int, out: Path) -> Records:
    """The entries of one run."""
    return [run(setting, paradigm, seed, out)]


STUDY = Study(RESULT, {"paradigm": PARADIGMS, "setting": DISTRIBUTIONS, "seed": ()}, lambda _: {})


def main() -> int:
    """Measure all seeds and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--settings", nargs="+", default=list(DISTRIBUTIONS), choices=list(SETTINGS)
    )
    parser.add_argument("--paradigms", nargs="+", default=list(PARADIGMS), choices=list(PARADIGMS))
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=Path("build/bench-fidelity"))
    add_options(parser)
    a = parser.parse_args()
    units = [
        Unit((n, p, s, a.out), frozenset([planned(n, SETTINGS[n], p, s)]))
        for n in a.settings
        for p in a.paradigms
        for s in range(a.seeds)
    ]
    print(*carry_out(opened(parser, a, STUDY), a, measure_run, units)["runs"], sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
