"""EMAP: the additive function of the inputs that is nearest to a model (Hessel, Lee, EMNLP 2020).

    e(x_1 ... x_M) = sum_m v({m}) - (M - 1) v({})

with v(A) the mean of f over partners that replace all inputs but those in A. For two inputs these
are the three means of the paper; of an additive f each sample's e is f, whichever partners it has.
The residual f - e is what the model makes of the inputs together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dmil_core.partial_information.pmf import Floats
from dmil_core.posthoc.partners import Ints
from dmil_core.posthoc.values import Values


@dataclass(frozen=True)
class Emap:
    """A model and its best additive approximation; all (N, K), in scores (logits in nats).

    Attributes
    ----------
    model : f, of classes less its mean over the classes.
    additive : e, likewise.
    """

    model: Floats
    additive: Floats

    @property
    def residual(self) -> Floats:
        """(N, K) f - e."""
        return self.model - self.additive

    def correct(self, y: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(N,) whether f, and whether e, has its highest score at the class y (N,)."""
        return self.model.argmax(axis=1) == y, self.additive.argmax(axis=1) == y


def emap(values: Values, groups: NDArray[np.bool_] | None = None) -> Emap:
    """EMAP of each sample, by the partners of some groups (G,), or of all."""
    singles = [values.of((m,), groups) for m in range(values.inputs)]
    additive = np.sum(singles, axis=0) - (values.inputs - 1) * values.of((), groups)
    return Emap(values.whole, additive)
