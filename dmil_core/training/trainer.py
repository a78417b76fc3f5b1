"""One training run in memory, an epoch at a time: the same for one run and for several at once.

Nothing is written here but the answers of out-of-fold models, where a folder is given for them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from dmil_core.config import RunConfig
from dmil_core.data.dataset import Dataset
from dmil_core.models import inputs
from dmil_core.models.batch import Batch
from dmil_core.models.registry import build
from dmil_core.seeding import reproducible
from dmil_core.training.cross_fitting import cross_fitting
from dmil_core.training.gate_target import (
    above_chance,
    class_shares,
    of_true_class,
    responsibilities,
)
from dmil_core.training.loop import FitState, Report, epochs


class Learning:
    """A model, the rows it learns from, and how far it is.

    Parameters
    ----------
    dataset
        Its training rows teach, its validation rows decide when a stage ends.
    config
        Paradigm, model, stages and seed; see :func:`dmil_core.training.run.plan`.
    epochs_scale
        The factor that is in the stages' epochs already, for those of out-of-fold models.

    Attributes
    ----------
    model
        As the last epoch left it; after the last stage in its best state.
    state
        Where the paradigm's own stages stand. To go on with an earlier run of the same settings and
        rows, set it to that run's before the first epoch.
    """

    def __init__(
        self, dataset: Dataset, config: RunConfig, device: torch.device,
        *, epochs_scale: float = 1.0,
    ) -> None:  # fmt: skip
        self.dataset, self.config, self.device = dataset, config, device
        self.state = FitState()
        self.epochs_scale = epochs_scale
        with reproducible(config.seed):
            self.model = build(config.model)
        self._rows = [
            inputs.batch(dataset, dataset.rows(s), config.model) for s in ("train", "val")
        ]
        inputs.fit_statistics(self.model, *self._rows[0].inputs)
        self.model.to(device)

    def epochs(self, folder: Path | None = None) -> Iterator[Report]:
        """Train; yields after every epoch, of out-of-fold models first where there are any.

        Parameters
        ----------
        folder
            Where the answers of out-of-fold models are kept and found again.
        """
        train, val = (b.to(self.device) for b in (yield from self._teach(folder)))
        stages, seed = self.config.stages, self.config.seed
        yield from epochs(self.model, stages, train, val, seed, self.state)

    def _teach(self, folder: Path | None) -> Generator[Report, None, list[Batch]]:
        """The rows with responsibilities, where the paradigm uses them."""
        config, dataset = self.config, self.dataset
        if not config.folds:
            return self._rows
        train, val = (b.to(self.device) for b in self._rows)
        groups = dataset.group
        result = yield from cross_fitting(
            config.model, train, val, config.folds, config.seed,
            groups=None if groups is None else groups[dataset.rows("train")],
            epochs_scale=self.epochs_scale, folder=folder,
        )  # fmt: skip
        prior = class_shares(self._rows[0].y, config.model.classes)
        pairs = zip(self._rows, (result.train, result.val), strict=True)
        return [_told(b, p, prior) for b, p in pairs]


def _told(batch: Batch, probabilities: Tensor, prior: Tensor) -> Batch:
    """The rows with what out-of-fold models make of them."""
    a = above_chance(probabilities, batch.y, prior)
    return replace(
        batch,
        responsibilities=responsibilities(a),
        alone=a[:, :-1],
        truth=of_true_class(probabilities, batch.y),
    )
