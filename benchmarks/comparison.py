"""All paradigms on all sets, tuned by one budget, over paired seeds. ``make bench-compare``.

Each paradigm's learning rate is chosen on validation rows, of three, on every set, with a seed
that is not reported; then seeds 0 to 4 are trained and tested. The runs lie under ``--out``, where
a stopped benchmark goes on; benchmarks/results/comparison.jsonl is the record, comparison.json
what follows from it: accuracies, paired differences to ``dmil``, average ranks.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from dmil_core import ranking
from dmil_core.compare import RESULTS_FILE, TUNING_FILE, compare, read_results
from dmil_core.storage import write_json, write_lines

RESULTS = Path(__file__).parent / "results"
SETS = (
    "emoji", "mfeat", "avdigits", "avdigits-same", "avdigits-parity", "watch", "switch",
    "shapes-qa",
)  # fmt: skip
BASELINES = ("joint", "ensemble", "ensemble-logits", "multi-loss", "pretrained")
RIVALS = (
    "ogm-ge", "mlb", "agm", "mmpareto", "pmr", "mcr", "tcmax", "qmf", "mmtm", "mib", "i2m2",
    "i2moe",
)  # fmt: skip
CONTROLS = ("joint-matched", "joint-sgd", "joint-fast")
ABLATIONS = ("dmil-fc", "dmil-id", "dmil-cd", "dmil-paper")
OURS = "dmil"
SEEDS = 5


def main() -> int:
    """Run or go on, then write the record and what follows from it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=list(SETS), metavar="SET")
    parser.add_argument(
        "--paradigms", nargs="+", default=[OURS, *BASELINES, *RIVALS, *CONTROLS, *ABLATIONS]
    )
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/bench-compare"))
    parser.add_argument("--summarise", action="store_true", help="train nothing, read the record")
    a = parser.parse_args()
    for name in () if a.summarise else a.data:
        run_set(name, a)
    records = [r for name in SETS for r in read_results(a.out / name / RESULTS_FILE)]
    tried = [r for name in SETS for r in read_results(a.out / name / TUNING_FILE)]
    if not records:
        parser.error(f"no finished run under {a.out}; run without --summarise first")
    found = summary(records)
    write_lines(RESULTS / "comparison.jsonl", records)
    write_lines(RESULTS / "tuning.jsonl", tried)
    write_json(RESULTS / "comparison.json", found)
    show(found)
    return 0


def run_set(name: str, a: argparse.Namespace) -> None:
    """Tune and train everything on one set."""
    from dmil_core.data.catalog import load_dataset

    compare(
        [load_dataset(name)], a.paradigms, a.seeds, a.out / name, tune=True, jobs=a.jobs,
        on_run=lambda line: print(line, file=sys.stderr, flush=True),
    )  # fmt: skip


def summary(records: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over seeds, differences to ours in the seeds both have, ranks on complete sets."""
    table = pd.DataFrame(
        [{k: r[k] for k in ("data", "paradigm", "seed")} | r["test"] for r in records]
    )
    counted = table.groupby(["data", "paradigm"])["seed"].nunique().reset_index()
    means = table.pivot_table(index="data", columns="paradigm", values="accuracy", aggfunc="mean")
    differences = []
    for (data, paradigm), runs in table.groupby(["data", "paradigm"]):
        ours = table[(table["data"] == data) & (table["paradigm"] == OURS)]
        both = runs.merge(ours, on="seed", suffixes=("", "_ours"))
        if paradigm == OURS or both.empty:
            continue
        d = ranking.paired_difference(both["accuracy_ours"], both["accuracy"])
        differences.append({"data": data, "paradigm": paradigm, **vars(d)})
    whole = means.dropna(axis=0) if len(means) else means
    ranks = ranking.average_ranks(whole) if len(whole) else pd.Series(dtype=float)
    critical = ranking.critical_difference(len(ranks), len(whole)) if len(whole) > 1 else None
    return {
        "seeds": counted.to_dict("records"),
        "accuracy": {d: row.dropna().to_dict() for d, row in means.iterrows()},
        "differences": differences,
        "ranks": ranks.to_dict(),
        "sets_ranked": list(whole.index),
        "critical_difference": critical,
        "cliques": ranking.cliques(ranks, critical) if critical else [],
        "friedman_p": ranking.friedman(whole) if len(whole) > 2 else None,
    }


def show(found: dict[str, Any]) -> None:
    """Print accuracy by set, in order of average rank."""
    order = list(found["ranks"]) or sorted({p for row in found["accuracy"].values() for p in row})
    sets = list(found["accuracy"])
    print(f"{'':18}{'rank':>6}" + "".join(f"{s[:14]:>15}" for s in sets))
    for p in order:
        cells = [found["accuracy"][s].get(p) for s in sets]
        rank = found["ranks"].get(p)
        print(f"{p:18}{rank or float('nan'):6.2f}"
              + "".join(f"{'-' if c is None else f'{c:.4f}':>15}" for c in cells))  # fmt: skip
    print("critical difference of ranks:", found["critical_difference"])


if __name__ == "__main__":
    raise SystemExit(main())
