"""What is known of the class of each row with and without an input, in log probabilities.

Notation: N rows, K classes, M inputs; x_m is input m and x_-m all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from dmil_core import schema
from dmil_core.data.dataset import Dataset
from dmil_core.errors import ConfigError, DataError
from dmil_core.information.estimator import PointwiseInformation
from dmil_core.information.heads import LEAST_PROBABILITY
from dmil_core.information.refits import REFITS, SHARES, Refits, check_refits, refit
from dmil_core.information.sets import Features
from dmil_core.metrics.calibration import best_temperature
from dmil_core.partial_information.pmf import Floats
from dmil_core.schema import modality_numbers

#: Smaller propensities are raised to it: a single row would else decide.
LEAST_PROPENSITY: Final = 0.02
_UNCALIBRATED: Final = (
    "there are no validation rows, so the probabilities are taken as they are; a model that is too "
    "sure makes an input look worth less"
)


@dataclass(frozen=True, eq=False)
class Without:
    """What is known without one input.

    Attributes
    ----------
    log_q : (N, K) log q(y | x_-m), in nats.
    fit_error : root mean square error of the mean of log q(y | x) - log q(y | x_-m) by the fit of
        the networks, in nats; 0 where the posteriors are those of a given model.
    """

    log_q: Floats
    fit_error: float = 0.0


@dataclass(frozen=True, eq=False)
class Corrected:
    """Posteriors as they would be if no row lacked an input.

    Attributes
    ----------
    weights : (N,) inverse propensities of the rows to have all inputs, of mean 1.
    log_q : (N, K) log q(y | x), in nats.
    without : of each input (N, K) log q(y | x_-m).
    """

    weights: Floats
    log_q: Floats
    without: tuple[Floats, ...]


@dataclass(frozen=True, eq=False)
class Known:
    """Posteriors of N rows that none of the models was trained on.

    Attributes
    ----------
    names : of the M inputs.
    classes : names of the K classes.
    y : (N,) index of each row's class.
    log_q : (N, K) log q(y | x) of all inputs together, in nats.
    without : of each input.
    ids : (N,).
    group : (N,) rows of a group, such as a person, are not independent; None without groups.
    by : name -> (N,) what rows can be told apart by.
    source : "data" for networks fitted to it, "model" for the predictions of one.
    fitted : whether errors include the fit.
    notes : what is to be said about the posteriors.
    corrected : the same for all rows, where some lack an input and are left out here; None where
        none does, or where nothing is known of them.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    y: NDArray[np.int64]
    log_q: Floats
    without: tuple[Without, ...]
    ids: NDArray[np.str_]
    group: NDArray[Any] | None = None
    by: dict[str, NDArray[Any]] = field(default_factory=dict)
    source: str = "data"
    fitted: bool = False
    notes: tuple[str, ...] = ()
    corrected: Corrected | None = None


@dataclass(frozen=True, eq=False)
class _Rows:
    """What networks are fitted to: features of each input (N, D), names of classes (N,), groups."""

    inputs: list[Floats]
    y: NDArray[Any]
    group: NDArray[Any] | None
    classes: tuple[str, ...]

    def of(self, rows: NDArray[np.int64]) -> _Rows:
        """Some of the rows, as often as they are named; copies are one group."""
        group = rows if self.group is None else self.group[rows]
        return _Rows([x[rows] for x in self.inputs], self.y[rows], group, self.classes)


class _Work:
    """How much of the fitting is done, in fits to all rows: one to a part counts as the part."""

    def __init__(
        self, inputs: int, refits: int, corrected: bool, progress: Callable[[float], None] | None
    ) -> None:
        fits = 1 if inputs == schema.FEWEST_MODALITIES else inputs
        self._all = fits * (1.0 + refits * SHARES[0]) + (1.0 + fits if corrected else 0.0)
        self._done, self._progress = 0.0, progress

    def fit(self) -> None:
        """A fit to all rows is done."""
        self._step(1.0)

    def refit(self) -> None:
        """A fit to a part of the rows is done."""
        self._step(SHARES[0])

    def end(self) -> None:
        """All is done, also where a refit was left out."""
        self._step(self._all)

    def _step(self, work: float) -> None:
        self._done = min(self._done + work, self._all)
        if self._progress is not None:
            self._progress(self._done / self._all)


