"""What was set out to be reached, and whether it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["met", "missed", "open"]


@dataclass(frozen=True)
class Target:
    """One target with the figure that decides it.

    Attributes
    ----------
    claim
        What is to hold.
    state
        ``open`` where nothing contradicts the claim but records are missing.
    figure
        What was measured, in words and numbers.
    failing
        The cases that do not hold, each with its figure.
    """

    claim: str
    state: State
    figure: str
    failing: tuple[str, ...] = ()


def judged(claim: str, figure: str, failing: Sequence[str], complete: bool) -> Target:
    """A single failing case decides; that none fails counts once all are measured."""
    state: State = "missed" if failing else "met" if complete else "open"
    return Target(claim, state, figure, tuple(failing))


def unmeasured(claim: str) -> Target:
    """A target of which nothing was measured yet."""
    return Target(claim, "open", "not measured yet")
