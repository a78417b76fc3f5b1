"""log p(y|x1), log p(y|x2) and log p(y|x1,x2) from rows, by small networks that train together.

Each of the three has one network for each fold of the rows, which learns from the other folds, so
that no row is scored by a network that was trained on it. All of them are one stack of weights: a
step is a few products of stacked matrices, whatever the number of networks. A network is a linear
map, which begins as a linear discriminant analysis, plus two hidden layers, which begin at nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from sklearn.covariance import ledoit_wolf
from torch import Tensor
from torch.nn.functional import cross_entropy

from dmil_core.information.calibration import Calibrated, Ints, calibrate
from dmil_core.partial_information.pmf import Floats
from dmil_core.seeding import reproducible

#: The networks of a fold: of x1, of x2, of both.
INPUTS: Final = 3
_CHUNK: Final = 512
#: Small sets are cut into batches of at least so many rows, for at least so many steps.
_LEAST_BATCH: Final = 16
_LEAST_STEPS: Final = 8
#: Nats by which a held-out loss must fall for training to go on.
_PROGRESS: Final = 1e-4
#: Logit, less that of the others, of a class that a network has no rows of.
ABSENT_LOGIT: Final = -5.0
#: Largest number of features for which a network is initialised from their full covariance
#: matrix; above, from their variances.
MAX_FULL_COVARIANCE_DIM: Final = 512
_RIDGE: Final = 1e-6


@dataclass(frozen=True)
class Settings:
    """How the networks are trained.

    Attributes
    ----------
    folds : parts of the rows; a network learns from all but one.
    hidden : sizes of the two hidden layers.
    epochs, patience : at most so many passes, and so many without a better held-out loss.
    batch : rows of a step, at most.
    lr, weight_decay : of AdamW; the rate falls along half a cosine.
    validation_fraction : share of a network's rows that are held out for early stopping.
    """

    folds: int = 4
    hidden: tuple[int, int] = (64, 32)
    epochs: int = 60
    patience: int = 8
    batch: int = 256
    lr: float = 2e-3
    weight_decay: float = 0.3
    validation_fraction: float = 0.12


class Stack(torch.nn.Module):
    """N networks side by side: (N, B, D) -> (N, B, K) logits; ``mask`` (N, D, 1) selects the
    features of each."""

    mask: Tensor

    def __init__(self, mask: Tensor, classes: int, hidden: tuple[int, int]) -> None:
        super().__init__()
        n, d, _ = mask.shape
        self.register_buffer("mask", mask)
        seen = mask.sum(dim=1, keepdim=True)  # (N, 1, 1)
        first, second = hidden

        def weights(into: int, out: int, width: Tensor | float) -> torch.nn.Parameter:
            return torch.nn.Parameter(torch.randn(n, into, out) * (2.0 / width) ** 0.5)

        self.w1 = weights(d, first, seen)
        self.w2 = weights(first, second, first)
        self.b1 = torch.nn.Parameter(torch.zeros(n, 1, first))
        self.b2 = torch.nn.Parameter(torch.zeros(n, 1, second))
        self.w3 = torch.nn.Parameter(torch.zeros(n, second, classes))
        self.linear = torch.nn.Parameter(torch.zeros(n, d, classes))
        self.bias = torch.nn.Parameter(torch.zeros(n, 1, classes))

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.baddbmm(self.b1, x, self.w1 * self.mask).relu_()
        hidden = torch.baddbmm(self.b2, hidden, self.w2).relu_()
        return torch.baddbmm(self.bias, x, self.linear * self.mask) + hidden @ self.w3

    def mean_logits(self, x: Tensor, groups: int) -> Tensor:
        """(B, D) -> (N / groups, B, K): the mean over ``groups`` networks of each input.

        What is linear in x is done once for all networks, so that it takes half of the time, a
        chunk of rows after the other.
        """
        n, d, first = self.w1.shape
        into = (self.w1 * self.mask).transpose(0, 1).reshape(d, n * first)
        linear = (self.linear * self.mask).unflatten(0, (groups, -1)).mean(dim=0)
        bias = self.bias.unflatten(0, (groups, -1)).mean(dim=0)
        result = []
        for rows in x.split(_CHUNK):
            hidden = torch.addmm(self.b1.flatten(), rows, into).relu_().view(len(rows), n, first)
            hidden = torch.baddbmm(self.b2, hidden.transpose(0, 1), self.w2).relu_()
            mean = (hidden @ self.w3).unflatten(0, (groups, -1)).mean(dim=0)
            result.append(torch.baddbmm(bias, rows.expand(len(linear), *rows.shape), linear) + mean)
        return torch.cat(result, dim=1)


@dataclass(frozen=True)
class Ranges:
    """Smallest and largest value of each feature among the rows that each network is trained on.

    A network is nearly linear far from its training rows, so that one extreme value could move its
    logits by any amount; values outside of the range are moved to its ends.

    Attributes
    ----------
    low, high : (F, D) of the rows that the networks of each of F folds are trained on.
    """

    low: Floats
    high: Floats

    @classmethod
    def of(cls, x: Floats, inside: list[Ints]) -> Ranges:
        """Of rows (N, D), given the indices of each fold's training rows."""
        return cls(
            np.stack([x[rows].min(axis=0) for rows in inside]),
            np.stack([x[rows].max(axis=0) for rows in inside]),
        )

    @classmethod
    def unbounded(cls, folds: int, features: int) -> Ranges:
        """Ranges that leave every value as it is."""
        ends = np.full((folds, features), np.inf)
        return cls(-ends, ends)

    def of_fold(self, x: Floats, fold: int) -> Floats:
        """Rows (N, D) for the networks of one fold."""
        return np.clip(x, self.low[fold], self.high[fold])

    def of_all(self, x: Floats) -> Floats:
        """Rows (N, D) for all networks: inside the ranges of every fold."""
        return np.clip(x, self.low.max(axis=0), self.high.min(axis=0))


