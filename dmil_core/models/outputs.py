"""What the models return.

Shapes: B samples, M modalities, C = M + 2 components, K classes, D latent size; logits are in
nats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from dmil_core.models.posteriors import Posterior
from dmil_core.schema import Component, components


@dataclass(frozen=True)
class Output:
    """What every architecture returns.

    Attributes
    ----------
    logits
        (B, K).
    unimodal
        (B, M, K) logits from each modality alone, or None where the architecture has none.
    latents
        Name -> (B, size), deterministic (posterior means).
    """

    logits: Tensor
    unimodal: Tensor | None
    latents: dict[str, Tensor]


@dataclass(frozen=True)
class DmilOutput(Output):
    """Output of the decomposition.

    ``logits == (gate[..., None] * components).sum(1)`` by construction.

    Attributes
    ----------
    gate
        (B, C), rows sum to 1, in the order of ``schema.components``.
    components
        (B, C, K) logits of each component: those of its own head and, with ``unimodal_terms``,
        of the unimodal heads that it builds on.
    gate_logits
        (B, C), before the softmax.
    explained_logits
        (B,) before the logistic function: the share of the sample that any component explains;
        None where the model does not predict it.
    posteriors
        Name -> Gaussian or point, for the KL terms, of the latents that the model has.
    draws
        Name -> (B, D), the draws that the decoders read.
    features
        z of each modality, (B, F).
    """

    gate: Tensor
    components: Tensor
    gate_logits: Tensor
    explained_logits: Tensor | None
    posteriors: dict[str, Posterior]
    draws: dict[str, Tensor]
    features: tuple[Tensor, ...]

    @property
    def names(self) -> tuple[Component, ...]:
        """The components that ``gate`` and ``components`` are of."""
        return components(len(self.features))

    @property
    def present(self) -> tuple[Component, ...]:
        """The components that the model has: all, or all but R, whose gate is then 0."""
        return self.names if "R" in self.posteriors else self.names[1:]


class Reconstructions(NamedTuple):
    """(reconstruction, target) pairs of the decoders and the helper posteriors v(R|M_m).

    ``inputs`` has a pair of (B, target size) for each modality, ``components`` one of (B, D) for
    each M_m, ``helpers`` one posterior for each modality.
    """

    inputs: tuple[tuple[Tensor, Tensor], ...]
    components: tuple[tuple[Tensor, Tensor], ...]
    helpers: tuple[Posterior, ...]
