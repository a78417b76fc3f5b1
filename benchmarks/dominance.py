"""Use of redundancy by joint learning with a dominant modality. ``make bench-dominance``.

``switch`` with equal strengths and with x2 three times weaker; ``emoji`` with the words of the
names and with sentence vectors of them, which dominate the pictures. The first of each is the
control. Of a seed's frozen unimodal pair (the two models of its ensemble) the one that is right
less often on validation rows is of the *weak* modality; *redundant* rows are the test rows that
both get right. Of every paradigm and seed, on test rows:

- accuracy, on all rows and on the redundant ones;
- probe: what the weak modality's encoder has learnt, by a logistic regression on its features
  (fitted on train rows, its penalty chosen on validation rows). The same probe on the features of
  the unimodal model, less this one, is the *shortfall*, the usual measure of how far one modality
  keeps the other from learning;
- blank, swapped: accuracy where the strong modality of every row is not there, or is that of a
  sample of another class. The weak modality is intact, so a model that uses redundancy can
  predict from it.

Redundant rows are those that the ensemble's own two models get right, so on them it is ahead of
anyone who errs elsewhere, for that reason alone. What is concluded of joint learning therefore
compares it with the ensemble on all rows, and on redundant ones only with ``dmil``. It under-uses
redundancy where it *learns* less of the weak modality (its shortfall is above 0) and *answers* less
from it (blank, all rows, below the ensemble); both 95 % intervals over paired seeds have to leave 0
out. This rule was fixed before any figure was looked at.

Runs of ``make bench-compare`` are taken where they are still there, the rest is trained under
``--out``; a comparison that is made with ``--records`` leaves the figures of its runs there. The
record is benchmarks/results/dominance.json; see :mod:`benchmarks.study`.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
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
from benchmarks.unseen import latents
from dmil_core import schema
from dmil_core.checkpoint import Run, load_model
from dmil_core.data.catalog import load_dataset, of_seed
from dmil_core.data.corruption import Corruption, corrupt
from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError, DataError
from dmil_core.experiments.compare import fingerprint
from dmil_core.experiments.targets import Target, judged, unmeasured
from dmil_core.inference.predict import predict
from dmil_core.io.tables import read_table
from dmil_core.paradigms import ENSEMBLE
from dmil_core.schema import ModalityNumber

RESULT = RESULTS / "dominance.json"
SETTINGS = {
    "switch": "switch",
    "switch, x2 three times weaker": "switch:strength2=0.3333",
    "emoji": "emoji",
    "emoji-minilm": "emoji-minilm",
}
#: Where one modality dominates -> the setting to hold against it.
CONTROL_OF = {"switch, x2 three times weaker": "switch", "emoji-minilm": "emoji"}
JOINT, OURS = "joint", "dmil"
PARADIGMS = (ENSEMBLE.name, JOINT, OURS)
SEEDS = 5
CORRUPTED: tuple[Corruption, ...] = ("blank", "swapped")
MEASURES = (
    "accuracy", "accuracy_redundant", "probe", "shortfall",
    *(name for kind in CORRUPTED for name in (kind, f"{kind}_redundant")),
)  # fmt: skip

Bools = NDArray[np.bool_]


# --- one run ----------------------------------------------------------------------------------


def measure(setting: str, seed: int, paradigms: Sequence[str], a: argparse.Namespace) -> Records:
    """A record per paradigm of one setting and seed, the unimodal pair's own first."""
    import torch

    torch.set_num_threads(1)
    base = load_dataset(SETTINGS[setting])
    if base.modalities != 2:
        raise ConfigError(f"{setting} has {base.modalities} inputs; expected a set of two, so that "
                          "one can dominate the other")  # fmt: skip
    records: Records = []
    pair: pd.DataFrame | None = None
    for paradigm in dict.fromkeys((ENSEMBLE.name, *paradigms)):
        run = compared(base, paradigm, seed, a.out, a.comparison, a.epochs_scale, a.records)
        pair = read_table(run.predictions) if pair is None else pair
        records.append(row(setting, base, run, pair))
    return records


