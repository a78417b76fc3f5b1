"""Few-shot classification of unseen classes from frozen representations. ``make bench-unseen``.

Protocol, fixed before any figure was looked at:

1. A seed splits the classes of a set into two disjoint random halves, seen and unseen; all
   paradigms get the same halves (``dmil_core/data/subset.py``). Of 8 classes 4 are unseen, of
   10 it is 5; chance is their reciprocal.
2. A model learns from the training rows of the seen classes and stops by their validation rows,
   with its paradigm's own settings: nothing is tuned here. Then it is frozen.
3. A representation is one or more of its latents side by side (posterior means), less the mean
   and over the standard deviation of the seen classes' training rows.
4. Of the unseen classes' training rows 1, 5 or 10 of each class are drawn. A logistic regression
   (scikit-learn, C = 1) learns from those alone and is tested on all test rows of the unseen
   classes. Twenty draws for each seed and number of shots; every representation of every
   paradigm gets the same draws.
5. A seed's figure is the mean over its draws; reported are mean and standard deviation over
   seeds, and differences to ``dmil`` paired by seed.

A paradigm's headline is the representation that its prediction is computed from: F of joint, both
modalities' features of the ensemble, the four components of a decomposition. The rest is shown
beside it, never in place of it. Writes benchmarks/results/unseen.json; see
:mod:`benchmarks.study`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.runs import RESULTS, Records, interval
from benchmarks.study import Study, Unit, add_common, carry_out, opened
from dmil_core.checkpoint import load_model, run_folder
from dmil_core.config import ModelConfig
from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.data.subset import keep_classes, split_classes
from dmil_core.errors import DataError
from dmil_core.experiments.compare import RUNS_FOLDER, fingerprint
from dmil_core.schema import COMPONENTS

RESULT = RESULTS / "unseen.json"
SETS = ("mfeat", "avdigits", "emoji")
PARADIGMS = ("joint", "ensemble", "dmil")
SEEDS = 5
SHOTS = (1, 5, 10)
DRAWS = 20

#: The representations of each architecture by the latents in them; the first is the headline.
REPRESENTATIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "joint": (("F",), ("Z1", "Z2")),
    "ensemble": (("Z1", "Z2"),),
    "dmil": (COMPONENTS, *((c,) for c in COMPONENTS), ("M1", "M2", "N1", "N2")),
}

Floats = NDArray[np.floating[Any]]
Indices = NDArray[np.int64]


def measure(name: str, paradigm: str, seed: int, a: argparse.Namespace) -> Records:
    """A record per representation and number of shots of one model of the seen classes."""
    import torch

    from dmil_core.training.run import train

    torch.set_num_threads(1)
    seen, unseen = halves(name, seed)
    folder = run_folder(a.out / RUNS_FOLDER, seen.slug, paradigm, seed)
    model, run = load_model(train(seen, paradigm, seed, folder, epochs_scale=a.epochs_scale).folder)
    usual = latents(model, run.config.model, seen, seen.rows("train"))
    new = latents(model, run.config.model, unseen, np.arange(len(unseen)))
    named = {"data": name, "paradigm": paradigm, "seed": seed, "classes": len(unseen.classes)}
    named |= {"settings": fingerprint(run.config, run.data_digest)}
    result = []
    for parts in REPRESENTATIONS[run.config.model.architecture]:
        z = standardized(*(np.concatenate([v[p] for p in parts], axis=1) for v in (new, usual)))
        for shots in SHOTS:
            scores = few_shot(z, unseen, shots, DRAWS, seed)
            result.append(
                {**named, "representation": " ".join(parts), "size": z.shape[1], "shots": shots}
                | {"accuracy": round(float(np.mean(scores)), 6)}
                | {"sd_of_draws": round(float(np.std(scores, ddof=1)), 6)}
            )
    return result


def halves(name: str, seed: int) -> tuple[Dataset, Dataset]:
    """The rows of the seen classes of a seed, and those of the unseen ones."""
    whole = load_dataset(name)
    seen, unseen = (
        keep_classes(whole, half, f"{name}-{word}-{seed}")
        for half, word in zip(
            split_classes(len(whole.classes), seed), ("seen", "unseen"), strict=True
        )
    )
    return seen, unseen


def latents(
    model: Any, config: ModelConfig, dataset: Dataset, rows: Indices
) -> dict[str, NDArray[np.float32]]:
    """Name -> (n, size) of each latent; the classes of the data may be others than the model's."""
    import torch

    from dmil_core.models.inputs import inputs

    with torch.inference_mode():
        out = model(*inputs(dataset, rows, config))
    return {name: out.latents[name].numpy() for name in model.latent_names}


def standardized(z: Floats, usual: Floats) -> Floats:
    """z (n, D) in standard deviations of the rows of ``usual`` (m, D) from their mean; what never
    varies there is left at its distance."""
    std = usual.std(axis=0)
    return (z - usual.mean(axis=0)) / np.where(std > 1e-6, std, 1.0)


