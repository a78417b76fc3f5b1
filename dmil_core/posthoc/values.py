"""The values v(A) of a model: means of f over partners that replace all inputs but those in A."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.errors import ConfigError
from dmil_core.partial_information.pmf import Floats
from dmil_core.posthoc.function import Function, Predict, called, taken
from dmil_core.posthoc.partners import Ints, Plan, Subset, proper_subsets

#: Rows of f in one call.
BATCH: Final = 4096


@dataclass(frozen=True)
class Values:
    """Means of f over partners, in scores of :meth:`Function.scores`.

    Attributes
    ----------
    whole : (N, K) f of the samples as they are.
    by_group : set of kept inputs -> (G, N, K) mean over the partners of each group.
    single : of classes, for each input that is kept alone, (G, N, K) mean probabilities over the
        partners of each group; empty of values.
    """

    whole: Floats
    by_group: Mapping[Subset, Floats]
    single: tuple[Floats, ...]

    @property
    def groups(self) -> int:
        """G."""
        return len(self.by_group[()])

    @property
    def inputs(self) -> int:
        """M."""
        return 1 + max(map(len, self.by_group))

    def of(self, kept: Subset, groups: NDArray[np.bool_] | None = None) -> Floats:
        """(N, K) v(A), by the partners of some groups (G,), or of all."""
        if len(kept) == self.inputs:
            return self.whole
        values = self.by_group[kept]
        mean: Floats = (values if groups is None else values[groups]).mean(axis=0)
        return mean


def outputs_of(f: Predict, inputs: Sequence[Any], rows: Ints, batch: int = BATCH) -> Floats:
    """(n, K) raw outputs of f for some rows of inputs, in batches.

    Raises
    ------
    ConfigError
        If f returns anything but finite numbers of as many rows, or there is no row in a batch.
    """
    if batch < 1:
        raise ConfigError(f"batch: expected at least 1 row, got {batch}")
    parts: list[Floats] = []
    for start in range(0, len(rows), batch):
        some = rows[start : start + batch]
        width = parts[0].shape[1] if parts else None
        parts.append(called(f, [taken(x, some) for x in inputs], len(some), width))
    return np.concatenate(parts)


def evaluate(
    function: Function, inputs: Sequence[Any], whole: Floats, drawn: Plan, batch: int = BATCH
) -> Values:
    """Evaluate f on all samples with their partners.

    Parameters
    ----------
    whole
        (N, K) scores of the samples as they are.
    batch
        Rows of a call of f; at least one sample with its partners.
    """
    groups = drawn.groups
    by_group: dict[Subset, Floats] = {(): np.empty((groups, *whole.shape))}
    by_group[()][:] = _replaced(function, inputs, drawn, batch)
    alone = () if function.output == "value" else [(m,) for m in range(len(inputs))]
    single = {kept: np.empty((groups, *whole.shape)) for kept in alone}
    for kept in proper_subsets(len(inputs))[1:]:
        by_group[kept] = np.empty((groups, *whole.shape))
        for part, scores in _with_partners(function, inputs, drawn, kept, batch):
            by_group[kept][:, part] = _means(scores, groups)
            if kept in single:
                single[kept][:, part] = _mean_probabilities(function, scores, groups)
    return Values(whole, by_group, tuple(single.values()))


def probabilities(
    function: Function, inputs: Sequence[Any], drawn: Plan, kept: int, batch: int = BATCH
) -> Floats:
    """(G, N, K) mean probabilities of the classes over the partners of each group, with one input
    of the samples kept."""
    result = np.empty((drawn.groups, len(drawn.rows), function.width))
    for part, scores in _with_partners(function, inputs, drawn, (kept,), batch):
        result[:, part] = _mean_probabilities(function, scores, drawn.groups)
    return result


def _mean_probabilities(function: Function, scores: Floats, groups: int) -> Floats:
    return _means(np.exp(function.log_probabilities(scores)), groups)


def _with_partners(
    function: Function, inputs: Sequence[Any], drawn: Plan, kept: Subset, batch: int
) -> Iterator[tuple[slice, Floats]]:
    """Scores (n, m, K) of some samples after others, in batches of as many."""
    index, each = drawn.index[kept], drawn.each
    for part in _parts(len(index), max(1, batch // each)):
        own = np.repeat(drawn.rows[part], each)
        partners = drawn.tuples[index[part].ravel()]
        rows = [taken(x, own if m in kept else partners[:, m]) for m, x in enumerate(inputs)]
        yield part, function(rows, len(own)).reshape(-1, each, function.width)


def _means(values: Floats, groups: int) -> Floats:
    """(G, n, K) mean of (n, m, K) over the partners of each group, which are side by side."""
    n, m, k = values.shape
    means: Floats = values.reshape(n, groups, m // groups, k).mean(axis=2)
    return means.transpose(1, 0, 2)


def _replaced(function: Function, inputs: Sequence[Any], drawn: Plan, batch: int) -> Floats:
    """(G, N or 1, K) mean scores of the partners, with all inputs replaced."""
    scores = np.empty((len(drawn.tuples), function.width))
    for part in _parts(len(scores), batch):
        positions = drawn.tuples[part]
        rows = [taken(x, positions[:, m]) for m, x in enumerate(inputs)]
        scores[part] = function(rows, len(positions))
    if () in drawn.index:
        return _means(scores[drawn.index[()]], drawn.groups)
    means = np.stack([scores[drawn.group == g].mean(axis=0) for g in range(drawn.groups)])
    return means[:, None]


def _parts(count: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
