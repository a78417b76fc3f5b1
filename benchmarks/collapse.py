"""Why does the gate of the released losses collapse? ``make bench-collapse``.

For each seed of ``dmil-paper`` on ``switch``: mean gate weights, how often the largest gate is the
true interaction type, and the accuracy of each component's head on samples of other interaction
types. From the latents, by a probe with a hidden layer: mutual information with the class of S
samples in the encoders' features, in M and in N. Writes benchmarks/results/collapse.json, from
which ``make results`` writes the table in docs/collapse.md; runs are those of ``make
bench-fidelity``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.fidelity import SETTINGS, trained
from benchmarks.runs import RESULTS, finished
from benchmarks.theorem import DISTRIBUTIONS, SEEDS, fresh, measure
from dmil_core.io.atomic import write_json
from dmil_core.schema import COMPONENTS

if TYPE_CHECKING:
    import pandas as pd

RESULT = RESULTS / "collapse.json"
PARADIGM = "dmil-paper"
#: Latents that are probed for the class of S samples.
LATENTS = {"Z": ("Z",), "M": ("M1", "M2"), "N": ("N1", "N2")}


def run(setting: str, seed: int, out: Path) -> dict[str, Any]:
    """Figures of one seed on test rows; probes of its latents on newly drawn rows."""
    from dmil_core.checkpoint import load_model, run_folder
    from dmil_core.data.catalog import load_dataset
    from dmil_core.inference.predict import predict

    spec = SETTINGS[setting]
    dataset = load_dataset(spec)
    figures, test = trained(dataset, PARADIGM, seed, out)
    model, result = load_model(run_folder(out, dataset.slug, PARADIGM, seed))
    table = predict(model, result.config.model, fresh(spec), latents=True)
    synergy_in = {
        name: measure(table, names, result, "mlp", seed)["by_interaction_type"]["S"]
        for name, names in LATENTS.items()
    }
    return {
        "setting": setting,
        "seed": seed,
        "accuracy": figures["accuracy"],
        "accuracy_S": figures["accuracy_S"],
        "agreement": figures["gate_agreement"],
        "gate": {c: figures[f"mean_gate_{c}"] for c in COMPONENTS},
        "heads": heads(test),
        "synergy_in": synergy_in,
    }


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


def main() -> int:
    """Measure all seeds and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--settings", nargs="+", default=list(DISTRIBUTIONS), choices=list(SETTINGS)
    )
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/bench-fidelity"))
    a = parser.parse_args()
    jobs = [(n, s, a.out) for n in a.settings for s in range(a.seeds)]
    result = dict(finished(run, jobs, a.jobs))
    records = [result[i] for i in range(len(jobs))]
    print(*records, sep="\n")
    complete = set(DISTRIBUTIONS) <= set(a.settings) and a.seeds >= SEEDS
    write_json(RESULT if complete else a.out / "collapse.json", records)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
