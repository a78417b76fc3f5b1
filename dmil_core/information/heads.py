"""Pointwise mutual information from a trained model's own heads, in nats.

From a prediction table: q(y|x1) and q(y|x2) by the unimodal heads, q(y|x1,x2) by the final
prediction. Each of the three is calibrated by one temperature, chosen on validation rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
class Heads:
    """Pointwise information of a table's rows, and the calibration of x1's head, x2's head and the
    final prediction."""

    rows: Pointwise
    calibration: tuple[Calibration, Calibration, Calibration]


def has_two_heads(columns: pd.Index) -> bool:
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
    index = {name: k for k, name in enumerate(classes)}
    y = table["y"].map(index).to_numpy(dtype=np.int64)
    counts = np.bincount(y[split_of == "train"], minlength=len(classes)) + 1.0
    log_prior = np.log(counts / counts.sum())
    val, test = split_of == "val", split_of == "test"
    information, calibration = [], []
    for columns in (
        [schema.unimodal_prob(1, c) for c in classes],
        [schema.unimodal_prob(2, c) for c in classes],
        [schema.prob(c) for c in classes],
    ):
        p = table[columns].to_numpy(np.float64)
        log_p = np.log(np.maximum(p, LEAST_PROBABILITY))
        t = best_temperature(log_p[val], y[val])
        log_q = log_softmax(log_p / t, axis=1)
        information.append(log_q[np.arange(len(y)), y] - log_prior[y])
        before, after = (_reliability(q[test], y[test]) for q in (log_p, log_q))
        calibration.append(Calibration(t, before, after))
    first, second, both = calibration
    return Heads(
        split(information[0], information[1], information[2], definition), (first, second, both)
    )


def _reliability(log_p: Floats, y: NDArray[np.int64]) -> scores.Reliability:
    p = np.exp(log_p)
    return scores.reliability(p.max(axis=1), p.argmax(axis=1) == y)
