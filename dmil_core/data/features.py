"""The features of a vector input as a reader knows them: names, words, and where a value lies.

A feature is a number of the vector, or the numbers that spell one category
(:class:`~dmil_core.data.card.ColumnSpec`). Shapes: D numbers, n training rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import ColumnSpec
from dmil_core.data.dataset import Dataset
from dmil_core.data.statistics import training_rows, training_statistic
from dmil_core.errors import DataError
from dmil_core.schema import ModalityNumber

#: What the two values of a was-missing column are called.
_NO_YES: Final = ("no", "yes")
#: Share of a number that 32 bits do not hold, with room for the rounding of a mean.
_ROUNDING: Final = 3e-7
#: Decimals that are looked for in the values of a column, fewer where values are large; beyond,
#: they are measurements that no table rounded.
_MOST_DECIMALS: Final = 4
#: Rows that are looked at for them.
_ROWS_FOR_DECIMALS: Final = 2000
#: From here on numbers are written with an exponent.
_LARGE: Final = 1e9
#: How far the numbers of a one-hot category may lie from 0 and 1.
_ONE_HOT: Final = 1e-3

_KNOWN: Final[WeakKeyDictionary[Dataset, dict[int, tuple[Feature, ...]]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Feature:
    """One feature of a vector input.

    Attributes
    ----------
    name : from the card, or its place, counted from 1: ``feature 3``.
    unit : of its values, "" for none.
    start : position of its first number in the vector.
    categories : the words of a category, () for a number.
    one_hot : whether each word has a number of its own; else the number is the word's position.
    was_missing : whether it says that the value of another feature was missing.
    flag : position of the number that says whether its value was missing, None where there is none.
    filled : of a feature that says so, the position of that value and what stands there for it.
    mean, std, low, high : of the training rows; NaN for a category, or without training rows.
    decimals : that the values of the set have, None where they are not rounded.
    shares : of the training rows that have each word; () for a number, or without training rows.
    """

    name: str
    unit: str
    start: int
    categories: tuple[str, ...] = ()
    one_hot: bool = False
    was_missing: bool = False
    flag: int | None = None
    filled: tuple[int, float] | None = None
    mean: float = math.nan
    std: float = math.nan
    low: float = math.nan
    high: float = math.nan
    decimals: int | None = None
    shares: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers of the vector it takes."""
        return len(self.categories) if self.one_hot else 1

    def written(self, value: float) -> str:
        """A number as its column writes it, without the unit."""
        if self.decimals is not None and abs(value) < _LARGE:
            for decimals in range(self.decimals, self.decimals + 3):
                if _has(value, decimals):
                    return f"{value:,.{decimals}f}"
        return _short(value)


@dataclass(frozen=True)
class FeatureValue:
    """The value that one row has of a feature.

    Attributes
    ----------
    value : the number, or the position of the word among the categories; -1 where it is none.
    text : the same in words, without the unit.
    z : distance from the mean of the training rows in their standard deviations; NaN for a
        category, or without training rows; infinite for another value of a constant column.
    share : of the training rows that have this word; NaN for a number.
    """

    feature: Feature
    value: float
    text: str
    z: float = math.nan
    share: float = math.nan

    @property
    def is_quiet(self) -> bool:
        """Whether it says nothing to a reader: that no value was missing."""
        return self.feature.was_missing and self.value == 0

    @property
    def telling(self) -> float:
        """How far from the usual the value is: its absolute z; of a word, the absolute z that is as
        rare in a normal distribution; 0 where nothing is known."""
        from scipy.special import ndtri

        if not math.isnan(self.z):
            return abs(self.z)
        return 0.0 if math.isnan(self.share) else abs(float(ndtri(self.share / 2)))


def features(dataset: Dataset, modality: ModalityNumber) -> tuple[Feature, ...]:
    """The features of an input in their order; none where it is no vector."""
    known = _KNOWN.setdefault(dataset, {})
    if modality not in known:
        known[modality] = _features(dataset, modality)
    return known[modality]


def values(features: Sequence[Feature], row: NDArray[Any]) -> tuple[FeatureValue, ...]:
    """What a row (D,) has of each feature."""
    return tuple(_value(f, row[f.start : f.start + f.width]) for f in features)


def most_telling(
    dataset: Dataset, modality: ModalityNumber, row: NDArray[Any], count: int
) -> tuple[FeatureValue, ...]:
    """At most so many values of a row (D,), those furthest from the usual first.

    That no value was missing is never among them. Of thousands of features only these are written.
    """
    known = features(dataset, modality)
    told = np.full(len(known), -1.0)
    numbers = [i for i, f in enumerate(known) if not f.categories]
    if numbers and len(dataset.rows("train")):
        told[numbers] = _distances(dataset, modality, row)[[known[i].start for i in numbers]]
    for i, feature in enumerate(known):
        if feature.categories:
            value = _value(feature, row[feature.start : feature.start + feature.width])
            told[i] = -2.0 if value.is_quiet else value.telling
    order = np.argsort(-told, kind="stable")[:count]
    return values([known[i] for i in order if told[i] > -2.0], row)


def _distances(dataset: Dataset, modality: ModalityNumber, row: NDArray[Any]) -> NDArray[Any]:
    """(D,) the absolute z of every number, as `_z` has it."""
    mean, std = (training_statistic(dataset, modality, what) for what in ("mean", "std"))
    away = np.abs(row.astype(np.float64) - mean)
    constant = std <= _ROUNDING * np.abs(mean)
    same = away <= 10 * _ROUNDING * np.abs(mean) + 1e-12
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(constant, np.where(same, 0.0, np.inf), away / std)