@dataclass(frozen=True)
class Posteriors:
    """Trained networks, calibrated.

    Attributes
    ----------
    stack : networks in the order fold by fold, x1, x2, both.
    ranges : what inputs of the networks are clipped to.
    prior : (K,) class frequencies among the training rows.
    calibrated : temperature and weight of the prior, of x1, x2 and both.
    out_of_fold : (3, N, K) log probabilities of the training rows, from networks that did not
        see them.
    """

    stack: Stack
    ranges: Ranges
    prior: Floats
    calibrated: tuple[Calibrated, ...]
    out_of_fold: Floats

    @property
    def folds(self) -> int:
        """How many networks each input has."""
        return len(self.stack.mask) // INPUTS

    @torch.no_grad()
    def log_probabilities(self, x: Floats) -> Floats:
        """(3, N, K) log probabilities of rows (N, D) that no network saw, by mean logits."""
        rows = torch.as_tensor(self.ranges.of_all(x), dtype=torch.float32)
        mean = self.stack.mean_logits(rows, self.folds)
        return _calibrated(mean.double().numpy(), self.calibrated, self.prior)


def _calibrated(logits: Floats, calibrated: tuple[Calibrated, ...], prior: Floats) -> Floats:
    """(3, N, K) log probabilities of the logits (3, N, K) of x1, x2 and both."""
    return np.stack(
        [c.log_probabilities(of, prior) for c, of in zip(calibrated, logits, strict=True)]
    )


def fit_posteriors(
    x: Floats, sizes: tuple[int, int], y: Ints, fold: Ints, classes: int, settings: Settings,
    seed: int, clip: bool = True, prior_weight: float | None = None,
) -> Posteriors:  # fmt: skip
    """Train all networks on rows (N, D), standardised, of which ``sizes`` features are x1 and x2.

    ``fold`` (N,) is the fold whose networks are not trained on a row. Inputs of the networks are
    clipped to the range of their training rows with ``clip``; ``prior_weight`` is that of
    :func:`calibrate`.
    """
    generator = np.random.default_rng([seed, 7])
    prior = np.bincount(y, minlength=classes) / len(y)
    with reproducible(seed, 7):
        mask = _masks(sizes, settings.folds)
        stack = Stack(mask, classes, settings.hidden)
        inside, held_out = _rows_of(fold, settings, generator)
        ranges = Ranges.of(x, inside) if clip else Ranges.unbounded(len(inside), x.shape[1])
        _begin(stack, x, y, inside)
        _train(stack, torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y), inside,
               _HeldOut.of(x, y, held_out, ranges), settings, generator)  # fmt: skip
    logits = _out_of_fold(stack, x, fold, ranges)
    calibrated = tuple(calibrate(of_input, y, prior, prior_weight) for of_input in logits)
    return Posteriors(stack, ranges, prior, calibrated, _calibrated(logits, calibrated, prior))


@dataclass(frozen=True)
class _HeldOut:
    """Rows for early stopping: inputs (F, B, D), clipped for each fold, and classes (F, B)."""

    x: Tensor
    y: Tensor

    @classmethod
    def of(cls, x: Floats, y: Ints, rows: list[Ints], ranges: Ranges) -> _HeldOut:
        """As many rows for each fold as that with the fewest has."""
        length = min(map(len, rows))
        inputs = np.stack([ranges.of_fold(x[r[:length]], f) for f, r in enumerate(rows)])
        labels = np.stack([y[r[:length]] for r in rows])
        return cls(torch.as_tensor(inputs, dtype=torch.float32), torch.as_tensor(labels))

    @torch.no_grad()
    def losses(self, stack: Stack) -> Tensor:
        """(networks,) mean loss of each."""
        x, y = (of.repeat_interleave(INPUTS, 0) for of in (self.x, self.y))
        return _loss(stack(x), y)


