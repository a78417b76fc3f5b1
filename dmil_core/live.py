"""Joint, ensemble and DMIL on one small world, a step at a time, for people who watch.

The three are ordinary runs, of the paradigms and stages that ``dmil_core.train`` has: with equal
settings they end at equal weights. They take turns, so that each is always about equally far.

Nothing is kept on disk. ``Scene`` is what does not change, ``Snapshot`` is what one learner can do
at a moment; both go through JSON (``dmil_core.config.to_json``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from dmil_core.config import RunConfig
from dmil_core.data.dataset import Dataset
from dmil_core.data.world import World
from dmil_core.data.world_set import Form, WorldSet
from dmil_core.fit import Report
from dmil_core.learning import Learning
from dmil_core.model import DmilOutput, Output
from dmil_core.plane import Square, squares
from dmil_core.progress import Share, planned
from dmil_core.responsibilities import OUT_OF_FOLD
from dmil_core.train import plan

LEARNERS: Final = ("ensemble", "joint", "dmil")
#: Steps of a whole training; each brings every learner 1/40 of its way on.
STEPS: Final = 40
#: Name of the only group where no composition or gate tells groups apart.
ALL: Final = "all"


@dataclass(frozen=True)
class Settings:
    """What is learnt, and for how long.

    Attributes
    ----------
    world : spec of the law, as ``World.from_spec`` reads it.
    form, spread, spread2 : as in ``WorldSet``.
    seed : of rows, weights and every draw.
    train, val : rows.
    epochs_scale, lr_scale : as in ``dmil_core.train``; few epochs at a high rate: people wait.
    """

    world: str = "world:xor=1"
    form: Form = "points"
    spread: float = 0.3
    spread2: float = 0.0
    seed: int = 0
    train: int = 800
    val: int = 1000
    epochs_scale: float = 0.15
    lr_scale: float = 3.0

    def drawn(self) -> WorldSet:
        """The rows' law. Raises ConfigError where the world cannot be read."""
        return WorldSet(
            World.from_spec(self.world), self.form, self.spread, self.spread2, self.seed,
            self.train, self.val, test=1,
        )  # fmt: skip

    def config(self, dataset: Dataset, paradigm: str) -> RunConfig:
        """The run that ``dmil_core.train`` would do."""
        return plan(
            dataset, paradigm, self.seed, epochs_scale=self.epochs_scale, lr_scale=self.lr_scale
        )


@dataclass(frozen=True)
class Group:
    """Validation rows of one composition, or of one gate.

    Attributes
    ----------
    composition : the component that explains them, or "" where no single one does.
    rows : how many.
    chance : share of their most frequent class, which a constant answer gets right.
    """

    name: str
    composition: str
    rows: int
    chance: float


@dataclass(frozen=True)
class Scene:
    """What does not change while the learners learn.

    Attributes
    ----------
    squares : the pictures' places; one for each gate, or one for all.
    stages : names of each learner's stages, in order; DMIL's begin with ``out-of-fold``.
    parameters : how many numbers each learner learns.
    """

    classes: tuple[str, ...]
    groups: tuple[Group, ...]
    squares: tuple[Square, ...]
    stages: dict[str, tuple[str, ...]]
    parameters: dict[str, int]
    train: int


@dataclass(frozen=True)
class Snapshot:
    """One learner at one moment.

    Attributes
    ----------
    fraction : 0 to 1 of its way.
    stage : name of the stage of its last epoch, "" before the first.
    accuracy : group -> share of validation rows it gets right; ``all`` is always there.
    gate : group -> mean weight of each component there; empty without a gate.
    surfaces : for each square, by x2's place and x1's, the class it answers (from 0) plus how sure
        it is, from 0 (all classes alike) to just below 1.
    answers : for each square, by x2's symbol and x1's, the class it answers at their centres.
    """

    learner: str
    fraction: float
    stage: str
    epoch: int
    epochs: int
    done: bool
    accuracy: dict[str, float]
    gate: dict[str, tuple[float, ...]]
    surfaces: tuple[tuple[tuple[float, ...], ...], ...]
    answers: tuple[tuple[tuple[int, ...], ...], ...]


@dataclass
class _Learner:
    """One run under way."""

    learning: Learning
    work: Iterator[Report]
    share: Share
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
                self.fraction = self.share(self.last)
            except StopIteration:
                self.done, self.fraction = True, 1.0
        return moved


class Live:
    """The three learners of some settings.

    Raises
    ------
    ConfigError
        If the world cannot be read, or has only one class.
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
            config = settings.config(self.dataset, name)
            learning = Learning(
                self.dataset, config, torch.device("cpu"), epochs_scale=settings.epochs_scale
            )
            share = Share(planned(config, settings.train, settings.epochs_scale))
            self._learners[name] = _Learner(learning, learning.epochs(), share)

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
            Group(name, composition, len(rows), float(np.bincount(y[rows]).max() / len(rows)))
            for name, (composition, rows) in self._groups.items()
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
            answers=tuple(tuple(tuple(int(v) for v in line) for line in a) for a in answers),
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
    found: NDArray[np.float32] = (answer + sure).numpy()
    return found


def _table(values: NDArray[Any], width: int) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(v), 3) for v in row) for row in values.reshape(-1, width))


def _stages(config: RunConfig) -> tuple[str, ...]:
    own = tuple(stage.name for stage in config.stages)
    return (OUT_OF_FOLD, *own) if config.folds else own


def _groups(drawn: WorldSet, dataset: Dataset) -> dict[str, tuple[str, NDArray[np.int64]]]:
    """Name -> its composition and which validation rows, counted among them."""
    rows = dataset.rows("val")
    if dataset.composition is None:
        return {ALL: ("", np.arange(len(rows)))}
    own = dataset.composition[rows]
    order = [c for c in ("R", "U1", "U2", "S") if (own == c).any()]
    return {c: (c, np.flatnonzero(own == c)) for c in order}
