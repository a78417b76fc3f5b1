"""Three modalities: fidelity and accuracy. ``make bench-three``.

On ``switch-three``, where the interaction type is known, accuracy by interaction type and agreement
of the gate, with the exact reference gates of the distribution; on ``mfeat-three`` accuracy
compared with joint learning and the ensemble. Seeds are paired. Writes
benchmarks/results/three.json, see :mod:`benchmarks.study`; finished runs under ``--out`` are read,
not trained again.
"""

from __future__ import annotations

import argparse
import statistics as st
from pathlib import Path
from typing import Any

from benchmarks import fidelity
from benchmarks.runs import RESULTS, Records
from benchmarks.study import Study, Unit, add_options, carry_out, opened
from dmil_core.schema import components

RESULT = RESULTS / "three.json"
KNOWN, REAL = "switch-three", "mfeat-three"
PARADIGMS = ("ensemble", "joint", "dmil")
OURS = "dmil"
SEEDS = 5


def differences(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Accuracy of ours less another paradigm's, in the seeds both have, with 95 % intervals."""
    from dmil_core.metrics import rank_tests

    accuracy: dict[tuple[str, str], dict[int, float]] = {}
    for r in runs:
        accuracy.setdefault((r["setting"], r["paradigm"]), {})[r["seed"]] = r["accuracy"]
    result = []
    for (setting, paradigm), theirs in accuracy.items():
        ours = accuracy.get((setting, OURS), {})
        seeds = sorted(set(ours) & set(theirs))
        if paradigm != OURS and len(seeds) > 1:  # a single pair has no interval
            d = rank_tests.paired_difference([ours[s] for s in seeds], [theirs[s] for s in seeds])
            result.append({"setting": setting, "paradigm": paradigm, **vars(d)})
    return result


def measure(data: str, paradigm: str, seed: int, out: Path) -> Records:
    """The entry of one run."""
    return [fidelity.run(data, data, paradigm, seed, out)]


def summary(runs: Records) -> dict[str, Any]:
    """Differences of accuracy, and the exact figures of the set whose interaction type is known."""
    known = any(r["setting"] == KNOWN for r in runs)
    references = {"references": fidelity.references(KNOWN)} if known else {}
    return {"differences": differences(runs), **references}


STUDY = Study(RESULT, {"setting": (), "paradigm": (), "seed": ()}, summary)


def main() -> int:
    """Run or go on, then write the record and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=[KNOWN, REAL], choices=[KNOWN, REAL])
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=Path("build/bench-three"))
    add_options(parser)
    a = parser.parse_args()
    units = [
        Unit((d, p, s, a.out), frozenset([fidelity.planned(d, d, p, s)]))
        for s in range(a.seeds)
        for p in PARADIGMS
        for d in a.data
    ]
    show(carry_out(opened(parser, a, STUDY), a, measure, units))
    return 0


def show(result: dict[str, Any]) -> None:
    """Print mean and spread over seeds, a row per set and paradigm."""
    aurocs = [f"gate_auroc_{c}" for c in components(3)]
    columns = ("accuracy", "gate_agreement", *aurocs, "gate_calibration_error")
    print(f"{'':24}" + "".join(f"{c.removeprefix('gate_'):>18}" for c in columns))
    for setting, paradigm in dict.fromkeys((r["setting"], r["paradigm"]) for r in result["runs"]):
        mine = [r for r in result["runs"] if (r["setting"], r["paradigm"]) == (setting, paradigm)]
        cells = (_spread([r[c] for r in mine if c in r]) for c in columns)
        print(f"{setting:13}{paradigm:11}" + "".join(f"{c:>18}" for c in cells))
    if "references" in result:
        top = result["references"]
        figures = {"agreement": top["information"]["agreement"], **top["information"]["auroc"]}
        print("exact references:", {"accuracy": top["accuracy"], **figures})


def _spread(values: list[float]) -> str:
    if not values:
        return "-"
    return f"{st.mean(values):.4f} ±{st.stdev(values) if len(values) > 1 else 0.0:.4f}"


if __name__ == "__main__":
    raise SystemExit(main())
