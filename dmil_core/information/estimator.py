"""Pointwise mutual information from samples, as a scikit-learn estimator of two inputs."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.special import logsumexp
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError

from dmil_core.errors import ConfigError, DataError
from dmil_core.information.calibration import Ints
from dmil_core.information.densities import Densities, fit_densities
from dmil_core.information.posteriors import Posteriors, Settings, fit_posteriors
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import (
    DEFINITIONS,
    Definition,
    Pointwise,
    Surprise,
    split,
)

#: Fewest rows of a fold for which networks are trained.
LEAST_ROWS_OF_FOLD: Final = 15
_MOST_SHOWN: Final = 5


class UnfittedError(ConfigError, NotFittedError):
    """An estimator was asked for scores before ``fit``."""


class PointwiseInformation(BaseEstimator):
    """Estimate the pointwise mutual information of two inputs with the class, and its parts.

    i(x; y) = log q(y | x) - log p(y), with q from small calibrated networks and p(y) the class
    frequencies among the training rows. Training rows are recognised and scored by networks that
    were not trained on them (cross-fitting), so that they may be passed to ``score_samples`` like
    any others. Inputs are standardised; only the definition ``lsmi``, which compares densities,
    depends on their units.

    A network may be wrong by any amount for a row unlike all others. Two measures bound what such a
    row can cost, and how far it moves the networks: features are clipped, and q is mixed with the
    prior:

        z_d = (min(max(x_d, low_d), high_d) - mean_d) / scale_d,
        q(y | x) = (1 - e) softmax(f(z) / t)_y + e p(y),    so that  i(x; y) >= log e.

    A scikit-learn estimator (``get_params``, ``set_params``, ``clone``) whose ``fit`` takes the two
    inputs apart, as ``fit(x1, x2, y)``.

    Parameters
    ----------
    definition
        Definition of the redundant part that ``score_samples`` uses by default; see
        :data:`dmil_core.partial_information.pointwise.DEFINITIONS`.
    settings
        Of the networks; None for the defaults of :class:`Settings`.
    seed
        Determines folds, batches and initial weights.
    clip
        The rank k: low_d and high_d are the k-th smallest and the k-th largest value of a feature
        among the training rows, so that it takes k rows to widen the range. A network that was
        trained on some of these rows sees values clipped to their range (new rows, which all
        networks score: to the intersection of these ranges). 1 is the range itself, 0 no clipping.
    prior_weight
        The weight e of the prior, 0 <= e < 1; 0 leaves i(x; y) without a lower bound. None chooses
        it, with the temperature t, for x1, x2 and both apart: by the least log loss of training
        rows under networks that were not trained on them, and at least 1 / N for N training rows.

    Attributes
    ----------
    classes_ : (K,) the classes, sorted.
    prior_ : (K,) class frequencies among the training rows.
    sizes_ : number of features of x1 and of x2, flattened.
    low_, high_ : (D1 + D2,) what each feature is clipped to.
    mean_, scale_ : (D1 + D2,) mean and standard deviation of each clipped feature; the scale of a
        constant feature is 1.
    varies_ : (D1 + D2,) whether a feature is not constant.
    fold_ : (N,) fold of each training row.
    settings_ : the settings that were used.
    posteriors_ : the networks and their calibration.
    temperatures_, prior_weights_ : (3,) temperature t and weight e of x1, x2 and both.

    Examples
    --------
    >>> estimator = PointwiseInformation(seed=0).fit(x1, x2, y)  # doctest: +SKIP
    >>> estimator.score_samples(x1, x2, y).s.mean()  # synergy in nats  # doctest: +SKIP
    """

    classes_: NDArray[Any]
    prior_: Floats
    sizes_: tuple[int, int]
    low_: Floats
    high_: Floats
    mean_: Floats
    scale_: Floats
    varies_: NDArray[np.bool_]
    fold_: Ints
    settings_: Settings
    posteriors_: Posteriors
    temperatures_: Floats
    prior_weights_: Floats

    def __init__(
        self, definition: Definition = "same-sign", settings: Settings | None = None,
        seed: int = 0, clip: int = 2, prior_weight: float | None = None,
    ) -> None:  # fmt: skip
        self.definition: Definition = definition
        self.settings = settings
        self.seed = seed
        self.clip = clip
        self.prior_weight = prior_weight

    def fit(
        self, x1: ArrayLike, x2: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None
    ) -> Self:
        """Train the networks.

        Parameters
        ----------
        x1, x2
            (N, ...) finite numbers; each row is flattened.
        y
            (N,) classes, integers or text.
        groups
            (N,) rows with equal values belong together: like copies of a row they are in one fold.

        Raises
        ------
        ConfigError
            If there is no such definition, ``clip`` is negative, or ``prior_weight`` not in [0, 1).
        DataError
            If rows do not match, a number is not finite, or there are too few rows in all or of a
            class.
        """
        _check_definition(self.definition)
        _check_bounds(self.clip, self.prior_weight)
        x, labels = _rows(x1, x2), _labels(y)
        _check_lengths(*x, labels)
        self.settings_ = self.settings or Settings()
        self.classes_, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        self._check_counts(counts)
        self.sizes_ = (x[0].shape[1], x[1].shape[1])
        raw = np.concatenate(x, axis=1)
        self.low_, self.high_ = _ends(raw, self.clip)
        clipped = np.clip(raw, self.low_, self.high_)
        self.mean_, scale = clipped.mean(axis=0), clipped.std(axis=0)
        # A constant feature carries no information; divided by one it stays constant.
        self.varies_ = scale > 1e-12 * (1.0 + np.abs(self.mean_))
        self.scale_ = np.where(self.varies_, scale, 1.0)
        self.prior_ = counts / len(codes)
        keys = _keys(raw)
        together = keys if groups is None else _together(keys, np.asarray(groups))
        self.fold_ = _folds(together, codes, self.settings_.folds, self.seed)
        self._order = np.argsort(keys, kind="stable")
        self._sorted_keys = keys[self._order]
        self._x, self._codes = self._scaled(raw), codes
        self.posteriors_ = fit_posteriors(
            self._x, self.sizes_, codes, self.fold_, len(self.classes_), self.settings_, self.seed,
            self.clip > 0, self.prior_weight,
        )  # fmt: skip
        self.temperatures_, self.prior_weights_ = np.array(
            [(c.temperature, c.prior_weight) for c in self.posteriors_.calibrated]
        ).T
        self._densities: list[tuple[Densities, Densities]] = []
        return self

    def score_samples(
        self, x1: ArrayLike, x2: ArrayLike, y: ArrayLike, definition: Definition | None = None
    ) -> Pointwise:
        """Pointwise information of each row in nats, in the order of the rows.

        Parameters
        ----------
        x1, x2
            (N, ...) rows with the same numbers of features as in ``fit``.
        y
            (N,) their classes.
        definition
            Another definition than the estimator's own.

        Raises
        ------
        UnfittedError
            Before ``fit``; also a scikit-learn ``NotFittedError``.
        ConfigError
            If there is no such definition.
        DataError
            If rows do not match those of ``fit``, or a class did not occur there.
        """
        chosen = definition or self.definition
        _check_definition(chosen)
        x, labels = self._inputs(x1, x2), _labels(y)
        _check_lengths(*x, labels)
        codes = self._coded(labels)
        raw = np.concatenate(x, axis=1)
        seen = self._seen(raw)
        scaled = self._scaled(raw)
        log_q = self._log_q(scaled, seen)
        at = np.arange(len(codes))
        i1, i2, i12 = log_q[:, at, codes] - np.log(self.prior_)[codes]
        surprise = self._surprise(scaled, codes, seen) if chosen == "lsmi" else None
        return split(i1, i2, i12, chosen, surprise)

    def log_posteriors(self, x1: ArrayLike, x2: ArrayLike) -> Floats:
        """(3, N, K) log q(y | x1), log q(y | x2) and log q(y | x1, x2) of rows (N, ...), in nats, K
        classes in the order of ``classes_``; training rows by networks that were not trained on
        them.

        Raises
        ------
        UnfittedError
            Before ``fit``.
        DataError
            If rows do not match those of ``fit``.
        """
        x = self._inputs(x1, x2)
        raw = np.concatenate(x, axis=1)
        return self._log_q(self._scaled(raw), self._seen(raw))

    def _inputs(self, x1: ArrayLike, x2: ArrayLike) -> tuple[Floats, Floats]:
        """Rows (N, D1) and (N, D2) of the kind that ``fit`` had."""
        if not hasattr(self, "posteriors_"):
            raise UnfittedError("this needs a fitted estimator; call fit(x1, x2, y) first")
        x = _rows(x1, x2)
        sizes = (x[0].shape[1], x[1].shape[1])
        if sizes != self.sizes_:
            raise DataError(f"expected {self.sizes_} features of x1 and x2, as in fit; got {sizes}")
        if len(x[0]) != len(x[1]):
            raise DataError(f"x1 and x2 differ in length: {len(x[0])} and {len(x[1])} rows")
        return x

    def _log_q(self, scaled: Floats, seen: Ints) -> Floats:
        """(3, N, K) log posteriors of scaled rows; ``seen`` as `_seen` has it."""
        log_q = np.empty((3, len(seen), len(self.classes_)))
        log_q[:, seen < 0] = self.posteriors_.log_probabilities(scaled[seen < 0])
        log_q[:, seen >= 0] = self.posteriors_.out_of_fold[:, seen[seen >= 0]]
        return log_q

    def _check_counts(self, counts: Ints) -> None:
        folds, total = self.settings_.folds, int(counts.sum())
        least = folds * LEAST_ROWS_OF_FOLD
        if total < least:
            raise DataError(
                f"{total} rows are too few for an estimate; at least {least} are needed"
            )
        if len(counts) < 2:
            raise DataError(
                f"all rows are of class {self.classes_[0]}; at least two classes are needed"
            )
        rare = np.flatnonzero(counts < 2 * folds)
        if len(rare):
            names = ", ".join(f"{self.classes_[k]} ({counts[k]})" for k in rare[:_MOST_SHOWN])
            more = f" and {len(rare) - _MOST_SHOWN} more" if len(rare) > _MOST_SHOWN else ""
            raise DataError(
                f"each class needs at least {2 * folds} rows; too few have {names}{more}. Leave "
                "these classes out or merge them"
            )

    def _scaled(self, raw: Floats) -> Floats:
        scaled = (np.clip(raw, self.low_, self.high_) - self.mean_) / self.scale_
        scaled[:, ~self.varies_] = 0.0
        return scaled

    def _coded(self, labels: NDArray[Any]) -> Ints:
        codes = np.clip(np.searchsorted(self.classes_, labels), 0, len(self.classes_) - 1)
        unknown = np.unique(labels[self.classes_[codes] != labels])
        if len(unknown):
            shown = ", ".join(str(u) for u in unknown[:_MOST_SHOWN])
            raise DataError(f"classes that fit() has not seen: {shown}")
        return codes.astype(np.int64)

    def _seen(self, raw: Floats) -> Ints:
        """(N,) the training row that each row is a copy of, -1 where it is none."""
        keys = _keys(raw)
        index = np.clip(np.searchsorted(self._sorted_keys, keys), 0, len(self._sorted_keys) - 1)
        same = self._sorted_keys[index] == keys
        return np.where(same, self._order[index], -1)

    def _surprise(self, scaled: Floats, codes: Ints, seen: Ints) -> Surprise:
        """-log densities in the inputs' own units; folds as for the networks."""
        if not self._densities:
            self._densities = [self._fit_densities(f) for f in range(self.settings_.folds)]
        log_prior, folds = np.log(self.prior_), self.settings_.folds
        new, ranges = np.flatnonzero(seen < 0), self.posteriors_.ranges
        marginal, conditional = [], []
        for m in (0, 1):
            columns = self._columns(m)
            unit = float(np.log(self.scale_[columns]).sum())
            log_p = np.empty((len(codes), len(self.prior_)))
            for f in range(folds):
                in_fold = np.flatnonzero((seen >= 0) & (self.fold_[seen] == f))
                rows = ranges.of_fold(scaled[in_fold], f)[:, columns]
                log_p[in_fold] = self._densities[f][m].log_density(rows)
            rows = ranges.of_all(scaled[new])[:, columns]
            per_fold = [self._densities[f][m].log_density(rows) for f in range(folds)]
            log_p[new] = logsumexp(per_fold, axis=0) - np.log(folds)
            marginal.append(unit - logsumexp(log_p + log_prior, axis=1))
            conditional.append(unit - log_p[np.arange(len(codes)), codes])
        return Surprise(*marginal, *conditional)

    def _fit_densities(self, fold: int) -> tuple[Densities, Densities]:
        rows, k = np.flatnonzero(self.fold_ != fold), len(self.classes_)
        first, second = (
            fit_densities(self._x[np.ix_(rows, self._columns(m))], self._codes[rows], k, self.seed)
            for m in (0, 1)
        )
        return first, second

    def _columns(self, m: int) -> Ints:
        """Features of an input that vary; at least one."""
        start = m * self.sizes_[0]
        columns = np.arange(start, start + self.sizes_[m])
        varying = columns[self.varies_[columns]]
        return varying if len(varying) else columns[:1]


