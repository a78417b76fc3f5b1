"""Layer summary of a DMIL model: output shape and number of parameters of each part."""

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
    """Output shape and number of parameters of one part.

    Attributes
    ----------
    shape : shape of its output for one sample, without the batch dimension.
    weights : number of its parameters.
    """

    shape: tuple[int, ...]
    weights: int


def sizes(model: Dmil, config: ModelConfig, dataset: Dataset | None = None) -> dict[str, Size]:
    """Summarise the layers of a DMIL model by a forward pass of one row.

    Parameters
    ----------
    model, config
        The model and what it was built from.
    dataset
        A data set that fits the model; its first row is used. Zeros stand for it by default.

    Returns
    -------
    dict
        Part -> its size. Parts are ``x<m>``, ``z<m>``, ``m<m>``, ``n<m>`` and ``u<m>`` of each
        input, ``r``, ``s``, ``heads``, ``gate`` and ``answer``, the logits. Layers that only
        training uses are left out: the unimodal heads, the decoders and the auxiliary posteriors of
        R.
    """
    x = inputs(dataset, np.arange(1), config) if dataset is not None else _zeros(config)
    with torch.no_grad():
        out = model(*x)

    def size(output: Tensor, *prefixes: str) -> Size:
        counts = (p.numel() for n, p in model.named_parameters() if n.startswith(prefixes))
        return Size(tuple(output.shape[1:]), sum(counts) if prefixes else 0)

    result: dict[str, Size] = {}
    for m, values in enumerate(x, start=1):
        encoder = (f"encoders.x{m}.", f"encoders.norm{m}.")
        result[f"x{m}"] = size(values)
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