def from_data(
    dataset: Dataset, seed: int = 0, refits: int = REFITS,
    progress: Callable[[float], None] | None = None,
) -> Known:  # fmt: skip
    """Posteriors of small calibrated networks, each row by networks not trained on it.

    Of two inputs one estimator has all that is needed; of three, one is fitted for each input, to
    that input and the other two side by side.

    Where rows lack an input (:mod:`dmil_core.data.absent`), the worth is that among the rows that
    have all of them. These may differ from the others: each is weighted by the inverse of its
    propensity to have all inputs, given its class and q(y | x_a) of the inputs a that every row
    has (Horvitz, Thompson, JASA 1952; Rosenbaum, Rubin, Biometrika 1983). Networks are fitted again
    to as many complete rows drawn by these weights.

    Parameters
    ----------
    refits : fits to parts of the rows, for the error by the fit; a multiple of 4, or 0 for none.
    progress : called with the share of the work that is done, 0 to 1.

    Raises
    ------
    DataError
        If there are too few rows, in all or of a class.
    ConfigError
        If ``refits`` is no multiple of 4.
    """
    return with_networks(dataset, seed, refits, progress)[0]


def with_networks(
    dataset: Dataset, seed: int = 0, refits: int = REFITS,
    progress: Callable[[float], None] | None = None,
) -> tuple[Known, Networks]:  # fmt: skip
    """The same as :func:`from_data`, and the networks, for other rows."""
    check_refits(refits)
    names = np.array(dataset.classes)[dataset.y]
    of_inputs = tuple(Features(x) for x in dataset.inputs)
    inputs = [f.of(x) for f, x in zip(of_inputs, dataset.inputs, strict=True)]
    every = _Rows(inputs, names, dataset.group, dataset.classes)
    complete = dataset.complete
    numbers = modality_numbers(dataset.modalities)
    everywhere = [m - 1 for m in numbers if dataset.lacks(m) is None]
    rows = np.flatnonzero(complete)
    whole = complete.all()
    some = every if whole else replace(every.of(rows), group=_of_rows(dataset.group, rows))
    work = _Work(dataset.modalities, refits, not whole and bool(everywhere), progress)
    fitted = _Fitted.to(some, seed, refits, work)
    log_q, without = fitted.known(some.inputs)
    notes: tuple[str, ...] = ()
    corrected = None
    if not whole:
        weights = _weights(every, complete, everywhere, seed) if everywhere else None
        work.fit()
        notes = (_about(len(rows), len(dataset), weights is not None),)
        corrected = None if weights is None else _corrected(some, weights[rows], seed, work)
    work.end()
    known = Known(
        names=tuple(m.name for m in dataset.card.modalities),
        classes=dataset.classes,
        y=dataset.y[rows].astype(np.int64),
        log_q=log_q,
        without=without,
        ids=dataset.ids[rows],
        group=_of_rows(dataset.group, rows),
        by={name: values[rows] for name, values in _told_apart(dataset).items()},
        source="data",
        fitted=fitted.with_errors,
        notes=notes,
        corrected=corrected,
    )
    return known, Networks(of_inputs, fitted)


class Networks:
    """Networks that were fitted to some rows of a set, for others of the same classes."""

    def __init__(self, features_: tuple[Features, ...], fitted: _Fitted) -> None:
        self._features, self._fitted = features_, fitted

    def known(self, dataset: Dataset) -> Known:
        """What is known of rows that have all inputs; rows of the fit are recognised."""
        inputs = [f.of(x) for f, x in zip(self._features, dataset.inputs, strict=True)]
        log_q, without = self._fitted.known(inputs)
        return Known(
            tuple(m.name for m in dataset.card.modalities), dataset.classes,
            dataset.y.astype(np.int64), log_q, without, dataset.ids, dataset.group,
            _told_apart(dataset), "data", self._fitted.with_errors,
        )  # fmt: skip


