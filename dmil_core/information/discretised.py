"""Redundancy, uniqueness and synergy of a whole set, from rows: cut into clusters, then exact.

Each input is cut into clusters, the rows are counted, and the distribution of the counts is
decomposed. What clusters do not tell apart is lost, so the information of the clusters is returned
beside the parts; what few rows happen to show is added, which the bias says. Both depend on the
number of clusters: look at several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from dmil_core.information.discrete import Decomposition, Measure, decompose
from dmil_core.information.pmf import Floats
from dmil_core.information.posteriors import Ints

CLUSTERS: Final = (2, 4, 8, 16)
DRAWS: Final = 200
PARTS: Final = ("r", "u1", "u2", "s")
#: Share of I(x1,x2;y) above which the bias of few rows is too large to tell.
MOST_BIAS: Final = 0.1


@dataclass(frozen=True)
class Discretised:
    """A decomposition of clusters, in nats.

    Attributes
    ----------
    clusters : of each input.
    parts : the decomposition of the counted rows.
    low, high : ends of the 95 % intervals of r, u1, u2 and s, from rows drawn again. Rows that are
        drawn again look more informative than they are, as few rows do: the intervals are
        mirrored at the estimate, which takes that back, and may leave it outside.
    bias : by how much I(x1,x2;y) is too large, to first order, as rows are few: (A - 1)(K - 1) /
        2N for A pairs of clusters that occur (Miller, Madow).
    """

    clusters: int
    parts: Decomposition
    low: dict[str, float]
    high: dict[str, float]
    bias: float

    @property
    def too_few_rows(self) -> bool:
        """Whether the bias is more than a tenth of what was found."""
        return self.bias > MOST_BIAS * max(self.parts.i12, 1e-12)


def by_clusters(
    x1: ArrayLike, x2: ArrayLike, y: ArrayLike, clusters: Sequence[int] = CLUSTERS,
    measure: Measure = "broja", seed: int = 0, draws: int = DRAWS,
) -> list[Discretised]:  # fmt: skip
    """Decompose a set with each of some numbers of clusters.

    Parameters
    ----------
    x1, x2
        (N, ...) numbers, flattened; standardised before they are cut.
    y
        (N,) classes.
    draws
        Sets of rows that are drawn again, with replacement, for the intervals.
    """
    _, labels = np.unique(np.asarray(y), return_inverse=True)
    found = []
    for count in clusters:
        first, second = (_cut(np.asarray(x, dtype=np.float64), count, seed) for x in (x1, x2))
        counts = _counted(first, second, labels)
        found.append(_decomposed(count, counts, measure, seed, draws))
    return found


def _cut(x: Floats, clusters: int, seed: int) -> Ints:
    """(N,) cluster of each row."""
    rows = StandardScaler().fit_transform(x.reshape(len(x), -1))
    different = len(np.unique(rows, axis=0))
    found: Ints = KMeans(min(clusters, different), n_init=4, random_state=seed).fit_predict(rows)
    return found.astype(np.int64)


def _counted(first: Ints, second: Ints, labels: NDArray[Any]) -> Ints:
    counts = np.zeros((first.max() + 1, second.max() + 1, labels.max() + 1), dtype=np.int64)
    np.add.at(counts, (first, second, labels), 1)
    return counts


def _decomposed(
    clusters: int, counts: Ints, measure: Measure, seed: int, draws: int
) -> Discretised:
    n = int(counts.sum())
    again = np.random.default_rng([seed, 11]).multinomial(n, counts.ravel() / n, size=draws)
    drawn = [decompose(c.reshape(counts.shape) / n, measure) for c in again]
    parts = decompose(counts / n, measure)
    ends = {}
    for p in PARTS:
        first, last = np.percentile([getattr(d, p) for d in drawn], [2.5, 97.5])
        middle = 2.0 * getattr(parts, p)
        ends[p] = float(middle - last), float(middle - first)
    pairs, classes = int((counts.sum(axis=2) > 0).sum()), int((counts.sum(axis=(0, 1)) > 0).sum())
    return Discretised(
        clusters=clusters,
        parts=parts,
        low={p: low for p, (low, _) in ends.items()},
        high={p: high for p, (_, high) in ends.items()},
        bias=(pairs - 1) * (classes - 1) / (2 * n),
    )
