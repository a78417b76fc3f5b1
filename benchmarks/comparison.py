"""All paradigms on all sets, tuned by one budget, over paired seeds. ``make bench-compare``.

Each paradigm's learning rate is chosen on validation rows of every set, by runs of full length
with a seed that is not reported; then seeds 0 to 4 are trained and tested. The records are
checkpoints/<set>/results.jsonl and tuning.jsonl: runs in them are not trained again, here or on
another machine, so the benchmark can be run a set or some paradigms at a time. Tables and figures
are computed from them by ``dmil_core.experiments.scoreboard``. The runs themselves lie under
``--out``.

``--held-out`` does the same on the two sets that nothing was tuned on. docs/held-out.md is the
protocol: it is run once, after the method is frozen.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.criteria import comparison as criteria
from dmil_core.checkpoint import RUN_FILE, run_folder, verify
from dmil_core.data.dataset import Dataset
from dmil_core.experiments import controls, records, scoreboard, tuning
from dmil_core.experiments.compare import RUNS_FOLDER, compare, read_results, with_record
from dmil_core.io.atomic import write_lines
from dmil_core.io.paths import checkpoints_root
from dmil_core.io.tables import read_table

BASELINES = ("joint", "ensemble", "ensemble-logits", "multi-loss", "pretrained")
COMPARED = (
    "ogm-ge", "mlb", "agm", "mmpareto", "pmr", "mcr", "tcmax", "qmf", "mmtm", "mib", "i2m2",
    "i2moe",
)  # fmt: skip
#: ``product``, of the ensemble's pair and joint, is computed from their runs and never trained.
CONTROLS = ("joint-matched", "joint-sgd", "joint-fast")
PUBLISHED = ("dmil-fc", "dmil-id", "dmil-cd", "dmil-paper")
PARADIGMS = (scoreboard.OURS, *BASELINES, *PUBLISHED, *COMPARED, *CONTROLS)


def main() -> int:
    """Run or go on, then print what follows from the records."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--data", nargs="+", default=list(criteria.SETS), metavar="SET")
    which.add_argument(
        "--held-out", dest="data", action="store_const", const=list(criteria.HELD_OUT),
        help="the sets that nothing was tuned on; once, see docs/held-out.md",
    )  # fmt: skip
    parser.add_argument("--paradigms", nargs="+", default=list(PARADIGMS), metavar="P")
    parser.add_argument("--seeds", type=int, default=scoreboard.SEEDS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/bench-compare"))
    parser.add_argument("--show", action="store_true", help="train nothing, read the records")
    a = parser.parse_args()
    for name in () if a.show else a.data:
        run_set(name, a)
    show(held_out=set(a.data) <= set(criteria.HELD_OUT))
    return 0


def run_set(name: str, a: argparse.Namespace) -> None:
    """Tune and train everything on one set, and multiply what can be multiplied."""
    from dmil_core.data.catalog import load_dataset

    dataset = load_dataset(name)
    compare(
        [dataset], a.paradigms, a.seeds, a.out / name, tune=True, jobs=a.jobs,
        records=checkpoints_root() / name,
        on_run=lambda line: print(line, file=sys.stderr, flush=True),
    )  # fmt: skip
    add_products(dataset, a.out / name, checkpoints_root() / name / records.RESULTS_FILE)


def add_products(dataset: Dataset, out: Path, path: Path) -> None:
    """Add ``product`` of every seed whose ensemble and joint lie under ``out`` as they are in the
    record; what the record has stays."""
    lines = read_results(path)
    by_run = {(r["paradigm"], r["seed"]): r for r in lines}
    for seed in sorted({r["seed"] for r in lines}):
        pair, joint = (by_run.get((p, seed)) for p in ("ensemble", "joint"))
        if pair is None or joint is None:
            continue
        known = by_run.get((controls.PRODUCT, seed), {}).get("settings")
        if known == controls.settings_of(controls.PRODUCT, pair, joint):
            continue
        folders = [
            run_folder(out / RUNS_FOLDER, dataset.slug, p, seed) for p in ("ensemble", "joint")
        ]
        if not all((f / RUN_FILE).exists() for f in folders):
            continue
        runs = [verify(f) for f in folders]
        if [r.data_digest for r in runs] != [pair["data_digest"], joint["data_digest"]]:
            continue
        alone, both = (read_table(r.predictions) for r in runs)
        product = controls.product_record(pair, joint, alone, both, dataset.classes)
        lines = with_record(lines, product)
        write_lines(path, lines)


def show(held_out: bool = False) -> None:
    """Print accuracies by set, average ranks, and each target with its figure, of the sets that
    nothing was tuned on or of all others."""
    runs = records.read_all(checkpoints_root()).runs
    runs = runs[runs["data"].isin(criteria.HELD_OUT) == held_out]
    means = scoreboard.summary(runs).pivot(index="paradigm", columns="data", values="accuracy")
    print((100 * means).round(2).to_string(na_rep="-"))
    order = scoreboard.rank_summary(runs)
    print("\naverage rank over", ", ".join(map(str, order.scores.index)) or "no complete set")
    print(order.ranks.round(2).to_string())
    trials = tuning.read_all(checkpoints_root())
    judged = criteria.held_out_targets(runs) if held_out else criteria.targets(runs, trials=trials)
    for target in judged:
        print(f"{target.state}: {target.claim}: {target.figure}")


if __name__ == "__main__":
    raise SystemExit(main())
