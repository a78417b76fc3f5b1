"""The numbers of a sample by name: their values, and where they lie among the training rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dashboard.services.sample.samples import located
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dashboard.state import edits
from dashboard.words import beside, one_line
from dmil_core.data.features import (
    Feature,
    FeatureValue,
    encoded,
    features,
    most_telling,
    values,
)
from dmil_core.errors import DataError
from dmil_core.schema import ModalityNumber

#: Features that are shown together, in a full and in a brief look, and fields to change them; of
#: more, the most telling.
MOST: Final = 12
FEW: Final = 6
MOST_FIELDS: Final = 8
#: Values of a sample in a list.
IN_A_LIST: Final = 2
#: Letters of a name or a word in a list.
_LETTERS: Final = 22


@dataclass(frozen=True)
class FeatureRow:
    """One feature of one sample, ready to be shown.

    Attributes
    ----------
    index : its place among the features of the input, from 0.
    name : what it is called, however long.
    text : its value with its unit.
    z : standard deviations from the mean of the training rows; NaN where there is no such.
    share : of the training rows that have the same word; NaN for a number.
    feature : what it is the value of.
    telling : how far from the usual, 0 for nothing known.
    quiet : whether it says nothing to a reader: that no value was missing.
    was : its value before a change, "" where it is the same.
    was_z : the same in standard deviations.
    """

    index: int
    name: str
    text: str
    z: float
    share: float
    feature: Feature
    telling: float
    quiet: bool = False
    was: str = ""
    was_z: float = math.nan

    @property
    def usual(self) -> str:
        """What is known of the training rows, in words; "" for nothing."""
        if self.feature.categories or math.isnan(self.feature.low):
            return ""
        return f"{_reach(self.feature)}, mean {self.feature.written(self.feature.mean)}"


def rows(
    data: Any, row: NDArray[Any], modality: ModalityNumber, before: NDArray[Any] | None = None
) -> tuple[FeatureRow, ...]:
    """Every feature of an input that has features; else none.

    Parameters
    ----------
    data : the whole set, whose training rows are compared with.
    row : (D,) the numbers.
    before : (D,) the numbers before a change, where there was one.
    """
    known = features(data, modality)
    if not known or len(row) != known[-1].start + known[-1].width:
        return ()
    made = tuple(_row(i, v) for i, v in enumerate(values(known, np.asarray(row))))
    if before is None:
        return made
    old = (_row(i, v) for i, v in enumerate(values(known, np.asarray(before))))
    return tuple(
        new if new.text == was.text else replace(new, was=was.text, was_z=was.z)
        for new, was in zip(made, old, strict=True)
    )


def speaking(every: Sequence[FeatureRow]) -> tuple[FeatureRow, ...]:
    """The features that say something to a reader."""
    return tuple(r for r in every if not r.quiet or r.was)


def chosen(every: Sequence[FeatureRow], count: int, search: str = "") -> tuple[FeatureRow, ...]:
    """At most so many: all in their order where they are few, else what was changed and what is
    furthest from the usual first; with ``search`` those whose name or value has it."""
    found = [r for r in every if _matches(r, search)]
    if len(found) <= count:
        return tuple(found)
    return tuple(sorted(found, key=lambda r: (bool(r.was), r.telling), reverse=True)[:count])


def matching(every: Sequence[FeatureRow], search: str) -> int:
    """How many features have the text in their name or value."""
    return sum(_matches(r, search) for r in every)


def in_a_list(data: Any, row: NDArray[Any], modality: ModalityNumber) -> str:
    """The most telling values of a row, a line each: ``↓ bill depth 13.2 mm``, below the mean."""
    told = most_telling(data, modality, row, IN_A_LIST)
    return "\n".join(_in_a_list(_row(0, v)) for v in told)


def _in_a_list(row: FeatureRow) -> str:
    name, text = (beside(one_line(part, _LETTERS)) for part in (row.name, row.text))
    way = "" if math.isnan(row.z) else "↑ " if row.z >= 0 else "↓ "
    # A line may end between two values and not within one.
    return f"{way}{name} {text}".replace(" ", "\N{NO-BREAK SPACE}")


def _matches(row: FeatureRow, search: str) -> bool:
    wanted = search.casefold().strip()
    return wanted in row.name.casefold() or wanted in row.text.casefold()


def _row(index: int, value: FeatureValue) -> FeatureRow:
    return FeatureRow(
        index=index,
        name=value.feature.name,
        text=_with_unit(value.text, value.feature),
        z=value.z,
        share=value.share,
        feature=value.feature,
        telling=value.telling,
        quiet=value.is_quiet,
    )


def _with_unit(text: str, feature: Feature) -> str:
    return f"{text} {feature.unit}" if feature.unit and not feature.categories else text


def _reach(feature: Feature) -> str:
    low, high = feature.written(feature.low), feature.written(feature.high)
    return f"{low} to {_with_unit(high, feature)}"


# --- fields to change them ------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """What a feature of a sample can be changed to.

    Attributes
    ----------
    row : the feature with its value now.
    unit : of a number.
    value : the number, or the position of the word, -1 where it is none.
    original : the same as it is in the data.
    categories : the words to choose from; () for a number.
    step : by how much a click changes a number.
    format : of a number, as sprintf writes it.
    reach : least and largest value of the training rows, in words; "" where they are not known.
    beyond : whether the value lies outside of them, or is a word that none of them has.
    """

    row: FeatureRow
    unit: str
    value: float
    original: float
    categories: tuple[str, ...]
    step: float
    format: str
    reach: str
    beyond: bool


def fields(
    checkpoint: Checkpoint, sample: str, modality: ModalityNumber, change: edits.Change
) -> tuple[Field, ...]:
    """A field for each feature of a sample's input, with its value after a change."""
    location = located(checkpoint, sample)
    if isinstance(location, DataProblem):
        return ()
    data, place = location
    known, original = features(data, modality), data.x(modality)[place]
    now = original.copy()
    for position, number in positions(known, change.values, lenient=True):
        now[position] = number
    pairs = zip(values(known, now), values(known, original), strict=True)
    shown = rows(data, now, modality, original)
    return tuple(_field(row, new, old) for row, (new, old) in zip(shown, pairs, strict=True))


