"""The training recipe, the same for every paradigm: stopping, averaging, smoothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from dmil_core.config import Keep
from dmil_core.errors import ConfigError


@dataclass(frozen=True)
class Recipe:
    """How every stage of every paradigm, and of the out-of-fold models, is stopped and smoothed.

    The same runs by two recipes show how much of a comparison is due to the training rather than to
    the methods.

    Attributes
    ----------
    smoothing, averaging, keep
        As in :class:`~dmil_core.config.Stage`.
    patience
        Share of a stage's epochs without a better validation loss that end it; 0 for never.
    """

    name: str
    smoothing: float = 0.1
    averaging: float = 0.1
    keep: Keep = "one-se"
    patience: float = 0.0


#: The recipe of every run that names none.
STANDARD = Recipe("standard")
#: The standard recipe, and it with one setting changed.
RECIPES: Final[dict[str, Recipe]] = {
    r.name: r
    for r in (
        STANDARD,
        replace(STANDARD, name="no-smoothing", smoothing=0.0),
        replace(STANDARD, name="no-averaging", averaging=0.0),
        replace(STANDARD, name="last-epoch", keep="last"),
        replace(STANDARD, name="least-loss", keep="loss"),
        Recipe("early-stopping", smoothing=0.0, averaging=0.0, keep="loss", patience=1 / 3),
    )
}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises
    ------
    ConfigError
        Listing the names there are.
    """
    if name not in RECIPES:
        raise ConfigError(f"recipe {name!r} does not exist; expected {', '.join(RECIPES)}")
    return RECIPES[name]