def _check_definition(definition: str) -> None:
    if definition not in DEFINITIONS:
        known = ", ".join(DEFINITIONS)
        raise ConfigError(f"there is no definition {definition!r}; expected one of {known}")


def _check_bounds(clip: int, weight: float | None) -> None:
    if clip < 0:
        raise ConfigError(f"clip: expected a rank, 1 or more, or 0 for none, got {clip!r}")
    if weight is not None and not 0.0 <= weight < 1.0:
        raise ConfigError(f"prior_weight: expected None or a number in [0, 1), got {weight!r}")


def _ends(raw: Floats, rank: int) -> tuple[Floats, Floats]:
    """The rank-th smallest and largest value of each feature (N, D); infinite for rank 0."""
    if not rank:
        ends = np.full(raw.shape[1], np.inf)
        return -ends, ends
    low, high = min(rank, len(raw)) - 1, max(len(raw) - rank, 0)
    ordered = np.partition(raw, (low, high), axis=0)
    return ordered[low], ordered[high]


def _rows(x1: ArrayLike, x2: ArrayLike) -> tuple[Floats, Floats]:
    result = []
    for name, x in (("x1", x1), ("x2", x2)):
        try:
            rows = np.asarray(x, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError(f"{name}: expected numbers, (N, ...)") from None
        if rows.ndim == 0 or rows.shape[0] == 0:
            raise DataError(f"{name}: expected at least one row, got shape {rows.shape}")
        rows = rows.reshape(len(rows), -1)
        if not rows.shape[1]:
            raise DataError(f"{name}: expected at least one feature")
        faulty = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(faulty):
            shown = ", ".join(str(i) for i in faulty[:_MOST_SHOWN])
            raise DataError(f"{name}: {len(faulty)} rows hold a number that is not finite: {shown}")
        result.append(rows)
    return result[0], result[1]


def _labels(y: ArrayLike) -> NDArray[Any]:
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.dtype.kind not in "iubUS":
        raise DataError(f"y: expected (N,) integers or text, got {labels.dtype} {labels.shape}")
    return labels


def _check_lengths(x1: Floats, x2: Floats, y: NDArray[Any]) -> None:
    if not len(x1) == len(x2) == len(y):
        raise DataError(f"x1, x2 and y differ in length: {len(x1)}, {len(x2)} and {len(y)} rows")


def _keys(raw: Floats) -> NDArray[np.uint64]:
    """(N,) a number for each row of features; equal rows have equal ones."""
    words = np.ascontiguousarray(raw + 0.0).view(np.uint64)  # adding zero makes -0 a 0
    factors = np.random.default_rng(9).integers(1, 2**63, words.shape[1], dtype=np.uint64)
    # Mixed before the sum, or a swap of high bits between features could cancel out.
    mixed = (words ^ (words >> np.uint64(29))) * (factors * np.uint64(2) + np.uint64(1))
    codes: NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(32))).sum(axis=1, dtype=np.uint64)
    return codes


