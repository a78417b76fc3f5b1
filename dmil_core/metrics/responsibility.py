"""Soft assignment of a sample to the components: the paper's decision tree with probabilities.

With a_m the probability that modality m alone gives the true class, and a the one that all
together give it, each rescaled so that chance is 0:

    two modalities              three modalities
    w_R  = a_1 a_2              w_R  = probability that at least two are right
    w_U1 = a_1 (1 - a_2)        w_U1 = a_1 (1 - a_2)(1 - a_3)
    w_U2 = (1 - a_1) a_2        w_U2, w_U3 likewise
    w_S  = (1 - a_1)(1 - a_2) a w_S  = (1 - a_1)(1 - a_2)(1 - a_3) a

The rest, prod(1 - a_m) (1 - a), is unexplained: noise, a wrong label, too little data. It belongs
to no component.

With three modalities R is the information of all three or of any two of them, and S the
information that no single one provides, so also what two provide only together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import product
from operator import add, mul
from typing import Any


def soft_assignment(unimodal: Sequence[Any], joint: Any) -> list[Any]:
    """[w_R, w_U1, ..., w_S] in the order of ``schema.components``; they sum to at most 1.

    Parameters
    ----------
    unimodal
        a_m of each modality, arrays of the same shape, 0 to 1.
    joint
        a, of the same shape.
    """
    subsets = product((True, False), repeat=len(unimodal))
    weight = {right: _exactly(right, unimodal) for right in subsets}
    redundant = [w for right, w in weight.items() if sum(right) >= 2]
    unique = [w for right, w in weight.items() if sum(right) == 1]  # that of x1 comes first
    none = weight[(False,) * len(unimodal)]
    return [reduce(add, redundant), *unique, none * joint]


def _exactly(right: Sequence[bool], unimodal: Sequence[Any]) -> Any:
    """Probability that exactly these modalities are right, each independently."""
    return reduce(mul, (a if r else 1 - a for r, a in zip(right, unimodal, strict=True)))