def _masks(sizes: tuple[int, int], folds: int) -> Tensor:
    """(3 folds, D, 1): x1, x2 and both, for each fold."""
    first = torch.cat([torch.ones(sizes[0]), torch.zeros(sizes[1])])
    return torch.stack([first, 1.0 - first, torch.ones_like(first)]).repeat(folds, 1).unsqueeze(2)


def _rows_of(
    fold: Ints, settings: Settings, generator: np.random.Generator
) -> tuple[list[Ints], list[Ints]]:
    """Rows that each fold's networks are trained on, and held-out rows for early stopping."""
    inside, held_out = [], []
    for f in range(settings.folds):
        rows = generator.permutation(np.flatnonzero(fold != f))
        count = max(1, round(settings.validation_fraction * len(rows)))
        held_out.append(rows[:count])
        inside.append(rows[count:])
    return inside, held_out


@torch.no_grad()
def _begin(stack: Stack, x: Floats, y: Ints, inside: list[Ints]) -> None:
    """Start each network as a linear discriminant analysis with shrunken covariances."""
    for number, mask in enumerate(stack.mask[:, :, 0].bool().numpy()):
        rows = inside[number // INPUTS]
        coef, intercept, present = _discriminant(x[rows][:, mask], y[rows])
        linear = np.zeros((x.shape[1], stack.bias.shape[2]))
        bias = np.full(stack.bias.shape[2], ABSENT_LOGIT)
        linear[np.ix_(mask, present)] = coef.T
        bias[present] = intercept
        stack.linear[number] = torch.as_tensor(linear, dtype=torch.float32)
        stack.bias[number, 0] = torch.as_tensor(bias - bias[present].mean(), dtype=torch.float32)


def _discriminant(x: Floats, y: Ints) -> tuple[Floats, Floats, Ints]:
    """Coefficients (P, D), intercepts (P,) and classes (P,) of those that have rows."""
    present, counts = np.unique(y, return_counts=True)
    means = np.stack([x[y == k].mean(axis=0) for k in present])
    residual = x - means[np.searchsorted(present, y)]
    if x.shape[1] > MAX_FULL_COVARIANCE_DIM:
        coef = means / ((residual**2).mean(axis=0) + _RIDGE)
    else:
        within, _ = ledoit_wolf(residual, assume_centered=True)
        coef = np.linalg.solve(within + _RIDGE * np.eye(len(within)), means.T).T
    intercept = np.log(counts / len(y)) - 0.5 * (coef * means).sum(axis=1)
    return coef, intercept, present


def _train(
    stack: Stack, x: Tensor, y: Tensor, inside: list[Ints], held_out: _HeldOut,
    settings: Settings, generator: np.random.Generator,
) -> None:  # fmt: skip
    """Minimise each network's cross-entropy, and leave it as it was when its held-out rows were
    predicted best."""
    optimizer = torch.optim.AdamW(
        stack.parameters(), lr=settings.lr, weight_decay=settings.weight_decay, fused=True
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.epochs)
    length = min(len(rows) for rows in inside)
    batch = min(settings.batch, max(_LEAST_BATCH, length // _LEAST_STEPS))
    steps = max(1, length // batch)
    best, kept = held_out.losses(stack), _copied(stack)
    stale = 0
    for _ in range(settings.epochs):
        order = np.stack([generator.permutation(rows)[: steps * batch] for rows in inside])
        for index in torch.as_tensor(order).split(batch, dim=1):
            index = index.repeat_interleave(INPUTS, 0)
            loss = _loss(stack(x[index]), y[index]).sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        schedule.step()
        now = held_out.losses(stack)
        stale = 0 if bool((now < best - _PROGRESS).any()) else stale + 1
        better = now < best
        best = torch.where(better, now, best)
        for name, weights in _copied(stack).items():
            kept[name][better] = weights[better]
        if stale >= settings.patience:
            break
    stack.load_state_dict(kept)


def _copied(stack: Stack) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in stack.state_dict().items()}


def _loss(logits: Tensor, y: Tensor) -> Tensor:
    """(networks,) mean cross-entropy of (networks, B, K) logits, in nats."""
    each = cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="none")
    return each.view(y.shape).mean(dim=1)


@torch.no_grad()
def _out_of_fold(stack: Stack, x: Floats, fold: Ints, ranges: Ranges) -> Floats:
    """(3, N, K) logits of each row from the networks of its own fold."""
    values = np.zeros((INPUTS, len(x), stack.bias.shape[2]))
    for f in range(len(stack.mask) // INPUTS):
        in_fold = np.flatnonzero(fold == f)
        for part in np.array_split(in_fold, max(1, len(in_fold) // _CHUNK)):
            rows = torch.as_tensor(ranges.of_fold(x[part], f), dtype=torch.float32)
            logits = stack(rows.expand(len(stack.mask), -1, -1))
            values[:, part] = logits[f * INPUTS : (f + 1) * INPUTS].numpy()
    return values
