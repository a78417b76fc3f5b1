"""What the page What if says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dashboard.text import trust

UNTOUCHED: Final = (
    "**Nothing is changed yet.** Click a cell below to blank inputs, or edit them one by one."
)
NEEDED: Final = "Which inputs does this prediction need?"
NEEDED_HELP: Final = (
    "The model is evaluated with all inputs, each alone, and none. A blank input is the mean of "
    "the training samples; of a text, no words. The model never saw such inputs."
)
ON_THE_MAP: Final = "Position on the latent map"


def needed(wanted: str) -> str:
    """What the cells show; the name is escaped already."""
    return (
        f"Probability of **{wanted}**, the prediction from all inputs; below it, what is predicted "
        "then. Click a cell to edit the sample so."
    )


def with_inputs(names: Sequence[str], shown: Sequence[int], prediction: str, share: float) -> str:
    """A cell in words."""
    return f"{trust.shown(names, shown)}: predicts {prediction}, {share:.0%}"
