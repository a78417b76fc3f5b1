"""The values v(A) of a model: means of f over partners that replace all inputs but those in A."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.errors import ConfigError
from dmil_core.partial_information.pmf import Floats
from dmil_core.posthoc.function import Function, Predict, called, taken
from dmil_core.posthoc.partners import Ints, Plan, Subset, proper_subsets
from dmil_core.posthoc.parts import Parts, collected

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
    squares : of classes, likewise (G, N, K) mean squares of the scores.
    """

    whole: Floats
    by_group: Mapping[Subset, Floats]
    single: tuple[Floats, ...]
    squares: tuple[Floats, ...] = ()

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
    function: Function, inputs: Sequence[Any], whole: Floats, drawn: Plan, batch: int = BATCH,
    parts: Parts | None = None,
) -> Values:  # fmt: skip
    """Evaluate f on all samples with their partners.

    Parameters
    ----------
    whole
        (N, K) scores of the samples as they are.
    batch
        Rows of a call of f; at least one sample with its partners.
    parts
        Where parts are kept, so that another call can go on.
    """
    groups, k = drawn.groups, function.width
    by_group: dict[Subset, Floats] = {(): np.empty((groups, *whole.shape))}
    by_group[()][:] = _replaced(function, inputs, drawn, batch, parts)
    single, squares = [], []
    for kept in proper_subsets(len(inputs))[1:]:
        alone = len(kept) == 1 and function.output != "value"

        def means(part: slice, kept: Subset = kept, alone: bool = alone) -> list[Floats]:
            scores = _with_partners(function, inputs, drawn, kept, part)
            also = [_probabilities(function, scores), scores**2] if alone else []
            return [_means(v, groups) for v in (scores, *also)]

        found = _collected(f"first-{_name(kept)}", drawn, kept, means, k, batch, parts,
                           3 if alone else 1)  # fmt: skip
        by_group[kept] = found[0]
        if alone:
            single.append(found[1])
            squares.append(found[2])
    return Values(whole, by_group, tuple(single), tuple(squares))


def probabilities(
    function: Function, inputs: Sequence[Any], drawn: Plan, kept: int, of: NDArray[np.bool_],
    batch: int = BATCH, parts: Parts | None = None,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Mean probabilities of the classes with one input of the samples kept.

    Parameters
    ----------
    of
        (D, N, m) which of its partners each sample has in D other sets of partners.

    Returns
    -------
    (G, N, K) over the partners of each group, and (D, N, K) over those of each other set; over all
    where it has none of a sample.
    """
    rows, each = drawn.index[kept,].shape

    def means(part: slice) -> list[Floats]:
        p = _probabilities(function, _with_partners(function, inputs, drawn, (kept,), part))
        chosen = of[:, part].transpose(1, 0, 2).astype(np.float64)
        chosen[chosen.sum(axis=2) == 0] = 1.0
        chosen /= chosen.sum(axis=2, keepdims=True)
        return [_means(p, drawn.groups), chosen @ p]

    shapes = [(count, function.width) for count in (drawn.groups, len(of))]
    step = max(1, batch // each)
    found = collected(f"second-{kept + 1}", rows, step, shapes, means, each, parts)
    by_group, others = (of_all.transpose(1, 0, 2) for of_all in found)
    return by_group, others


def _name(kept: Subset) -> str:
    return "-".join(str(m + 1) for m in kept)


def _probabilities(function: Function, scores: Floats) -> Floats:
    p: Floats = np.exp(function.log_probabilities(scores))
    return p


def _collected(
    stage: str, drawn: Plan, kept: Subset, means: Callable[[slice], list[Floats]], width: int,
    batch: int, parts: Parts | None, count: int,
) -> list[Floats]:  # fmt: skip
    """``count`` results (G, N, K) by the partners that keep some inputs; ``means`` has (n, G, K) of
    some samples, as many as fill a batch."""
    rows, each = drawn.index[kept].shape
    shapes = [(drawn.groups, width)] * count
    step = max(1, batch // each)
    found = collected(stage, rows, step, shapes, means, each, parts)
    return [of_all.transpose(1, 0, 2) for of_all in found]


def _with_partners(
    function: Function, inputs: Sequence[Any], drawn: Plan, kept: Subset, part: slice
) -> Floats:
    """(n, m, K) scores of some samples with their partners."""
    index, each = drawn.index[kept], drawn.each
    own = np.repeat(drawn.rows[part], each)
    partners = drawn.tuples[index[part].ravel()]
    rows = [taken(x, own if m in kept else partners[:, m]) for m, x in enumerate(inputs)]
    return function(rows, len(own)).reshape(-1, each, function.width)


def _means(values: Floats, groups: int) -> Floats:
    """(n, G, K) mean of (n, m, K) over the partners of each group, which are side by side."""
    n, m, k = values.shape
    means: Floats = values.reshape(n, groups, m // groups, k).mean(axis=2)
    return means


def _replaced(
    function: Function, inputs: Sequence[Any], drawn: Plan, batch: int,
    parts: Parts | None,
) -> Floats:  # fmt: skip
    """(G, N or 1, K) mean scores of the partners, with all inputs replaced."""

    def results(part: slice) -> list[Floats]:
        positions = drawn.tuples[part]
        rows = [taken(x, positions[:, m]) for m, x in enumerate(inputs)]
        return [function(rows, len(positions))]

    (scores,) = collected("none", len(drawn.tuples), batch, [(function.width,)], results, 1, parts)
    if () in drawn.index:
        return _means(scores[drawn.index[()]], drawn.groups).transpose(1, 0, 2)
    means = np.stack([scores[drawn.group == g].mean(axis=0) for g in range(drawn.groups)])
    return means[:, None]
