"""What a trained model's own heads say of a sample, in nats, beside its gate and contributions.

From a prediction table: the heads of one input each, and the final answer for both. Each of the
three is calibrated by one temperature, chosen on validation rows.
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

#: A probability below this is taken for it; tables hold 24 bits of each.
LEAST_PROBABILITY: Final = 1e-12


@dataclass(frozen=True)
class Calibration:
    """How far to trust the probabilities of one head, on test rows.

    Attributes
    ----------
    temperature : what its logits are divided by, from validation rows.
    before, after : how often answers of a confidence are right, without and with it.
    """

    temperature: float
    before: scores.Reliability
    after: scores.Reliability


@dataclass(frozen=True)
class Heads:
    """Rows of a table in its order, and the calibration of x1's head, x2's and the answer."""

    rows: Pointwise
    calibration: tuple[Calibration, Calibration, Calibration]


def can_tell(columns: pd.Index) -> bool:
    """Whether a table with these columns is of a model with a head for each of two inputs."""
    held = [m for m in schema.MODALITY_NUMBERS if schema.unimodal_pred(m) in columns]
    return len(held) == schema.FEWEST_MODALITIES


def from_heads(
    table: pd.DataFrame, classes: tuple[str, ...], definition: Definition = "same-sign"
) -> Heads:
    """Split what the heads of a model say of each row of its prediction table.

    i(x;y) = log q(y|x) - log p(y), with p(y) the shares of the classes among training rows. Of
    training rows the model knows the label: what it says of them says little of others.

    Raises
    ------
    ConfigError
        If the model has no head for each of two inputs, there are no training or validation rows,
        or the definition needs densities of the inputs, which no classifier has.
    """
    if not can_tell(table.columns):
        raise ConfigError("this model has no heads of two single inputs; choose one that does")
    if definition == "lsmi":
        raise ConfigError("lsmi compares densities of the inputs, which a classifier does not have")
    split_of = table["split"].to_numpy()
    if not {"train", "val"} <= set(split_of):
        raise ConfigError("training rows for the prior and validation rows to calibrate are needed")
    place = {name: k for k, name in enumerate(classes)}
    y = table["y"].map(place).to_numpy(dtype=np.int64)
    shares = np.bincount(y[split_of == "train"], minlength=len(classes)) + 1.0
    log_prior = np.log(shares / shares.sum())
    val, test = split_of == "val", split_of == "test"
    told, calibration = [], []
    for columns in (
        [schema.unimodal_prob(1, c) for c in classes],
        [schema.unimodal_prob(2, c) for c in classes],
        [schema.prob(c) for c in classes],
    ):
        p = table[columns].to_numpy(np.float64)
        log_p = np.log(np.maximum(p, LEAST_PROBABILITY))
        t = best_temperature(log_p[val], y[val])
        log_q = log_softmax(log_p / t, axis=1)
        told.append(log_q[np.arange(len(y)), y] - log_prior[y])
        before, after = (_reliability(q[test], y[test]) for q in (log_p, log_q))
        calibration.append(Calibration(t, before, after))
    first, second, both = calibration
    return Heads(split(told[0], told[1], told[2], definition), (first, second, both))


def _reliability(log_p: Floats, y: NDArray[np.int64]) -> scores.Reliability:
    p = np.exp(log_p)
    return scores.reliability(p.max(axis=1), p.argmax(axis=1) == y)
