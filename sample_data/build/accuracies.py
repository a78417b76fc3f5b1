"""How far simple models get on a bundled set: each side alone, both together, and their average.

    python -m sample_data.build.accuracies [set ...]

Five folds over all rows (by group where the set has groups), logistic regression on standardised
features. On the constructed sets "joint" is a kernel machine over the product of both sides, since
no linear model of the two side by side can answer their questions. The last columns are shares of
rows: at least two sides right, only one of them right, all wrong but joint right.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import reduce
from operator import mul
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from dmil_core.data.catalog import load_dataset
from dmil_core.data.dataset import Dataset
from dmil_core.schema import ALL_COMPONENTS, MODALITY_NUMBERS, modality_numbers

ROOT = Path(__file__).resolve().parents[1]
#: Inverse strength of the penalty: default, and where another one is clearly better.
_PENALTY, _LOOSER = 0.05, {"mfeat": 1.0, "mfeat-three": 1.0}
#: The models of one side each, as far as a set has them.
_ALONE = tuple(f"m{m}" for m in MODALITY_NUMBERS)


COLUMNS = (*_ALONE, "joint", "ensemble", *ALL_COMPONENTS)


def features(dataset: Dataset, modality: int, train: np.ndarray) -> np.ndarray:
    """Return (N, D) standardised numbers; everything learnt comes from the ``train`` rows only."""
    x, kind = dataset.x(modality), dataset.card.modalities[modality - 1].kind
    if kind == "text":
        words = TfidfVectorizer(min_df=2, max_features=1000, sublinear_tf=True).fit(x[train])
        x = words.transform(x).toarray()
    elif kind == "sequence":
        x = summaries(x)
    flat = x.reshape(len(x), -1).astype(np.float64)
    return StandardScaler().fit(flat[train]).transform(flat)


def summaries(x: np.ndarray) -> np.ndarray:
    """Return (N, 13 C) numbers of signals (N, T, C): level, spread, extremes, first frequencies.

    A linear model of the raw samples would depend on where in a movement the window begins.
    """
    x = x.astype(np.float64)
    waves = np.abs(np.fft.rfft(x - x.mean(axis=1, keepdims=True), axis=1))[:, 1:9]
    steps = np.abs(np.diff(x, axis=1)).mean(axis=1)
    parts = [x.mean(axis=1), x.std(axis=1), x.min(axis=1), x.max(axis=1), steps]
    return np.hstack([*parts, waves.reshape(len(x), -1)])


def folds(dataset: Dataset) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield training and held-out rows of five folds."""
    y, group = dataset.y, dataset.group
    if group is not None:
        yield from GroupKFold(5, shuffle=True, random_state=0).split(y, y, group)
    else:
        yield from StratifiedKFold(5, shuffle=True, random_state=0).split(y, y)


def product_machine(
    sides: list[np.ndarray], y: np.ndarray, train: np.ndarray, test: np.ndarray
) -> np.ndarray:
    """Return the labels (n,) that an SVM with the product of both sides' kernels gives ``test``."""
    product = reduce(mul, (rbf_kernel(x, x[train], gamma=2 / x.shape[1]) for x in sides))
    return SVC(C=10, kernel="precomputed").fit(product[train], y[train]).predict(product[test])


def held_out(dataset: Dataset) -> dict[str, np.ndarray]:
    """Return, for m1, m2 ..., joint and ensemble, which rows (N,) are right when held out."""
    y, c = dataset.y, _LOOSER.get(dataset.name, _PENALTY)
    names = (*_ALONE[: dataset.modalities], "joint", "ensemble")
    right = {name: np.zeros(len(y), dtype=bool) for name in names}
    for train, test in folds(dataset):
        numbers = modality_numbers(dataset.modalities)
        sides = [features(dataset, modality, train) for modality in numbers]

        def fit(x: np.ndarray, train: np.ndarray = train) -> LogisticRegression:
            return LogisticRegression(C=c, max_iter=2000).fit(x[train], y[train])

        said = [fit(x).predict_proba(x[test]) for x in sides]
        if dataset.card.constructed:
            joint = product_machine(sides, y, train, test)
        else:
            both = np.hstack(sides)
            joint = fit(both).predict(both[test])
        kinds = np.unique(y[train])
        guesses = [kinds[p.argmax(axis=1)] for p in said]
        average = kinds[sum(said).argmax(axis=1)]
        for name, guess in zip(right, (*guesses, joint, average), strict=True):
            right[name][test] = guess == y[test]
    return right


def table_row(name: str, right: dict[str, np.ndarray]) -> str:
    """Return one line: rows, accuracies, shares; "-" for a third side that a set lacks."""
    alone = {m: right[m] for m in _ALONE if m in right}
    count = np.sum(list(alone.values()), axis=0)
    shares = {f"U{m[1:]}": hits & (count == 1) for m, hits in alone.items()}
    shares |= {"R": count >= 2, "S": right["joint"] & (count == 0)}
    known = {**right, **shares}
    cells = (f"{known[c].mean():6.3f}" if c in known else f"{'-':>6}" for c in COLUMNS)
    return f"{name:16}{len(count):6d}  " + " ".join(cells)


def main(names: list[str]) -> None:
    """Print the table for the named sets, or for all of them."""
    print(f"{'set':16}{'rows':>6}  " + " ".join(f"{c[:6]:>6}" for c in COLUMNS))
    for name in names or sorted(path.parent.name for path in ROOT.glob("*/data.npz")):
        print(table_row(name, held_out(load_dataset(name, ROOT))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
