"""Cross-fitting: probabilities for training rows from models that did not see them.

The probabilities are temperature-scaled, and the gate target (``gate_target``) is computed from
them. On its own training rows an over-fitted unimodal model would predict every class, and all
responsibility would go to R.

Shapes: N rows, M modalities, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dmil_core.config import ModelConfig, Stage
from dmil_core.errors import DataError
from dmil_core.io.atomic import replacing
from dmil_core.io.reading import parsing, read_checked
from dmil_core.models import inputs
from dmil_core.models.batch import Batch, Rows
from dmil_core.models.registry import build
from dmil_core.paradigms import ENSEMBLE, JOINT, STANDARD, Recipe, stages_for
from dmil_core.seeding import reproducible
from dmil_core.training.cost import cost
from dmil_core.training.loop import (
    EVALUATION_ROWS,
    MAX_STATE_BYTES,
    FitState,
    Pauses,
    Report,
    epochs,
    run_to_completion,
)

#: Share of a paradigm's epochs that an out-of-fold model gets: it only has to be good enough to
#: estimate how predictable each row is. Its learning rate is higher in return.
OUT_OF_FOLD_EPOCHS = 0.3
OUT_OF_FOLD_RATE = 3.0

#: The stage of a report about one of these models.
OUT_OF_FOLD = "out-of-fold"

#: Name, in the file of a fold, of the probabilities of the rows that its models did not see.
_UNSEEN: Final = "held"

T = TypeVar("T")


@dataclass(frozen=True)
class Probabilities:
    """(N, M + 1, K) probabilities from each modality alone, x1 first, and from all together."""

    train: Tensor
    val: Tensor


@dataclass
class OutOfFold:
    """The predictions of a cross-fitting that is under way, for those who watch it.

    Attributes
    ----------
    train : the N training rows.
    probabilities : (N, M + 1, K) of the rows whose folds are finished, NaN elsewhere.
    inside : (n,) rows of the fold under way, which its models do not see.
    models : models of that fold that are trained, and last the one under training.
    """

    train: Batch
    probabilities: Tensor
    inside: Tensor
    models: list[torch.nn.Module] = field(default_factory=list)

    @staticmethod
    def of(train: Batch, config: ModelConfig) -> OutOfFold:
        """Before the first fold."""
        unknown = torch.full((len(train), config.modalities + 1, config.classes), math.nan)
        return OutOfFold(train, unknown, torch.zeros(0, dtype=torch.long))

    def now(self) -> Tensor:
        """(N, M + 1, K) as it is now: NaN for rows of folds that have not begun.

        In the fold under way, a model that is not trained yet knows nothing: all classes are
        equally likely to it. Temperatures are taken when a fold is finished.
        """
        result = self.probabilities.clone()
        if not self.models:
            return result
        rows = self.train.rows(self.inside)
        logits = logits_of_all(self.models, rows)
        result[self.inside.cpu()] = 1.0 / result.shape[2]
        result[self.inside.cpu(), : logits.shape[1]] = logits.softmax(-1)
        return result


def cross_fit(
    config: ModelConfig, train: Batch, val: Batch, folds: int, seed: int,
    *, groups: NDArray[Any] | None = None, epochs_scale: float = 1.0, recipe: Recipe = STANDARD,
    folder: Path | None = None, on_epoch: Callable[[Report], None] | None = None,
) -> Probabilities:  # fmt: skip
    """Probabilities for training rows from models that did not see them.

    Validation rows, which decide when those models stop, get the mean over folds. With a
    ``folder``, each finished fold is stored there and not trained again; what it contains must be
    of the same rows, settings and seed. ``groups`` (N,) labels rows that must share a fold, such
    as the windows of one person, which are near copies of each other.
    """
    work = cross_fitting(
        config, train, val, folds, seed, groups=groups, epochs_scale=epochs_scale, recipe=recipe,
        folder=folder,
    )  # fmt: skip
    return run_to_completion(work, on_epoch)


def cross_fitting(
    config: ModelConfig, train: Batch, val: Batch, folds: int, seed: int,
    *, groups: NDArray[Any] | None = None, epochs_scale: float = 1.0, recipe: Recipe = STANDARD,
    folder: Path | None = None, watched: OutOfFold | None = None,
) -> Generator[Report, None, Probabilities]:  # fmt: skip
    """:func:`cross_fit` as a generator that yields after every epoch.

    The ``fraction`` of its reports is of the cross-fitting; ``watched`` is kept up to date.
    """
    watched = watched or OutOfFold.of(train, config)
    fold_of = assign_folds(len(train), folds, seed, groups)
    mean = torch.zeros(len(val), config.modalities + 1, config.classes)
    for k in range(folds):
        inside = torch.nonzero(fold_of == k).squeeze(1).to(train.y.device)
        outside = torch.nonzero(fold_of != k).squeeze(1).to(train.y.device)
        fold = _stored(folder, k)
        if fold is None:
            watched.inside = inside
            rows = (train.rows(outside), train.rows(inside), val)
            work = _fit_fold(
                config, *rows, seed=seed * folds + k, epochs_scale=epochs_scale, recipe=recipe,
                title=f"0 out-of-fold {k + 1}/{folds}", begun=watched.models,
            )  # fmt: skip
            fold = yield from part_of_run(work, k / folds, 1.0 / folds)
            _store(folder, k, fold)
        watched.probabilities[inside.cpu()] = fold[_UNSEEN]
        watched.models.clear()
        mean += fold["val"] / folds
    return Probabilities(watched.probabilities, mean)


def assign_folds(rows: int, folds: int, seed: int, groups: NDArray[Any] | None = None) -> Tensor:
    """Fold of each row (N,), about equally large; whole groups stay together.

    A single group would leave nothing to learn from, so it is divided like ungrouped rows.
    """
    rng = np.random.default_rng((seed, rows, folds))
    if groups is None or len(np.unique(groups)) < 2:
        return torch.from_numpy(rng.permutation(rows) % folds)
    names, member = np.unique(groups, return_inverse=True)
    sizes = np.bincount(member)
    order = rng.permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    load, fold_of_group = np.zeros(folds), np.zeros(len(names), dtype=np.int64)
    for group in order:  # largest first, each to the lightest fold
        fold_of_group[group] = load.argmin()
        load[fold_of_group[group]] += sizes[group]
    return torch.from_numpy(fold_of_group[member.reshape(-1)])


def cross_fitting_cost(
    config: ModelConfig, rows: int, folds: int, epochs_scale: float = 1.0,
    recipe: Recipe = STANDARD,
) -> float:  # fmt: skip
    """Expected cost of cross-fitting ``rows`` training rows; see ``dmil_core.training.cost``."""
    fitted = round(rows * (folds - 1) / folds)
    models = _out_of_fold_models(config, fitted, 0, epochs_scale, recipe)
    return folds * sum(cost(model, stages, fitted) for model, stages in models)


def _fit_fold(
    config: ModelConfig, train: Batch, unseen: Batch, val: Batch,
    *, seed: int, epochs_scale: float, recipe: Recipe, title: str,
    begun: list[torch.nn.Module],
) -> Generator[Report, None, dict[str, Tensor]]:  # fmt: skip
    """Fit a fold's models to ``train``; returns their probabilities on the other rows.

    A model is added to ``begun`` when its training begins.
    """
    yield from fit_models(
        config, train, val, seed=seed, epochs_scale=epochs_scale, recipe=recipe, title=title,
        begun=begun,
    )  # fmt: skip
    on_unseen = torch.cat([_logits(model, unseen) for model in begun], dim=1)
    on_val = torch.cat([_logits(model, val) for model in begun], dim=1)
    t = temperatures(on_val, val.y.cpu())
    return {_UNSEEN: (on_unseen / t).softmax(-1), "val": (on_val / t).softmax(-1)}


def fit_models(
    config: ModelConfig, train: Rows, val: Rows,
    *, seed: int, epochs_scale: float, recipe: Recipe, title: str,
    begun: list[torch.nn.Module], fit_statistics: Callable[[torch.nn.Module], None] | None = None,
    states: Callable[[int], tuple[FitState, Pauses]] | None = None,
) -> Generator[Report, None, None]:  # fmt: skip
    """Fit the unimodal models and the joint model of a fold.

    Parameters
    ----------
    begun
        A model is added to it when its training begins.
    fit_statistics
        Sets the means and scales of a model; by default those of ``train``, which is in memory.
    states
        By the number of a model, the state that its training goes on from, and what stores it.
    """
    models = _out_of_fold_models(config, len(train), seed, epochs_scale, recipe)
    costs = [cost(model, stages, len(train)) for model, stages in models]
    for number, (model, stages) in enumerate(models):
        begun.append(model)
        if fit_statistics is not None:
            fit_statistics(model)
        elif isinstance(train, Batch):
            inputs.fit_statistics(model, *(x.cpu() for x in train.inputs))
        state, pauses = states(number) if states else (FitState(), None)
        work = _fit_model(model, stages, train, val, seed, title, state, pauses)
        start, length = sum(costs[:number]) / sum(costs), costs[number] / sum(costs)
        yield from part_of_run(work, start, length)


def part_of_run(
    work: Generator[Report, None, T], start: float, length: float
) -> Generator[Report, None, T]:
    """The same work as a part of a longer run, of which it takes ``length`` from ``start`` on."""
    while True:
        try:
            report = next(work)
        except StopIteration as end:
            return end.value
        yield replace(report, fraction=start + length * report.fraction)


def _out_of_fold_models(
    config: ModelConfig, rows: int, seed: int, epochs_scale: float, recipe: Recipe
) -> list[tuple[torch.nn.Module, tuple[Stage, ...]]]:
    """The untrained models of a fold with their stages: the unimodal models and the joint one."""
    models = []
    for paradigm in (ENSEMBLE, JOINT):
        with reproducible(seed):
            model = build(replace(config, **vars(paradigm.options)))
        stages = tuple(
            replace(
                s,
                epochs=max(1, int(s.epochs * epochs_scale * OUT_OF_FOLD_EPOCHS)),
                lr=s.lr * OUT_OF_FOLD_RATE,
            )
            for s in stages_for(paradigm, rows, config.modalities, recipe)
        )
        models.append((model, stages))
    return models


def _fit_model(
    model: torch.nn.Module, stages: tuple[Stage, ...], train: Rows, val: Rows, seed: int,
    title: str, state: FitState, pauses: Pauses | None,
) -> Generator[Report, None, None]:  # fmt: skip
    model.to(train.device)
    for report in epochs(model, stages, train, val, seed, state, pauses):
        if pauses:
            pauses.pause(state)
        yield replace(report, stage=OUT_OF_FOLD, title=f"{title}, {report.stage}")


@torch.no_grad()
def _logits(model: torch.nn.Module, rows: Batch) -> Tensor:
    """(N, M, K) from the unimodal models or (N, 1, K) from the joint model."""
    parts = []
    for batch in rows.chunks(EVALUATION_ROWS):
        out = model(*batch.inputs)
        parts.append(out.logits.unsqueeze(1) if out.unimodal is None else out.unimodal)
    return torch.cat(parts).float().cpu()


def logits_of_all(models: Sequence[torch.nn.Module], rows: Batch) -> Tensor:
    """(N, M + 1, K) from the unimodal models and the joint model of a fold, or fewer of them."""
    return torch.cat([_logits(model.eval(), rows) for model in models], dim=1)


#: Temperatures that are tried.
GRID: Final = torch.logspace(-0.6, 1.0, 65)


def temperatures(logits: Tensor, y: Tensor) -> Tensor:
    """One temperature per model, (M + 1, 1), that minimises CE on validation rows.

    ``logits`` are (N, M + 1, K).
    """
    losses = [each.mean(dim=(0, 2)) for each in tempered_losses(logits, y)]
    return GRID[torch.stack(losses).argmin(dim=0)].unsqueeze(1)


def tempered_losses(logits: Tensor, y: Tensor) -> Iterator[Tensor]:
    """(N, M + 1, 1) cross-entropy of rows at every temperature of `GRID`; see `temperatures`."""
    index = y[:, None, None].expand(-1, logits.shape[1], 1)
    for t in GRID:
        yield -(logits / t).log_softmax(-1).gather(2, index)


def _stored(folder: Path | None, fold: int) -> dict[str, Tensor] | None:
    from safetensors.torch import load

    if folder is None:
        return None
    path = folder / f"fold{fold}.safetensors"
    try:
        content = read_checked(path, MAX_STATE_BYTES)
        with parsing(path, "an out-of-fold model"):
            return load(content)
    except (FileNotFoundError, DataError):  # a damaged fold is trained again
        return None


def _store(folder: Path | None, fold: int, tensors: dict[str, Tensor]) -> None:
    from safetensors.torch import save_file

    if folder:
        with replacing(folder / f"fold{fold}.safetensors") as temporary:
            save_file(tensors, temporary)
