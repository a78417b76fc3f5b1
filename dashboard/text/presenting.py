"""The presenter's path: stops on several pages, in ten minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final


@dataclass(frozen=True)
class Stop:
    """A place to stop at.

    Attributes
    ----------
    title : what it is about.
    minutes : how long it is meant to take.
    page : the page's name, as `dashboard.state.session.page` knows it.
    words : what to say or to ask there, in a line.
    choices : the view's choices there, by field.
    """

    title: str
    minutes: int
    page: str
    words: str
    choices: Mapping[str, Any] = field(default_factory=dict)


STOPS: Final = (
    Stop(
        "Which input does it need?",
        1,
        "overview",
        "Ask: is the picture needed? One sample is decided by one input, the other needs both.",
    ),
    Stop(
        "Two switches, one lamp",
        3,
        "lessons",
        "Let the class vote: how often is an ensemble right on XOR? The next stop shows it.",
        {"lesson": "xor", "step": 2, "mixture": "", "build": ""},
    ),
    Stop(
        "Three models learn XOR",
        2,
        "live",
        "Watch the ensemble stay at 50%, while DMIL first measures every sample, then learns.",
        {
            "mixture": "gates:xor=1", "build": "", "second": "clear", "inputs": "",
            "length": "short", "pace": "medium", "paused": "",
        },
    ),
    Stop(
        "The exact numbers",
        2,
        "gates",
        "Each bar is a definition of redundancy for AND: they agree on the sum, not on the parts.",
        {"mixture": "gates:and=1", "build": "", "measure": "broja"},
    ),
    Stop(
        "A sample of synergy",
        1,
        "samples",
        "DMIL predicts it from both inputs; the ensemble is wrong. The gate shows S.",
        {
            "dominant": "S", "right": "dmil", "wrong": "ensemble", "model": "dmil",
            "split": "test", "order": "unexplained-up",
        },
    ),
    Stop(
        "Where the ensemble fails",
        1,
        "disagreements",
        "Which models are right on the same samples? Click a bar to open them.",
        {"look": "agreement"},
    ),
)  # fmt: skip
MINUTES: Final = sum(stop.minutes for stop in STOPS)

TITLE: Final = "Present it in ten minutes"
LEAD: Final = (
    f"{len(STOPS)} stops on as many pages, in large type. Page Down and Page Up, as on a remote "
    "control, go on and back; *Copy link* at any stop is a link to it."
)
BEGIN: Final = "Begin to present"
NEXT, PREVIOUS, END, RETURN = "Next", "Previous", "End", "Back to this stop"


def where(number: int) -> str:
    """Which stop it is, as Markdown: of how many, what it is about, and how long it takes."""
    stop = STOPS[number - 1]
    minutes = "1 minute" if stop.minutes == 1 else f"{stop.minutes} minutes"
    return f"**{number} of {len(STOPS)}: {stop.title}** · {minutes}. {stop.words}"
