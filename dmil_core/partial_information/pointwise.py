"""Pointwise mutual information of each input with the class of one sample, and its parts, in nats.

A definition gives the redundant part r; the rest follows:

    u1 = i(x1;y) - r,   u2 = i(x2;y) - r,   s = i(x1,x2;y) - r - u1 - u2

so that r + u1 + u2 + s = i(x1,x2;y) and r + u_m = i(x_m;y). All of them can be negative:
an input may be evidence against the true class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmil_core.errors import ConfigError
from dmil_core.partial_information.pmf import Floats
from dmil_core.schema import Definition

#: Names of the mutual informations, of their parts, and of both, as columns of a table.
SUMS: Final = ("i1", "i2", "i12")
PARTS: Final = ("r", "u1", "u2", "s")
QUANTITIES: Final = (*SUMS, *PARTS)

#: Name -> how it defines the redundant part r, in a sentence.
DEFINITIONS: Final[Mapping[Definition, str]] = {
    "same-sign": "minimum of |i1| and |i2|, with their sign, where the signs agree, else 0",
    "ccs": "common change: i1 + i2 - i12 where it has the sign of i1, i2 and i12, else 0",
    "lsmi": "smaller surprisal of the two inputs, less the same among samples of the class",
}


@dataclass(frozen=True)
class Pointwise:
    """Pointwise information and its parts for N samples; all arrays are (N,), in nats.

    Attributes
    ----------
    i1, i2, i12 : i(x1;y), i(x2;y) and i(x1,x2;y).
    r, u1, u2, s : their parts.
    """

    i1: Floats
    i2: Floats
    i12: Floats
    r: Floats
    u1: Floats
    u2: Floats
    s: Floats

    def columns(self) -> dict[str, Floats]:
        """The arrays by name, in the order of ``QUANTITIES``."""
        return {name: getattr(self, name) for name in QUANTITIES}

    def largest(self) -> NDArray[np.str_]:
        """(N,) the component, ``R``, ``U1``, ``U2`` or ``S``, of each row's largest part."""
        return largest_part(self.r, self.u1, self.u2, self.s)


def largest_part(r: ArrayLike, u1: ArrayLike, u2: ArrayLike, s: ArrayLike) -> NDArray[np.str_]:
    """(N,) the name of the largest of these (N,), in any unit, as a component is named."""
    parts = np.stack([np.asarray(part) for part in (r, u1, u2, s)], axis=1)
    return np.array([name.upper() for name in PARTS])[parts.argmax(axis=1)]


@dataclass(frozen=True)
class Mean:
    """Mean over rows and its standard error, in nats; by whether the error includes the fit of an
    estimator, see :func:`mean_of`."""

    value: float
    error: float


def means(
    pointwise: Pointwise, groups: ArrayLike | None = None,
    fit_errors: Mapping[str, float] | None = None,
) -> dict[str, Mean]:  # fmt: skip
    """Mean of each of i1, i2, i12, r, u1, u2 and s with its standard error; see :func:`mean_of`.

    ``fit_errors`` has the error by the fit of each quantity, in nats.
    """
    by_fit = fit_errors or {}
    return {
        name: mean_of(values, groups, by_fit.get(name, 0.0))
        for name, values in pointwise.columns().items()
    }


def mean_of(values: Floats, groups: ArrayLike | None = None, fit_error: float = 0.0) -> Mean:
    """Mean of a quantity (N,) with its standard error (NaN for a single row), in the same unit.

    Rows of one of the ``groups`` (N,), say of one person, are not independent: the standard error
    is clustered by group. Without groups the rows count as independent. The error over rows takes
    the values as given; where they are estimates, ``fit_error`` is the root mean square error of
    the mean by the fit of the estimator (:mod:`dmil_core.information.refits`), and the squares add
    up.
    """
    n, mean = len(values), float(values.mean())
    deviations = values - mean
    if groups is not None:
        codes = np.unique(np.asarray(groups), return_inverse=True)[1]
        deviations = np.bincount(codes, weights=deviations).astype(np.float64)
    g = len(deviations)
    error = float(np.sqrt((deviations**2).sum() * g / (g - 1)) / n) if g > 1 else float("nan")
    return Mean(mean, float(np.hypot(error, fit_error)))


@dataclass(frozen=True)
class Surprise:
    """-log p(x_m) and -log p(x_m | y) of each input for the true class, (N,), in nats."""

    x1: Floats
    x2: Floats
    x1_given_y: Floats
    x2_given_y: Floats


def split(
    i1: ArrayLike, i2: ArrayLike, i12: ArrayLike, definition: Definition = "same-sign",
    surprise: Surprise | None = None,
) -> Pointwise:  # fmt: skip
    """Split pointwise information by a named definition.

    Parameters
    ----------
    i1, i2, i12
        (N,) log p(y|x) / p(y) of x1, of x2 and of both, in nats.
    surprise
        Needed by ``lsmi`` alone, which compares densities of the inputs (ICML 2025; averaged, on
        discrete systems, the measure of Finn and Lizier, Entropy 2018). A modality in another unit
        has another density, so that ``lsmi`` changes with the unit. The others do not.

    Raises
    ------
    ConfigError
        If there is no such definition, or it lacks densities.
    """
    a, b, both = (np.asarray(i, dtype=np.float64) for i in (i1, i2, i12))
    r = _redundant(a, b, both, definition, surprise)
    u1, u2 = a - r, b - r
    return Pointwise(a, b, both, r, u1, u2, both - r - u1 - u2)


def _redundant(
    i1: Floats, i2: Floats, i12: Floats, definition: Definition, surprise: Surprise | None
) -> Floats:
    match definition:
        case "same-sign":
            return np.where(i1 * i2 > 0, np.sign(i1) * np.minimum(np.abs(i1), np.abs(i2)), 0.0)
        case "ccs":
            return common_change(i1, i2, i12)
        case "lsmi":
            if surprise is None:
                raise ConfigError("lsmi compares densities of the inputs; none were given")
            inside = np.minimum(surprise.x1_given_y, surprise.x2_given_y)
            return np.minimum(surprise.x1, surprise.x2) - inside
    known = ", ".join(DEFINITIONS)
    raise ConfigError(f"there is no definition {definition!r}; expected one of {known}")


def common_change(i1: Floats, i2: Floats, i12: Floats, zero: float = 1e-12) -> Floats:
    """i1 + i2 - i12 where it has the sign of all three, else 0 (Ince, Entropy 2017).

    Values closer to 0 than ``zero`` count as having no sign.
    """
    twice = i1 + i2 - i12
    signs = [np.sign(np.where(np.abs(i) < zero, 0.0, i)) for i in (i1, i2, i12, twice)]
    agree = np.logical_and.reduce([signs[0] == other for other in signs[1:]])
    return np.where(agree & (signs[0] != 0), twice, 0.0)