def encoded(feature: Feature, value: float) -> tuple[tuple[int, float], ...]:
    """Positions in the vector and what has to stand there for a value, as in `FeatureValue`.

    A value that is given was not missing; where it was, its number is what is filled in.

    Raises
    ------
    DataError
        If the category has no word of this number.
    """
    if not feature.categories:
        known = () if feature.flag is None else ((feature.flag, 0.0),)
        return ((feature.start, value), *known)
    words = len(feature.categories)
    if value != int(value) or not 0 <= value < words:
        raise DataError(
            f"{feature.name!r}: expected the position of a word, 0 to {words - 1}, got {value:g}"
        )
    if not feature.one_hot:
        told = (feature.start, value)
        return (told, feature.filled) if value == 1 and feature.filled is not None else (told,)
    return tuple((feature.start + k, float(k == value)) for k in range(words))


def _features(dataset: Dataset, modality: ModalityNumber) -> tuple[Feature, ...]:
    about, x = dataset.card.modalities[modality - 1], dataset.x(modality)
    if about.kind != "vector" or x.ndim != 2:
        return ()
    columns: Sequence[ColumnSpec | None] = about.columns or [None] * x.shape[1]
    train = None if not len(dataset.rows("train")) else training_rows(dataset, modality)
    result, start = [], 0
    for column in columns:
        feature = _named(column, start)
        if not feature.categories:
            feature = replace(feature, decimals=_decimals(x[:_ROWS_FOR_DECIMALS, start]))
        if train is not None:
            feature = _described(feature, dataset, modality, train)
        result.append(feature)
        start += feature.width
    return _tied(result, columns)


def _tied(features: Sequence[Feature], columns: Sequence[ColumnSpec | None]) -> tuple[Feature, ...]:
    """The features, where values are tied to what says that they were missing."""
    flags, filled = {}, {}
    for feature, column in zip(features, columns, strict=True):
        if column is not None and column.was_missing:
            flags[column.name] = feature.start
        elif column is not None and column.fill is not None:
            filled[column.name] = (feature.start, column.fill)
    return tuple(
        feature
        if column is None
        else replace(feature, filled=filled.get(column.name))
        if column.was_missing
        else replace(feature, flag=None if feature.categories else flags.get(column.name))
        for feature, column in zip(features, columns, strict=True)
    )


def _named(column: ColumnSpec | None, start: int) -> Feature:
    if column is None:
        return Feature(f"feature {start + 1}", "", start)
    if column.was_missing:
        return Feature(f"{column.name} was missing", "", start, _NO_YES, was_missing=True)
    return Feature(column.name, column.unit, start, column.categories, column.one_hot)


def _described(
    feature: Feature, dataset: Dataset, modality: ModalityNumber, train: NDArray[Any]
) -> Feature:
    """The feature with what its training rows (n, D) are like."""
    own = train[:, feature.start : feature.start + feature.width]
    if feature.categories:
        words = range(len(feature.categories))
        one = (np.abs(own - 1) <= _ONE_HOT) if feature.one_hot else (own == np.array(words))
        return replace(feature, shares=tuple(one.mean(axis=0).tolist()))
    mean, std, low, high = (
        float(training_statistic(dataset, modality, what)[feature.start])
        for what in ("mean", "std", "min", "max")
    )
    return replace(feature, mean=mean, std=std, low=low, high=high)


def _decimals(column: NDArray[Any]) -> int | None:
    """The fewest decimals that all values (n,) have; None where they have more than a few."""
    numbers = column.astype(np.float64)
    most = _MOST_DECIMALS if np.abs(numbers).max(initial=0.0) < 100 else 2
    for decimals in range(most + 1):
        if _has(numbers, decimals):
            return decimals
    return None


def _has(values: Any, decimals: int) -> bool:
    """Whether values, as far as 32 bits hold them, have no more decimals than so many."""
    scaled = np.asarray(values, dtype=np.float64) * 10.0**decimals
    near = np.abs(scaled - np.round(scaled)) <= _ROUNDING * np.maximum(np.abs(scaled), 1.0)
    return bool(near.all())


def _short(value: float) -> str:
    """A number with four digits that count, without an exponent where it is of usual size."""
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size < -4 or abs(value) >= _LARGE:
        return f"{value:.3g}"
    return f"{value:,.{max(0, 3 - size)}f}"


def _value(feature: Feature, numbers: NDArray[Any]) -> FeatureValue:
    if feature.categories:
        return _word(feature, numbers.astype(np.float64))
    value = float(numbers[0])
    return FeatureValue(feature, value, feature.written(value), z=_z(feature, value))


def _z(feature: Feature, value: float) -> float:
    if math.isnan(feature.std):
        return math.nan
    # A mean of equal numbers is rounded too.
    if feature.std <= _ROUNDING * abs(feature.mean):
        same = math.isclose(value, feature.mean, rel_tol=10 * _ROUNDING, abs_tol=1e-12)
        return 0.0 if same else math.copysign(math.inf, value - feature.mean)
    return (value - feature.mean) / feature.std


def _word(feature: Feature, numbers: NDArray[np.float64]) -> FeatureValue:
    """What numbers (one, or one a word) say of a category."""
    if feature.one_hot:
        ones = np.abs(numbers - 1) <= _ONE_HOT
        zeros = np.abs(numbers) <= _ONE_HOT
        place = int(ones.argmax()) if ones.sum() == 1 and zeros.sum() == len(numbers) - 1 else -1
        text = "none of them" if zeros.all() else "between words"
    else:
        number = float(numbers[0])
        place = int(number) if number in range(len(feature.categories)) else -1
        text = _short(number)
    if place < 0:
        return FeatureValue(feature, -1.0, text)
    share = feature.shares[place] if feature.shares else math.nan
    return FeatureValue(feature, float(place), feature.categories[place], share=share)
