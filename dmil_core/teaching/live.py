"""Live training of joint, ensemble and DMIL on one small gate mixture, a step at a time.

The three are ordinary runs of ``dmil_core.training.run``: equal settings give equal weights. They
take turns, so that all are about equally far. Nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from dmil_core.config import RunConfig
from dmil_core.data.dataset import Dataset
from dmil_core.data.synthetic.gate_mixture_set import GateMixtureSet
from dmil_core.models.outputs import DmilOutput, Output
from dmil_core.schema import COMPONENTS
from dmil_core.teaching.plane import squares
from dmil_core.teaching.scene import (
    ALL,
    LEARNERS,
    MOST_SHOWN,
    STEPS,
    Group,
    Scene,
    Settings,
    Snapshot,
)
from dmil_core.training.cross_fitting import OUT_OF_FOLD
from dmil_core.training.loop import Report
from dmil_core.training.run import plan
from dmil_core.training.trainer import Learning


def warm() -> None:
    """Prepare this process: one thread, as small matrices gain nothing from more, and the imports
    of the first optimiser, which take as long as torch itself."""
    torch.set_num_threads(1)
    torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])


@dataclass
class _Learner:
    """One run under way."""

    learning: Learning
    work: Iterator[Report]
    last: Report | None = None
    fraction: float = 0.0
    done: bool = False

    def go(self, until: float) -> bool:
        """Train until this share of the training is done; returns whether a step was made."""
        moved = False
        while not self.done and (self.fraction < until or until >= 1.0):
            moved = True
            try:
                self.last = next(self.work)
                self.fraction = self.last.fraction
            except StopIteration:
                self.done, self.fraction = True, 1.0
        return moved


class Live:
    """The three models of some settings, under training.

    Raises
    ------
    ConfigError
        If the gate mixture cannot be read, or has only one class.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        drawn = settings.drawn()
        self.dataset = drawn.dataset()
        self.steps = 0
        self._squares = squares(drawn, self.dataset)
        self._rows = self.dataset.rows("val")
        self._groups = _groups(drawn, self.dataset)
        self._shown = _shown(self.dataset)
        self._learners: dict[str, _Learner] = {}
        for name in LEARNERS:
            config = plan(self.dataset, name, settings.seed, epochs_scale=settings.epochs_scale)
            learning = Learning(
                self.dataset, config, torch.device("cpu"), epochs_scale=settings.epochs_scale
            )
            self._learners[name] = _Learner(learning, learning.epochs())

    @property
    def done(self) -> bool:
        """Whether every learner has ended."""
        return all(learner.done for learner in self._learners.values())

    @property
    def models(self) -> dict[str, torch.nn.Module]:
        """Each learner's model as it is."""
        return {name: learner.learning.model for name, learner in self._learners.items()}

    def scene(self) -> Scene:
        """The part that does not change."""
        y = self.dataset.y[self._rows]
        groups = tuple(
            Group(name, interaction_type, len(rows), float(np.bincount(y[rows]).max() / len(rows)))
            for name, (interaction_type, rows) in self._groups.items()
        )
        return Scene(
            classes=tuple(name.removeprefix("class ") for name in self.dataset.classes),
            groups=groups,
            squares=tuple(square for square, *_ in self._squares),
            stages={n: _stages(learner.learning.config) for n, learner in self._learners.items()},
            parameters={n: sum(p.numel() for p in m.parameters()) for n, m in self.models.items()},
            train=self.settings.train,
            shown=_types(self.dataset, self.dataset.rows("train")[self._shown]),
        )

    def start(self) -> tuple[Snapshot, ...]:
        """A snapshot of every model before its next step."""
        return tuple(self._snapshot(name) for name in LEARNERS)

    def step(self) -> tuple[Snapshot, ...]:
        """Train every model by one step; returns snapshots of those that were not done."""
        self.steps += 1
        until = min(1.0, self.steps / STEPS)
        moved = [name for name in LEARNERS if self._learners[name].go(until)]
        return tuple(self._snapshot(name) for name in moved)

    def _snapshot(self, name: str) -> Snapshot:
        learner = self._learners[name]
        model = learner.learning.model.eval()
        rows = (x[self._rows] for x in self.dataset.inputs)
        out = _answer(model, *rows)
        right = out.logits.argmax(dim=1).numpy() == self.dataset.y[self._rows]
        gate = out.gate.numpy() if isinstance(out, DmilOutput) else None
        groups = {ALL: np.arange(len(right)), **{g: rows for g, (_, rows) in self._groups.items()}}
        surfaces, answers = [], []
        for square, grid1, grid2 in self._squares:
            values = _class_and_confidence(_answer(model, grid1, grid2))
            fine = len(square.at1) * len(square.at2)
            surfaces.append(_table(values[:fine], len(square.at1)))
            answers.append(_table(values[fine:], len(square.symbols1)))
        return Snapshot(
            learner=name,
            fraction=learner.fraction,
            stage=learner.last.stage if learner.last else "",
            epoch=learner.last.epoch if learner.last else 0,
            epochs=learner.last.epochs if learner.last else 0,
            done=learner.done,
            accuracy={g: round(float(right[rows].mean()), 4) for g, rows in groups.items()},
            gate={}
            if gate is None
            else {
                g: tuple(round(float(w), 4) for w in gate[rows].mean(axis=0))
                for g, rows in groups.items()
            },
            surfaces=tuple(surfaces),
            answers=tuple(answers),
            targets=self._targets(learner.learning),
            weights=self._weights(model),
        )

    def _targets(self, learning: Learning) -> tuple[tuple[float, ...], ...]:
        targets = learning.targets()
        if targets is None:
            return tuple(() for _ in self._shown) if learning.config.folds else ()
        rows = targets.numpy()[self._shown].round(3)
        return tuple(() if np.isnan(row).any() else tuple(row.tolist()) for row in rows)

    def _weights(self, model: torch.nn.Module) -> tuple[tuple[float, ...], ...]:
        rows = self.dataset.rows("train")[self._shown]
        out = _answer(model, *(x[rows] for x in self.dataset.inputs))
        if not isinstance(out, DmilOutput):
            return ()
        return tuple(tuple(row) for row in out.gate.numpy().round(3).tolist())


