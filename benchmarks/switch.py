"""Does the gate find the true composition? ``make bench-switch``.

On ``switch`` every sample's composition is known. For each paradigm and seed: accuracy, accuracy
by composition, agreement of the largest gate with the composition and its one-vs-rest AUROC,
beside the exact ceilings of the law. Writes benchmarks/results/switch.json and prints a table;
the record of the runs goes to checkpoints/switch/results.jsonl, where the Compare page finds the
spread over seeds. With another law or number of seeds both stay under ``--out``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import fidelity
from dmil_core.storage import replacing, write_json

RESULT = Path(__file__).parent / "results" / "switch.json"
DATA, SEEDS = "switch", 5
PARADIGMS = ("ensemble", "joint", "dmil", "dmil-paper")
COLUMNS = ("accuracy", "gate_agreement", *(f"gate_auroc_{c}" for c in ("R", "U1", "U2", "S")))


def run(spec: str, paradigm: str, seed: int, out: Path) -> dict[str, Any]:
    """Train one run (or read it, where it is finished) and return its test figures."""
    from dmil_core.compare import RUNS_FOLDER
    from dmil_core.data.catalog import load_dataset

    return fidelity.trained(load_dataset(spec), paradigm, seed, out / RUNS_FOLDER)[0]


def keep_record(spec: str, seeds: int, out: Path) -> None:
    """Put the record of the finished runs where the app looks for it."""
    from dmil_core.compare import RESULTS_FILE, compare
    from dmil_core.data.catalog import load_dataset
    from dmil_core.paths import checkpoints_root

    dataset = load_dataset(spec)
    compare([dataset], PARADIGMS, seeds, out)  # all are finished: it only reads and records them
    with replacing(checkpoints_root() / dataset.slug / RESULTS_FILE) as temporary:
        shutil.copyfile(out / RESULTS_FILE, temporary)


def ceilings(spec: str) -> dict[str, float]:
    """Exact agreement ceilings and Bayes accuracy of the law on the same test rows."""
    top = fidelity.ceilings(spec)
    found = {name: top[name]["agreement"] for name in ("information", "generator")}
    return {**found, "bayes_accuracy": top["accuracy"]}


def main() -> int:
    """Run all seeds and print mean and standard deviation."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=DATA, help="switch, with options; default: switch")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/bench-switch"))
    a = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(a.jobs) as pool:
        jobs = [pool.submit(run, a.data, p, s, a.out) for s in range(a.seeds) for p in PARADIGMS]
        records = [job.result() for job in jobs]
    standard = (a.data, a.seeds) == (DATA, SEEDS)
    if standard:
        keep_record(a.data, a.seeds, a.out)
    top = ceilings(a.data)
    result = RESULT if standard else a.out / f"{a.data.replace(':', '-')}-{a.seeds}.json"
    write_json(result, {"data": a.data, "ceilings": top, "runs": records})
    show(records, top)
    return 0


def show(records: list[dict[str, Any]], top: dict[str, float]) -> None:
    """Print mean and spread over seeds, a row per paradigm."""
    print(f"{'':12}" + "".join(f"{c.replace('gate_', ''):>16}" for c in COLUMNS))
    for paradigm in PARADIGMS:
        runs = [r for r in records if r["paradigm"] == paradigm]
        cells = []
        for column in COLUMNS:
            values = [r[column] for r in runs if column in r]
            sd = statistics.stdev(values) if len(values) > 1 else 0.0
            cells.append(f"{statistics.mean(values):.4f} ±{sd:.4f}" if values else "-")
        print(f"{paradigm:12}" + "".join(f"{c:>16}" for c in cells))
    print("exact ceilings: " + ", ".join(f"{k} {v:.4f}" for k, v in top.items()))


if __name__ == "__main__":
    raise SystemExit(main())
