"""Logic gates of two bits: what the class is, and what kind of interaction that is by design."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dmil_core.schema import Component

GateName = Literal["xor", "and", "or", "copy", "rdn", "unq1", "unq2", "sum"]
GATE_NAMES: Final[tuple[GateName, ...]] = get_args(GateName)
BITS: Final = (0, 1)


@dataclass(frozen=True)
class Gate:
    """The class as a function of the bit a of x1 and the bit b of x2.

    Attributes
    ----------
    label : a, b -> class, a whole number.
    says : the function in words, for people.
    interaction_type : the component that explains every sample, or None where no single one does.
    same : x1 and x2 have one and the same bit, a = b.
    """

    label: Callable[[int, int], int]
    says: str
    interaction_type: Component | None = None
    same: bool = False

    @property
    def classes(self) -> tuple[int, ...]:
        """The classes that can come out, in order."""
        pairs = [(a, b) for a in BITS for b in BITS if a == b or not self.same]
        return tuple(sorted({self.label(a, b) for a, b in pairs}))

    def bits(self, correlation: float) -> NDArray[np.float64]:
        """(2, 2) p(a, b): each bit is fair, and they have this correlation.

        p(a, b) = (1 + c) / 4 where a = b, (1 - c) / 4 elsewhere; c is 1 where ``same``.
        """
        c = 1.0 if self.same else correlation
        return (1.0 + c * np.array([[1.0, -1.0], [-1.0, 1.0]])) / 4.0


#: The gates, in the order in which a gate mixture names them.
GATES: Final[Mapping[GateName, Gate]] = {
    "xor": Gate(lambda a, b: a ^ b, "1 where the two bits differ", "S"),
    "and": Gate(lambda a, b: a & b, "1 where both bits are 1"),
    "or": Gate(lambda a, b: a | b, "1 where at least one bit is 1"),
    "copy": Gate(lambda a, b: 2 * a + b, "both bits: twice the first plus the second"),
    "rdn": Gate(lambda a, b: a, "the bit that both inputs have", "R", same=True),
    "unq1": Gate(lambda a, b: a, "the bit of x1; that of x2 says nothing", "U1"),
    "unq2": Gate(lambda a, b: b, "the bit of x2; that of x1 says nothing", "U2"),
    "sum": Gate(lambda a, b: a + b, "how many bits are 1"),
}
