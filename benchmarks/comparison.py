"""All paradigms on all sets, tuned by one budget, over paired seeds. ``make bench-compare``.

Each paradigm's learning rate is chosen on validation rows of every set, by runs of full length
with a seed that is not reported; then seeds 0 to 4 are trained and tested. The records are
checkpoints/<set>/results.jsonl and tuning.jsonl: runs in them are not trained again, here or on
another machine, so the benchmark can be run a set or some paradigms at a time. Tables and figures
are computed from them by ``dmil_core.experiments.scoreboard``. The runs themselves lie under
``--out``.

``--records DIR`` keeps the records in DIR/<set>/ instead, until ``--adopt`` moves complete ones to
checkpoints/. A comparison kept so is made in parts, on machines where ``--out`` does not last, so
what needs a trained model is measured in the process that trained it, before its line is written:

- ``product`` needs the probabilities of ``ensemble`` and ``joint``. It is computed when ``joint``
  of a seed is trained; the ensemble of its seed is there, as it is for every run.
- ``make bench-corruption`` and ``make bench-dominance`` need models of some sets and paradigms.
  Their figures go to DIR/corruption.json and DIR/dominance.json, where those commands find them.

When a set is taken up again, the ensembles of seeds that lack a run, and the out-of-fold models of
a decomposition that is missing, are made once more; no other run is trained twice.

``--held-out`` does the same on the two sets that nothing was tuned on. docs/held-out.md is the
protocol: it is run once, after the method is frozen.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import corruption, dominance
from benchmarks.criteria import comparison as criteria
from benchmarks.runs import Records
from benchmarks.study import JOBS, Record, add_options
from dmil_core.checkpoint import RUN_FILE, Run, run_folder, verify
from dmil_core.cli.options import engine_of
from dmil_core.data.dataset import Dataset
from dmil_core.experiments import controls, records, scoreboard, tuning
from dmil_core.experiments.compare import (
    RUNS_FOLDER,
    compare,
    fingerprint,
    missing_runs,
    read_results,
    with_record,
)
from dmil_core.io.atomic import replacing, write_lines, writing
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
    parser.add_argument("--out", type=Path, default=Path("build/bench-compare"))
    add_options(parser)
    a = parser.parse_args()
    root: Path = a.records or checkpoints_root()
    if a.adopt:
        if a.records is None or (a.paradigms, a.seeds) != (list(PARADIGMS), scoreboard.SEEDS):
            parser.error("--adopt takes --records, and all paradigms and seeds of the sets")
        adopt(a.data, root)
        root = checkpoints_root()
    for name in () if a.show or a.adopt else a.data:
        run_set(name, root, a)
    show(root, held_out=set(a.data) <= set(criteria.HELD_OUT))
    return 0


@dataclass(frozen=True)
class Readings:
    """What other benchmarks measure of a run, by the name of their record.

    Attributes
    ----------
    known : settings of the runs that each of these records holds.
    """

    known: dict[str, frozenset[str]]

    def __call__(self, dataset: Dataset, run: Run, pair: pd.DataFrame) -> dict[str, Records]:
        """The figures that are not known: of a run on the rows of its seed of ``dataset``, and the
        prediction table of its seed's ensemble."""
        settings = fingerprint(run.config, run.data_digest)
        measured = {
            corruption.STUDY.shipped.stem: lambda: corruption.of_run(dataset, run),
            dominance.STUDY.shipped.stem: lambda: dominance.of_run(dataset, run, pair),
        }
        return {name: f() for name, f in measured.items() if settings not in self.known[name]}