def positions(
    known: Sequence[Feature], values: Sequence[tuple[int, float]], lenient: bool = False
) -> tuple[tuple[int, float], ...]:
    """Positions in the vector and numbers there, of places among the features and their values.

    Raises
    ------
    DataError
        If there is no such feature or no such word; with ``lenient`` these are left out.
    """
    result: list[tuple[int, float]] = []
    for index, value in values:
        try:
            if index >= len(known):
                raise DataError(f"expected a feature from 0 to {len(known) - 1}, got {index}")
            result += encoded(known[index], value)
        except DataError:
            if not lenient:
                raise
    return tuple(result)


def _field(row: FeatureRow, new: FeatureValue, old: FeatureValue) -> Field:
    feature = new.feature
    step, format_ = _steps(feature)
    reach, beyond = "", new.share == 0
    if not math.isnan(feature.low):
        reach = _reach(feature)
        beyond = not feature.low <= new.value <= feature.high
    return Field(
        row, feature.unit, new.value, old.value, feature.categories, step, format_, reach, beyond
    )


def _steps(feature: Feature) -> tuple[float, str]:
    """A round step of about a fifth of a standard deviation, and how to write what it leads to."""
    spread = feature.std if feature.std > 0 else 0.0
    size = 10.0 ** math.floor(math.log10(spread / 2)) if spread else 1.0
    if feature.decimals is None:
        return size, "%.5g"
    least = 10.0**-feature.decimals
    return max(size, least), f"%.{feature.decimals}f"
