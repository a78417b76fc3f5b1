"""Which component can explain a sample: the paper's decision tree, made soft.

With a_m the probability that modality m alone gives the true class, and a the one that all
together give it, each rescaled so that chance is 0:

    two modalities              three modalities
    w_R  = a_1 a_2              w_R  = the chance that at least two of them say it
    w_U1 = a_1 (1 - a_2)        w_U1 = a_1 (1 - a_2)(1 - a_3)
    w_U2 = (1 - a_1) a_2        w_U2, w_U3 likewise
    w_S  = (1 - a_1)(1 - a_2) a w_S  = (1 - a_1)(1 - a_2)(1 - a_3) a

What is left, prod(1 - a_m) (1 - a), nothing explains: noise, a wrong label, too little data. It
belongs to no component.

Of three modalities R holds what all of them say and what only some two of them say; S holds what
no single one says, so also what some two say only together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import product
from operator import add, mul
from typing import Any


def decide(alone: Sequence[Any], together: Any) -> list[Any]:
    """[w_R, w_U1, ..., w_S] in the order of ``schema.components``; they sum to at most 1.

    Parameters
    ----------
    alone
        a_m of each modality, arrays of one shape, 0 to 1.
    together
        a, of the same shape.
    """
    chance = {say: _exactly(say, alone) for say in product((True, False), repeat=len(alone))}
    redundant = [w for say, w in chance.items() if sum(say) >= 2]
    unique = [w for say, w in chance.items() if sum(say) == 1]  # the first modality's comes first
    none = chance[(False,) * len(alone)]
    return [reduce(add, redundant), *unique, none * together]


def _exactly(say: Sequence[bool], alone: Sequence[Any]) -> Any:
    """The chance that exactly these modalities say it, each by itself."""
    return reduce(mul, (a if yes else 1 - a for yes, a in zip(say, alone, strict=True)))
