"""Pointwise information of two inputs with the class, as a model of one's own implies it; in nats.

Three ways to p(y|x1), p(y|x2) and p(y|x1,x2), which :mod:`dmil_core.partial_information.pointwise`
then splits into r, u1, u2 and s as everywhere else:

- from partners, of any callable model: p(y|x1,x2) is the model, and p(y|x1) its mean over partners
  x2 (``from_partners``);
- from predictions alone, of three models: of x1, of x2 and of both (``from_predictions``);
- from embeddings of the two inputs, by small networks that are fitted out of fold
  (``from_embeddings``). They cost no evaluation of the model, and lose what small networks do not
  find in its embeddings.

The mean over partners is p(y|x1) = E p(y|x1,x2) if they are drawn from p(x2|x1). Marginal partners
are drawn from p(x2). Where both inputs show the class, a stranger's x2 contradicts x1, and what x1
says is underestimated, and with it what both say. So partners of a *like answer* are taken in a
second pass: for x1 the samples that f answers nearly alike, which are drawn from p(x2|x1) as far as
the model tells one x1 from another. What f answers to x1 is v(1), the mean of its scores over
marginal partners, and where classes are known also their spread, the standard deviation: an x1 that
leaves the class to x2 has another spread than one that says it. Nothing is supposed about how the
inputs depend on each other, and no distance between inputs is needed.

Where classes are known, all three are then calibrated on them, out of fold
(:mod:`dmil_core.posthoc.calibration`); p(y|x1) from four scores: the logarithms of its mean over
partners of a like answer and over marginal ones, v(1) and the spread. What is left of the bias has
the same sign.

How much of it is due to finitely many samples is seen where the same is done with each half of
them, and what the means lose is extrapolated (:mod:`dmil_core.information.refits`). It needs no
further evaluation: of the partners of a like answer, those in a sample's own half are nearest there
too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmil_core import schema
from dmil_core.errors import ConfigError, DataError
from dmil_core.information.refits import Refits
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import SUMS, Definition, Pointwise, split
from dmil_core.posthoc.calibration import Calibration
from dmil_core.posthoc.function import LEAST_PROBABILITY, Function, length
from dmil_core.posthoc.partners import (
    FEWEST_INPUTS,
    NEAREST,
    Ints,
    Plan,
    like,
    plan,
)
from dmil_core.posthoc.parts import Parts
from dmil_core.posthoc.values import BATCH, Values, probabilities

#: How far the probabilities of a row may be from a sum of 1.
_SUM_TOLERANCE: Final = 5e-3
#: Divisions of the samples into two halves.
DIVISIONS: Final = 2
#: Fewest samples of a half.
LEAST_HALF: Final = 20


# --- from partners -------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Alike:
    """Partners of a like answer.

    Attributes
    ----------
    plan : which each sample has.
    halved : for each input (D, N, K) mean probabilities over those partners that are in a sample's
        own half of the samples, for each of D divisions into two; see :func:`halves`.
    """

    plan: Plan
    halved: tuple[Floats, ...]


class Likeness:
    """What f answers to each input alone, in units of some samples, so that it can be compared.

    Parameters
    ----------
    values
        Of these samples with marginal partners.
    spread
        Whether answers are compared by their mean and spread, or by their mean alone.
    """

    def __init__(self, values: Values, spread: bool) -> None:
        self._spread = spread
        self._units = [
            [(v.mean(axis=0), v.std(axis=0)) for v in self._answers(values, m)]
            for m in range(values.inputs)
        ]

    def _answers(self, values: Values, m: int) -> list[Floats]:
        mean = values.of((m,))
        if not self._spread:
            return [mean]
        by_group = values.by_group[m,].mean(axis=0)
        return [mean, _spread(by_group, values.squares[m].mean(axis=0))]

    def of(self, values: Values) -> list[Floats]:
        """For each input (N, F) answers to samples."""
        found = []
        for m, units in enumerate(self._units):
            answers = self._answers(values, m)
            if self._spread:
                answers = [
                    (v - mean) / np.where(scale > 0, scale, 1.0) / np.sqrt(v.shape[1])
                    for v, (mean, scale) in zip(answers, units, strict=True)
                ]
            found.append(np.hstack(answers))
        return found


def among_like(rows: Ints, partners: int, seed: int) -> tuple[Ints, int]:
    """Some of the samples (N,), and how many of them are partners of each; none of too few."""
    count = like(len(rows), partners)
    generator = np.random.default_rng([seed, 24])
    return generator.choice(rows, min(len(rows), NEAREST * count), replace=False), count


def alike(
    values: Values, rows: Ints, total: int, partners: int, seed: int, spread: bool
) -> Plan | None:
    """Partners of a like answer: the nearest tenth of some of the samples; None of too few.

    Parameters
    ----------
    values
        Of the samples with marginal partners.
    rows
        (N,) their positions, of ``total``.
    partners
        At most so many of each; see :func:`dmil_core.posthoc.partners.like`.
    spread
        As for :class:`Likeness`.
    """
    among, count = among_like(rows, partners, seed)
    if not count:
        return None
    features = []
    for compared in Likeness(values, spread).of(values):
        answers = np.zeros((total, compared.shape[1]))
        answers[rows] = compared
        features.append(answers)
    return plan(rows, among, values.inputs, count, "near", seed, features=features)


def of_single_inputs(
    function: Function, inputs: Sequence[Any], values: Values, rows: Ints, partners: int, seed: int,
    batch: int = BATCH, spread: bool = False, parts: Parts | None = None,
) -> tuple[tuple[Floats, ...], Alike | None]:  # fmt: skip
    """(G, N, K) probabilities by each input alone, of samples with marginal partners; and the
    partners of a like answer, over which those of two inputs are averaged anew: None of more
    inputs, or too few samples.

    Parameters
    ----------
    spread
        As for :func:`alike`: where the classes of the samples are known, so that the probabilities
        will be calibrated. Uncalibrated ones are mostly better without.
    parts
        Where parts are kept, so that another call can go on.
    """
    second = None
    if len(inputs) == FEWEST_INPUTS:
        second = alike(values, rows, length(inputs[0]), partners, seed, spread)
    if second is None:
        return values.single, None
    place = np.zeros(length(inputs[0]), dtype=np.int64)
    place[rows] = np.arange(len(rows))
    side = halves(len(rows), seed)
    found = []
    for m in range(len(inputs)):
        partners_of = place[second.tuples[second.index[m,], 0]]  # (N, m)
        own = side[:, partners_of] == side[:, :, None]
        found.append(probabilities(function, inputs, second, m, own, batch, parts))
    alone, halved = zip(*found, strict=True)
    return alone, Alike(second, halved)


def halves(rows: int, seed: int) -> NDArray[np.bool_]:
    """(D, N) divisions of the samples into two halves."""
    generator = np.random.default_rng([seed, 26])
    return np.stack([generator.permutation(rows) % 2 == 0 for _ in range(DIVISIONS)])


def _spread(mean: Floats, square: Floats) -> Floats:
    """Standard deviation by a mean and a mean square."""
    deviation: Floats = np.sqrt(np.maximum(square - mean**2, 0.0))
    return deviation


def with_and_without(groups: Floats) -> Floats:
    """(G + 1, N, K) mean of (G, N, K) over all groups of partners, and without each in turn."""
    total = groups.sum(axis=0)
    return np.concatenate([total[None] / len(groups), (total - groups) / (len(groups) - 1)])


def from_partners(
    values: Values, alone: Sequence[Floats], p12: Floats, y: Ints | None, prior: Floats,
    definition: Definition = "same-sign", seed: int = 0, second: Alike | None = None,
) -> tuple[list[Pointwise], Refits]:  # fmt: skip
    """The split by all partners, and without each group of partners in turn; and how the means
    change where half of the samples are known.

    Parameters
    ----------
    alone
        Two of (G, N, K), mean probabilities over the partners of each group with x1 or x2 kept.
    p12
        (N, K) of the model.
    y
        (N,) classes, by which all three are calibrated; None for the predicted ones, and none.
    prior, definition
        As for :func:`information`.
    seed
        Of the folds of the calibration.
    second
        Where ``alone`` is of partners of a like answer.
    """
    scores = [scores_of(values, m, with_and_without(p)) for m, p in enumerate(alone)]
    whole = np.repeat(log_of(p12)[None, None], values.groups + 1, axis=0)
    found = _splits([*scores, whole], y, p12, prior, definition, seed)
    differences = []
    for d, side in enumerate(halves(len(p12), seed)):
        of_half = [z[:1].copy() for z in scores]
        for m, z in enumerate(of_half if second is not None else ()):
            assert second is not None
            z[0, 0] = log_of(second.halved[m][d])
        for rows in map(np.flatnonzero, (side, ~side)):
            if len(rows) < LEAST_HALF:
                continue
            some = [z[:, :, rows] for z in (*of_half, whole[:1])]
            of_rows = None if y is None else y[rows]
            (part,) = _splits(some, of_rows, p12[rows], prior, definition, seed)
            differences.append(
                [
                    float((getattr(part, q) - getattr(found[0], q)[rows]).mean())
                    for q in (*SUMS, "r")
                ]
            )
    return found, Refits((definition,), 0.5, np.reshape(differences, (-1, len(SUMS) + 1)))


def scores_of(values: Values, m: int, p: Floats) -> Floats:
    """(G + 1, 4, N, K) scores of x_m, of which its log probabilities ``p`` are the first."""
    if not values.squares:
        return log_of(p)[:, None]
    answers = with_and_without(values.by_group[m,])
    spread = _spread(answers, with_and_without(values.squares[m]))
    first = with_and_without(values.single[m])
    return np.stack([log_of(p), answers, log_of(first), spread], axis=1)


def _splits(
    scores: Sequence[Floats], y: Ints | None, p12: Floats, prior: Floats, definition: Definition,
    seed: int,
) -> list[Pointwise]:  # fmt: skip
    """Of scores (V, F, N, K) of x1, x2 and both, calibrated by those of the first version where
    classes are known."""
    if y is None:
        tables = [np.exp(z[:, 0]) for z in scores]
        y = p12.argmax(axis=1)
    else:
        fitted = [Calibration.fit(z[0], y, seed) for z in scores]
        tables = [
            np.stack([f.probabilities(v) for v in z]) for f, z in zip(fitted, scores, strict=True)
        ]
    return [
        information(p1, p2, both, y, prior, definition)
        for p1, p2, both in zip(*tables, strict=True)
    ]


def information(
    p1: Floats, p2: Floats, p12: Floats, y: Ints, prior: Floats,
    definition: Definition = "same-sign",
) -> Pointwise:  # fmt: skip
    """The split of each sample's information, i = log p(y|x) / p(y).

    Parameters
    ----------
    p1, p2, p12
        (N, K) p(y|x1), p(y|x2) and p(y|x1,x2).
    y
        (N,) the class whose probability counts.
    prior
        (K,) p(y).

    Raises
    ------
    ConfigError
        If there is no such definition, or it is ``lsmi``: a classifier has no densities.
    """
    check_definition(definition)
    rows = np.arange(len(y))
    i1, i2, i12 = (log_of(p[rows, y]) - log_of(prior)[y] for p in (p1, p2, p12))
    return split(i1, i2, i12, definition)


def log_of(p: Floats) -> Floats:
    """Of a probability that is 0 as well."""
    log_p: Floats = np.log(np.maximum(p, LEAST_PROBABILITY))
    return log_p


def check_definition(definition: Definition) -> None:
    """Refuse ``lsmi`` with a ConfigError."""
    if definition == "lsmi":
        raise ConfigError(
            "lsmi compares densities of the inputs, which a classifier does not have; use "
            "same-sign or ccs"
        )


# --- from predictions ----------------------------------------------------------------------


def from_predictions(
    p1: ArrayLike, p2: ArrayLike, p12: ArrayLike, y: ArrayLike, prior: ArrayLike | None = None,
    definition: Definition = "same-sign",
) -> Pointwise:  # fmt: skip
    """The split of what three models say: one of x1, one of x2, one of both.

    Parameters
    ----------
    p1, p2, p12
        (N, K) probabilities of the classes, in the same order.
    y
        (N,) class of each sample, 0 to K - 1.
    prior
        (K,) class frequencies of the training rows; by default those of ``y``, plus one count each.

    Raises
    ------
    DataError
        If shapes do not match, a row does not sum to 1, or a class is none of the K.
    ConfigError
        As :func:`information`.
    """
    check_definition(definition)
    first, second, both = tables = [
        _probabilities(p, name) for p, name in ((p1, "p1"), (p2, "p2"), (p12, "p12"))
    ]
    if len({t.shape for t in tables}) > 1:
        shapes = ", ".join(str(t.shape) for t in tables)
        raise DataError(f"expected probabilities of one shape (N, K) three times, got {shapes}")
    n, k = first.shape
    codes = np.asarray(y)
    if (
        codes.shape != (n,)
        or codes.dtype.kind not in "iu"
        or not ((codes >= 0) & (codes < k)).all()
    ):
        raise DataError(f"y: expected {n} classes as whole numbers from 0 to {k - 1}")
    codes = codes.astype(np.int64)
    if prior is None:
        counts = np.bincount(codes, minlength=k) + 1.0
        frequencies = counts / counts.sum()
    else:
        frequencies = np.asarray(prior, dtype=np.float64)
        if frequencies.shape != (k,) or not (frequencies > 0).all():
            raise DataError(f"prior: expected {k} frequencies above 0, got {frequencies}")
        frequencies = frequencies / frequencies.sum()
    return information(first, second, both, codes, frequencies, definition)


def from_prediction_table(
    table: pd.DataFrame, classes: tuple[str, ...], definition: Definition = "same-sign"
) -> Pointwise:
    """The same of a table with ``y``, ``px1_<class>``, ``px2_<class>`` and ``p_<class>``.

    The prior is that of its training rows where it has a column ``split``, else of all. A table of
    one of our own checkpoints can also be calibrated: :mod:`dmil_core.information.heads`.

    Raises
    ------
    DataError
        If a column is missing, or a label is none of the classes.
    """
    groups = (
        [schema.unimodal_prob(1, c) for c in classes],
        [schema.unimodal_prob(2, c) for c in classes],
        [schema.prob(c) for c in classes],
    )
    missing = [c for c in ("y", *(n for names in groups for n in names)) if c not in table]
    if missing:
        raise DataError(
            f"the table has no column {missing[0]!r}; expected y and, for each class, px1_<class>, "
            "px2_<class> and p_<class>"
        )
    index = {name: k for k, name in enumerate(classes)}
    y = table["y"].astype(str).map(index)
    if y.isna().any():
        raise DataError(f"y: {table['y'][y.isna()].iloc[0]!r} is none of {', '.join(classes)}")
    codes = y.to_numpy(np.int64)
    train = table["split"].to_numpy() == "train" if "split" in table else np.zeros(0, dtype=bool)
    counts = np.bincount(codes[train] if train.any() else codes, minlength=len(classes)) + 1.0
    p1, p2, p12 = (table[names].to_numpy(np.float64) for names in groups)
    return from_predictions(p1, p2, p12, codes, counts, definition)


def _probabilities(p: ArrayLike, name: str) -> Floats:
    try:
        values = np.asarray(p, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name}: expected numbers (N, K)") from None
    if values.ndim != 2 or not np.isfinite(values).all():
        raise DataError(f"{name}: expected finite numbers (N, K), got shape {values.shape}")
    odd = (values < 0).any(axis=1) | (np.abs(values.sum(axis=1) - 1) > _SUM_TOLERANCE)
    if odd.any():
        row = int(odd.argmax())
        raise DataError(
            f"{name}: expected probabilities that sum to 1 in each row; row {row} sums to "
            f"{values[row].sum():.4g}"
        )
    return values


# --- from embeddings -----------------------------------------------------------------------


def from_embeddings(
    z1: ArrayLike, z2: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None,
    definition: Definition = "same-sign", seed: int = 0,
) -> Pointwise:  # fmt: skip
    """The split of what small networks find in embeddings; none of them saw the sample it judges.

    Parameters
    ----------
    z1, z2
        (N, D) a model's embeddings of each input.
    y
        (N,) classes, integers or text.
    groups
        (N,) rows of one value are in one fold.

    Raises
    ------
    DataError
        If rows do not match, a number is not finite, or there are too few rows in all or of a
        class.
    ConfigError
        If there is no such definition.
    """
    from dmil_core.information.estimator import PointwiseInformation

    fitted = PointwiseInformation(definition, seed=seed).fit(z1, z2, y, groups)
    return fitted.score_samples(z1, z2, y)


def frequencies_of(y: NDArray[np.integer], classes: int) -> Floats:
    """(K,) class frequencies, plus one count each, so that none is 0."""
    counts = np.bincount(y, minlength=classes) + 1.0
    prior: Floats = counts / counts.sum()
    return prior


def prior_of(known: Ints | None, p12: Floats) -> Floats:
    """(K,) class frequencies among the rows whose classes (N,) are known; where none are, what the
    model itself makes of the samples (n, K) together."""
    return p12.mean(axis=0) if known is None else frequencies_of(known, p12.shape[1])