def of_run(base: Dataset, run: Run, pair: pd.DataFrame) -> Records:
    """The record of a run of the comparison; none where the benchmark is not about it."""
    settings = [name for name, spec in SETTINGS.items() if spec == base.name]
    mine = run.paradigm in PARADIGMS and run.seed < SEEDS
    return [row(name, base, run, pair) for name in settings if mine]


def row(setting: str, base: Dataset, run: Run, pair: pd.DataFrame) -> dict[str, Any]:
    """The record of a run on the rows of its seed of ``base``; ``pair`` is the prediction table of
    its seed's ensemble."""
    dataset = of_seed(base, run.seed)
    named = {"setting": setting, "paradigm": run.paradigm, "seed": run.seed}
    named |= {"settings": fingerprint(run.config, run.data_digest)}
    named |= {"lr_scale": scale_of(run, dataset), "test_ratio": ratio_of(dataset)}
    return {**named, **figures(run, dataset, pair)}


def figures(run: Run, dataset: Dataset, pair: pd.DataFrame) -> dict[str, Any]:
    """What is measured of one run; ``pair`` is the prediction table of its seed's ensemble."""
    model: Any
    model, result = load_model(run.folder)
    config, rows = result.config.model, dataset.rows("test")
    weak, strong = weak_and_strong(pair)
    both = redundant(pair[pair["split"] == "test"])
    tables = {"accuracy": predict(model, config, dataset, rows)}
    for kind in CORRUPTED:
        corrupted = corrupt(dataset, strong, kind, 1.0, rows=rows, seed=run.seed)
        tables[kind] = predict(model, config, corrupted, rows)
    z = latents(model, config, dataset, np.arange(len(dataset)))
    features = features_of(z, model.encoders.sizes(), weak)
    out: dict[str, Any] = {"weak": dataset.card.modalities[weak - 1].name}
    out |= {"redundant": round(float(both.mean()), 6)}
    for name, table in tables.items():
        out |= accuracies(name, table["correct"].to_numpy(bool), both)
    return out | {"probe": round(probed(features, dataset, run.seed), 6)}


def weak_and_strong(pair: pd.DataFrame) -> tuple[ModalityNumber, ModalityNumber]:
    """The modality whose frozen model is right less often on validation rows, and the other one;
    of two alike the second counts as weak."""
    val = pair[pair["split"] == "val"]
    first, second = ((val[schema.unimodal_pred(m)] == val["y"]).mean() for m in (1, 2))
    return (1, 2) if first < second else (2, 1)


def redundant(pair: pd.DataFrame) -> Bools:
    """(n,) the rows that both frozen unimodal models get right.

    Raises
    ------
    DataError
        If there is none, so that nothing can be said of redundancy.
    """
    right = [(pair[schema.unimodal_pred(m)] == pair["y"]).to_numpy(bool) for m in (1, 2)]
    both = np.logical_and(*right)
    if not both.any():
        raise DataError(
            f"expected rows that both unimodal models get right, got none of {len(both)}. Train "
            "longer, or choose a set with redundancy"
        )
    return both


def accuracies(name: str, correct: Bools, both: Bools) -> dict[str, float]:
    """Share of rows (n,) that are right, of all and of the redundant ones."""
    shares = {name: correct.mean(), f"{name}_redundant": correct[both].mean()}
    return {key: round(float(value), 6) for key, value in shares.items()}


def features_of(
    z: dict[str, NDArray[np.float32]], sizes: Sequence[int], modality: ModalityNumber
) -> NDArray[np.float32]:
    """(N, F) features of one modality's encoder, out of a model's latents.

    A decomposition has the features of all encoders side by side in Z; others have Z1 and Z2.
    """
    if f"Z{modality}" in z:
        return z[f"Z{modality}"]
    ends = np.cumsum([0, *sizes])
    return z["Z"][:, ends[modality - 1] : ends[modality]]


