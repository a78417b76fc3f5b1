"""What is to be explained: samples, their classes, and the rows that partners are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError, DataError
from dmil_core.partial_information.pmf import Floats
from dmil_core.posthoc.function import Function, Predict, length
from dmil_core.posthoc.partners import FEWEST_INPUTS, MOST_INPUTS, Ints


@runtime_checkable
class Matching(Protocol):
    """A callable that knows which data sets it fits, as a model of a checkpoint does."""

    def matched(self, data: Dataset | str | Path) -> Dataset:
        """The data set with the classes of the model, in its order.

        Raises
        ------
        CheckpointError
            If it does not fit the model.
        """


@dataclass(frozen=True)
class Samples:
    """What is to be explained.

    Attributes
    ----------
    inputs : of all rows.
    rows, background : (N,) and (B,) positions.
    y : classes or values of all rows, or None.
    classes : names of the classes, where they are known.
    ids : (N,) of the samples.
    names : the ids of all rows.
    dataset : where they are rows of one.
    """

    inputs: tuple[Any, ...]
    rows: Ints
    background: Ints
    y: NDArray[Any] | None
    classes: tuple[str, ...] | None
    ids: NDArray[Any]
    names: NDArray[Any]
    dataset: Dataset | None = None

    @property
    def row_classes(self) -> Ints | None:
        """(N,) where ``y`` are classes."""
        return None if self.y is None or self.y.dtype.kind == "f" else self.y[self.rows]

    @property
    def background_classes(self) -> Ints | None:
        """(B,) where ``y`` are classes."""
        return None if self.y is None or self.y.dtype.kind == "f" else self.y[self.background]

    @property
    def known_classes(self) -> Ints | None:
        """Those of all rows that have one, samples or not, where ``y`` are classes."""
        return None if self.y is None or self.y.dtype.kind == "f" else self.y[self.y >= 0]

    def with_classes(self, function: Function) -> Samples:
        """With ``y`` as numbers of f's columns, and the names of these.

        Raises
        ------
        DataError
            If labels and columns do not match.
        """
        if function.output == "value":
            values = None if self.y is None else _numbers(self.y)
            return replace(self, y=values, classes=())
        k = function.width
        if self.classes is not None and len(self.classes) != k:
            raise DataError(
                f"f returns {k} columns; expected one for each of {len(self.classes)} classes"
            )
        if self.y is None:
            names = self.classes or tuple(map(str, range(k)))
            return replace(self, classes=names)
        y, names = _coded(self.y, k, self.classes)
        return replace(self, y=y, classes=names)


def _coded(
    y: NDArray[Any], k: int, classes: tuple[str, ...] | None
) -> tuple[Ints, tuple[str, ...]]:
    """Labels as numbers from 0 to K - 1, and the names of the K classes."""
    whole = y.dtype.kind in "iub"
    if whole and y.min() >= 0 and y.max() < k:
        return y.astype(np.int64), classes or tuple(map(str, range(k)))
    labels = y.astype(str)
    if classes is None:
        found = np.unique(y)
        if len(found) != k:
            raise DataError(
                f"y has {len(found)} classes and f returns {k} columns; expected as many. Name "
                "the classes in the order of the columns (classes=...)"
            )
        return np.searchsorted(found, y).astype(np.int64), tuple(map(str, found))
    index = {name: i for i, name in enumerate(classes)}
    if unknown := sorted(set(labels.tolist()) - set(index)):
        raise DataError(f"y: {unknown[0]!r} is none of the classes {', '.join(classes)}")
    return np.array([index[name] for name in labels.tolist()], dtype=np.int64), classes


def samples_of(
    f: Predict, x1: Any, x2: Any, more: tuple[Any, ...], y: ArrayLike | None,
    rows: int | ArrayLike | None, background: int | ArrayLike, classes: Sequence[str] | None,
    ids: Sequence[Any] | None, seed: int,
) -> Samples:  # fmt: skip
    """The samples of a call of :func:`dmil_core.explain`, whose parameters these are."""
    if x2 is None and isinstance(x1, Dataset | str | Path):
        if not (y is None and classes is None and ids is None):
            raise DataError("a data set has its own y, classes and ids; leave these arguments out")
        return _of_dataset(f, x1, rows, background, seed)
    inputs = (x1, *([] if x2 is None else [x2]), *more)
    if not FEWEST_INPUTS <= len(inputs) <= MOST_INPUTS:
        raise DataError(
            f"expected {FEWEST_INPUTS} to {MOST_INPUTS} inputs, or a Dataset alone, got "
            f"{len(inputs)}"
        )
    lengths = [length(x) for x in inputs]
    if len(set(lengths)) > 1 or lengths[0] == 0:
        raise DataError(
            f"inputs: expected as many rows of each, got {', '.join(map(str, lengths))}"
        )
    n = lengths[0]
    labels = None if y is None else _labels(y, n)
    names = np.arange(n).astype(str) if ids is None else np.asarray(ids).astype(str)
    if names.shape != (n,):
        raise DataError(f"ids: expected {n}, one for each row, got {names.shape}")
    samples = _positions(rows, np.arange(n), n, seed, "rows")
    rest = np.arange(n)
    if rows is not None and not isinstance(rows, int | np.integer):
        others = np.setdiff1d(rest, samples)
        rest = others if len(others) else rest
    pool = _positions(background, rest, n, seed + 1, "background")
    of_classes = None if classes is None else tuple(map(str, classes))
    return Samples(inputs, samples, pool, labels, of_classes, names[samples], names)


def _of_dataset(
    f: Predict, data: Dataset | str | Path, rows: int | ArrayLike | None,
    background: int | ArrayLike, seed: int,
) -> Samples:  # fmt: skip
    if isinstance(f, Matching):
        dataset = f.matched(data)
    elif isinstance(data, Dataset):
        dataset = data
    else:
        from dmil_core.data.catalog import load_dataset

        dataset = load_dataset(data, purpose="predict")
    n, known = len(dataset), dataset.y >= 0
    whole = dataset.complete
    test, train = dataset.rows("test"), dataset.rows("train")
    test, train = test[whole[test]], train[whole[train]]
    if known[test].any():
        test = test[known[test]]
    if not len(test):
        raise DataError(
            f"{dataset.name!r} has no test rows with all inputs; name rows=... to be explained"
        )
    samples = _positions(rows, test, n, seed, "rows")
    pool = _positions(background, train if len(train) else test, n, seed + 1, "background")
    all_known = known[samples].all() and known[pool].all()
    y = dataset.y if all_known else None
    return Samples(
        dataset.inputs, samples, pool, y, dataset.classes, dataset.ids[samples], dataset.ids,
        dataset,
    )  # fmt: skip


def _labels(y: ArrayLike, rows: int) -> NDArray[Any]:
    labels = np.asarray(y.detach().cpu() if hasattr(y, "detach") else y)
    if labels.shape != (rows,):
        raise DataError(f"y: expected {rows} labels, one for each row, got {labels.shape}")
    if labels.dtype.kind == "O":
        labels = labels.astype(str)
    if labels.dtype.kind == "f" and np.isfinite(labels).all() and (labels % 1 == 0).all():
        return labels.astype(np.int64)
    return labels


def _numbers(y: NDArray[Any]) -> Floats:
    try:
        return y.astype(np.float64)
    except ValueError:
        raise DataError(
            "f returns one value for each row, so y must be numbers; of classes f returns a column "
            "for each"
        ) from None


def _positions(given: int | ArrayLike | None, among: Ints, rows: int, seed: int, name: str) -> Ints:
    """Positions as they were given, or as many as were asked for, in order."""
    if given is None:
        return among
    if isinstance(given, int | np.integer):
        if given < 1:
            raise ConfigError(f"{name}: expected at least 1, got {given}")
        if given >= len(among):
            return among
        chosen = np.random.default_rng([seed, 23]).choice(among, int(given), replace=False)
        return np.sort(chosen)
    positions = np.asarray(given)
    if positions.dtype.kind == "b" and positions.shape == (rows,):
        positions = np.flatnonzero(positions)
    fits = positions.ndim == 1 and positions.dtype.kind in "iu" and len(positions) > 0
    if not fits or positions.min() < 0 or positions.max() >= rows:
        raise DataError(
            f"{name}: expected a number, or positions from 0 to {rows - 1}, got {given!r:.60}"
        )
    return positions.astype(np.int64)
