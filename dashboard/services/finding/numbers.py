"""The numbers that a finding is made of; all intervals are of 95%."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from dmil_core.metrics.intervals import Interval

#: What is known in bits: the inputs alone, both, the parts, what each adds to the other, and the
#: difference of the inputs alone.
BITS: Final = ("i1", "i2", "i12", "r", "u1", "u2", "s", "add1", "add2", "lead")
#: Who told the bits: networks that read the data alone, or the heads of dmil.
Source = Literal["data", "model"]
#: Names of labels that do not say what is predicted.
_NO_NAMES: Final = ("", "y", "label", "labels", "class", "classes", "target")


class Estimate(Interval):
    """A number with its 95% interval; ends that are not numbers are not known."""

    @property
    def known(self) -> bool:
        """Whether it has an interval."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def reach(self) -> float:
        """Half of the interval."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Contrast:
    """One model less another, as shares.

    Attributes
    ----------
    runs : the mean over runs, with the interval of the corrected resampled t test.
    rows : the same over the different test rows, with its interval over them.
    p : of no difference over runs, adjusted for all comparisons of the finding.
    """

    runs: Estimate
    rows: Estimate
    p: float

    @property
    def verdict(self) -> Literal["better", "worse", "open"]:
        """``open`` unless runs and rows both leave out 0, on the same side."""
        if not self.p <= 0.05:
            return "open"
        if self.runs.positive and self.rows.positive:
            return "better"
        return "worse" if self.runs.negative and self.rows.negative else "open"


@dataclass(frozen=True)
class Numbers:
    """Everything that the sentences are made from.

    Attributes
    ----------
    label : name of the column that is predicted.
    inputs : names.
    classes : number of classes.
    entropy : of the class, in bits.
    largest : share of the most frequent class among all rows.
    rows, test_rows : of the set, and of one test split.
    runs : how many seeds every model has.
    own_split : whether every run has a split of its own; else all share the one of the file.
    quick : whether the models had a fifth of their epochs.
    bits : by the names of `BITS`, in bits; empty where nobody can tell, as of three inputs.
    bits_rows : rows that the bits are a mean of.
    source : who told the bits.
    with_fit : whether the intervals of the bits cover the fit of the networks.
    found_by : mean i12 in bits by each source, where both can tell.
    alone : accuracy of each input alone, by the unimodal models of the ensemble.
    accuracy : of each model.
    contrasts : joint and dmil, each less ensemble.
    notes : what was said when the file was read.
    """

    label: str
    inputs: tuple[str, ...]
    classes: int
    entropy: float
    largest: float
    rows: int
    test_rows: int
    runs: int
    own_split: bool = True
    quick: bool = False
    bits: Mapping[str, Estimate] = field(default_factory=dict)
    bits_rows: int = 0
    source: Source = "data"
    with_fit: bool = True
    found_by: Mapping[str, float] = field(default_factory=dict)
    alone: tuple[Estimate, ...] = ()
    accuracy: Mapping[str, Estimate] = field(default_factory=dict)
    contrasts: Mapping[str, Contrast] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """What is predicted, within a sentence; a column called label says no more than that."""
        return "the class" if self.label.strip().lower() in _NO_NAMES else self.label
