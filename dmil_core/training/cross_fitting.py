"""Cross-fitting: probabilities for training rows from models that did not see them.

They are temperature-scaled, and the gate target (``gate_target``) is made of them; on rows it has
learnt, an over-fitted unimodal model explains everything and the responsibilities drift to R.

Shapes: N rows, M modalities, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dmil_core.config import ModelConfig, Stage
from dmil_core.io.atomic import replacing
from dmil_core.models.batch import Batch
from dmil_core.models.inputs import fit_statistics
from dmil_core.models.registry import build
from dmil_core.paradigms import ENSEMBLE, JOINT, Paradigm, stages_for
from dmil_core.seeding import reproducible
from dmil_core.training.loop import EVALUATION_ROWS, FitState, Report, epochs, finish

#: A teacher is stopped early and only has to tell what can be learnt: not all epochs are needed.
TEACHER_SHARE = 0.75

#: The stage of a report about one of these models.
OUT_OF_FOLD = "out-of-fold"

Announce = Callable[[Report], None]


@dataclass(frozen=True)
class Probabilities:
    """(N, M + 1, K) probabilities from each modality alone, x1 first, and from all together."""

    train: Tensor
    val: Tensor


def cross_fit(
    config: ModelConfig, train: Batch, val: Batch, folds: int, seed: int,
    *, groups: NDArray[Any] | None = None, epochs_scale: float = 1.0,
    folder: Path | None = None, announce: Announce | None = None,
) -> Probabilities:  # fmt: skip
    """Probabilities for training rows from models that did not see them.

    Validation rows, which decide when those models stop, get the mean over folds. With a
    ``folder``, each finished fold is stored there and not learnt again; what lies there must be
    of the same rows, settings and seed. ``groups`` (N,) names rows that must share a fold, such
    as the windows of one person: a model that saw a twin of a row has seen the row.
    """
    work = cross_fitting(
        config, train, val, folds, seed, groups=groups, epochs_scale=epochs_scale, folder=folder
    )
    return finish(work, announce)


def cross_fitting(
    config: ModelConfig, train: Batch, val: Batch, folds: int, seed: int,
    *, groups: NDArray[Any] | None = None, epochs_scale: float = 1.0, folder: Path | None = None,
) -> Generator[Report, None, Probabilities]:  # fmt: skip
    """The work of :func:`cross_fit` an epoch at a time: yields after each one."""
    fold_of = assign_folds(len(train), folds, seed, groups)
    shape = (config.modalities + 1, config.classes)
    out = torch.zeros(len(train), *shape)
    mean = torch.zeros(len(val), *shape)
    for k in range(folds):
        held = torch.nonzero(fold_of == k).squeeze(1).to(train.y.device)
        kept = torch.nonzero(fold_of != k).squeeze(1).to(train.y.device)
        fold = _stored(folder, k)
        if fold is None:
            title = fold_title(k, folds)
            parts = (train.rows(kept), train.rows(held), val)
            fold = yield from _fit_fold(
                config, *parts, seed=seed * folds + k, epochs_scale=epochs_scale, title=title
            )
            _store(folder, k, fold)
        out[held.cpu()] = fold["held"]
        mean += fold["val"] / folds
    return Probabilities(out, mean)


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


def _fit_fold(
    config: ModelConfig, kept: Batch, held: Batch, val: Batch,
    *, seed: int, epochs_scale: float, title: str,
) -> Generator[Report, None, dict[str, Tensor]]:  # fmt: skip
    logits_held, logits_val = [], []
    for paradigm, stages in teacher_stages(len(kept), config.modalities, epochs_scale):
        model = yield from _fit_teacher(config, paradigm, stages, kept, val, seed, title)
        logits_held.append(_logits(model, held))
        logits_val.append(_logits(model, val))
    on_held, on_val = torch.cat(logits_held, dim=1), torch.cat(logits_val, dim=1)
    t = temperatures(on_val, val.y.cpu())
    return {"held": (on_held / t).softmax(-1), "val": (on_val / t).softmax(-1)}


def fold_title(fold: int, folds: int) -> str:
    """What reports of a fold, counted from 0, are titled."""
    return f"0 out-of-fold {fold + 1}/{folds}"


def teacher_stages(
    rows: int, modalities: int, epochs_scale: float = 1.0
) -> tuple[tuple[Paradigm, tuple[Stage, ...]], ...]:
    """The models that are fitted to a fold's ``rows``, each with its stages."""
    return tuple(
        (
            paradigm,
            tuple(
                replace(s, epochs=max(1, int(s.epochs * epochs_scale * TEACHER_SHARE)))
                for s in stages_for(paradigm, rows, modalities)
            ),
        )
        for paradigm in (ENSEMBLE, JOINT)
    )


def _fit_teacher(
    config: ModelConfig, paradigm: Paradigm, stages: tuple[Stage, ...], kept: Batch, val: Batch,
    seed: int, title: str,
) -> Generator[Report, None, torch.nn.Module]:  # fmt: skip
    with reproducible(seed):
        model = build(replace(config, **vars(paradigm.parts)))
    fit_statistics(model, *(x.cpu() for x in kept.inputs))
    model.to(kept.y.device)
    for report in epochs(model, stages, kept, val, seed, FitState()):
        yield replace(report, stage=OUT_OF_FOLD, title=f"{title}, {report.stage}")
    return model


@torch.no_grad()
def _logits(model: torch.nn.Module, rows: Batch) -> Tensor:
    """(N, M, K) from the unimodal models or (N, 1, K) from the joint model."""
    parts = []
    for batch in rows.chunks(EVALUATION_ROWS):
        out = model(*batch.inputs)
        parts.append(out.logits.unsqueeze(1) if out.unimodal is None else out.unimodal)
    return torch.cat(parts).float().cpu()


def temperatures(logits: Tensor, y: Tensor) -> Tensor:
    """One temperature per model, (M + 1, 1), that minimises CE on validation rows.

    ``logits`` are (N, M + 1, K).
    """
    grid = torch.logspace(-0.6, 1.0, 65)
    index = y[:, None, None].expand(-1, logits.shape[1], 1)
    losses = [-(logits / t).log_softmax(-1).gather(2, index).mean(dim=(0, 2)) for t in grid]
    return grid[torch.stack(losses).argmin(dim=0)].unsqueeze(1)


def _stored(folder: Path | None, fold: int) -> dict[str, Tensor] | None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / f"fold{fold}.safetensors" if folder else None
    try:
        return load_file(path) if path and path.exists() else None
    except SafetensorError:  # a damaged fold is learnt again
        return None


def _store(folder: Path | None, fold: int, tensors: dict[str, Tensor]) -> None:
    from safetensors.torch import save_file

    if folder:
        with replacing(folder / f"fold{fold}.safetensors") as temporary:
            save_file(tensors, temporary)
