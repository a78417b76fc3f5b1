"""Training on rows in files: batches from a pool, out-of-fold targets in files.

The rows of a :class:`~dmil_core.data.files.shuffled.StreamedSet` are in files, in random order
within each. An epoch goes through pools of `POOL_ROWS` rows or more: each has an equal share of
every file, so that it is a sample of the whole set whatever the order of the source, and is mixed
before batches are cut from it. Where the shares begin is drawn anew in every epoch.

Shapes: N rows, M modalities, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from torch import Tensor, nn

from dmil_core import schema
from dmil_core.config import ModelConfig, RunConfig
from dmil_core.data.files.shuffled import StreamedSet, mixed, read_rows
from dmil_core.io.atomic import make_folder, replacing
from dmil_core.models import inputs
from dmil_core.models.batch import Batch
from dmil_core.paradigms import Recipe
from dmil_core.training import loop, processes
from dmil_core.training.cross_fitting import (
    GRID,
    fit_models,
    logits_of_all,
    part_of_run,
    tempered_losses,
)
from dmil_core.training.loop import EVALUATION_ROWS, FitState, Pauses, Report
from dmil_core.training.trainer import Learning, with_responsibilities

#: Rows of a pool at least, and batches.
POOL_ROWS: Final = 16_384
POOL_BATCHES: Final = 8
#: Rows that are read at a time where order does not matter.
_READ_ROWS: Final = 16_384
#: Name, in a file, of the probabilities from out-of-fold models.
_PROBABILITIES: Final = "probabilities"


@dataclass(frozen=True)
class Targets:
    """Where the out-of-fold predictions of rows are, and what is known of all training rows.

    Attributes
    ----------
    folder : has a file (N, M + 1, K) of probabilities for each file of rows.
    prior : (K,) share of each class.
    skill : (M,) chance-corrected accuracy of each modality alone.
    """

    folder: Path
    prior: Tensor
    skill: Tensor


@dataclass(frozen=True)
class StreamedRows:
    """The training or validation rows of a set, a batch at a time; see
    :class:`~dmil_core.models.batch.Rows`.

    Attributes
    ----------
    left_out : (fold, folds, seed) of a cross-fitting whose rows of that fold are left out.
    """

    rows: StreamedSet
    split: Literal["train", "val"]
    device: torch.device
    count: int
    targets: Targets | None = None
    left_out: tuple[int, int, int] | None = None

    @staticmethod
    def of(rows: StreamedSet, split: Literal["train", "val"]) -> StreamedRows:
        """All rows of a split."""
        return StreamedRows(rows, split, torch.device("cpu"), rows.card.counts[split])

    def __len__(self) -> int:
        return self.count

    @property
    def modalities(self) -> int:
        """How many inputs a row has."""
        return self.rows.head.modalities

    def to(self, device: torch.device) -> StreamedRows:
        """The same rows on another device."""
        return replace(self, device=device)

    def numbered(self) -> StreamedRows:
        """The same rows, each with its position among them."""
        return self

    def without(self, fold: int, folds: int, seed: int) -> StreamedRows:
        """The rows of all folds but one. Rows of one group, or of one id, share a fold."""
        counts = 0
        for shard, count in enumerate(self._shards):
            keys = self.rows.read(self.split, shard, 0, count, ("key",))["key"]
            counts += int((fold_of(torch.from_numpy(keys), folds, seed) != fold).sum())
        return replace(self, count=counts, left_out=(fold, folds, seed))

    def fit_statistics(self, model: nn.Module) -> None:
        """Set the means and scales of a model's encoders to those of all training rows."""
        pairs = ((torch.from_numpy(m), torch.from_numpy(s)) for m, s in self.rows.statistics)
        inputs.set_statistics(model, *pairs)

    def chunks(self, size: int) -> Iterator[Batch]:
        """All rows in the order of the files, at most ``size`` at a time."""
        for shard, count in enumerate(self._shards):
            for start in range(0, count, _READ_ROWS):
                rows = self._chosen(*self.read(shard, start, min(start + _READ_ROWS, count)))
                yield from rows.to(self.device).chunks(size)

    def shuffled(self, size: int) -> Iterator[Batch]:
        """All rows once, mixed; the order depends on one number of torch's global generator."""
        order = torch.Generator().manual_seed(int(torch.randint(2**62, ())))
        waiting: list[Batch] = []
        for pool in self._pools(max(POOL_ROWS, POOL_BATCHES * size), order):
            rows = joined([*waiting, pool.rows(torch.randperm(len(pool), generator=order))])
            waiting = []
            for index in torch.arange(len(rows)).split(size):
                if len(index) < size:
                    waiting = [rows.rows(index)]
                else:
                    yield rows.rows(index).to(self.device)
        yield from (rows.to(self.device) for rows in waiting)

    @property
    def _shards(self) -> tuple[int, ...]:
        return self.rows.shards[self.split]

    def _pools(self, rows: int, order: torch.Generator) -> Iterator[Batch]:
        """Pools of about so many rows, with an equal share of each file."""
        pools = math.ceil(sum(self._shards) / rows)
        begins = [int(torch.randint(count, (), generator=order)) for count in self._shards]
        for pool in range(pools):
            parts = []
            for shard, (count, begin) in enumerate(zip(self._shards, begins, strict=True)):
                first, last = (begin + count * (pool + k) // pools for k in (0, 1))
                for start, stop in (
                    (min(first, count), min(last, count)),
                    (max(first, count) - count, max(last, count) - count),
                ):
                    if start < stop:
                        parts.append(self._chosen(*self.read(shard, start, stop)))
            yield joined(parts)

    def _chosen(self, rows: Batch, key: Tensor) -> Batch:
        if self.left_out is None:
            return rows
        fold, folds, seed = self.left_out
        return rows.rows(torch.nonzero(fold_of(key, folds, seed) != fold).squeeze(1))

    def read(self, shard: int, start: int, stop: int) -> tuple[Batch, Tensor]:
        """Rows of one file with their responsibilities, and a hash of each row's name."""
        arrays = self.rows.read(self.split, shard, start, stop)
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        key = tensors.pop("key")
        names = schema.components(self.modalities)
        batch = Batch(
            **tensors,
            responsibilities=torch.zeros(len(key), len(names)),
            index=sum(self._shards[:shard]) + torch.arange(start, stop),
        )
        if self.targets is not None:
            path = _probabilities_file(self.targets.folder, self.split, shard)
            found = torch.from_numpy(read_rows(path, start, stop)[_PROBABILITIES])
            batch = with_responsibilities(batch, found, self.targets.prior, self.targets.skill)
        return batch, key


def fold_of(key: Tensor, folds: int, seed: int) -> Tensor:
    """(n,) fold of rows with these hashes of their names (n,) int64."""
    part = mixed(key.numpy().view(np.uint64), seed + 1) % np.uint64(folds)
    return torch.from_numpy(part.astype(np.int64))


def joined(batches: Sequence[Batch]) -> Batch:
    """Rows after each other, which all know the same of themselves."""
    if len(batches) == 1:
        return batches[0]
    each = [vars(batch) for batch in batches]
    together: dict[str, Any] = {
        name: None if value is None else torch.cat([e[name] for e in each])
        for name, value in each[0].items()
    }
    return Batch(**together)


class StreamedLearning(Learning):
    """:class:`~dmil_core.training.trainer.Learning` on rows in files.

    Parameters
    ----------
    store
        Is given the state of the paradigm's stages within an epoch, once a while.
    """

    def __init__(
        self, rows: StreamedSet, config: RunConfig, device: torch.device,
        store: Callable[[FitState], None], *, epochs_scale: float = 1.0,
    ) -> None:  # fmt: skip
        self._streamed = [StreamedRows.of(rows, "train"), StreamedRows.of(rows, "val")]
        super().__init__(rows.head, config, device, epochs_scale=epochs_scale)
        self.pauses = Pauses(store, loop.PAUSE_SECONDS)

    def _loaded(self) -> Sequence[StreamedRows]:
        """Training and validation rows; the model gets the statistics of the first."""
        self._streamed[0].fit_statistics(self.model)
        return self._streamed

    def _responsibilities(
        self, folder: Path | None
    ) -> Generator[Report, None, Sequence[StreamedRows]]:
        """The rows with responsibilities, where the paradigm uses them."""
        config = self.config
        if not config.folds:
            return self._streamed
        assert folder is not None
        train, val = (rows.to(self.device) for rows in self._streamed)
        work = OutOfFoldModels(config.model, train, val, config.folds, config.seed, folder)
        yield from work.fit(self.epochs_scale, self.recipe)
        targets = work.targets()
        return [replace(rows, targets=targets) for rows in self._streamed]


@dataclass
class OutOfFoldModels:
    """Cross-fitting of rows in files: the models of each fold, and what they say of its rows.

    Models are stored in the folder, and one that is trained there is not trained again.
    """

    config: ModelConfig
    train: StreamedRows
    val: StreamedRows
    folds: int
    seed: int
    folder: Path
    models: list[list[nn.Module]] = field(default_factory=list)

    def fit(self, epochs_scale: float, recipe: Recipe) -> Generator[Report, None, None]:
        """Train the models of every fold; the ``fraction`` of the reports is of all of them.

        Their inputs are standardised by all training rows: no label is seen by that.
        """
        make_folder(self.folder)
        for fold in range(self.folds):
            begun: list[nn.Module] = []

            def state(number: int, fold: int = fold) -> tuple[FitState, Pauses]:
                path = self.folder / f"fold{fold}-{number}.safetensors"
                found = FitState.load(path)[0] if path.exists() else FitState()
                return found, Pauses(lambda s: _store(s, path), loop.PAUSE_SECONDS)

            work = fit_models(
                self.config, self.train.without(fold, self.folds, self.seed), self.val,
                seed=self.seed * self.folds + fold, epochs_scale=epochs_scale, recipe=recipe,
                title=f"0 out-of-fold {fold + 1}/{self.folds}", begun=begun,
                fit_statistics=self.train.fit_statistics, states=state,
            )  # fmt: skip
            yield from part_of_run(work, fold / self.folds, 1.0 / self.folds)
            self.models.append(begun)

    @torch.no_grad()
    def targets(self) -> Targets:
        """Write the probabilities of all rows: of a training row from the models that did not see
        it, of a validation row the mean over folds."""
        scales = [self._temperatures(models) for models in self.models]
        hits = torch.zeros(self.config.modalities, dtype=torch.float64)

        def of_fold(batch: Batch, fold: int) -> Tensor:
            return (logits_of_all(self.models[fold], batch) / scales[fold]).softmax(-1)

        for rows in (self.train, self.val):
            for shard, count in enumerate(rows.rows.shards[rows.split]):
                path = _probabilities_file(self.folder, rows.split, shard)
                parts = []
                for start in range(0, count, EVALUATION_ROWS):
                    batch, key = rows.read(shard, start, min(start + EVALUATION_ROWS, count))
                    batch = batch.to(rows.device)
                    if rows.split == "val":
                        every = [of_fold(batch, k) for k in range(self.folds)]
                        parts.append(torch.stack(every).mean(dim=0))
                        continue
                    fold = fold_of(key, self.folds, self.seed)
                    mine = torch.zeros(len(fold), self.config.modalities + 1, self.config.classes)
                    for k in range(self.folds):
                        inside = torch.nonzero(fold == k).squeeze(1)
                        mine[inside] = of_fold(batch.rows(inside.to(rows.device)), k)
                    parts.append(mine)
                    right = parts[-1][:, :-1].argmax(dim=-1) == batch.y.cpu()[:, None]
                    hits += right.sum(dim=0)
                if processes.is_first():
                    _save(path, torch.cat(parts))
        processes.wait()
        prior = torch.from_numpy(self.train.rows.of_class) / len(self.train)
        chance = prior.max()
        skill = ((hits / len(self.train) - chance) / (1.0 - chance).clamp(min=1e-6)).clamp(min=0.0)
        return Targets(self.folder, prior.float(), skill.float())

    def _temperatures(self, models: list[nn.Module]) -> Tensor:
        """As :func:`~dmil_core.training.cross_fitting.temperatures`, a chunk at a time."""
        losses = torch.zeros(len(GRID), self.config.modalities + 1, dtype=torch.float64)
        for batch in self.val.chunks(EVALUATION_ROWS):
            each = tempered_losses(logits_of_all(models, batch), batch.y.cpu())
            losses += torch.stack([of.sum(dim=(0, 2)) for of in each])
        return GRID[losses.argmin(dim=0)].unsqueeze(1)


def _probabilities_file(folder: Path, split: str, shard: int) -> Path:
    return folder / f"{split}-{shard:05d}.{_PROBABILITIES}.safetensors"


def _store(state: FitState, path: Path) -> None:
    if processes.is_first():
        state.save(path, {})


def _save(path: Path, probabilities: Tensor) -> None:
    from safetensors.torch import save_file

    with replacing(path) as temporary:
        save_file({_PROBABILITIES: probabilities.contiguous()}, temporary)
