"""What each part of a loaded decomposition makes of a sample, and how many weights it has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dmil_core.config import ModelConfig
from dmil_core.data.dataset import Dataset
from dmil_core.models.dmil import Dmil
from dmil_core.models.inputs import UNKNOWN, inputs


@dataclass(frozen=True)
class Size:
    """A part's size.

    Attributes
    ----------
    shape : of what it makes of one sample, without the batch.
    weights : parameters that make it.
    """

    shape: tuple[int, ...]
    weights: int


def sizes(model: Dmil, config: ModelConfig, dataset: Dataset | None = None) -> dict[str, Size]:
    """Part -> its size, from a run on the first row of a data set that suits the model, or on
    zeros.

    Parts are ``x<m>``, ``z<m>``, ``m<m>``, ``n<m>`` and ``u<m>`` of each input, ``r``, ``s``,
    ``heads``, ``gate`` and ``answer``, the logits. What only training reads is none of them: the
    heads of single inputs, the decoders, and the helper posteriors of R.
    """
    x = inputs(dataset, np.arange(1), config) if dataset is not None else _zeros(config)
    with torch.no_grad():
        out = model(*x)

    def size(made: Tensor, *prefixes: str) -> Size:
        own = (p.numel() for n, p in model.named_parameters() if n.startswith(prefixes))
        return Size(tuple(made.shape[1:]), sum(own) if prefixes else 0)

    result: dict[str, Size] = {}
    for m, one in enumerate(x, start=1):
        encoder = (f"encoders.x{m}.", f"encoders.norm{m}.")
        result[f"x{m}"] = size(one)
        result[f"z{m}"] = size(out.features[m - 1], *encoder)
        result[f"m{m}"] = size(out.draws[f"M{m}"], f"intra{m}.q_m.")
        result[f"n{m}"] = size(out.draws[f"N{m}"], f"intra{m}.q_n.")
        result[f"u{m}"] = size(out.draws[f"U{m}"], f"consistency.q_u.{m - 1}.")
    result["r"] = size(out.draws["R"], "consistency.q_r.")
    result["s"] = size(out.draws["S"], "synergy.")
    result["heads"] = size(out.components, "heads.")
    result["gate"] = size(out.gate, "gate.")
    result["answer"] = size(out.logits)
    return result


def _zeros(config: ModelConfig) -> tuple[Tensor, ...]:
    """One sample of every modality; of a text only unknown words."""
    return tuple(
        torch.full((1, *e.shape), UNKNOWN) if e.vocabulary else torch.zeros(1, *e.shape)
        for e in config.encoders
    )
