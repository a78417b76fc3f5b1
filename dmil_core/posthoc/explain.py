"""``explain``: do the inputs of a model work together? For any callable of two to four inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError, DataError
from dmil_core.metrics.intervals import wilson
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import PARTS, QUANTITIES, Definition
from dmil_core.posthoc import pointwise
from dmil_core.posthoc.callables import wrapped
from dmil_core.posthoc.emap import Emap, emap
from dmil_core.posthoc.function import (
    Counted,
    Function,
    Output,
    Predict,
    Progress,
    called,
    length,
    taken,
)
from dmil_core.posthoc.interaction import Effects, effects, pairs_of, shares
from dmil_core.posthoc.intervals import Interval, two_way
from dmil_core.posthoc.partners import (
    BATCH,
    FEWEST_INPUTS,
    MOST_INPUTS,
    Choice,
    Ints,
    Plan,
    Subset,
    Values,
    cost,
    evaluate,
    plan,
    probabilities,
    standardised,
)

_NATS_PER_BIT: Final = float(np.log(2.0))
#: Files that :meth:`Explanation.save` writes.
RESULT_FILE: Final = "explanation.json"
SAMPLES_FILE: Final = "samples.parquet"


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


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """What a model's inputs do alone and together; shows itself in a notebook.

    Attributes
    ----------
    inputs : names of the inputs, ``x1`` to ``x4``.
    classes : names of the classes, in the order of f's columns; none of a regression.
    accuracy : of f on the samples, 0 to 1; None without classes.
    emap_accuracy : of its best additive approximation (EMAP).
    interaction_share : of the interactions among all effects, 0 (additive) to 1.
    pair : the two inputs that carry most of the interactions.
    intervals
        Name -> estimate with its 95 % interval over samples and partners: ``accuracy``,
        ``emap_accuracy``, ``interaction_share``; ``pair_x1_x2`` ... the share of each pair;
        ``variance_x1``, ``variance_x1_x2`` ... the share of each set of inputs in the variance of
        f; and of two inputs the means of ``i1``, ``i2``, ``i12``, ``r``, ``u1``, ``u2`` and ``s``,
        in nats.
    frame
        A row for each sample. ``id``; ``y`` and ``correct`` where classes are known; ``pred``;
        ``emap_pred`` and ``emap_correct`` of the additive approximation. In nats, for the logit of
        the predicted class less its mean over the classes (of a regression, for its value):
        ``score`` of f, ``emap`` of the additive approximation, ``residual`` their difference,
        ``main_x1`` ... main effects, ``pair_x1_x2`` ... interactions. ``interaction_share``, 0 to
        1, over all classes; ``strongest_pair`` of more than two inputs. Of classifiers of two
        inputs ``i1``, ``i2``, ``i12``, ``r``, ``u1``, ``u2``, ``s`` in nats, of the class ``y`` (of
        the predicted class where none is known), and ``largest``, the component of the largest
        part.
    choice : how partners were drawn.
    partners : how many each sample has.
    background : rows of the background set.
    evaluations : rows that f was evaluated on.
    seed : of the draws.
    assumptions : what the figures rest on, in sentences.
    """

    inputs: tuple[str, ...]
    classes: tuple[str, ...]
    accuracy: float | None
    emap_accuracy: float | None
    interaction_share: float
    pair: tuple[str, str]
    intervals: dict[str, Interval]
    frame: pd.DataFrame
    choice: Choice
    partners: int
    background: int
    evaluations: int
    seed: int
    assumptions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        known = "" if self.accuracy is None else f", accuracy {self.accuracy:.3f}"
        additive = "" if self.emap_accuracy is None else f", EMAP {self.emap_accuracy:.3f}"
        return (
            f"<dmil_core.Explanation of {len(self)} samples, {len(self.inputs)} inputs{known}"
            f"{additive}, interaction share {self.interaction_share:.2f}>"
        )

    def as_json(self) -> dict[str, Any]:
        """All but the frame, for a JSON file; shares 0 to 1, information in nats."""
        return {
            "format": 1,
            "inputs": list(self.inputs),
            "classes": list(self.classes),
            "samples": len(self),
            "accuracy": self.accuracy,
            "emap_accuracy": self.emap_accuracy,
            "interaction_share": self.interaction_share,
            "pair": list(self.pair),
            "intervals": {
                name: {"value": i.value, "interval": _ends(i)} for name, i in self.intervals.items()
            },
            "choice": self.choice,
            "partners": self.partners,
            "background": self.background,
            "evaluations": self.evaluations,
            "seed": self.seed,
            "assumptions": list(self.assumptions),
        }

    def save(self, folder: str | Path) -> None:
        """Write ``explanation.json`` (:meth:`as_json`) and ``samples.parquet`` (the frame).

        Raises
        ------
        ResourceError
            If disk, permissions, quota or memory do not suffice.
        """
        from dmil_core.io.atomic import make_folder, write_json
        from dmil_core.io.paths import named_path
        from dmil_core.io.tables import write_table

        path = named_path(folder)
        make_folder(path)
        write_table(self.frame, path / SAMPLES_FILE)
        write_json(path / RESULT_FILE, self.as_json())

    def _repr_html_(self) -> str:
        return _html(self)


def _ends(interval: Interval) -> list[float] | None:
    """The ends for JSON, which has no NaN."""
    return [interval.low, interval.high] if np.isfinite(interval.low) else None


# --- the door ------------------------------------------------------------------------------


def explain(
    f: Predict, x1: Any, x2: Any = None, *more: Any, y: ArrayLike | None = None,
    rows: int | ArrayLike | None = None, background: int | ArrayLike = 1000, partners: int = 100,
    choice: Choice = "marginal", definition: Definition = "same-sign",
    output: Output | None = None, classes: Sequence[str] | None = None,
    ids: Sequence[Any] | None = None, batch: int = BATCH, seed: int = 0,
    progress: Progress | None = None,
) -> Explanation:  # fmt: skip
    """Do the inputs of a model work together, or does one do all the work?

    The model is a black box: it is evaluated on the samples, and on samples of which some inputs
    are replaced by those of other rows (partners).
    :func:`dmil_core.posthoc.partners.cost` says beforehand on how many rows.

    Parameters
    ----------
    f
        ``f(*batches)`` takes a batch of n rows of each input and returns (n, K) logits or
        probabilities, or (n,) values of a regression, as NumPy arrays or torch tensors. A model of
        :func:`dmil_core.load` is one. A torch module or a scikit-learn estimator of all columns
        side by side is made one by :mod:`dmil_core.posthoc.callables`.
    x1, x2, more
        Two to four inputs with a row for each sample: arrays, tensors, pandas tables or lists. Or
        a Dataset, or its name, alone: its test rows are explained, with its training rows as the
        background set.
    y
        (rows,) classes, as numbers from 0 or by name; without them figures are of the predicted
        class. Of a regression, target values.
    rows
        Positions of the samples to explain, or how many to draw; all (of a Dataset, all test rows)
        by default.
    background
        Positions of the rows that partners are drawn from, or how many to draw: of the rows that
        are not in ``rows``, where these are positions.
    partners
        Partners of each sample; rounded up to a multiple of 20.
    choice
        How they are drawn: ``marginal``, from all rows of the background set; ``class``, from rows
        of the sample's class; ``near``, from the rows nearest in the inputs that are kept.
    definition
        Of the redundant part: ``same-sign`` or ``ccs``.
    output
        ``logits``, ``probabilities`` or ``value``; by default what f's outputs look like.
    classes
        Names of the K classes in the order of f's columns.
    ids
        (rows,) names of all rows; their positions by default.
    batch
        Rows of a call of f; results do not depend on it.
    seed
        Of the draws.
    progress
        Called with the rows that f was evaluated on, and how many there will be.

    Raises
    ------
    DataError
        If inputs do not match, or there are too few rows.
    ConfigError
        If f returns something else than it should, or an option does not exist.
    """
    pointwise.check_definition(definition)
    f = wrapped(f)
    data = _given(f, x1, x2, more, y, rows, background, classes, ids, seed)
    inputs = data.inputs
    most = cost(len(data.rows), len(inputs), partners, len(data.background))
    counted = Counted(f, most, progress)
    raw = _evaluated(counted, inputs, data.rows, batch)
    function = Function.of(counted, raw, output)
    whole = function.scores(raw)
    data = data.with_classes(function)
    drawn = _drawn(data, function, whole, partners, choice, seed, batch)
    values = evaluate(function, inputs, whole, drawn, batch)
    alone, second = None, None
    if len(inputs) == FEWEST_INPUTS and function.output != "value" and choice != "class":
        alone = values.single
        if choice == "marginal":
            second = pointwise.alike(values, data.rows, length(inputs[0]), partners, seed)
        if second is not None:
            alone = tuple(probabilities(function, inputs, second, m, batch) for m in range(2))
    counted.finish()
    notes = _assumptions(choice, function, data, second, alone is not None)
    return _explanation(data, function, values, alone, definition, {
        "choice": choice, "partners": drawn.each, "background": len(data.background),
        "evaluations": counted.rows, "seed": seed, "assumptions": notes,
    })  # fmt: skip


@dataclass(frozen=True)
class _Given:
    """What is to be explained.

    Attributes
    ----------
    inputs : of all rows.
    rows, background : (N,) and (B,) positions.
    y : classes or values of all rows, or None.
    classes : names of the classes, where they are known.
    ids : (N,) of the samples.
    """

    inputs: tuple[Any, ...]
    rows: Ints
    background: Ints
    y: NDArray[Any] | None
    classes: tuple[str, ...] | None
    ids: NDArray[Any]

    @property
    def row_classes(self) -> Ints | None:
        """(N,) where ``y`` are classes."""
        return None if self.y is None or self.y.dtype.kind == "f" else self.y[self.rows]

    @property
    def background_classes(self) -> Ints | None:
        """(B,) where ``y`` are classes."""
        return None if self.y is None or self.y.dtype.kind == "f" else self.y[self.background]

    def with_classes(self, function: Function) -> _Given:
        """With ``y`` as numbers of f's columns, and the names of these.

        Raises
        ------
        DataError
            If labels and columns do not match.
        """
        if function.output == "value":
            y = None if self.y is None else _numbers(self.y)
            return replace(self, y=y, classes=())
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


def _given(
    f: Predict, x1: Any, x2: Any, more: tuple[Any, ...], y: ArrayLike | None,
    rows: int | ArrayLike | None, background: int | ArrayLike, classes: Sequence[str] | None,
    ids: Sequence[Any] | None, seed: int,
) -> _Given:  # fmt: skip
    if x2 is None and isinstance(x1, Dataset | str | Path):
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
    return _Given(inputs, samples, pool, labels, of_classes, names[samples])


def _of_dataset(
    f: Predict, data: Dataset | str | Path, rows: int | ArrayLike | None,
    background: int | ArrayLike, seed: int,
) -> _Given:  # fmt: skip
    if isinstance(f, Matching):
        dataset = f.matched(data)
    elif isinstance(data, Dataset):
        dataset = data
    else:
        from dmil_core.data.catalog import load_dataset

        dataset = load_dataset(data, purpose="predict")
    n, known = len(dataset), dataset.y >= 0
    test, train = dataset.rows("test"), dataset.rows("train")
    if known[test].any():
        test = test[known[test]]
    if not len(test):
        raise DataError(f"{dataset.name!r} has no test rows; name rows=... to be explained")
    samples = _positions(rows, test, n, seed, "rows")
    pool = _positions(background, train if len(train) else test, n, seed + 1, "background")
    all_known = known[samples].all() and known[pool].all()
    y = dataset.y if all_known else None
    ids = dataset.ids[samples]
    return _Given(dataset.inputs, samples, pool, y, dataset.classes, ids)


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


def _evaluated(f: Predict, inputs: Sequence[Any], rows: Ints, batch: int) -> Floats:
    """(n, K) raw outputs of some rows."""
    if batch < 1:
        raise ConfigError(f"batch: expected at least 1 row, got {batch}")
    parts: list[Floats] = []
    for start in range(0, len(rows), batch):
        some = rows[start : start + batch]
        width = parts[0].shape[1] if parts else None
        parts.append(called(f, [taken(x, some) for x in inputs], len(some), width))
    return np.concatenate(parts)


def _drawn(
    data: _Given, function: Function, whole: Floats, partners: int, choice: Choice, seed: int,
    batch: int,
) -> Plan:  # fmt: skip
    row_class, pool, features = data.row_classes, data.background_classes, []
    if choice == "class":
        if function.output == "value":
            raise ConfigError("partners of the same class need classes; f returns values")
        if row_class is None:
            row_class = whole.argmax(axis=1)
            pool = _evaluated(function.f, data.inputs, data.background, batch).argmax(axis=1)
    if choice == "near":
        features = [standardised(_features(x), data.background) for x in data.inputs]
    return plan(
        data.rows, data.background, len(data.inputs), partners, choice, seed, row_class, pool,
        features,
    )  # fmt: skip


def _features(x: Any) -> Floats:
    """(N, D) numbers to compare rows by: arrays flattened, texts as indicators of their words."""
    from dmil_core.information.sets import features

    array = np.asarray(x.detach().cpu() if hasattr(x, "detach") else x)
    if array.dtype.kind not in "fiubU":
        raise DataError("near partners need inputs of numbers or of texts; use marginal partners")
    return features(array)


# --- what is told --------------------------------------------------------------------------


def _explanation(
    data: _Given, function: Function, values: Values, alone: tuple[Floats, ...] | None,
    definition: Definition, about: dict[str, Any],
) -> Explanation:  # fmt: skip
    names = tuple(f"x{m + 1}" for m in range(len(data.inputs)))
    additive, found, of_all = emap(values), effects(values), shares(values)
    y = data.row_classes
    frame = _frame(data, function, additive, found, names)
    intervals: dict[str, Interval] = {}
    if y is not None and function.output != "value":
        intervals |= _accuracies(values, y)
    intervals["interaction_share"] = of_all.interactions
    if len(names) > FEWEST_INPUTS:
        intervals |= {f"pair_{_name(p)}": i for p, i in of_all.pairs.items()}
    intervals |= {f"variance_{_name(t)}": i for t, i in of_all.variance.items()}
    if alone is not None:
        columns, of_means = _information(data, function, values, alone, definition)
        frame = pd.concat([frame, columns], axis=1)
        intervals |= of_means
    first, second = of_all.strongest
    return Explanation(
        inputs=names,
        classes=data.classes or (),
        accuracy=_value(intervals, "accuracy"),
        emap_accuracy=_value(intervals, "emap_accuracy"),
        interaction_share=of_all.interactions.value,
        pair=(names[first], names[second]),
        intervals=intervals,
        frame=frame,
        **about,
    )


def _value(intervals: dict[str, Interval], name: str) -> float | None:
    return intervals[name].value if name in intervals else None


def _name(inputs: Subset) -> str:
    return "_".join(f"x{m + 1}" for m in inputs)


def _frame(
    data: _Given, function: Function, additive: Emap, found: Effects, names: tuple[str, ...]
) -> pd.DataFrame:
    best = additive.model.argmax(axis=1)
    rows = np.arange(len(best))
    columns: dict[str, Any] = {"id": data.ids.astype(object)}
    if function.output == "value":
        if data.y is not None:
            columns["y"] = data.y[data.rows]
    else:
        labels = np.array(data.classes, dtype=object)
        of_additive = additive.additive.argmax(axis=1)
        y = data.row_classes
        if y is not None:
            columns["y"] = labels[y]
        columns |= {"pred": labels[best], "emap_pred": labels[of_additive]}
        if y is not None:
            columns |= {"correct": best == y, "emap_correct": of_additive == y}
    columns["score"] = additive.model[rows, best]
    columns["emap"] = additive.additive[rows, best]
    columns["residual"] = additive.residual[rows, best]
    columns |= {f"main_{n}": e[rows, best] for n, e in zip(names, found.main, strict=True)}
    pairs = pairs_of(len(names))
    columns |= {f"pair_{_name(p)}": e[rows, best] for p, e in zip(pairs, found.pairs, strict=True)}
    columns["interaction_share"] = found.share
    if len(pairs) > 1:
        strongest = np.abs(found.pairs).sum(axis=2).argmax(axis=0)
        columns["strongest_pair"] = np.array([_name(p) for p in pairs], dtype=object)[strongest]
    return pd.DataFrame(columns)


def _accuracies(values: Values, y: Ints) -> dict[str, Interval]:
    model, additive = (flags.astype(np.float64) for flags in emap(values).correct(y))
    every = np.arange(values.groups)
    left_out = np.array([emap(values, every != g).correct(y)[1].mean() for g in every])
    low, high = wilson(float(model.sum()), len(y))
    return {
        "accuracy": Interval(float(model.mean()), low, high),
        "emap_accuracy": two_way(float(additive.mean()), additive, left_out, 0.0, 1.0),
    }


def _information(
    data: _Given, function: Function, values: Values, alone: tuple[Floats, ...], definition: Definition
) -> tuple[pd.DataFrame, dict[str, Interval]]:
    """Columns of the frame, and means with their intervals."""
    p12 = np.exp(function.log_probabilities(values.whole))
    y, known = data.row_classes, data.background_classes
    # Without classes the prior is what the model itself makes of all samples together.
    prior = p12.mean(axis=0) if known is None else pointwise.frequencies_of(known, p12.shape[1])
    of_class = p12.argmax(axis=1) if y is None else y
    whole, without = pointwise.from_partners(alone[0], alone[1], p12, of_class, prior, definition)
    columns = pd.DataFrame({**whole.columns(), "largest": whole.largest().astype(object)})
    means = {
        name: two_way(
            float(columns[name].mean()),
            columns[name].to_numpy(np.float64),
            np.array([getattr(w, name).mean() for w in without]),
        )
        for name in QUANTITIES
    }
    return columns, means


_OF_CHOICE: Final[dict[Choice, str]] = {
    "marginal": (
        "Partners are drawn whatever the sample is. Where inputs depend on each other, the model "
        "is also asked about combinations that do not occur, which it was not trained on."
    ),
    "class": (
        "Partners are rows of the sample's class: what inputs say about the class is in their "
        "mean, and effects are those within a class. Combinations within a class may still not "
        "occur."
    ),
    "near": (
        "Partners are the rows nearest in the inputs that are kept, so that combinations are "
        "nearly those that occur. An input then also speaks for inputs that depend on it, and even "
        "an additive model has interactions."
    ),
}


def _assumptions(
    choice: Choice, function: Function, data: _Given, second: Plan | None, information: bool
) -> tuple[str, ...]:
    result = [_OF_CHOICE[choice]]
    if choice == "class":
        result.append("Information is left out: partners of the sample's class give it away.")
    if information:
        result.append(
            "Information is what the model's probabilities imply, as if they were calibrated."
        )
    if information and choice == "marginal":
        result.append(
            f"For it, each sample has {second.each} more partners among the samples: those whose "
            "own input the model answers alike."
            if second is not None
            else "With fewer than 200 samples it rests on partners drawn whatever the sample is, "
            "and what both inputs say is underestimated."
        )
    if data.row_classes is None and function.output != "value":
        result.append("No classes are known: figures are of the predicted class.")
    result.append(
        "Intervals cover the samples and the choice of the background set, not another training."
    )
    return tuple(result)


def _html(of: Explanation) -> str:
    """HTML of a few KB without scripts; colours are the page's."""
    lines = [("samples", f"{len(of):,}", "")]
    for name, title in (
        ("accuracy", "accuracy"),
        ("emap_accuracy", "accuracy of the best additive approximation (EMAP)"),
        ("interaction_share", "share of interactions among all effects"),
    ):
        if name in of.intervals:
            i = of.intervals[name]
            lines.append((title, f"{i.value:.1%}", _between(i, ".1%")))
    if len(of.inputs) > FEWEST_INPUTS:
        share = of.intervals[f"pair_{'_'.join(of.pair)}"]
        lines.append((f"share of {' with '.join(of.pair)}, the strongest pair",
                      f"{share.value:.1%}", _between(share, ".1%")))  # fmt: skip
    for part in PARTS:
        if part in of.intervals:
            i = of.intervals[part].scaled(1.0 / _NATS_PER_BIT)
            lines.append((f"{part.upper()}, mean, bits", f"{i.value:+.2f}", _between(i, "+.2f")))
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left">{escape(title)}</th><td>{value}</td>'
        f"<td>{interval}</td></tr>"
        for title, value, interval in lines
    )
    notes = "".join(f"<li>{escape(text)}</li>" for text in of.assumptions)
    return (
        '<table style="color:inherit;background:transparent;font-variant-numeric:tabular-nums">'
        f'<caption style="text-align:left;color:inherit">Inputs {escape(", ".join(of.inputs))}, '
        f"{of.partners} {of.choice} partners for each sample</caption><thead><tr>"
        '<th scope="col"></th><th scope="col">value</th><th scope="col">95 % interval</th></tr>'
        f"</thead><tbody>{rows}</tbody></table><ul>{notes}</ul>"
    )


def _between(interval: Interval, form: str) -> str:
    if not np.isfinite(interval.low):
        return ""
    return f"{interval.low:{form}} to {interval.high:{form}}"
