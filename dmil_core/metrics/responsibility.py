"""Responsibility of each component for a sample: the paper's decision tree with probabilities.

With a_m the probability of the true class given modality m alone, and a the one given all
modalities, each rescaled so that chance level is 0:

    two modalities              three modalities
    w_R  = a_1 a_2              w_R  = the probability that at least two are right
    w_U1 = a_1 (1 - a_2)        w_U1 = a_1 (1 - a_2)(1 - a_3)
    w_U2 = (1 - a_1) a_2        w_U2, w_U3 likewise
    w_S  = (1 - a_1)(1 - a_2) a w_S  = (1 - a_1)(1 - a_2)(1 - a_3) a

The remainder prod(1 - a_m) (1 - a) is unexplained: noise, a wrong label, too little data. It
belongs to no component.

With three modalities R covers what all three or any two of them predict; S covers what no single
modality predicts, including what two predict only jointly.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import product
from operator import add, mul
from typing import Any


def interaction_responsibilities(unimodal: Sequence[Any], joint: Any) -> list[Any]:
    """[w_R, w_U1, ..., w_S] in the order of ``schema.components``; they sum to at most 1.

    Parameters
    ----------
    unimodal
        a_m of each modality, arrays or tensors of one shape, 0 to 1.
    joint
        a, of the same shape.
    """
    m = len(unimodal)
    probability = {right: _exactly(right, unimodal) for right in product((True, False), repeat=m)}
    redundant = [p for right, p in probability.items() if sum(right) >= 2]
    unique = [p for right, p in probability.items() if sum(right) == 1]  # in order of modalities
    none = probability[(False,) * m]
    return [reduce(add, redundant), *unique, none * joint]


def _exactly(right: Sequence[bool], unimodal: Sequence[Any]) -> Any:
    """Probability that exactly these modalities are right, independently of one another."""
    return reduce(mul, (a if yes else 1 - a for yes, a in zip(right, unimodal, strict=True)))
