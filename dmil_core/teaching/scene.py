"""State of a live training: its settings, its fixed part, and snapshots of each model.

``Scene`` is the part that does not change, ``Snapshot`` is one model at a moment; both go through
JSON (``dmil_core.config.to_json``). Nothing here imports torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dmil_core.data.synthetic.gate_mixture import GateMixture
from dmil_core.data.synthetic.gate_mixture_set import Form, GateMixtureSet
from dmil_core.teaching.plane import Square

#: The paradigms that are trained side by side.
LEARNERS: Final = ("ensemble", "joint", "dmil")
#: Number of steps (frames) of a whole training; each is 1/40 of every model's training.
STEPS: Final = 40
#: Largest number of training rows whose gate targets and weights are shown.
MOST_SHOWN: Final = 200
#: Name of the group of all validation rows.
ALL: Final = "all"


@dataclass(frozen=True)
class Settings:
    """Data and duration of a live training.

    Attributes
    ----------
    mixture : spec of the gate mixture, as ``GateMixture.from_spec`` reads it.
    form, spread, spread2 : as in ``GateMixtureSet``.
    seed : of rows, weights and every draw.
    train, val : numbers of rows.
    epochs_scale : factor on the paradigms' numbers of epochs.
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
    interaction_type : the component that explains them, or "" where no single one does.
    rows : number of rows.
    chance : share of their most frequent class, the accuracy of a constant prediction.
    """

    name: str
    interaction_type: str
    rows: int
    chance: float


@dataclass(frozen=True)
class Scene:
    """The part of a live training that does not change.

    Attributes
    ----------
    squares : input planes on which decisions are drawn; one for each gate, or one in all.
    stages : names of each model's training stages, in order; DMIL's begin with ``out-of-fold``.
    parameters : number of parameters of each model.
    train : number of training rows.
    shown : interaction type of each training row whose gate target and weights are shown, those of
        one type together; "" where it is not known.
    """

    classes: tuple[str, ...]
    groups: tuple[Group, ...]
    squares: tuple[Square, ...]
    stages: dict[str, tuple[str, ...]]
    parameters: dict[str, int]
    train: int
    shown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """One model at one moment of its training.

    Attributes
    ----------
    fraction : share of its training that is done, 0 to 1.
    stage : name of the stage of its last epoch, "" before the first.
    accuracy : group -> accuracy on its validation rows; ``all`` is always there.
    gate : group -> mean weight of each component there; empty without a gate.
    surfaces : for each square, by row (x2) and column (x1), the predicted class (from 0) plus its
        confidence, from 0 (uniform) to just below 1.
    answers : the same at the centres of the symbols, by symbol of x2 and of x1.
    targets : of each shown training row the gate target, a share of each component; empty for one
        that no out-of-fold model has predicted yet. Without cross-fitting there are none.
    weights : of each shown training row the weight of each component; none without a gate.
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
    targets: tuple[tuple[float, ...], ...] = ()
    weights: tuple[tuple[float, ...], ...] = ()
