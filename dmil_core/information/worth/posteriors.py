"""What is known of the class of each row with and without an input, in log probabilities.

Notation: N rows, K classes, M inputs; x_m is input m and x_-m all others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
from dmil_core.information.refits import REFITS, Refits, check_refits, refit
from dmil_core.information.sets import features
from dmil_core.metrics.calibration import best_temperature
from dmil_core.partial_information.pmf import Floats
from dmil_core.schema import modality_numbers

#: Where posteriors come from: networks fitted to the data, or the predictions of a model.
SOURCES: Final = ("data", "model")
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
    source : of `SOURCES`.
    fitted : whether errors include the fit.
    notes : what is to be said about the posteriors.
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


def from_data(dataset: Dataset, seed: int = 0, refits: int = REFITS) -> Known:
    """Posteriors of small calibrated networks, each row by networks not trained on it.

    Of two inputs one estimator has all that is needed; of three, one is fitted for each input, to
    that input and the other two side by side.

    Parameters
    ----------
    refits : fits to parts of the rows, for the error by the fit; a multiple of 4, or 0 for none.

    Raises
    ------
    DataError
        If there are too few rows, in all or of a class.
    ConfigError
        If ``refits`` is no multiple of 4.
    """
    check_refits(refits)
    inputs = [features(x) for x in dataset.inputs]
    y = np.array(dataset.classes)[dataset.y]
    if len(inputs) == schema.FEWEST_MODALITIES:
        estimator, again = _fitted(inputs[0], inputs[1], y, dataset.group, seed, refits)
        log_q = estimator.log_posteriors(inputs[0], inputs[1])
        full = log_q[2]
        without: tuple[Without, ...] = (
            Without(log_q[1], _fit_error(again, {"i12": 1.0, "i2": -1.0})),
            Without(log_q[0], _fit_error(again, {"i12": 1.0, "i1": -1.0})),
        )
        order = _order(estimator, dataset.classes)
        fitted = len(again.differences) > 1
    else:
        without, full, order, fitted = _of_three(inputs, y, dataset, seed, refits)
    return Known(
        names=tuple(m.name for m in dataset.card.modalities),
        classes=dataset.classes,
        y=dataset.y.astype(np.int64),
        log_q=full[:, order],
        without=tuple(Without(w.log_q[:, order], w.fit_error) for w in without),
        ids=dataset.ids,
        group=dataset.group,
        by=_told_apart(dataset),
        source="data",
        fitted=fitted,
    )


def _of_three(
    inputs: list[Floats], y: NDArray[Any], dataset: Dataset, seed: int, refits: int
) -> tuple[tuple[Without, ...], Floats, NDArray[np.int64], bool]:
    """Of each input, what is known without it; what all say is the mean of the three fits."""
    without, whole, fitted = [], [], True
    for m in range(len(inputs)):
        rest = np.concatenate([x for i, x in enumerate(inputs) if i != m], axis=1)
        estimator, again = _fitted(rest, inputs[m], y, dataset.group, seed, refits)
        log_q = estimator.log_posteriors(rest, inputs[m])
        without.append(Without(log_q[0], _fit_error(again, {"i12": 1.0, "i1": -1.0})))
        whole.append(log_q[2])
        fitted = fitted and len(again.differences) > 1
    mean = log_softmax(np.mean(whole, axis=0), axis=1)
    return tuple(without), mean, _order(estimator, dataset.classes), fitted


def _fitted(
    x1: Floats, x2: Floats, y: NDArray[Any], group: NDArray[Any] | None, seed: int, refits: int
) -> tuple[PointwiseInformation, Refits]:
    estimator = PointwiseInformation(seed=seed).fit(x1, x2, y, group)
    return estimator, refit(estimator, x1, x2, y, group, refits=refits)


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
    judged = table[table["y"].isin(index)]
    val, test = judged[judged["split"] == "val"], judged[judged["split"] == "test"]
    if not len(test):
        raise DataError(
            "the predictions have no test rows with a class; the worth of an input is measured on "
            "rows that the model was not trained on"
        )
    y: dict[str, NDArray[Any]] = {
        n: t["y"].map(index).to_numpy(np.int64) for n, t in (("val", val), ("test", test))
    }
    notes = () if len(val) else (_UNCALIBRATED,)

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
        (Without(alone[1]), Without(alone[0])), ids, group, by, "model", False, notes,
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