def few_shot(z: Floats, dataset: Dataset, shots: int, draws: int, seed: int) -> list[float]:
    """Test accuracy of a probe on representations z (N, D) of all rows, for each draw."""
    train, test, y = dataset.rows("train"), dataset.rows("test"), dataset.y
    return [probe(z[few], y[few], z[test], y[test]) for few in drawn(y, train, shots, draws, seed)]


def drawn(y: Indices, rows: Indices, shots: int, draws: int, seed: int) -> Iterator[Indices]:
    """Rows of each draw, ``shots`` of each class; they depend on nothing but these arguments.

    Raises
    ------
    DataError
        If a class has fewer rows.
    """
    counts = np.unique(y[rows], return_counts=True)[1]
    if counts.min() < shots:
        raise DataError(f"expected {shots} training rows of each class, got {counts.min()} of one")
    for draw in range(draws):
        rng = np.random.default_rng((seed, shots, draw))
        of_class = [rng.permutation(rows[y[rows] == k])[:shots] for k in np.unique(y[rows])]
        yield np.concatenate(of_class)


def probe(z: Floats, y: Indices, test_z: Floats, test_y: Indices) -> float:
    """Test accuracy of a logistic regression that learnt from z (n, D) and y (n,)."""
    from sklearn.linear_model import LogisticRegression

    return float(LogisticRegression(C=1.0, max_iter=2000).fit(z, y).score(test_z, test_y))


def headline(paradigm: str) -> str:
    """The representation that a paradigm is judged by."""
    from dmil_core.paradigms import find_paradigm

    return " ".join(REPRESENTATIONS[find_paradigm(paradigm).options.architecture][0])


def summary(runs: Records) -> dict[str, Records]:
    """Mean and standard deviation over seeds; ``dmil`` less the other headlines, paired by seed."""
    keys = ("data", "paradigm", "representation", "shots")
    means, differences = [], []
    for key in dict.fromkeys(tuple(r[k] for k in keys) for r in runs):
        mine = [r for r in runs if tuple(r[k] for k in keys) == key]
        data, paradigm, representation, shots = key
        values = [r["accuracy"] for r in mine]
        main = representation == headline(paradigm)
        means.append(
            {**dict(zip(keys, key, strict=True)), "headline": main, "seeds": len(mine)}
            | {"accuracy": float(np.mean(values)), "chance": 1.0 / mine[0]["classes"]}
            | ({"accuracy_sd": float(np.std(values, ddof=1))} if len(mine) > 1 else {})
        )
        ours = {
            r["seed"]: r["accuracy"]
            for r in runs
            if (r["data"], r["paradigm"], r["shots"]) == (data, "dmil", shots)
            and r["representation"] == headline("dmil")
        }
        both = [r for r in mine if r["seed"] in ours]
        if main and paradigm != "dmil" and both:
            d = interval([ours[r["seed"]] for r in both], [r["accuracy"] for r in both])
            differences.append({"data": data, "paradigm": paradigm, "shots": shots, **d})
    return {"means": means, "differences": differences}


STUDY = Study(RESULT, {"data": SETS, "paradigm": PARADIGMS, "seed": ()}, summary)


def main() -> int:
    """Train, probe, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=list(SETS), metavar="SET")
    add_common(parser, PARADIGMS, SEEDS, "build/bench-unseen")
    a = parser.parse_args()
    units = [u for name in a.data for seed in range(a.seeds) for u in units_of(name, seed, a)]
    show(carry_out(opened(parser, a, STUDY), a, measure, units))
    return 0


def units_of(name: str, seed: int, a: argparse.Namespace) -> list[Unit]:
    """A unit for each paradigm on one set and seed."""
    from dmil_core.training.run import plan

    seen, _ = halves(name, seed)
    configs = {p: plan(seen, p, seed, epochs_scale=a.epochs_scale) for p in a.paradigms}
    return [
        Unit((name, p, seed, a), frozenset([fingerprint(config, seen.digest)]))
        for p, config in configs.items()
    ]


def show(result: dict[str, Any]) -> None:
    """Print accuracy by shots, a row per representation; a star marks the headlines."""
    print(f"{'':41}" + "".join(f"{n} shots".rjust(16) for n in SHOTS))
    for key in dict.fromkeys(
        (m["data"], m["paradigm"], m["representation"]) for m in result["means"]
    ):
        data, paradigm, representation = key
        star = "*" if representation == headline(paradigm) else " "
        cells = [
            f"{m['accuracy']:.4f} ±{m.get('accuracy_sd', 0.0):.4f}"
            for m in result["means"]
            if (m["data"], m["paradigm"], m["representation"]) == key
        ]
        head = f"{data:10}{paradigm:12}{representation:15}{star:4}"
        print(head + "".join(cell.rjust(16) for cell in cells))


if __name__ == "__main__":
    raise SystemExit(main())
