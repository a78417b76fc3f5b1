"""Fidelity of a decomposition: its gate beside the true interaction types.

``gate`` is (N, C) in the order of ``schema.components``, C being 4 for two
modalities and 5 for three; ``truth`` (N,) is the component that each sample was made of.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_softmax

from dmil_core import schema
from dmil_core.metrics import scores
from dmil_core.schema import ALL_COMPONENTS, Component, components, components_in

Floats = NDArray[np.floating[Any]]
Names = NDArray[np.str_]
#: What a removed component is measured by.
Measure = Literal["accuracy", "nats"]


def gate_of(table: pd.DataFrame) -> Floats:
    """The gate weights of a prediction table, (N, C)."""
    return table[[schema.gate(c) for c in components_in(table.columns)]].to_numpy(float)


def names_of(gate: Floats) -> tuple[Component, ...]:
    """The components that the columns of ``gate`` are of."""
    return components(gate.shape[1] - 2)


def agreement(gate: Floats, truth: Names) -> float:
    """Share of samples whose largest weight is that of their true component."""
    return float((np.array(names_of(gate))[gate.argmax(axis=1)] == truth).mean())


def aurocs(gate: Floats, truth: Names) -> dict[str, float]:
    """AUROC of each weight for "is of this component"; components that occur and are not alone."""
    result = {c: scores.auroc(gate[:, i], truth == c) for i, c in enumerate(names_of(gate))}
    return {c: value for c, value in result.items() if np.isfinite(value)}


def calibration_error(gate: Floats, truth: Names) -> float:
    """Expected calibration error of each weight as a probability, mean over the components."""
    errors = [
        scores.expected_calibration_error(gate[:, i], truth == c)
        for i, c in enumerate(names_of(gate))
    ]
    return float(np.mean(errors))


def absent_weight(gate: Floats, truth: Names) -> float:
    """Largest mean weight of a component that no sample is made of; 0 where all occur."""
    absent = [i for i, c in enumerate(names_of(gate)) if not (truth == c).any()]
    return float(gate[:, absent].mean(axis=0).max()) if absent else 0.0


def of_table(table: pd.DataFrame) -> dict[str, float]:
    """All of these for the rows of one table, by the names that records use."""
    gate, truth = gate_of(table), table[schema.INTERACTION_TYPE].to_numpy(str)
    return {
        "gate_agreement": agreement(gate, truth),
        **{f"gate_auroc_{c}": value for c, value in aurocs(gate, truth).items()},
        "gate_calibration_error": calibration_error(gate, truth),
        "gate_absent": absent_weight(gate, truth),
    }


def lost(
    table: pd.DataFrame, classes: tuple[str, ...], measure: Measure = "accuracy"
) -> pd.DataFrame:
    """What each sample loses when one component's contribution is taken out of its logits.

    Parameters
    ----------
    measure : ``accuracy``: 1 where the answer was right and becomes wrong, -1 the other way round,
        else 0. ``nats``: by how much the log probability of the true class falls; NaN where that is
        none of ``classes``.

    Returns
    -------
    (N, C), indexed as ``table``; a column for each component that has contributions.
    """
    logits = table[[schema.logit(k) for k in classes]].to_numpy(float)
    y = pd.Index(classes).get_indexer(pd.Index(table["y"]))
    names = [c for c in ALL_COMPONENTS if schema.contribution(c, classes[0]) in table]
    whole = _worth(logits, y, measure)
    values = {
        c: whole
        - _worth(
            logits - table[[schema.contribution(c, k) for k in classes]].to_numpy(float), y, measure
        )
        for c in names
    }
    return pd.DataFrame(values, index=table.index, columns=names)


def _worth(logits: Floats, y: NDArray[np.int64], measure: Measure) -> Floats:
    """(N,) whether an answer is right, or the log probability of the true class."""
    if measure == "accuracy":
        return (logits.argmax(axis=1) == y).astype(float)
    known = np.where(y < 0, 0, y)
    values: Floats = log_softmax(logits, axis=1)[np.arange(len(y)), known]
    return np.where(y < 0, np.nan, values)


def purity(
    table: pd.DataFrame, classes: tuple[str, ...], measure: Measure = "accuracy"
) -> pd.DataFrame:
    """Mean of `lost` by true interaction type: rows components, columns types that occur.

    By accuracy, row c, column k is the share of samples made of k that are right with all
    contributions, less the share that are right without component c's. A pure decomposition has its
    losses on the diagonal.
    """
    losses = lost(table, classes, measure)
    truth = table[schema.INTERACTION_TYPE].to_numpy(str)
    means = losses.groupby(truth).mean().T
    return means[[c for c in losses.columns if c in means.columns]]


def rank_agreement(gates: list[Floats]) -> float:
    """Mean Spearman correlation of the weights of two runs, over pairs of runs and components."""
    from scipy.stats import spearmanr

    values = [
        spearmanr(first[:, i], second[:, i]).statistic
        for n, first in enumerate(gates)
        for second in gates[:n]
        for i in range(first.shape[1])
    ]
    return float(np.mean(values))
