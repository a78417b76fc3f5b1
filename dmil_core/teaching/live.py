"""Joint, ensemble and DMIL on one small gate mixture, a step at a time, for people who watch.

The three are ordinary runs, of the paradigms and stages that ``dmil_core.training.run`` has: with
equal
settings they end at equal weights. They take turns, so that each is always about equally far.

Nothing is kept on disk.
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
from dmil_core.teaching.scene import ALL, LEARNERS, STEPS, Group, Scene, Settings, Snapshot
from dmil_core.training.cross_fitting import OUT_OF_FOLD
from dmil_core.training.loop import Report
from dmil_core.training.run import plan
from dmil_core.training.trainer import Learning


def warm() -> None:
    """Make this process ready: one thread, as small matrices gain nothing from more, and what the
    first optimiser imports, which takes as long as torch itself."""
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
        """Train until this share of the way is done; whether anything was."""
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
    """The three learners of some settings.

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
        return all(one.done for one in self._learners.values())

    @property
    def models(self) -> dict[str, torch.nn.Module]:
        """Each learner's model as it is."""
        return {name: one.learning.model for name, one in self._learners.items()}

    def scene(self) -> Scene:
        """What does not change."""
        y = self.dataset.y[self._rows]
        groups = tuple(
            Group(name, interaction_type, len(rows), float(np.bincount(y[rows]).max() / len(rows)))
            for name, (interaction_type, rows) in self._groups.items()
        )
        return Scene(
            classes=tuple(name.removeprefix("class ") for name in self.dataset.classes),
            groups=groups,
            squares=tuple(square for square, *_ in self._squares),
            stages={name: _stages(one.learning.config) for name, one in self._learners.items()},
            parameters={n: sum(p.numel() for p in m.parameters()) for n, m in self.models.items()},
            train=self.settings.train,
        )

    def start(self) -> tuple[Snapshot, ...]:
        """Every learner before its next step."""
        return tuple(self._snapshot(name) for name in LEARNERS)

    def step(self) -> tuple[Snapshot, ...]:
        """Bring every learner a step on; those that moved, as they are then."""
        self.steps += 1
        until = min(1.0, self.steps / STEPS)
        moved = [name for name in LEARNERS if self._learners[name].go(until)]
        return tuple(self._snapshot(name) for name in moved)

    def _snapshot(self, name: str) -> Snapshot:
        one = self._learners[name]
        model = one.learning.model.eval()
        rows = (x[self._rows] for x in self.dataset.inputs)
        out = _answer(model, *rows)
        right = out.logits.argmax(dim=1).numpy() == self.dataset.y[self._rows]
        gate = out.gate.numpy() if isinstance(out, DmilOutput) else None
        places = {ALL: np.arange(len(right)), **{g: rows for g, (_, rows) in self._groups.items()}}
        surfaces, answers = [], []
        for square, grid1, grid2 in self._squares:
            sure = _sure(_answer(model, grid1, grid2))
            fine = len(square.at1) * len(square.at2)
            surfaces.append(_table(sure[:fine], len(square.at1)))
            answers.append(_table(sure[fine:], len(square.symbols1)))
        return Snapshot(
            learner=name,
            fraction=one.fraction,
            stage=one.last.stage if one.last else "",
            epoch=one.last.epoch if one.last else 0,
            epochs=one.last.epochs if one.last else 0,
            done=one.done,
            accuracy={g: round(float(right[rows].mean()), 4) for g, rows in places.items()},
            gate={}
            if gate is None
            else {
                g: tuple(round(float(w), 4) for w in gate[rows].mean(axis=0))
                for g, rows in places.items()
            },
            surfaces=tuple(surfaces),
            answers=tuple(answers),
        )


@torch.inference_mode()
def _answer(model: torch.nn.Module, *inputs: NDArray[Any]) -> Output:
    out: Output = model(*(torch.from_numpy(np.ascontiguousarray(x)) for x in inputs))
    return out


def _sure(out: Output) -> NDArray[np.float32]:
    """(N,) the class answered plus how sure, 0 to just below 1."""
    p = out.logits.softmax(dim=1)
    top, answer = p.max(dim=1)
    sure = ((top - 1.0 / p.shape[1]) / (1.0 - 1.0 / p.shape[1])).clamp(0.0, 0.999)
    values: NDArray[np.float32] = (answer + sure).numpy()
    return values


def _table(values: NDArray[Any], width: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(v), 3) for v in row) for row in values.reshape(-1, width))


def _stages(config: RunConfig) -> tuple[str, ...]:
    own = tuple(stage.name for stage in config.stages)
    return (OUT_OF_FOLD, *own) if config.folds else own


def _groups(drawn: GateMixtureSet, dataset: Dataset) -> dict[str, tuple[str, NDArray[np.int64]]]:
    """Name -> its interaction type and which validation rows, counted among them."""
    rows = dataset.rows("val")
    if dataset.interaction_type is None:
        return {ALL: ("", np.arange(len(rows)))}
    own = dataset.interaction_type[rows]
    order = [c for c in COMPONENTS if (own == c).any()]
    return {c: (c, np.flatnonzero(own == c)) for c in order}
