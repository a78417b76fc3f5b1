"""Fidelity of a decomposition: its gate beside the true interaction types.

``gate`` is (N, C) in the order of ``schema.components``, C being 4 for two
modalities and 5 for three; ``truth`` (N,) is the component that each sample was made of.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmil_core import schema
from dmil_core.metrics import scores
from dmil_core.schema import ALL_COMPONENTS, Component, components, components_in

Floats = NDArray[np.floating[Any]]
Names = NDArray[np.str_]


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


def purity(table: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Accuracy lost by removing one component's contribution, by true interaction type.

    Row c, column k: share of samples made of k that are right with all contributions, less the
    share that are right without component c's. A pure decomposition has its losses on the
    diagonal.
    """
    logits = table[[schema.logit(k) for k in classes]].to_numpy(float)
    y = pd.Index(classes).get_indexer(pd.Index(table["y"]))
    truth = table[schema.INTERACTION_TYPE].to_numpy(str)
    names = [c for c in ALL_COMPONENTS if schema.contribution(c, classes[0]) in table]
    present = [c for c in names if (truth == c).any()]
    right = logits.argmax(axis=1) == y
    lost = pd.DataFrame(index=names, columns=present, dtype=float)
    for c in names:
        without = logits - table[[schema.contribution(c, k) for k in classes]].to_numpy(float)
        change = right.astype(float) - (without.argmax(axis=1) == y)
        for k in present:
            lost.loc[c, k] = change[truth == k].mean()
    return lost


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
