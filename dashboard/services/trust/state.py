"""How a check ended."""

from __future__ import annotations

from typing import Literal

#: ``open``: there is nothing to check with, or too little to tell.
State = Literal["passes", "fails", "open"]

#: Fewest samples of a kind that are judged.
FEWEST = 20


def of(holds: bool) -> State:
    """The state of a check that was carried out."""
    return "passes" if holds else "fails"
