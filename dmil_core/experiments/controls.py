"""Controls that are computed from recorded runs; nothing is trained for them.

``product`` is the normalised product of the class probabilities of the two (or three) models of one
input each and of the joint model, of the same seed. ``responsibilities`` reads a gate off the same
models: what a decomposition has to find better than they do. Neither uses a label of the rows it is
applied to.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmil_core import schema
from dmil_core.errors import DataError
from dmil_core.experiments.compare import by_interaction_type, synergy
from dmil_core.metrics import fidelity
from dmil_core.metrics.predictions import score
from dmil_core.metrics.responsibility import interaction_responsibilities

PRODUCT: Final = "product"
RESPONSIBILITIES: Final = "responsibilities"

_TINY: Final = 1e-12


def product_table(
    pair: pd.DataFrame, joint: pd.DataFrame, classes: tuple[str, ...]
) -> pd.DataFrame:
    """Prediction table of p(y) ~ p(y|x1) p(y|x2) p(y|x1,x2), each by a model of its own.

    Parameters
    ----------
    pair, joint : prediction tables of ``ensemble`` and ``joint`` on the same rows.
    classes : class names in the order of the label index.

    Raises
    ------
    DataError
        If the two tables are not of the same rows.
    """
    *alone, both = _probabilities(pair, joint, classes)
    logs = sum(np.log(np.maximum(p, _TINY)) for p in (*alone, both))
    weights = np.exp(logs - np.max(logs, axis=1, keepdims=True))
    probabilities = weights / weights.sum(axis=1, keepdims=True)
    known = [schema.INTERACTION_TYPE] if schema.INTERACTION_TYPE in pair else []
    table = pair[["id", "split", "y", *known]].copy()
    table["pred"] = np.asarray(classes)[probabilities.argmax(axis=1)]
    table["correct"] = table["pred"].to_numpy() == table["y"].astype(str).to_numpy()
    columns = [schema.prob(c) for c in classes]
    return pd.concat(
        [table, pd.DataFrame(probabilities, columns=columns, index=table.index)], axis=1
    )


def product_record(
    ensemble: dict[str, Any], joint: dict[str, Any], pair: pd.DataFrame, both: pd.DataFrame,
    classes: tuple[str, ...],
) -> dict[str, Any]:  # fmt: skip
    """A line of results.jsonl for ``product``, from those of ``ensemble`` and ``joint`` and their
    prediction tables.

    Raises
    ------
    DataError
        If the two runs are not of the same rows and seed.
    """
    same = ("data", "data_digest", "seed")
    if any(ensemble[k] != joint[k] for k in same):
        raise DataError(
            f"{PRODUCT}: expected two runs of the same data and seed, got "
            f"{[ensemble[k] for k in same]} and {[joint[k] for k in same]}"
        )
    table = product_table(pair, both, classes)
    keep = ("data", "data_digest", "base_digest", "split", "seed", "device")
    result: dict[str, Any] = {k: ensemble[k] for k in keep if k in ensemble}
    result |= {"paradigm": PRODUCT, "settings": settings_of(PRODUCT, ensemble, joint)}
    result |= {k: round(ensemble[k] + joint[k], 2) for k in ("parameters", "seconds")}
    result["rows"] = {s: int((table["split"] == s).sum()) for s in schema.SPLITS}
    figures = score(table, classes)
    for split in ("val", "test"):
        rows = (table["split"] == split).to_numpy()
        if rows.any():
            result[split] = figures[split] | synergy(table[rows], pair[rows])
            result[split] |= by_interaction_type(table[rows])
            result[split] |= {"right": int(table.loc[rows, "correct"].sum())}
    return result


def settings_of(control: str, ensemble: dict[str, Any], joint: dict[str, Any]) -> str:
    """Fingerprint of a control: of the settings of the runs it is made of."""
    text = f"{control} {ensemble['settings']} {joint['settings']}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def responsibilities(
    pair: pd.DataFrame, joint: pd.DataFrame, classes: tuple[str, ...], prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N, C) a gate without a decomposition: the responsibilities of each class, averaged over the
    classes by the joint model's probabilities, and scaled to a sum of 1.

    The rule is that of :mod:`dmil_core.metrics.responsibility`, on trained models instead of exact
    posteriors. No label of these rows is used.

    Parameters
    ----------
    pair, joint : prediction tables of ``ensemble`` and ``joint`` on the same rows.
    prior : (K,) class shares of the training rows.
    """
    tables = _probabilities(pair, joint, classes)
    *alone, both = (np.clip((p - prior) / np.maximum(1.0 - prior, _TINY), 0.0, 1.0) for p in tables)
    by_class = np.stack(interaction_responsibilities(alone, both), axis=1)
    weights = np.einsum("nck,nk->nc", by_class, tables[-1])
    total = weights.sum(axis=1, keepdims=True)
    return np.where(total > _TINY, weights / np.maximum(total, _TINY), 1.0 / weights.shape[1])


def responsibility_figures(
    pair: pd.DataFrame, joint: pd.DataFrame, classes: tuple[str, ...], split: str = "test"
) -> dict[str, float]:
    """What :func:`dmil_core.metrics.fidelity.of_table` measures of a gate, of this one.

    The tables are of all rows, as class shares are those of the training rows.
    """
    train = pair[pair["split"] == "train"]["y"].astype(str)
    prior = np.array([(train == c).mean() for c in classes], dtype=np.float64)
    here = (pair["split"] == split).to_numpy()
    rows = pair[here]
    gate = responsibilities(rows, joint[here], classes, prior)
    truth = rows[schema.INTERACTION_TYPE].to_numpy().astype(str)
    names = fidelity.names_of(gate)
    return {
        "gate_agreement": fidelity.agreement(gate, truth),
        **{f"gate_auroc_{c}": v for c, v in fidelity.aurocs(gate, truth).items()},
        "gate_calibration_error": fidelity.calibration_error(gate, truth),
        "gate_absent": fidelity.absent_weight(gate, truth),
        **{f"mean_gate_{c}": float(gate[:, i].mean()) for i, c in enumerate(names)},
    }


def _probabilities(
    pair: pd.DataFrame, joint: pd.DataFrame, classes: tuple[str, ...]
) -> list[NDArray[np.float64]]:
    """(N, K) class probabilities of each modality's own model, then of the joint one."""
    if not np.array_equal(pair["id"].to_numpy(), joint["id"].to_numpy()):
        raise DataError("the two tables list different samples; predict both on the same data")
    numbers = [
        m for m in schema.MODALITY_NUMBERS if schema.unimodal_prob(m, classes[0]) in pair.columns
    ]
    if len(numbers) < schema.FEWEST_MODALITIES:
        raise DataError("the first table has no probabilities of the inputs alone; use ensemble's")
    columns = [[schema.unimodal_prob(m, c) for c in classes] for m in numbers]
    return [
        *(pair[names].to_numpy(dtype=np.float64) for names in columns),
        joint[[schema.prob(c) for c in classes]].to_numpy(dtype=np.float64),
    ]