def run_set(name: str, root: Path, a: argparse.Namespace) -> None:
    """Tune and train everything on one set, and multiply what can be multiplied."""
    from dmil_core.data.catalog import load_dataset

    dataset = load_dataset(name)
    read_off = {
        study.shipped.stem: Record(study, a.records / study.shipped.name)
        for study in (corruption.STUDY, dominance.STUDY)
        if a.records
    }

    def keep(line: dict[str, Any], measured: dict[str, Records] | None) -> None:
        for of, new in (measured or {}).items():
            if new:
                read_off[of].add(new)
        if line["paradigm"] == "joint":
            add_products(dataset, a.out / name, root / name / records.RESULTS_FILE)

    compare(
        [dataset], a.paradigms, a.seeds, a.out / name, tune=True, engine=engine_of(a, JOBS),
        records=root / name,
        measure=Readings({n: r.settings for n, r in read_off.items()}) if read_off else None,
        on_run=lambda line: print(line, file=sys.stderr, flush=True), on_record=keep,
    )  # fmt: skip
    add_products(dataset, a.out / name, root / name / records.RESULTS_FILE)


def adopt(names: list[str], root: Path) -> None:
    """Move the records of these sets from a folder to checkpoints/.

    Raises
    ------
    SystemExit
        Naming the runs that are missing; nothing is moved then.
    """
    from dmil_core.data.catalog import load_dataset

    lacking = {}
    for name in names:
        missing = missing_runs(
            load_dataset(name), PARADIGMS, scoreboard.SEEDS, root / name, tune=True
        )
        lines = read_results(root / name / records.RESULTS_FILE)
        missing += [(controls.PRODUCT, pair["seed"]) for pair, _ in _without_product(lines)]
        if missing:
            lacking[name] = missing
    if lacking:
        for name, missing in lacking.items():
            paradigm, seed = missing[0]
            print(f"{name}: {len(missing)} runs, such as {paradigm} with seed {seed}")
        raise SystemExit(f"{root} is not complete; go on with --records before --adopt")
    for name in names:
        for file in (records.RESULTS_FILE, tuning.TUNING_FILE):
            source, target = root / name / file, checkpoints_root() / name / file
            with replacing(target) as temporary:
                temporary.write_bytes(source.read_bytes())
            with writing(source):
                source.unlink()


def add_products(dataset: Dataset, out: Path, path: Path) -> None:
    """Add ``product`` of every seed whose ensemble and joint lie under ``out`` as they are in the
    record; what the record has stays."""
    lines = read_results(path)
    for pair, joint in _without_product(lines):
        folders = [
            run_folder(out / RUNS_FOLDER, dataset.slug, r["paradigm"], r["seed"])
            for r in (pair, joint)
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


def _without_product(lines: Records) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The ``ensemble`` and ``joint`` of each seed whose product is not in the record."""
    by_run = {(r["paradigm"], r["seed"]): r for r in lines}
    result = []
    for seed in sorted({r["seed"] for r in lines}):
        pair, joint = (by_run.get((p, seed)) for p in ("ensemble", "joint"))
        known = by_run.get((controls.PRODUCT, seed), {}).get("settings")
        if pair and joint and known != controls.settings_of(controls.PRODUCT, pair, joint):
            result.append((pair, joint))
    return result


def show(root: Path, held_out: bool = False) -> None:
    """Print accuracies by set, average ranks, and each target with its figure, from the records in
    a folder: of the sets that nothing was tuned on or of all others."""
    runs = records.read_all(root).runs
    runs = runs[runs["data"].isin(criteria.HELD_OUT) == held_out]
    means = scoreboard.summary(runs).pivot(index="paradigm", columns="data", values="accuracy")
    print((100 * means).round(2).to_string(na_rep="-"))
    order = scoreboard.rank_summary(runs)
    print("\naverage rank over", ", ".join(map(str, order.scores.index)) or "no complete set")
    print(order.ranks.round(2).to_string())
    trials = tuning.read_all(root)
    judged = (
        criteria.held_out_targets(runs, order=order)
        if held_out
        else criteria.targets(runs, trials=trials, order=order)
    )
    for target in judged:
        print(f"{target.state}: {target.claim}: {target.figure}")


if __name__ == "__main__":
    raise SystemExit(main())
