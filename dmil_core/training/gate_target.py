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
#: Information about a class below this share of -log c_k counts as this much in the denominator.
LEAST_INFORMATION = 0.9
#: Inverse temperature of the targets: how strongly they prefer the component with most weight.
INVERSE_TEMPERATURE = 8


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


def chance_corrected_accuracy(probabilities: Tensor, y: Tensor, prior: Tensor) -> Tensor:
    """kappa (M,): (accuracy - c) / (1 - c) of each model, at least 0; c is the largest prior.

    Parameters
    ----------
    probabilities
        (N, M, K) of rows that the models did not see.
    y, prior
        (N,) true classes, and (K,) from :func:`class_prior`.
    """
    accuracy = (probabilities.argmax(dim=-1) == y[:, None]).float().mean(dim=0)
    chance = prior.max()
    return ((accuracy - chance) / (1.0 - chance).clamp(min=1e-6)).clamp(min=0.0)


def information_target(probabilities: Tensor, prior: Tensor) -> Tensor:
    """The gate target of every class k by shares of information, v (N, C, K).

    With i_m(k) = max(0, log p_m(k|x) / c_k) in nats, i_0 the same of all modalities together and
    D(k) = max(i_0, i_1, ..., i_M, q (-log c_k)), modality m alone provides the share
    r_m = i_m / D of the information about class k; e(k) is the largest of the chance-corrected
    probabilities of class k; w(k) = e(k) interaction_responsibilities(r_1, ..., r_M, 1), and
    v(k) = W w^8 / sum w^8 with W = sum w.

    Parameters
    ----------
    probabilities
        (N, M + 1, K) from each modality alone and from all together.
    prior
        (K,) from :func:`class_prior` of the training rows.
    """
    chance = prior.clamp(min=1e-6)
    information = (probabilities.clamp(min=1e-12) / chance).log().clamp(min=0.0)
    least = LEAST_INFORMATION * -chance.log()
    whole = torch.maximum(information.amax(dim=1), least)
    *shares, _ = (information / whole.unsqueeze(1)).unbind(dim=1)
    w = torch.stack(interaction_responsibilities(shares, 1.0), dim=1)
    corrected = ((probabilities - chance) / (1.0 - chance).clamp(min=1e-6)).clamp(0.0, 1.0)
    w = w * corrected.amax(dim=1, keepdim=True)
    return w.sum(dim=1, keepdim=True) * sharpened(w)


def of_class(target: Tensor, y: Tensor) -> Tensor:
    """The target (N, C) of each row's own class y (N,), from :func:`information_target`."""
    return target.gather(2, y.view(-1, 1, 1).expand(-1, target.shape[1], 1)).squeeze(2)


def averaged(target: Tensor, probabilities: Tensor) -> Tensor:
    """sum_k p_0(k|x) v(k), (N, C): the target averaged over the classes that a row may have."""
    return (target * probabilities[:, -1:]).sum(dim=-1)


def sharpened(w: Tensor) -> Tensor:
    """v_c = w_c^8 / sum w^8, for w (N, C) or (N, C, K); 0 where no component explains the
    sample."""
    v = (w / w.sum(dim=1, keepdim=True).clamp(min=1e-12)) ** INVERSE_TEMPERATURE
    return v / v.sum(dim=1, keepdim=True).clamp(min=1e-12)
