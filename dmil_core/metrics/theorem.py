"""Theorem 1 in numbers: information of a representation on label and interaction type.

Yang et al. (CVPR 2026), with Z the representation, Y the label and C the interaction type:

    I(Z;Y)  >=  E_c[I(Z;Y|c)]  -  H(C|Z)  +  I(Y;C)

The two sides differ by H(C|Z,Y) exactly, since I(Z,C;Y) has two chain rules:

    I(Z;Y) + I(C;Y|Z)  =  I(Y;C) + I(Z;Y|C),      I(C;Y|Z)  =  H(C|Z) - H(C|Z,Y)

so the right side is H(Y) - H(C,Y|Z): large where Z determines label *and* interaction type. A low
bound is no loss of accuracy: a Z that determines the label but not the interaction type has a low
bound and a full I(Z;Y).

All terms come from one model q(c,y|z) and its marginals and conditionals, over rows it was not
fitted on. With every entropy that depends on z replaced by the cross-entropy of q,

- I(Z;Y), E_c[I(Z;Y|c)] and the bound are lower bounds of what they estimate, and can be negative
  where q is worse than ignoring z; H(C|Z) and H(C|Z,Y) are upper bounds;
- the estimates obey the theorem whatever q is, in any sample, because q(c,y|z) <= q(y|z). With a
  model of its own for each term they need not: a poor model of y beside a good model of (c,y)
  would put the left side below the right one.

The model is a probe (``dmil_core/metrics/probe.py``) or, for Z = (x1, x2), the distribution
itself. Nats.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, xlogy

from dmil_core import schema
from dmil_core.config import Architecture
from dmil_core.errors import DataError
from dmil_core.schema import COMPONENTS

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

#: The latents that an architecture's last layer reads. What weighs or fuses Z1 and Z2 in QMF and
#: I2MoE is a function of them that no latent holds: a linear probe does not do these two justice.
READ_FROM: Final[dict[Architecture, tuple[str, ...]]] = {
    "dmil": COMPONENTS,
    "joint": ("F",),
    "mmtm": ("F",),
    "mib": ("F",),
    "i2m2": ("Z1", "Z2", "F"),
    "ensemble": ("Z1", "Z2"),
    "qmf": ("Z1", "Z2"),
    "i2moe": ("Z1", "Z2"),
}


def representation(architecture: Architecture, latents: Sequence[str]) -> tuple[str, ...]:
    """Z of a model: the latents that it has and its answer is read from, in the order of Z.

    An ablation of DMIL may lack some, as ``dmil-id`` has no R.
    """
    return tuple(name for name in READ_FROM[architecture] if name in latents)


# --- the terms ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Terms:
    """The terms of Theorem 1, in nats.

    Attributes
    ----------
    information : I(Z;Y).
    by_interaction_type : I(Z;Y|c) for each interaction type that occurs.
    within : E_c[I(Z;Y|c)], their mean weighted by p(c).
    equivocation : H(C|Z).
    label_interaction_type : I(Y;C).
    """

    information: float
    by_interaction_type: dict[str, float]
    within: float
    equivocation: float
    label_interaction_type: float

    @property
    def bound(self) -> float:
        """The right side."""
        return self.within - self.equivocation + self.label_interaction_type

    @property
    def slack(self) -> float:
        """H(C|Z,Y), by which the left side is larger."""
        return self.information - self.bound

    def to_dict(self) -> dict[str, Any]:
        """Plain values, bound and slack included."""
        return {**vars(self), "bound": self.bound, "slack": self.slack}


def terms(
    log_q: ArrayLike, y: ArrayLike, interaction_type: ArrayLike, prior: ArrayLike | None = None
) -> Terms:
    """The terms for a model's log q(c,y|z) of N rows.

    Parameters
    ----------
    log_q
        (N, 4, K), each row normalised over both axes.
    y, interaction_type
        (N,) true classes, and interaction types as indices into ``schema.COMPONENTS``.
    prior
        (4, K) p(c,y) where it is known; by default the shares among the rows. H(Y) and I(Y;C) are
        exact for it, and the rows of each (c,y) count for as much as it says.

    Raises
    ------
    ValueError
        If rows and prior disagree on what can occur, or q rules out what did.
    """
    q, label, c = np.asarray(log_q, dtype=np.float64), np.asarray(y), np.asarray(interaction_type)
    rows = np.arange(len(q))
    counts = np.zeros(q.shape[1:])
    np.add.at(counts, (c, label), 1.0)
    p = counts / len(q) if prior is None else np.asarray(prior, dtype=np.float64)
    if ((p > 0) != (counts > 0)).any():
        raise ValueError(
            "expected rows of every interaction type and class that has a probability and of no "
            "other, "
            f"got {counts.astype(int).tolist()} rows for p(c,y) {p.round(3).tolist()}"
        )
    log_cy = q[rows, c, label]
    if not np.isfinite(log_cy).all():
        raise ValueError(
            f"q rules out what {int((~np.isfinite(log_cy)).sum())} rows are; fit it on rows of "
            "every interaction type and class"
        )
    log_c, log_y = logsumexp(q[rows, c], axis=1), logsumexp(q[rows, :, label], axis=1)
    weight = (p / np.maximum(counts, 1.0))[c, label]
    p_c = p.sum(axis=1)
    by_interaction_type: dict[str, float] = {
        name: _entropy(p[i] / p_c[i]) + float((weight * (log_cy - log_c))[c == i].sum() / p_c[i])
        for i, name in enumerate(COMPONENTS)
        if p_c[i] > 0
    }
    shares = dict(zip(COMPONENTS, p_c, strict=True))
    return Terms(
        information=_entropy(p.sum(axis=0)) + float(weight @ log_y),
        by_interaction_type=by_interaction_type,
        within=float(sum(shares[name] * value for name, value in by_interaction_type.items())),
        equivocation=-float(weight @ log_c),
        label_interaction_type=_entropy(p.sum(axis=0)) + _entropy(p_c) - _entropy(p),
    )


def _entropy(p: Floats) -> float:
    return -float(xlogy(p, p).sum())


# --- rows of a table --------------------------------------------------------------------------


@dataclass(frozen=True)
class Rows:
    """Rows to fit or read a probe on: z (N, D), y (N,), interaction type (N,) as indices."""

    z: NDArray[np.floating[Any]]
    y: Indices
    interaction_type: Indices

    def __len__(self) -> int:
        return len(self.y)


def rows_of(table: pd.DataFrame, names: Sequence[str], classes: Sequence[str]) -> Rows:
    """Latents side by side, and the truth, out of a prediction table.

    Raises
    ------
    DataError
        If the table has no interaction type, or lacks a latent.
    """
    if schema.INTERACTION_TYPE not in table:
        raise DataError(
            "Theorem 1 needs the true interaction type of every row: expected a table with a "
            "column "
            f"{schema.INTERACTION_TYPE!r}, as sets generated by switch have, and this one has "
            f"none. "
            "Use such a set, or add the array to your own"
        )
    columns = {name: _columns(table, name) for name in names}
    if missing := [name for name, result in columns.items() if not result]:
        raise DataError(
            f"expected a table with the latents {', '.join(names)}, this one lacks "
            f"{', '.join(missing)}. Make it with predict(..., latents=True)"
        )
    return Rows(
        z=table[[c for result in columns.values() for c in result]].to_numpy(np.float32),
        y=_indices(table["y"], classes),
        interaction_type=_indices(table[schema.INTERACTION_TYPE], COMPONENTS),
    )


def _columns(table: pd.DataFrame, name: str) -> list[str]:
    wanted = (schema.latent(name, i) for i in range(table.shape[1]))
    return list(itertools.takewhile(lambda column: column in table, wanted))


def _indices(values: pd.Series, names: Sequence[str]) -> Indices:
    return np.asarray(pd.Index(names).get_indexer(pd.Index(values)), dtype=np.int64)
