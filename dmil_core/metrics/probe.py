"""Probes: small classifiers of label and interaction type on a fixed representation.

A probe is q(c,y|z), one softmax over all pairs, from which ``theorem.terms`` computes everything
else. A linear probe measures what a linear head can use; one with a hidden layer what can be
decoded at all.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import logsumexp
from torch import Tensor, nn

from dmil_core.metrics.theorem import Rows
from dmil_core.schema import COMPONENTS
from dmil_core.seeding import reproducible

#: Hidden units by kind of probe.
PROBES: Final[dict[str, int]] = {"linear": 0, "mlp": 128}

#: Weights of the squared norm that a linear probe tries, largest first.
RIDGES: Final = (1e-3, 1e-4, 1e-5, 1e-6)
#: A round of the second-order fit that gains less than this many nats is the last one.
GAIN: Final = 1e-5
STEPS: Final = 1200
#: Evaluations on held-out rows without improvement after which a fit stops.
PATIENCE: Final = 15
BATCH_ROWS: Final = 512
LEARNING_RATE: Final = 2e-3


class _Body(nn.Module):
    """Logits of a linear layer and, beside it, of a hidden one that at first adds nothing."""

    def __init__(self, size: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.linear = _zero_linear(size, outputs)
        self.hidden = (
            nn.Sequential(nn.Linear(size, hidden), nn.GELU(), _zero_linear(hidden, outputs))
            if hidden
            else None
        )

    def forward(self, z: Tensor) -> Tensor:
        logits = self.linear(z)
        return logits if self.hidden is None else logits + self.hidden(z)


def _zero_linear(size: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(size, outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


@dataclass(frozen=True)
class Probe:
    """A fitted q(c,y|z).

    Attributes
    ----------
    mean, std
        (D,), by which z is scaled.
    cells
        The c * K + y that occurred among the rows it was fitted on, ascending.
    """

    body: nn.Module
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    classes: int
    cells: NDArray[np.int64]

    def log_q(self, z: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """(N, 4, K) in nats; -inf for what no row was when the probe was fitted."""
        with torch.inference_mode():
            logits = self.body(_scaled(z, self.mean, self.std)).double().numpy()
        out = np.full((len(z), len(COMPONENTS) * self.classes), -np.inf)
        out[:, self.cells] = logits - logsumexp(logits, axis=1, keepdims=True)
        return out.reshape(-1, len(COMPONENTS), self.classes)


def fit_probe(rows: Rows, held_out: Rows, classes: int, hidden: int = 0, seed: int = 0) -> Probe:
    """Learn q(c,y|z) by cross-entropy; of all states the one best on held-out rows is kept.

    The linear layer is fitted by L-BFGS to convergence: information on the interaction type can be
    weak in a network's features, and gradient descent finds it slowly. (For a joint
    model on ``switch`` sixty epochs of Adam leave H(C|Z) at 0.5 bits where 0.05 can be had.)

    Parameters
    ----------
    hidden
        Units of the hidden layer. With 0 the probe is linear in z and finds no interactions of its
        coordinates. With a hidden layer the fit continues from the linear probe, so that it is
        never worse on held-out rows.
    """
    cells = np.unique(rows.interaction_type * classes + rows.y)
    mean, std = rows.z.mean(axis=0, dtype=float), rows.z.std(axis=0, dtype=float)
    std = np.where(std > 1e-6, std, 1.0)

    def tensors(part: Rows) -> tuple[Tensor, Tensor]:
        cell = part.interaction_type * classes + part.y
        known = np.isin(cell, cells)  # what was never learnt cannot say when to stop
        target = torch.from_numpy(np.searchsorted(cells, cell[known]))
        return _scaled(part.z[known], mean, std), target

    (z, target), (z_held, target_held) = tensors(rows), tensors(held_out)
    with reproducible(seed):
        body = _Body(z.shape[1], hidden, len(cells))
        best, state = np.inf, body.state_dict()
        for fitter in (_newton, _descent) if hidden else (_newton,):
            waited = 0
            for _ in fitter(body, z, target):
                with torch.inference_mode():
                    loss = float(nn.functional.cross_entropy(body(z_held), target_held))
                waited += 1
                if loss < best:
                    best, state, waited = loss, copy.deepcopy(body.state_dict()), 0
                if waited >= PATIENCE:
                    break
            body.load_state_dict(state)
    return Probe(body, mean, std, classes, cells)


def _newton(body: _Body, z: Tensor, target: Tensor) -> Iterator[None]:
    """Fit the linear layer, with less and less ridge; a stop after every few steps."""
    linear = body.linear
    for ridge in RIDGES:
        optimizer = torch.optim.LBFGS(
            linear.parameters(), max_iter=10, line_search_fn="strong_wolfe"
        )

        def loss(optimizer: Any = optimizer, ridge: float = ridge) -> Tensor:
            optimizer.zero_grad()
            result = nn.functional.cross_entropy(linear(z), target)
            result = result + ridge * linear.weight.square().sum()
            result.backward()
            return result

        before, now = np.inf, np.inf
        while not before - now < GAIN:  # infinity less infinity is no number: the first round
            before, now = now, optimizer.step(loss).item()
            yield


def _descent(body: _Body, z: Tensor, target: Tensor) -> Iterator[None]:
    """Fit both layers; a stop after every epoch."""
    optimizer = torch.optim.AdamW(body.parameters(), lr=LEARNING_RATE, weight_decay=1e-4)
    batches = math.ceil(len(z) / BATCH_ROWS)
    epochs = math.ceil(STEPS / batches)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * batches)
    for _ in range(epochs):
        for rows in torch.randperm(len(z)).split(BATCH_ROWS):
            optimizer.zero_grad()
            nn.functional.cross_entropy(body(z[rows]), target[rows]).backward()
            optimizer.step()
            schedule.step()
        yield


def _scaled(
    z: NDArray[np.floating[Any]], mean: NDArray[np.float64], std: NDArray[np.float64]
) -> Tensor:
    return torch.from_numpy(((z - mean) / std).astype(np.float32))
