"""Accuracy and gates with one input corrupted at test time. ``make bench-corruption``.

Models are trained on clean rows. Then one modality of the test rows is corrupted, more and more:
noise, blank, or swapped between samples (``dmil_core/data/corruption.py``). Reported are accuracy,
and for decompositions the mean gate weights and the explained share: the prediction should rely
more on the other modality, so that its U rises while R and the U of the corrupted one fall. A
swapped modality is harder than a missing one, as it is informative of a wrong class.

Which rows are corrupted can be read off a model: reported is the AUROC of two signs, corrupted
rows against clean ones. Of the ensemble it is the entropy of the corrupted input's own head, of a
decomposition the gate weight of U of the other input.

The models are those of ``make bench-compare`` where they are still there, else they are trained
under ``--out`` with the learning rates that it chose; a comparison that is made with ``--records``
leaves the curves of its runs there. Writes benchmarks/results/corruption.json, with a run for each
curve; see :mod:`benchmarks.study`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.runs import (
    COMPARISON,
    RESULTS,
    Records,
    chosen_scale,
    compared,
    interval,
    planned,
    ratio_of,
    scale_of,
)
from benchmarks.study import Study, Unit, add_common, carry_out, opened
from dmil_core import schema
from dmil_core.checkpoint import Run, load_model
from dmil_core.data.catalog import load_dataset, of_seed
from dmil_core.data.corruption import CORRUPTIONS, Corruption, corrupt
from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError
from dmil_core.experiments.compare import fingerprint
from dmil_core.inference.predict import predict
from dmil_core.metrics import scores
from dmil_core.schema import COMPONENTS, ModalityNumber, modality_numbers

RESULT = RESULTS / "corruption.json"
SETS = ("avdigits", "watch", "emoji", "switch")
PARADIGMS = ("joint", "ensemble", "qmf", "dmil-paper", "dmil")
SEEDS = 5

#: Shares of rows, or of words; noise on numbers is in standard deviations.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
NOISE = (0.0, 0.5, 1.0, 2.0, 4.0)

#: Area under the curve of a sign that a row is corrupted.
DETECTED = "detected"
MEASURES = ("accuracy", *(schema.gate(c) for c in COMPONENTS), schema.EXPLAINED, DETECTED)


def severities(dataset: Dataset, modality: ModalityNumber, kind: Corruption) -> tuple[float, ...]:
    """The five points of a curve; the first is clean, the last the worst."""
    text = dataset.card.modalities[modality - 1].kind == "text"
    return NOISE if kind == "noise" and not text else SHARES


def measure(name: str, paradigm: str, seed: int, a: argparse.Namespace) -> Records:
    """The curves of one run, see :func:`curves`; it is trained where there is none."""
    import torch

    torch.set_num_threads(1)
    base = load_dataset(name)
    if base.modalities != 2:
        raise ConfigError(f"{name} has {base.modalities} inputs; expected a set of two, so that "
                          "there is one other to turn to")  # fmt: skip
    run = compared(base, paradigm, seed, a.out, a.comparison, a.epochs_scale, a.records)
    return curves(base, run)


def of_run(base: Dataset, run: Run) -> Records:
    """The curves of a run of the comparison; none where the benchmark is not about it."""
    mine = base.name in SETS and run.paradigm in PARADIGMS and run.seed < SEEDS
    return curves(base, run) if mine else []


def curves(base: Dataset, trained: Run) -> Records:
    """A record per modality and kind, with a list over severities, of a run on the rows of its seed
    of ``base``."""
    dataset = of_seed(base, trained.seed)
    model, run = load_model(trained.folder)
    settings = fingerprint(run.config, run.data_digest)
    rows = dataset.rows("test")
    result = []
    for modality in modality_numbers(dataset.modalities):
        for kind in CORRUPTIONS:
            points = severities(dataset, modality, kind)
            corrupted = [
                corrupt(dataset, modality, kind, s, rows=rows, seed=run.seed) for s in points
            ]
            tables = [predict(model, run.config.model, d, rows) for d in corrupted]
            known = [m for m in MEASURES if m == "accuracy" or m in tables[0]]
            curve = {m: [_mean(t, m) for t in tables] for m in known}
            signs = [sign(t, modality, dataset.classes) for t in tables]
            if signs[0] is not None:
                curve[DETECTED] = [detected(signs[0], s) for s in signs]
            named = {"data": base.name, "paradigm": run.paradigm, "seed": run.seed}
            named |= {"settings": settings, "modality": modality}
            named |= {"name": dataset.card.modalities[modality - 1].name, "corruption": kind}
            named |= {"lr_scale": scale_of(run, dataset), "test_ratio": ratio_of(dataset)}
            result.append({**named, "severity": list(points), **curve})
    return result


def sign(
    table: pd.DataFrame, modality: ModalityNumber, classes: tuple[str, ...]
) -> NDArray[np.float64] | None:
    """(N,) what should be larger where a modality is corrupted: of a decomposition the gate weight
    of U of the other one; of a model with heads of single inputs the entropy (nats) of that input's
    head; None of any other."""
    other = schema.gate("U2" if modality == 1 else "U1")
    if other in table:
        return table[other].to_numpy(dtype=np.float64)
    columns = [schema.unimodal_prob(modality, c) for c in classes]
    if not set(columns) <= set(table.columns):
        return None
    p = table[columns].to_numpy(dtype=np.float64)
    entropy: NDArray[np.float64] = -(p * np.log(np.maximum(p, 1e-12))).sum(axis=1)
    return entropy


def detected(clean: Any, corrupted: Any) -> float:
    """AUROC of a sign, corrupted rows against clean ones; one half is chance."""
    truth = np.repeat([False, True], [len(clean), len(corrupted)])
    return round(scores.auroc(np.concatenate([clean, corrupted]), truth), 6)


def _mean(table: pd.DataFrame, name: str) -> float:
    return round(float(table["correct" if name == "accuracy" else name].mean()), 6)


def summary(runs: Records) -> dict[str, Records]:
    """Mean and standard deviation over seeds of each curve, and how the gates answered."""
    keys = ("data", "paradigm", "modality", "name", "corruption")
    curves, responses = [], []
    for key in dict.fromkeys(tuple(r[k] for k in keys) for r in runs):
        mine = [r for r in runs if tuple(r[k] for k in keys) == key]
        named = dict(zip(keys, key, strict=True))
        curve: dict[str, Any] = {**named, "severity": mine[0]["severity"], "seeds": len(mine)}
        for m in (m for m in MEASURES if m in mine[0]):
            values = np.array([r[m] for r in mine])
            curve[m] = values.mean(axis=0).round(6).tolist()
            if len(mine) > 1:
                curve[f"{m}_sd"] = values.std(axis=0, ddof=1).round(6).tolist()
        curves.append(curve)
        if schema.gate("R") in mine[0]:
            responses.append({**named, **response(mine, named["modality"])})
    return {"curves": curves, "responses": responses}


def response(runs: Records, modality: ModalityNumber) -> dict[str, Any]:
    """What the worst severity does to the gates of the other modality's U, of the corrupted one's U
    and of R, and to the explained share: corrupted less clean, paired by seed."""
    corrupted, other = (schema.gate("U1"), schema.gate("U2"))[:: 1 if modality == 1 else -1]
    parts = {"other": other, "own": corrupted, "R": schema.gate("R"), "explained": schema.EXPLAINED}
    return {
        name: interval(
            [r[column][-1] for r in runs],
            [r[column][0] for r in runs],
            runs[0].get("test_ratio", 0.0),
        )
        for name, column in parts.items()
        if column in runs[0]
    }


STUDY = Study(RESULT, {"data": SETS, "paradigm": PARADIGMS, "seed": range(SEEDS)}, summary)


def main() -> int:
    """Measure all runs, or go on, and write curves and responses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=list(SETS), metavar="SET")
    add_common(parser, PARADIGMS, SEEDS, "build/bench-corruption")
    parser.add_argument("--comparison", type=Path, default=COMPARISON)
    a = parser.parse_args()
    units = [
        Unit((d, p, s, a), frozenset([settings_of(d, p, s, a)]))
        for d in a.data
        for s in range(a.seeds)
        for p in a.paradigms
    ]
    show(carry_out(opened(parser, a, STUDY), a, measure, units))
    return 0


def settings_of(name: str, paradigm: str, seed: int, a: argparse.Namespace) -> str:
    """Fingerprint of the run that a unit measures."""
    scale = chosen_scale(load_dataset(name), paradigm, a.records)
    return planned(name, paradigm, seed, a.epochs_scale, scale)


def show(result: dict[str, Any]) -> None:
    """Print accuracy along each curve, and the gates where there are some."""
    for c in result["curves"]:
        head = f"{c['data']:10}{c['paradigm']:12}x{c['modality']} {c['corruption']:8}"
        print(head + " ".join(f"{v:.3f}" for v in c["accuracy"]))
        for m in (m for m in MEASURES[1:] if m in c):
            print(f"{m:>32} " + " ".join(f"{v:.3f}" for v in c[m]))


if __name__ == "__main__":
    raise SystemExit(main())
