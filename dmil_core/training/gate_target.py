"""The gate target: soft responsibilities of the components for each sample.

The explained share of a sample is e, the largest of a_1, ..., a_M and a, the chance-corrected
probabilities of its true class. Modality m alone provides the share r_m = a_m / max(e, 1/2) of
it, and the soft assignment divides it among the components:

    w = e interaction_responsibilities(r_1, ..., r_M)

The rest, 1 - e, no component explains, and shares keep it from blurring the others: where a fifth
of the labels is wrong, a modality with a_m = 4/5 has all the information there is. The floor of
1/2 is for samples that no model predicts well: a share of so little would be chance, and would
count as unique what is synergy that the joint model has hardly learnt.

Shapes: N rows, M modalities, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dmil_core.metrics.responsibility import interaction_responsibilities

#: An explained share below this counts as this much when the shares of the modalities are taken.
CONFIDENCE_FLOOR = 0.5


def responsibilities(corrected: Tensor) -> Tensor:
    """w (N, M + 2) in the order of ``schema.components``; rows sum to e, at most 1.

    Parameters
    ----------
    corrected
        (N, M + 1) from :func:`chance_corrected`, 0 to 1.
    """
    e = corrected.amax(dim=1)
    *shares, _ = (corrected / e.clamp(min=CONFIDENCE_FLOOR).unsqueeze(1)).unbind(dim=1)
    return e.unsqueeze(1) * torch.stack(interaction_responsibilities(shares, 1.0), dim=1)


def chance_corrected(probabilities: Tensor, y: Tensor, prior: Tensor) -> Tensor:
    """a (N, M + 1): (p - c) / (1 - c), as in Cohen's kappa, at least 0.

    p is each model's probability of the true class, c the prior of that class.

    Parameters
    ----------
    probabilities
        (N, M + 1, K) from each modality alone and from all together.
    y
        (N,) true classes.
    prior
        (K,) from :func:`class_prior` of the training rows.
    """
    true, chance = true_class_probability(probabilities, y), prior[y].unsqueeze(1)
    return ((true - chance) / (1.0 - chance).clamp(min=1e-6)).clamp(0.0, 1.0)


def true_class_probability(probabilities: Tensor, y: Tensor) -> Tensor:
    """Probability of the true class y (N,): (N,) for probabilities (N, K), (N, M) for (N, M, K)."""
    index = y.view(-1, *[1] * (probabilities.ndim - 1)).expand(*probabilities.shape[:-1], 1)
    return probabilities.gather(-1, index).squeeze(-1)


def class_prior(y: Tensor, classes: int) -> Tensor:
    """(K,) empirical prior: the share of each class among rows (N,)."""
    return torch.bincount(y, minlength=classes) / len(y)