def probed(z: NDArray[np.float32], dataset: Dataset, seed: int) -> float:
    """Test accuracy of a logistic regression on features z (N, F) of all rows."""
    from dmil_core.metrics.probe import fit_probe
    from dmil_core.metrics.theorem import Rows

    def part(rows: NDArray[np.int64]) -> Rows:
        return Rows(z[rows], dataset.y[rows], np.zeros(len(rows), dtype=np.int64))

    fitted = fit_probe(part(dataset.rows("train")), part(dataset.rows("val")), len(dataset.classes),
                       seed=seed)  # fmt: skip
    test = part(dataset.rows("test"))
    return float((fitted.log_q(test.z)[:, 0].argmax(axis=1) == test.y).mean())


# --- all runs ---------------------------------------------------------------------------------


def summary(runs: Records) -> dict[str, Records]:
    """Means over seeds, joint less every other paradigm, and what follows of joint learning.

    A seed of a setting counts once all paradigms of the record are measured."""
    runs = with_shortfall(runs)
    settings = list(dict.fromkeys(r["setting"] for r in runs))
    paradigms = list(dict.fromkeys(r["paradigm"] for r in runs))
    means, differences = [], []
    for setting in settings:
        for paradigm in paradigms:
            mine = _by_seed(runs, setting, paradigm)
            means.append({"setting": setting, "paradigm": paradigm, **_means([*mine.values()])})
            if JOINT in paradigms and paradigm != JOINT:
                gaps = {m: _less(runs, setting, JOINT, paradigm, m) for m in MEASURES}
                differences.append({"setting": setting, "paradigm": paradigm, **gaps})
    complete = {JOINT, OURS, ENSEMBLE.name} <= set(paradigms)
    dominated = [s for s in settings if s in CONTROL_OF] if complete else []
    return {
        "means": means,
        "differences": differences,
        "findings": [finding(runs, setting) for setting in dominated],
    }


def with_shortfall(runs: Records) -> Records:
    """The runs of the seeds that have all paradigms, each with what its probe is below that of the
    ensemble."""
    groups: dict[tuple[str, int], dict[str, dict[str, Any]]] = {}
    for run in runs:
        groups.setdefault((run["setting"], run["seed"]), {})[run["paradigm"]] = run
    wanted = {ENSEMBLE.name, *(run["paradigm"] for run in runs)}
    return [
        run | {"shortfall": round(group[ENSEMBLE.name]["probe"] - run["probe"], 6)}
        for group in groups.values()
        if wanted <= set(group)
        for run in group.values()
    ]


def finding(runs: Records, setting: str) -> dict[str, Any]:
    """Does joint learning under-use redundancy here? Intervals, and ``shown``: whether they say so,
    None where one seed has no interval.

    ``learns``, ``answers``: the two that decide, see above. ``costs``: accuracy on redundant rows,
    less that of ``dmil``. ``learns_more``, ``answers_more``: how much larger the two gaps are than
    on the control, where that was run too; if they are not, dominance need not be the reason.
    """
    learns = _less(runs, setting, ENSEMBLE.name, JOINT, "probe")
    answers = _less(runs, setting, JOINT, ENSEMBLE.name, "blank")
    result: dict[str, Any] = {
        "setting": setting,
        "control": CONTROL_OF[setting],
        "weak": "/".join(sorted({r["weak"] for r in _by_seed(runs, setting, JOINT).values()})),
        "learns": learns,
        "answers": answers,
        "costs": _less(runs, setting, JOINT, OURS, "accuracy_redundant"),
        "shown": None,
    }
    if learns["low"] is not None and answers["high"] is not None:
        result["shown"] = learns["low"] > 0 and answers["high"] < 0
    for name, measured in (("learns_more", "probe"), ("answers_more", "blank")):
        here, there = (_behind(runs, s, measured) for s in (setting, CONTROL_OF[setting]))
        if both := [seed for seed in here if seed in there]:
            first, second = ([gap[s] for s in both] for gap in (here, there))
            result[name] = interval(first, second, _ratio(runs, setting))
    return result


