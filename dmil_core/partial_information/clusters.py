"""Partial information decomposition of a whole data set after clustering its inputs.

Each input is clustered by k-means, the rows are counted, and the empirical distribution of the
clusters is decomposed exactly. Differences within a cluster are lost, so the mutual information of
the clusters is returned beside the parts; a small number of rows adds a bias, which is estimated.
Both depend on the number of clusters, so several are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmil_core.partial_information.discrete import Decomposition, Measure, decompose
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import PARTS

Ints = NDArray[np.int64]

CLUSTERS: Final = (2, 4, 8, 16)
DRAWS: Final = 200
#: Share of I(x1,x2;y) above which the bias counts as too large.
MOST_BIAS: Final = 0.1


@dataclass(frozen=True)
class Discretised:
    """A decomposition of clusters, in nats.

    Attributes
    ----------
    clusters : of each input.
    parts : the decomposition of the counted rows.
    low, high : ends of the 95 % basic bootstrap intervals of r, u1, u2 and s: percentiles
        mirrored at the estimate, as resampled rows overestimate information. An interval may
        exclude the estimate.
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
        """Whether the bias is more than ``MOST_BIAS`` of I(x1,x2;y)."""
        return self.bias > MOST_BIAS * max(self.parts.i12, 1e-12)


def by_clusters(
    x1: ArrayLike, x2: ArrayLike, y: ArrayLike, clusters: Sequence[int] = CLUSTERS,
    measure: Measure = "broja", seed: int = 0, draws: int = DRAWS,
    groups: ArrayLike | None = None,
) -> list[Discretised]:  # fmt: skip
    """Decompose a data set, once for each number of clusters.

    Parameters
    ----------
    x1, x2
        (N, ...) numbers, flattened; standardised before they are cut.
    y
        (N,) classes.
    draws
        Bootstrap resamples for the intervals.
    groups
        (N,) group of each row, say a person; whole groups are resampled then.
    """
    labels = _coded(y)
    together = np.arange(len(labels)) if groups is None else _coded(groups)
    result = []
    for count in clusters:
        first, second = (_cut(np.asarray(x, dtype=np.float64), count, seed) for x in (x1, x2))
        shape = (first.max() + 1, second.max() + 1, labels.max() + 1)
        cells = np.ravel_multi_index((first, second, labels), shape)
        result.append(_decomposed(count, cells, shape, together, measure, seed, draws))
    return result


def _coded(names: ArrayLike) -> Ints:
    codes: Ints = np.unique(np.asarray(names), return_inverse=True)[1]
    return codes


def _cut(x: Floats, clusters: int, seed: int) -> Ints:
    """(N,) cluster of each row."""
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    rows = StandardScaler().fit_transform(x.reshape(len(x), -1))
    different = len(np.unique(rows, axis=0))
    indices: Ints = KMeans(min(clusters, different), n_init=4, random_state=seed).fit_predict(rows)
    return indices.astype(np.int64)


def _decomposed(
    clusters: int, cells: Ints, shape: tuple[int, ...], together: Ints, measure: Measure, seed: int,
    draws: int,
) -> Discretised:  # fmt: skip
    def counted(times: Floats | None = None) -> Floats:
        size = int(np.prod(shape))
        return np.bincount(cells, times, minlength=size).reshape(shape).astype(np.float64)

    n, groups = len(cells), int(together.max()) + 1
    counts = counted()
    parts = decompose(counts / n, measure)
    drawn = []
    for times in np.random.default_rng([seed, 11]).multinomial(
        groups, np.full(groups, 1.0 / groups), size=draws
    ):
        again = counted(times[together].astype(np.float64))
        drawn.append(decompose(again / again.sum(), measure))
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
