"""What people who watch a live training are told: settings, what stays, what changes.

``Scene`` is what does not change, ``Snapshot`` is what one learner can do at a moment; both go
through JSON (``dmil_core.config.to_json``). Nothing here imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dmil_core.data.synthetic.gate_mixture import GateMixture
from dmil_core.data.synthetic.gate_mixture_set import Form, GateMixtureSet
from dmil_core.teaching.plane import Square

LEARNERS: Final = ("ensemble", "joint", "dmil")
#: Steps of a whole training; each brings every learner 1/40 of its way on.
STEPS: Final = 40
#: Name of the only group where no interaction type or gate tells groups apart.
ALL: Final = "all"


@dataclass(frozen=True)
class Settings:
    """What is learnt, and for how long.

    Attributes
    ----------
    gate mixture : spec of the distribution, as ``World.from_spec`` reads it.
    form, spread, spread2 : as in ``GateMixtureSet``.
    seed : of rows, weights and every draw.
    train, val : rows.
    epochs_scale : as in ``dmil_core.training.run``; few epochs, since people wait.
    """

    mixture: str = "gates:xor=1"
    form: Form = "points"
    spread: float = 0.4
    spread2: float = 0.0
    seed: int = 0
    train: int = 800
    val: int = 1000
    epochs_scale: float = 0.15

    def drawn(self) -> GateMixtureSet:
        """The rows' distribution. Raises ConfigError where the gate mixture cannot be read."""
        return GateMixtureSet(
            GateMixture.from_spec(self.mixture), self.form, self.spread, self.spread2, self.seed,
            self.train, self.val, test=1,
        )  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Validation rows of one interaction type, or of one gate.

    Attributes
    ----------
    interaction type : the component that explains them, or "" where no single one does.
    rows : how many.
    chance : share of their most frequent class, which a constant answer gets right.
    """

    name: str
    interaction_type: str
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
    answers : the same at the centres of the symbols, by x2's symbol and x1's.
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
    answers: tuple[tuple[tuple[float, ...], ...], ...]