@torch.inference_mode()
def _answer(model: torch.nn.Module, *inputs: NDArray[Any]) -> Output:
    out: Output = model(*(torch.from_numpy(np.ascontiguousarray(x)) for x in inputs))
    return out


def _class_and_confidence(out: Output) -> NDArray[np.float32]:
    """(N,) predicted class plus confidence, rescaled to 0 (uniform) to just below 1."""
    p = out.logits.softmax(dim=1)
    top, answer = p.max(dim=1)
    confidence = ((top - 1.0 / p.shape[1]) / (1.0 - 1.0 / p.shape[1])).clamp(0.0, 0.999)
    values: NDArray[np.float32] = (answer + confidence).numpy()
    return values


def _table(values: NDArray[Any], width: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(v), 3) for v in row) for row in values.reshape(-1, width))


def _shown(dataset: Dataset) -> NDArray[np.int64]:
    """Which training rows are shown, counted among them: those of one type together."""
    rows = dataset.rows("train")[:MOST_SHOWN]
    order = ["", *COMPONENTS]
    places = [order.index(name) for name in _types(dataset, rows)]
    return np.argsort(places, kind="stable")


def _types(dataset: Dataset, rows: NDArray[np.int64]) -> tuple[str, ...]:
    """Interaction types of rows; "" where they are not known."""
    if dataset.interaction_type is None:
        return ("",) * len(rows)
    return tuple(map(str, dataset.interaction_type[rows]))


def _stages(config: RunConfig) -> tuple[str, ...]:
    names = tuple(stage.name for stage in config.stages)
    return (OUT_OF_FOLD, *names) if config.folds else names


def _groups(drawn: GateMixtureSet, dataset: Dataset) -> dict[str, tuple[str, NDArray[np.int64]]]:
    """Name -> its interaction type and which validation rows, counted among them."""
    rows = dataset.rows("val")
    if dataset.interaction_type is None:
        return {ALL: ("", np.arange(len(rows)))}
    types = dataset.interaction_type[rows]
    order = [c for c in COMPONENTS if (types == c).any()]
    return {c: (c, np.flatnonzero(types == c)) for c in order}
