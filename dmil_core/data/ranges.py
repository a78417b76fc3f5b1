"""Classes that are ranges of a number: cut at edges, named by them, and found again by the names.

A number up to and with the first edge is in the class ``up to 3.2 mm``, one between two edges in
``3.2 to 5 mm``, one beyond the last in ``above 5 mm``. The names hold the edges exactly, so that a
checkpoint, which knows the names of its classes, cuts the labels of new rows where the training was
cut.

Shapes: N rows, K classes, K - 1 edges.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_NUMBER: Final = r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?"
_FIRST: Final = re.compile(rf"up to ({_NUMBER})(?: (.+))?")
_NEXT: Final = re.compile(rf"{_NUMBER} to ({_NUMBER})(?: (.+))?")


@dataclass(frozen=True)
class Ranges:
    """Ranges of a number, one after the other.

    Attributes
    ----------
    marks : the edges in their order, as they are written in names.
    unit : of the number, "" for none.
    """

    marks: tuple[str, ...]
    unit: str = ""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, from the lowest numbers to the highest."""
        unit = f" {self.unit}" if self.unit else ""
        between = (f"{a} to {b}{unit}" for a, b in pairwise(self.marks))
        return (f"up to {self.marks[0]}{unit}", *between, f"above {self.marks[-1]}{unit}")

    def places(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """(N,) the class of each number, -1 of NaN."""
        edges = np.asarray([float(m) for m in self.marks])
        return np.where(np.isnan(values), -1, np.searchsorted(edges, values, side="left"))


def cut(values: NDArray[np.float64], parts: int, unit: str = "") -> Ranges | None:
    """Ranges of about equally many of these numbers; None where most of them are one number.

    Edges have as few digits, from three on, as leave every number on its side.

    Parameters
    ----------
    values : (N,) without NaN.
    """
    edges = np.unique(np.quantile(values, np.arange(1, parts) / parts))
    edges = edges[edges < values.max(initial=-np.inf)]
    if not len(edges):
        return None
    exact = np.searchsorted(edges, values, side="left")
    ranges = Ranges(tuple(map(number_name, edges.tolist())), unit)
    for digits in range(3, 17):
        marks = tuple(number_name(float(f"{e:.{digits}g}")) for e in edges.tolist())
        shorter = Ranges(marks, unit)
        if len(set(marks)) == len(marks) and np.array_equal(shorter.places(values), exact):
            return shorter
    return ranges


def ranges_of(classes: Sequence[str]) -> Ranges | None:
    """The ranges that classes of these names are; None where they are none."""
    first = _FIRST.fullmatch(classes[0]) if len(classes) > 1 else None
    if first is None:
        return None
    found = [_NEXT.fullmatch(name) for name in classes[1:-1]]
    marks = (first[1], *(match[1] for match in found if match))
    ranges = Ranges(marks, first[2] or "")
    return ranges if ranges.classes == tuple(classes) else None


def number_name(value: float | np.floating[Any]) -> str:
    """A number as the name of a class or a cell: 0 and 0.0 are the same; as short as its type
    allows."""
    exact = float(value)
    if abs(exact) < 1e15 and exact == round(exact):
        return str(int(exact))
    return str(value) if isinstance(value, np.floating) else repr(exact)