def _together(keys: NDArray[np.uint64], groups: NDArray[Any]) -> Ints:
    """(N,) number of what must stay in one fold: a group, and the groups it shares a row with."""
    if groups.shape != keys.shape:
        raise DataError(f"groups: expected {keys.shape}, one for each row; got {groups.shape}")
    _, row = np.unique(keys, return_inverse=True)
    _, group = np.unique(groups, return_inverse=True)
    n, m = int(row.max()) + 1, int(group.max()) + 1
    pairs = coo_matrix((np.ones(len(row)), (row, n + group)), shape=(n + m, n + m))
    _, part = connected_components(pairs, directed=False)
    indices: Ints = part[row].astype(np.int64)
    return indices


def _folds(keys: NDArray[Any], codes: Ints, folds: int, seed: int) -> Ints:
    """(N,) fold of each row: classes spread evenly, copies of a row together."""
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    # In order of appearance, not of keys: these change with the unit of an input.
    drawn = np.argsort(first)[np.random.default_rng([seed, 10]).permutation(len(first))]
    by_class = drawn[np.argsort(codes[first[drawn]], kind="stable")]
    fold = np.empty(len(first), dtype=np.int64)
    fold[by_class] = np.arange(len(first)) % folds
    indices: Ints = fold[inverse]
    return indices
