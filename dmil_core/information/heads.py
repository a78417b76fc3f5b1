"""Pointwise mutual information from a trained model's own heads, in nats.

From a prediction table: q(y|x1) and q(y|x2) by the unimodal heads, q(y|x1,x2) by the final
prediction. Each of the three is calibrated by one temperature, chosen on validation rows.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from dmil_core import schema
from dmil_core.errors import ConfigError
from dmil_core.metrics import scores
from dmil_core.metrics.calibration import best_temperature
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import Definition, Pointwise, split

#: Smaller probabilities are raised to it; tables hold float32.
LEAST_PROBABILITY: Final = 1e-12


@dataclass(frozen=True)
class Calibration:
    """Calibration of the probabilities of one head.

    Attributes
    ----------
    temperature : what its logits are divided by, from validation rows.
    before, after : accuracy by confidence on test rows, without and with the temperature.
    """

    temperature: float
    before: scores.Reliability
    after: scores.Reliability


@dataclass(frozen=True)
class Fit:
    """What turns probabilities of heads into information.

    Attributes
    ----------
    log_prior : (K,) log p(y), in nats.
    calibration : of x1's head, x2's head and the final prediction.
    """

    log_prior: Floats
    calibration: tuple[Calibration, Calibration, Calibration]


@dataclass(frozen=True)
class Heads:
    """Pointwise information of a table's rows, and what it was computed with."""

    rows: Pointwise
    fit: Fit


def has_two_heads(columns: Container[str]) -> bool:
    """Whether a table with these columns is of a model with a head for each of two inputs."""
    heads = [m for m in schema.MODALITY_NUMBERS if schema.unimodal_pred(m) in columns]
    return len(heads) == schema.FEWEST_MODALITIES


def from_heads(
    table: pd.DataFrame, classes: tuple[str, ...], definition: Definition = "same-sign"
) -> Heads:
    """Decompose the pointwise mutual information that the heads of a model imply, row by row.

    i(x;y) = log q(y|x) - log p(y), with p(y) the class frequencies (plus one count each) among
    training rows. The model was fitted to the labels of its training rows, so their values do not
    carry over to other rows.

    Raises
    ------
    ConfigError
        If the model has no head for each of two inputs, there are no training or validation rows,
        or the definition needs densities of the inputs, which no classifier has.
    """
    if not has_two_heads(table.columns):
        raise ConfigError("this model has no heads of two single inputs; choose one that does")
    if definition == "lsmi":
        raise ConfigError("lsmi compares densities of the inputs, which a classifier does not have")
    split_of = table["split"].to_numpy()
    if not {"train", "val"} <= set(split_of):
        raise ConfigError("training rows for the prior and validation rows to calibrate are needed")
    y = pd.Index(classes).get_indexer(pd.Index(table["y"]))
    counts = np.bincount(y[split_of == "train"], minlength=len(classes)) + 1.0
    log_prior = np.log(counts / counts.sum())
    val, test = split_of == "val", split_of == "test"
    p = table[columns_of_heads(classes)].to_numpy(np.float64)
    calibration = []
    for log_p in np.split(_logs(p), 3, axis=1):
        t = best_temperature(log_p[val], y[val])
        log_q = log_softmax(log_p[test] / t, axis=1)
        before, after = (_reliability(q, y[test]) for q in (log_p[test], log_q))
        calibration.append(Calibration(t, before, after))
    first, second, both = calibration
    fit = Fit(log_prior, (first, second, both))
    return Heads(pointwise(p, y, fit, definition), fit)


def columns_of_heads(classes: tuple[str, ...]) -> list[str]:
    """The 3K columns of a table that its heads' information is read from, as `pointwise` takes
    them: the probabilities by x1's head, by x2's, and the final ones."""
    return [
        *(schema.unimodal_prob(1, c) for c in classes),
        *(schema.unimodal_prob(2, c) for c in classes),
        *(schema.prob(c) for c in classes),
    ]


def pointwise(
    p: Floats, y: NDArray[np.integer[Any]], fit: Fit, definition: Definition = "same-sign"
) -> Pointwise:
    """Pointwise information of rows, in nats, by what :func:`from_heads` found of a table.

    Parameters
    ----------
    p
        (N, 3K) the columns of :func:`columns_of_heads`.
    y
        (N,) classes.
    fit
        Of the table that they are of.
    """
    rows, prior = np.arange(len(y)), fit.log_prior[y]
    # Classes first: sums along short rows take several times as long.
    logs = np.split(_logs(np.ascontiguousarray(p.T)), 3)
    i1, i2, i12 = (
        log_softmax(log_p / head.temperature, axis=0)[y, rows] - prior
        for log_p, head in zip(logs, fit.calibration, strict=True)
    )
    return split(i1, i2, i12, definition)


def _logs(p: Floats) -> Floats:
    return np.log(np.maximum(p, LEAST_PROBABILITY))


def _reliability(log_p: Floats, y: NDArray[np.int64]) -> scores.Reliability:
    p = np.exp(log_p)
    return scores.reliability(p.max(axis=1), p.argmax(axis=1) == y)
