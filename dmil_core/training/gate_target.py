"""The gate target: soft responsibilities of the components for each sample.

Whatever anyone can tell of a sample is e, the largest of a_1, ..., a_M and a; of that, modality m
alone tells the share r_m = a_m / max(e, 1/2), and the decision tree divides it:

    w = e interaction_responsibilities(r_1, ..., r_M)

What is left, 1 - e, nothing explains, and it does not blur the rest: where a fifth of the labels
is wrong, a modality that tells four fifths tells all there is. The 1/2 is for samples of which
nobody can tell much: a share of so little would be chance, and take for unique what is synergy
that the model of all modalities has hardly found.

Shapes: N rows, M modalities, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from dmil_core.metrics.responsibility import interaction_responsibilities

#: Of what is told of a sample at least this much counts as the whole.
DOUBT = 0.5


def responsibilities(above: Tensor) -> Tensor:
    """w (N, M + 2) in the order of ``schema.components``; rows sum to e, at most 1.

    Parameters
    ----------
    above
        (N, M + 1) from :func:`above_chance`, 0 to 1.
    """
    e = above.amax(dim=1)
    *shares, _ = (above / e.clamp(min=DOUBT).unsqueeze(1)).unbind(dim=1)
    return e.unsqueeze(1) * torch.stack(interaction_responsibilities(shares, 1.0), dim=1)


def above_chance(probabilities: Tensor, y: Tensor, prior: Tensor) -> Tensor:
    """a (N, M + 1): (p - c) / (1 - c), each model's probability p of the true class where the
    class's share c of the training rows counts as 0.

    Parameters
    ----------
    probabilities
        (N, M + 1, K) from each modality alone and from all together.
    y
        (N,) true classes.
    prior
        (K,) shares of the classes among training rows.
    """
    true, chance = of_true_class(probabilities, y), prior[y].unsqueeze(1)
    return ((true - chance) / (1.0 - chance).clamp(min=1e-6)).clamp(0.0, 1.0)


def of_true_class(probabilities: Tensor, y: Tensor) -> Tensor:
    """(N, M + 1): of (N, M + 1, K) what belongs to the true class of each row."""
    index = y[:, None, None].expand(-1, probabilities.shape[1], 1)
    return probabilities.gather(2, index).squeeze(2)


def class_shares(y: Tensor, classes: int) -> Tensor:
    """(K,) share of each class among rows (N,)."""
    return torch.bincount(y, minlength=classes) / len(y)