def _behind(runs: Records, setting: str, name: str) -> dict[int, float]:
    """Seed -> a measure of the ensemble less that of joint learning."""
    pair, joint = (_by_seed(runs, setting, p) for p in (ENSEMBLE.name, JOINT))
    return {seed: pair[seed][name] - joint[seed][name] for seed in joint if seed in pair}


def target(result: dict[str, Any]) -> Target:
    """Whether every setting of dominance shows it; a setting counts once all seeds are there."""
    claim = "joint under-uses redundancy where one modality dominates"
    complete = [f for f in result["findings"] if f["learns"]["pairs"] >= SEEDS]
    if not complete:
        return unmeasured(claim)
    failing = [f["setting"] for f in complete if not f["shown"]]
    figure = f"shown in {len(complete) - len(failing)} of {len(complete)} settings"
    return judged(
        claim, figure, failing, complete={f["setting"] for f in complete} == set(CONTROL_OF)
    )


def _by_seed(runs: Records, setting: str, paradigm: str) -> dict[int, dict[str, Any]]:
    return {r["seed"]: r for r in runs if (r["setting"], r["paradigm"]) == (setting, paradigm)}


def _means(mine: Records) -> dict[str, Any]:
    out: dict[str, Any] = {"seeds": len(mine)}
    for name in ("redundant", *MEASURES):
        values = [r[name] for r in mine]
        out[name] = statistics.mean(values)
        if len(values) > 1:
            out[f"{name}_sd"] = statistics.stdev(values)
    return out


def _less(
    runs: Records, setting: str, paradigm: str, other: str, name: str
) -> dict[str, float | None]:
    """Difference of a measure between two paradigms in the seeds both have."""
    mine, theirs = (_by_seed(runs, setting, p) for p in (paradigm, other))
    both = [seed for seed in mine if seed in theirs]
    first, second = ([r[s][name] for s in both] for r in (mine, theirs))
    return interval(first, second, _ratio(runs, setting))


def _ratio(runs: Records, setting: str) -> float:
    """Test rows for each training row; records of one split for all seeds do not have it."""
    ratios = [r.get("test_ratio", 0.0) for r in runs if r["setting"] == setting]
    return float(sum(ratios) / len(ratios))


STUDY = Study(RESULT, {"setting": tuple(SETTINGS), "paradigm": PARADIGMS, "seed": ()}, summary)


def main() -> int:
    """Train or go on, then write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    add_common(parser, PARADIGMS, SEEDS, "build/bench-dominance")
    parser.add_argument("--comparison", type=Path, default=COMPARISON)
    a = parser.parse_args()
    record = opened(parser, a, STUDY)
    units = [unit_of(n, s, a, record.settings) for n in a.settings for s in range(a.seeds)]
    show(carry_out(record, a, measure, units))
    return 0


def unit_of(setting: str, seed: int, a: argparse.Namespace, known: frozenset[str]) -> Unit:
    """The paradigms of one setting and seed that are not known."""
    base = load_dataset(SETTINGS[setting])
    wanted = {
        p: planned(base.name, p, seed, a.epochs_scale, chosen_scale(base, p, a.records))
        for p in dict.fromkeys((ENSEMBLE.name, *a.paradigms))
    }
    missing = [p for p, settings in wanted.items() if settings not in known]
    return Unit((setting, seed, missing, a), frozenset(wanted.values()))


def show(result: dict[str, Any]) -> None:
    """Print the measures, a row per setting and paradigm, and what follows."""
    print(f"{'':41}" + "".join(f"{m:>20}" for m in MEASURES))
    for m in result["means"]:
        cells = (f"{m[n]:.4f} ±{m.get(f'{n}_sd', 0.0):.4f}".rjust(20) for n in MEASURES)
        print(f"{m['setting']:31}{m['paradigm']:10}" + "".join(cells))
    for f in result["findings"]:
        print(f)


if __name__ == "__main__":
    raise SystemExit(main())
