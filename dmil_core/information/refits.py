"""What the fit of the networks adds to the error of a set's mean information.

The standard error over rows takes the networks as given. They are not: fitted to other rows they
would differ (variance), and fitted to more rows they would find more (bias: with cross-fitting,
networks of few rows find less information than there is, and the noise of the rows' estimates moves
the redundant part). Both are estimated by fitting again to samples S of a share f of the rows,
which are drawn without replacement; a set is divided into 1/f of them at a time, class by class or,
where there are groups, by group:

    d(S) = mean over the rows of S of (i by networks fitted to S - i by networks fitted to all).

As the rows are the same on both sides, d(S) varies by the fit alone. By the delete-d jackknife
(Shao, Wu, Annals of Statistics 17, 1989) the variance of the fit at n rows is f / (1 - f) times the
variance of d(S). The bias is extrapolated along a learning curve I(n) = I - c n^-a (Cortes, Jackel,
Solla, Vapnik, Denker, NIPS 1993; for estimates of information with a = 1: Strong, Koberle, de
Ruyter van Steveninck, Bialek, PRL 80, 1998):

    I - I(n) = (I(n) - I(f n)) / (f^-a - 1) = -mean d(S) / (f^-a - 1).

The exponent is not estimated, as its estimate is noisy: for each curve it may lie anywhere between
1/2, the rate of the noise of single estimates, and 1, the rate of a correct parametric model, and
the largest bias that this allows counts. The curves are those of i1, i2 and i12, and two for r,
which falls short as i1 and i2 do and is moved by noise the other way: (i1 + i2) / 2, and r less
that. The error of a mean is the root of a sum of three squares: standard error over rows, standard
deviation by the fit, bias. The means themselves are not corrected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmil_core.errors import ConfigError, DataError
from dmil_core.partial_information.pmf import Floats
from dmil_core.partial_information.pointwise import QUANTITIES, SUMS, Definition, Pointwise

if TYPE_CHECKING:
    from dmil_core.information.estimator import PointwiseInformation

Ints = NDArray[np.int64]

#: Samples that the estimator is fitted to, and each one's share of the rows. A smaller share costs
#: less and is a longer lever for the bias; half of the rows are taken where a quarter is too small.
REFITS: Final = 16
SHARES: Final = (0.25, 0.5)
#: Fewest groups of a sample, of sets with groups.
LEAST_GROUPS: Final = 4
#: Least and largest exponent of the learning curve.
EXPONENTS: Final = (0.5, 1.0)
#: i1, i2, i12 and r -> the learning curves: i1, i2, i12, (i1 + i2) / 2, and r less that.
_CURVES: Final = np.array(
    [
        [1, 0, 0, 0.5, -0.5],
        [0, 1, 0, 0.5, -0.5],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 0, 1],
    ]
)
#: Each quantity, in the order of ``QUANTITIES``, as a sum of i1, i2, i12 and r.
_SUMS_OF: Final = np.array(
    [
        [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0],
        [0, 0, 0, 1], [1, 0, 0, -1], [0, 1, 0, -1], [-1, -1, 1, 1],
    ],
    dtype=np.float64,
)  # fmt: skip


@dataclass(frozen=True)
class FitError:
    """Error of a mean by the fit, in nats.

    Attributes
    ----------
    deviation : standard deviation by the fit.
    bias : largest bias, without its sign, that the learning curve allows.
    """

    deviation: float
    bias: float

    @property
    def root_mean_square(self) -> float:
        """Root of variance and squared bias."""
        return float(np.hypot(self.deviation, self.bias))


@dataclass(frozen=True)
class Refits:
    """Differences of mean information between fits to some of the rows and to all, in nats.

    Attributes
    ----------
    definitions : of the redundant part.
    share : f, of the rows of the set, that a sample has.
    differences : (B, 3 + D) d(S) of i1, i2, i12 and of r by each of D definitions, for B samples;
        none where the set is too small for any.
    """

    definitions: tuple[Definition, ...]
    share: float
    differences: Floats

    def errors(self, definition: Definition) -> dict[str, float]:
        """Root mean square error of each of ``QUANTITIES`` by the fit; empty where not known."""
        if len(self.differences) < 2:
            return {}
        return {q: self.error({q: 1.0}, definition).root_mean_square for q in QUANTITIES}

    def error(self, weights: Mapping[str, float], definition: Definition) -> FitError:
        """The error by the fit of a weighted sum of means, say ``{"u2": 1, "s": 1}``.

        Raises
        ------
        ConfigError
            If the refits were made for other definitions, or there are fewer than two.
        """
        if definition not in self.definitions:
            known = ", ".join(self.definitions)
            raise ConfigError(f"refits were made for {known}; there are none for {definition!r}")
        if len(self.differences) < 2:
            raise ConfigError("the error by the fit needs at least two refits; there are none")
        columns = [0, 1, 2, len(SUMS) + self.definitions.index(definition)]
        c = np.array([weights.get(name, 0.0) for name in QUANTITIES]) @ _SUMS_OF
        differences = self.differences[:, columns]  # (B, 4)
        curves = differences.mean(axis=0) @ _CURVES * np.append(c, c[-1])
        ends = np.outer([1.0 / (self.share**-a - 1.0) for a in EXPONENTS], curves)  # (2, 5)
        bias = max(ends.max(axis=0).sum(), -ends.min(axis=0).sum())
        scale = np.sqrt(self.share / (1.0 - self.share))
        return FitError(float(scale * (differences @ c).std(ddof=1)), float(bias))

    def as_json(self) -> dict[str, Any]:
        """For the metadata of a file; :meth:`from_json` reads it."""
        return {
            "definitions": list(self.definitions),
            "share": self.share,
            "differences": self.differences.tolist(),
        }

    @classmethod
    def from_json(cls, about: Mapping[str, Any]) -> Self:
        """Read :meth:`as_json`; KeyError, TypeError or ValueError for what is none."""
        definitions: tuple[Definition, ...] = tuple(about["definitions"])
        differences = np.array(about["differences"], dtype=np.float64)
        differences = differences.reshape(-1, len(SUMS) + len(definitions))
        share = float(about["share"])
        if not (np.isfinite(differences).all() and 0.0 < share < 1.0):
            raise ValueError("refits: expected finite differences and a share between 0 and 1")
        return cls(definitions, share, differences)


def refit(
    estimator: PointwiseInformation, x1: ArrayLike, x2: ArrayLike, y: ArrayLike,
    groups: ArrayLike | None = None, definitions: Sequence[Definition] | None = None,
    refits: int = REFITS, step: Callable[[], None] | None = None,
) -> Refits:  # fmt: skip
    """Fit copies of a fitted estimator to a quarter of its rows each, or else to half of them.

    Parameters
    ----------
    estimator
        Fitted to these very rows.
    x1, x2, y, groups
        As in its ``fit``.
    definitions
        Of the redundant part; None for the estimator's own.
    refits
        How many; a multiple of 4, 0 for none.
    step
        Called after each.

    Raises
    ------
    ConfigError
        If ``refits`` is negative or no multiple of 4.
    """
    check_refits(refits)
    wanted = tuple(definitions or (estimator.definition,))
    rows = (np.asarray(x1), np.asarray(x2), np.asarray(y))
    of_groups = None if groups is None else np.asarray(groups)
    whole = _values(estimator, rows, wanted) if refits else np.empty(0)
    for share in SHARES if refits else ():
        differences = _differences(estimator, rows, of_groups, whole, wanted, share, refits, step)
        if differences is not None:
            return Refits(wanted, share, differences)
    return Refits(wanted, SHARES[-1], np.empty((0, len(SUMS) + len(wanted))))


def check_refits(refits: int) -> None:
    """Refuse a number of refits that is negative or no multiple of 4 with a ConfigError."""
    if refits < 0 or refits % 4:
        raise ConfigError(
            f"refits: expected 0 or a multiple of 4, as a set is cut into quarters; got {refits}"
        )


def _differences(
    estimator: PointwiseInformation, rows: tuple[Any, Any, Any], groups: Any, whole: Floats,
    definitions: Sequence[Definition], share: float, refits: int,
    step: Callable[[], None] | None = None,
) -> Floats | None:  # fmt: skip
    """(B, 3 + D) d(S) of samples of this share; None where one is too small."""
    generator = np.random.default_rng([estimator.seed, 13])
    result, parts = [], round(1.0 / share)
    for number in range(refits):
        if number % parts == 0:
            division = _divided(rows[2], groups, parts, generator)
        sample = np.flatnonzero(division == number % parts)
        some = (rows[0][sample], rows[1][sample], rows[2][sample])
        inside = None if groups is None else groups[sample]
        if inside is not None and len(np.unique(inside)) < LEAST_GROUPS:
            return None
        again = _fitted(estimator, some, inside, number)
        if again is None:
            return None
        change = _values(again, some, definitions) - whole[:, sample]
        result.append(change.mean(axis=1))
        if step is not None:
            step()
    return np.array(result)


def _fitted(
    estimator: PointwiseInformation, rows: tuple[Any, Any, Any], groups: Any, number: int
) -> PointwiseInformation | None:
    """A copy fitted to a sample; None where it has too few rows, in all or of a class."""
    from sklearn.base import clone

    # Other initial weights than in the fit to all rows: they are part of what varies.
    again = clone(estimator).set_params(seed=estimator.seed + 1 + number)
    try:
        return again.fit(*rows, groups)
    except DataError:
        return None


def _values(
    estimator: PointwiseInformation, rows: tuple[Any, Any, Any], definitions: Iterable[Definition]
) -> Floats:
    """(3 + D, N) i1, i2, i12 and r by each definition."""
    scores: list[Pointwise] = [estimator.score_samples(*rows, definition=d) for d in definitions]
    first = scores[0]
    return np.stack([first.i1, first.i2, first.i12, *(s.r for s in scores)])


def _divided(y: Any, groups: Any, parts: int, generator: np.random.Generator) -> Ints:
    """(N,) which part a row is in: each class, or where there are groups these, divided evenly."""
    if groups is None:
        order = generator.permutation(len(y))
        order = order[np.argsort(y[order], kind="stable")]
        part = np.empty(len(y), dtype=np.int64)
        part[order] = np.arange(len(y)) % parts
        return part
    names, codes = np.unique(groups, return_inverse=True)
    of_group: Ints = generator.permutation(len(names)) % parts
    return of_group[codes]
