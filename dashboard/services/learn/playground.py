"""What is trained on the page Live training: the view's choices as settings, and gate mixtures to
begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dashboard.services.store.catalog import DataProblem
from dashboard.state.view import View
from dmil_core.data.synthetic.gate_mixture import GateMixture
from dmil_core.data.synthetic.gate_mixture_set import Form, GateMixtureSet
from dmil_core.errors import ConfigError
from dmil_core.schema import COMPONENTS
from dmil_core.teaching.scene import ALL, LEARNERS, STEPS, Group, Scene, Settings, Snapshot

__all__ = [
    "ALL", "COMPONENTS", "LEARNERS", "PRESETS", "STEPS", "Group", "Preset", "Scene", "Settings",
    "Snapshot", "follows", "of_preset", "preparing", "preset", "preset_of", "settings",
]  # fmt: skip

#: Noise of x2 where it is blurred, by half the distance of two symbols: one in seven rows lies on
#: the wrong side.
BLURRED: Final = 0.95
#: Noise of an input by what it is: vectors have it in 16 directions, points in two.
SPREADS: Final = {"points": Settings.spread, "vectors": 0.25}
#: Stages before those that train what a model predicts from; "" is before the first step.
PREPARING: Final = ("", "out-of-fold", "decompose")
#: Logic gates whose symbols are learnt well as points.
_MOST_IN_A_PLANE: Final = 2
#: Length of a training -> samples to learn from, and factor on the epochs.
LENGTHS: Final = {
    "glance": (200, 0.03),
    "short": (Settings.train, Settings.epochs_scale),
    "long": (Settings.train, 3 * Settings.epochs_scale),
}


@dataclass(frozen=True)
class Preset:
    """A gate mixture worth a click: values of the view's fields."""

    name: str
    mixture: str
    second: str = "clear"

    @property
    def choice(self) -> dict[str, Any]:
        """What of the view it sets."""
        return {"mixture": self.mixture, "second": self.second, "inputs": "", "build": ""}


PRESETS: Final = (
    Preset("xor", "gates:xor=1"),
    Preset("strong-weak", "gates:rdn=3,unq2=1", "blurred"),
    Preset("mixture", "gates:xor=1,rdn=1,unq1=1,unq2=1"),
)


def settings(view: View) -> Settings | DataProblem:
    """What the view asks to train; a problem where its gate mixture cannot be read or learnt."""
    train, epochs_scale = LENGTHS[view.length]
    try:
        form = _form(view)
        chosen = Settings(
            mixture=view.mixture or Settings.mixture,
            form=form,
            spread=SPREADS[form],
            spread2=BLURRED if view.second == "blurred" else 0.0,
            seed=view.draw,
            train=train,
            epochs_scale=epochs_scale,
        )
        drawn: GateMixtureSet = chosen.drawn()
    except ConfigError as error:
        return DataProblem(str(error))
    if not drawn.mixture.learnable:
        return DataProblem("Only one class ever occurs in this mixture: there is nothing to learn.")
    return chosen


def of_preset(name: str) -> Settings:
    """What is trained for a preset and nothing else, as in a lesson."""
    chosen = settings(View(**preset(name).choice))
    assert isinstance(chosen, Settings)
    return chosen


def preparing(snapshot: Snapshot) -> bool:
    """Whether nothing has been trained yet from which the model's prediction comes: before the
    first step, in cross-fitting, and while its inputs are decomposed."""
    return not snapshot.done and snapshot.stage in PREPARING


def _form(view: View) -> Form:
    """What each input is: as the view says, else what suits its gate mixture; raises ConfigError.

    The symbols of three gates or more, side by side in a plane, take many more samples to tell
    apart: the parts of DMIL that see one input stay unsure, and its gate ends far from the truth.
    As vectors each symbol has a direction of its own.
    """
    if view.inputs:
        return "vectors" if view.inputs == "vectors" else "points"
    gates = GateMixture.from_spec(view.mixture or Settings.mixture).gates
    return "points" if len(gates) <= _MOST_IN_A_PLANE else "vectors"


def preset(name: str) -> Preset:
    """The preset of this name."""
    return next(p for p in PRESETS if p.name == name)


def preset_of(view: View) -> str:
    """Name of the preset that the view shows; empty where it is none."""
    mixture = view.mixture or Settings.mixture
    result = [p.name for p in PRESETS if (p.mixture, p.second) == (mixture, view.second)]
    return result[0] if result else ""


def follows(scene: Scene, snapshot: Snapshot) -> float | None:
    """How far a learner leans on x1 where both inputs say the class: of the places where they
    contradict each other, which no sample does, the share at which it answers as x1 says. None
    where no gate is redundant."""
    for square, surface in zip(scene.squares, snapshot.surfaces, strict=True):
        if not _redundant(square.truth):
            continue
        as_x1 = [
            int(value) == square.truth[a][a]
            for y, line in zip(square.at2, surface, strict=True)
            for x, value in zip(square.at1, line, strict=True)
            if (a := int(x > 0.5)) != int(y > 0.5)
        ]
        return sum(as_x1) / len(as_x1)
    return None


def _redundant(truth: tuple[tuple[int, ...], ...]) -> bool:
    """Whether two symbols always come together and say the class."""
    if len(truth) != 2 or len(truth[0]) != 2:
        return False
    (same0, apart0), (apart1, same1) = truth
    return apart0 == apart1 == -1 and same0 != same1 and min(same0, same1) >= 0
