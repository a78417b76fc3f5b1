"""One training run in memory, an epoch at a time, so that several runs can alternate.

Nothing is written here but the predictions of out-of-fold models, where a folder is given.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from dmil_core.config import RunConfig
from dmil_core.data.dataset import Dataset
from dmil_core.models import inputs
from dmil_core.models.batch import Batch, Rows
from dmil_core.models.registry import build
from dmil_core.paradigms import STANDARD, find_recipe
from dmil_core.seeding import reproducible
from dmil_core.training.cost import cost
from dmil_core.training.cross_fitting import (
    OUT_OF_FOLD,
    OutOfFold,
    cross_fitting,
    cross_fitting_cost,
)
from dmil_core.training.gate_target import (
    averaged,
    chance_corrected,
    chance_corrected_accuracy,
    class_prior,
    information_target,
    of_class,
    responsibilities,
    true_class_probability,
)
from dmil_core.training.loop import FitState, Pauses, Report, epochs


class Learning:
    """A model, the rows it is trained on, and the state of its training.

    Parameters
    ----------
    dataset
        The model is trained on its training rows; its validation rows decide when a stage ends.
    config
        Paradigm, model, stages and seed; see :func:`dmil_core.training.run.plan`.
    epochs_scale
        The factor that the stages' epochs already contain, for those of out-of-fold models.

    Attributes
    ----------
    model
        As the last epoch left it; after the last stage in its best state.
    state
        The state of the paradigm's stages. To continue an earlier run of the same settings and
        rows, set it to that run's state before the first epoch.
    pauses
        Stores the state within an epoch, once a while; by default nothing does.
    """

    def __init__(
        self, dataset: Dataset, config: RunConfig, device: torch.device,
        *, epochs_scale: float = 1.0,
    ) -> None:  # fmt: skip
        self.dataset, self.config, self.device = dataset, config, device
        self.state = FitState()
        self.pauses: Pauses | None = None
        self.epochs_scale = epochs_scale
        self.recipe = find_recipe(config.recipe) if config.recipe else STANDARD
        with reproducible(config.seed):
            self.model = build(config.model)
        self._rows = self._loaded()
        self.model.to(device)
        self._out_of_fold: OutOfFold | None = None

    def _loaded(self) -> Sequence[Rows]:
        """Training and validation rows; the model gets the statistics of the first."""
        dataset, config = self.dataset, self.config.model
        self._batches = [inputs.batch(dataset, dataset.rows(s), config) for s in ("train", "val")]
        inputs.fit_statistics(self.model, *self._batches[0].inputs)
        return self._batches

    def targets(self) -> Tensor | None:
        """The gate targets of the N training rows as the cross-fitting has come to know them.

        Returns
        -------
        (N, M + 2), 0 to 1 and at most 1 in sum, NaN for rows of folds that have not begun; None
        before the training, and for a paradigm without cross-fitting.
        """
        if self._out_of_fold is None:
            return None
        y = self._out_of_fold.train.y.cpu()
        prior = class_prior(y, self.config.model.classes)
        return of_class(information_target(self._out_of_fold.now(), prior), y)

    def epochs(self, folder: Path | None = None) -> Iterator[Report]:
        """Train; yields after every epoch, those of out-of-fold models first where there are any.

        The ``fraction`` of the reports is of the whole run, out-of-fold models included.

        Parameters
        ----------
        folder
            Where the predictions of out-of-fold models are stored and found again.
        """
        before = self._share_of_cross_fitting()
        fraction = 0.0
        for report in self._epochs(folder):
            if report.stage == OUT_OF_FOLD:
                done = before * report.fraction
            else:
                done = before + (1.0 - before) * report.fraction
            fraction = max(fraction, min(1.0, done))
            yield replace(report, fraction=fraction)

    def _epochs(self, folder: Path | None) -> Iterator[Report]:
        """The same, with the fraction of the cross-fitting or of the paradigm's stages."""
        train, val = (b.to(self.device) for b in (yield from self._responsibilities(folder)))
        stages, seed = self.config.stages, self.config.seed
        yield from epochs(self.model, stages, train, val, seed, self.state, self.pauses)

    def _share_of_cross_fitting(self) -> float:
        """Expected share of the cross-fitting in the cost of the run, 0 to 1."""
        config, rows = self.config, len(self._rows[0])
        if not config.folds:
            return 0.0
        first = cross_fitting_cost(config.model, rows, config.folds, self.epochs_scale, self.recipe)
        return first / (first + cost(self.model, config.stages, rows))

    def _responsibilities(self, folder: Path | None) -> Generator[Report, None, Sequence[Rows]]:
        """The rows with responsibilities, where the paradigm uses them."""
        config, dataset = self.config, self.dataset
        if not config.folds:
            return self._batches
        train, val = (b.to(self.device) for b in self._batches)
        groups = dataset.group
        self._out_of_fold = OutOfFold.of(train, config.model)
        result = yield from cross_fitting(
            config.model, train, val, config.folds, config.seed,
            groups=None if groups is None else groups[dataset.rows("train")],
            epochs_scale=self.epochs_scale, recipe=self.recipe, folder=folder,
            watched=self._out_of_fold,
        )  # fmt: skip
        y = self._batches[0].y
        prior = class_prior(y, config.model.classes)
        skill = chance_corrected_accuracy(result.train[:, :-1], y, prior)
        pairs = zip(self._batches, (result.train, result.val), strict=True)
        return [with_responsibilities(b, p, prior, skill) for b, p in pairs]


def with_responsibilities(
    batch: Batch, probabilities: Tensor, prior: Tensor, skill: Tensor
) -> Batch:
    """The rows with responsibilities from the probabilities of out-of-fold models.

    Parameters
    ----------
    probabilities
        (N, M + 1, K) of the rows.
    prior, skill
        (K,) and (M,) of all training rows; see ``gate_target``.
    """
    a = chance_corrected(probabilities, batch.y, prior)
    target = information_target(probabilities, prior)
    return replace(
        batch,
        responsibilities=responsibilities(a),
        alone=a[:, :-1],
        truth=true_class_probability(probabilities, batch.y),
        skill=skill.expand(len(batch), -1),
        informed=of_class(target, batch.y),
        expected=averaged(target, probabilities),
    )
