"""Rows as tensors, for one optimiser step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Protocol

import torch
from torch import Tensor

from dmil_core.errors import ConfigError


class Rows(Protocol):
    """Rows that a training goes through: in memory, a :class:`Batch`, or read from files."""

    def __len__(self) -> int: ...

    @property
    def device(self) -> torch.device:
        """Where the batches are."""

    @property
    def modalities(self) -> int:
        """How many inputs a row has."""

    def numbered(self) -> Rows:
        """The same rows, each with its position among them."""

    def shuffled(self, size: int) -> Iterator[Batch]:
        """All rows once, in an order that torch's global generator draws when the first batch is
        taken, ``size`` at a time; nothing is drawn after that."""

    def chunks(self, size: int) -> Iterator[Batch]:
        """All rows in their own order, at most ``size`` at a time."""

    def to(self, device: torch.device) -> Rows:
        """The same rows on another device."""


@dataclass(frozen=True)
class Batch:
    """Rows of one optimiser step: ``x1``, ``x2`` (B, ...), ``y`` (B,), responsibilities (B, C).

    ``index`` (B,) holds the rows' positions in the training set, for rules that keep a state for
    each row; ``x3`` is given for a set of three modalities. Where responsibilities are known, so
    are the out-of-fold predictions behind them: ``alone`` (B, M), the chance-corrected probability
    of the true class from each modality alone; ``truth`` (B, M + 1), that probability as it is
    from each modality alone and from all; ``skill`` (B, M), the chance-corrected accuracy of each
    modality alone over all training rows, the same in every row; and the gate target by shares of
    information, ``informed`` (B, C) of a row's own class and ``expected`` (B, C) averaged over the
    classes.
    """

    x1: Tensor
    x2: Tensor
    y: Tensor
    responsibilities: Tensor
    index: Tensor | None = None
    x3: Tensor | None = None
    alone: Tensor | None = None
    truth: Tensor | None = None
    skill: Tensor | None = None
    informed: Tensor | None = None
    expected: Tensor | None = None

    def __len__(self) -> int:
        return len(self.y)

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""
        return self.y.device

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Every modality's rows, x1 first."""
        return (self.x1, self.x2) if self.x3 is None else (self.x1, self.x2, self.x3)

    @property
    def modalities(self) -> int:
        """How many inputs a row has."""
        return len(self.inputs)

    def known(self, modality: int) -> Tensor:
        """a (B,), how well one modality (from 0) alone predicts each row's class, 0 to 1.

        Raises
        ------
        ConfigError
            If the rows hold no responsibilities.
        """
        if self.alone is None:
            raise ConfigError("this loss term needs responsibilities; the paradigm has no folds")
        return self.alone[:, modality]

    def rows(self, index: Tensor) -> Batch:
        """The rows named by ``index``."""
        return self._each(lambda tensor: tensor[index])

    def numbered(self) -> Batch:
        """The same rows, each with its position among them."""
        return replace(self, index=torch.arange(len(self), device=self.device))

    def shuffled(self, size: int) -> Iterator[Batch]:
        """All rows once, in an order that torch's global generator draws, ``size`` at a time."""
        for index in torch.randperm(len(self)).split(size):
            yield self.rows(index.to(self.device))

    def chunks(self, size: int) -> Iterator[Batch]:
        """The rows in order, at most ``size`` at a time."""
        for index in torch.arange(len(self), device=self.device).split(size):
            yield self.rows(index)

    def to(self, device: torch.device) -> Batch:
        """The same rows on another device."""
        return self._each(lambda tensor: tensor.to(device))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        tensors = (getattr(self, field.name) for field in fields(self))
        return Batch(*(None if t is None else change(t) for t in tensors))  # type: ignore[arg-type]
