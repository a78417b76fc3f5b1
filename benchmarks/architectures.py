"""Comparison of paradigms with other encoders. ``make bench-architectures``.

The same paradigms with other encoders: ``avdigits`` with perceptrons and with convolutions,
``watch`` with a 1-D convolution and with a Transformer. Seeds are paired, every paradigm has its
own default settings, and nothing is tuned. The synergy indicator of a run refers to the ensemble
of the same encoders and seed. Writes benchmarks/results/architectures.json, see
:mod:`benchmarks.study`; finished runs under ``--out`` are read, not trained again.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from typing import Any

from benchmarks.runs import RESULTS, Records, interval, planned
from benchmarks.study import Study, Unit, add_common, carry_out, opened
from dmil_core.checkpoint import run_folder
from dmil_core.data.catalog import load_dataset, of_seed
from dmil_core.experiments.compare import RUNS_FOLDER, record
from dmil_core.io.tables import read_table
from dmil_core.paradigms import ENSEMBLE

RESULT = RESULTS / "architectures.json"
SETTINGS = {
    "avdigits, MLP": ("avdigits", "mlp"),
    "avdigits, CNN": ("avdigits", "cnn2d"),
    "watch, 1-D CNN": ("watch", "cnn1d"),
    "watch, Transformer": ("watch", "transformer"),
}
PARADIGMS = ("ensemble", "joint", "multi-loss", "dmil-paper", "dmil-paper-sgd", "dmil")
OURS = "dmil"
SEEDS = 5


def measure(setting: str, seed: int, paradigms: Sequence[str], a: argparse.Namespace) -> Records:
    """Train paradigms with one pair of encoders and one seed, the unimodal pair first."""
    import torch

    from dmil_core.training.run import train

    torch.set_num_threads(1)
    data, encoder = SETTINGS[setting]
    base = load_dataset(data)
    dataset = of_seed(base, seed)
    root = a.out / RUNS_FOLDER / encoder
    result = []
    pair = None
    for paradigm in dict.fromkeys((ENSEMBLE.name, *paradigms)):
        run = train(
            dataset, paradigm, seed, run_folder(root, base.slug, paradigm, seed),
            encoders=(encoder, encoder), epochs_scale=a.epochs_scale,
        )  # fmt: skip
        pair = read_table(run.predictions) if pair is None else pair
        result.append({"setting": setting, "encoder": encoder, **record(run, pair)})
    return result


def summary(runs: Records) -> dict[str, Records]:
    """Mean and standard deviation over seeds; ``dmil`` less each other, paired by seed."""
    means, differences = [], []
    for setting, paradigm in dict.fromkeys((r["setting"], r["paradigm"]) for r in runs):
        mine, ours = (
            {r["seed"]: r for r in runs if (r["setting"], r["paradigm"]) == (setting, p)}
            for p in (paradigm, OURS)
        )
        values = [r["test"]["accuracy"] for r in mine.values()]
        means.append(
            {"setting": setting, "paradigm": paradigm, "seeds": len(mine)}
            | {"accuracy": statistics.mean(values)}
            | ({"accuracy_sd": statistics.stdev(values)} if len(mine) > 1 else {})
            | {"parameters": next(iter(mine.values()))["parameters"]}
        )
        both = [seed for seed in mine if seed in ours]
        if both and paradigm != OURS:
            first, second = ([r[s]["test"]["accuracy"] for s in both] for r in (ours, mine))
            sizes = ours[both[0]].get("rows")
            ratio = sizes["test"] / sizes["train"] if sizes else 0.0
            apart = interval(first, second, ratio)
            differences.append({"setting": setting, "paradigm": paradigm, **apart})
    return {"means": means, "differences": differences}


STUDY = Study(RESULT, {"setting": tuple(SETTINGS), "paradigm": PARADIGMS, "seed": ()}, summary)


def main() -> int:
    """Train or go on, then write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    add_common(parser, PARADIGMS, SEEDS, "build/bench-architectures")
    a = parser.parse_args()
    record = opened(parser, a, STUDY)
    units = [unit_of(n, s, a, record.settings) for n in a.settings for s in range(a.seeds)]
    show(carry_out(record, a, measure, units))
    return 0


def unit_of(setting: str, seed: int, a: argparse.Namespace, known: frozenset[str]) -> Unit:
    """The paradigms with one pair of encoders and one seed that are not known."""
    data, encoder = SETTINGS[setting]
    wanted = {
        p: planned(data, p, seed, a.epochs_scale, encoders=(encoder, encoder))
        for p in (ENSEMBLE.name, *a.paradigms)
    }
    missing = [p for p, settings in wanted.items() if settings not in known]
    return Unit((setting, seed, missing, a), frozenset(wanted.values()))


def show(result: dict[str, Any]) -> None:
    """Print accuracy, a row per setting and paradigm."""
    for m in result["means"]:
        print(f"{m['setting']:20}{m['paradigm']:12}{m['accuracy']:.4f} "
              f"±{m.get('accuracy_sd', 0.0):.4f}  {m['parameters']:,} parameters")  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