def _of_rows(values: NDArray[Any] | None, rows: NDArray[np.int64]) -> NDArray[Any] | None:
    return None if values is None else values[rows]


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Estimators: of two inputs one, of three one for each input; and refits of each."""

    estimators: tuple[PointwiseInformation, ...]
    refits: tuple[Refits, ...]
    classes: tuple[str, ...]

    @classmethod
    def to(cls, fit: _Rows, seed: int, refits: int, work: _Work) -> _Fitted:
        """Fitted to these rows."""
        pairs = [(fit.inputs[0], fit.inputs[1])]
        if len(fit.inputs) > schema.FEWEST_MODALITIES:
            pairs = [(_others(fit.inputs, m), x) for m, x in enumerate(fit.inputs)]
        found = [_fitted(x1, x2, fit, seed, refits, work) for x1, x2 in pairs]
        estimators, again = zip(*found, strict=True)
        return cls(estimators, again, fit.classes)

    @property
    def with_errors(self) -> bool:
        """Whether errors by the fit are known."""
        return all(len(again.differences) > 1 for again in self.refits)

    def known(self, inputs: Sequence[Floats]) -> tuple[Floats, tuple[Without, ...]]:
        """log q(y | x) and what is known without each input, of rows (N, D) of each input."""
        if not len(inputs[0]):
            nothing = np.empty((0, len(self.classes)))
            return nothing, tuple(Without(nothing) for _ in inputs)
        if len(inputs) == schema.FEWEST_MODALITIES:
            log_q = self._log_q(0, inputs[0], inputs[1])
            (again,) = self.refits
            without = (
                Without(log_q[1], _fit_error(again, {"i12": 1.0, "i2": -1.0})),
                Without(log_q[0], _fit_error(again, {"i12": 1.0, "i1": -1.0})),
            )
            return log_q[2], without
        each, full = [], []
        for m, again in enumerate(self.refits):
            log_q = self._log_q(m, _others(inputs, m), inputs[m])
            each.append(Without(log_q[0], _fit_error(again, {"i12": 1.0, "i1": -1.0})))
            full.append(log_q[2])
        # What all say together is the mean of the three fits.
        return log_softmax(np.mean(full, axis=0), axis=1), tuple(each)

    def _log_q(self, number: int, x1: Floats, x2: Floats) -> Floats:
        estimator = self.estimators[number]
        log_q: Floats = estimator.log_posteriors(x1, x2)[:, :, _order(estimator, self.classes)]
        return log_q


def _others(inputs: Sequence[Floats], m: int) -> Floats:
    return np.concatenate([x for i, x in enumerate(inputs) if i != m], axis=1)


def _fitted(
    x1: Floats, x2: Floats, rows: _Rows, seed: int, refits: int, work: _Work
) -> tuple[PointwiseInformation, Refits]:
    estimator = PointwiseInformation(seed=seed).fit(x1, x2, rows.y, rows.group)
    work.fit()
    return estimator, refit(estimator, x1, x2, rows.y, rows.group, refits=refits, step=work.refit)


def _fit_error(refits: Refits, weights: dict[str, float]) -> float:
    if len(refits.differences) < 2:
        return 0.0
    return refits.error(weights, refits.definitions[0]).root_mean_square


def _order(estimator: PointwiseInformation, classes: tuple[str, ...]) -> NDArray[np.int64]:
    """Position of each class of a set among those of the estimator, which are sorted."""
    known = {str(c): k for k, c in enumerate(estimator.classes_.tolist())}
    if lacking := [c for c in classes if c not in known]:
        raise DataError(f"no row is of class {lacking[0]!r}; leave the class out of the card")
    return np.asarray([known[c] for c in classes], dtype=np.int64)


# --- rows that lack an input -----------------------------------------------------------------


def _about(complete: int, rows: int, corrected: bool) -> str:
    share = f"{rows - complete:,} of {rows:,} rows lack an input"
    if not corrected:
        return f"{share}, and no input is in every row: the worth is that among complete rows"
    return (
        f"{share}; the corrected worth weights complete rows by their propensity to be complete, "
        "given the class and what the other inputs say"
    )


def _weights(every: _Rows, complete: NDArray[np.bool_], everywhere: list[int], seed: int) -> Floats:
    """(N,) 1 / P(complete | y, q(y | x_a)), of mean 1 over the complete rows."""
    from sklearn.linear_model import LogisticRegression

    x = np.concatenate([every.inputs[m] for m in everywhere], axis=1)
    # The estimator is of two inputs: the other one says nothing.
    nothing = np.zeros((len(x), 1))
    estimator = PointwiseInformation(seed=seed).fit(x, nothing, every.y, every.group)
    log_q = estimator.log_posteriors(x, nothing)[0]
    classes = np.asarray(every.classes)
    design = np.concatenate([every.y[:, None] == classes[None, :], log_q], axis=1)
    scale = design.std(axis=0)
    design = (design - design.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    model = LogisticRegression(max_iter=1000).fit(design, complete)
    propensity = np.maximum(model.predict_proba(design)[:, 1], LEAST_PROPENSITY)
    weights: Floats = 1.0 / propensity
    return weights / weights[complete].mean()


def _corrected(some: _Rows, weights: Floats, seed: int, work: _Work) -> Corrected:
    """The posteriors of complete rows by networks fitted to rows drawn by their weight."""
    generator = np.random.default_rng([seed, 17])
    drawn = generator.choice(len(weights), len(weights), p=weights / weights.sum())
    log_q, without = _Fitted.to(some.of(drawn), seed, 0, work).known(some.inputs)
    return Corrected(weights, log_q, tuple(w.log_q for w in without))


def from_table(
    table: pd.DataFrame, classes: tuple[str, ...], names: tuple[str, ...],
    dataset: Dataset | None = None,
) -> Known:  # fmt: skip
    """Posteriors by the heads of a model, of its test rows, each calibrated by one temperature on
    its validation rows; as they are where there are none of these.

    Parameters
    ----------
    table : a prediction table of a model with a head for each of two inputs.
    names : of the inputs.
    dataset : the set of the rows, for groups and flags.

    Raises
    ------
    ConfigError
        If the model has no such heads, or there are three inputs: heads of single inputs do not say
        what two of three know.
    DataError
        If there are no test rows with a class.
    """
    if len(names) != schema.FEWEST_MODALITIES:
        raise ConfigError(
            f"the worth of one of {len(names)} inputs needs models of the other two, and a model "
            "has heads of single inputs; estimate it from the data: --data"
        )
    columns = [[schema.unimodal_prob(m, c) for c in classes] for m in modality_numbers(len(names))]
    if lacking := [c for each in columns for c in each if c not in table]:
        raise ConfigError(
            f"the predictions have no column {lacking[0]!r}: the worth of an input needs models of "
            "each input alone. Add their probabilities as px1_<class> and px2_<class>, or estimate "
            "the worth from the data: --data"
        )
    index = {name: k for k, name in enumerate(classes)}
    judged, notes = table[table["y"].isin(index)], list[str]()
    if dataset is not None and not (complete := dataset.complete).all():
        left = judged["id"].isin(dataset.ids[~complete])
        judged = judged[~left]
        notes.append(f"{int(left.sum()):,} rows lack an input and are left out")
    val, test = judged[judged["split"] == "val"], judged[judged["split"] == "test"]
    if not len(test):
        raise DataError(
            "the predictions have no test rows with a class; the worth of an input is measured on "
            "rows that the model was not trained on"
        )
    y: dict[str, NDArray[Any]] = {
        n: t["y"].map(index).to_numpy(np.int64) for n, t in (("val", val), ("test", test))
    }
    if not len(val):
        notes.append(_UNCALIBRATED)

    def calibrated(of: list[str]) -> Floats:
        log_val, log_test = (
            np.log(np.maximum(t[of].to_numpy(np.float64), LEAST_PROBABILITY)) for t in (val, test)
        )
        temperature = best_temperature(log_val, y["val"]) if len(val) else 1.0
        result: Floats = log_softmax(log_test / temperature, axis=1)
        return result

    alone = [calibrated(of) for of in columns]
    ids = test["id"].to_numpy(str)
    group, by = None, {}
    if dataset is not None:
        place = {i: row for row, i in enumerate(dataset.ids.tolist())}
        rows = np.asarray([place[i] for i in ids.tolist()], dtype=np.int64)
        group = None if dataset.group is None else dataset.group[rows]
        by = {name: values[rows] for name, values in _told_apart(dataset).items()}
    return Known(
        names, classes, y["test"], calibrated([schema.prob(c) for c in classes]),
        (Without(alone[1]), Without(alone[0])), ids, group, by, "model", False, tuple(notes),
    )  # fmt: skip


def _told_apart(dataset: Dataset) -> dict[str, NDArray[Any]]:
    """What rows of a set can be told apart by, beside their class."""
    result: dict[str, NDArray[Any]] = {}
    if dataset.group is not None:
        result["group"] = np.asarray(dataset.group).astype(str)
    if dataset.interaction_type is not None:
        result[schema.INTERACTION_TYPE] = np.asarray(dataset.interaction_type).astype(str)
    for name, values in dataset.flags.items():
        result[name] = np.where(np.asarray(values), "yes", "no")
    return result
