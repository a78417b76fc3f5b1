"""The tour: a few steps through the pages, each with what to look at there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Step:
    """A step: its words, the page it is about, and what it points at there, as a CSS selector."""

    title: str
    text: str
    page: str
    target: str


STEPS: Final = (
    Step(
        "Four kinds of evidence",
        "A prediction from two inputs may rest on information that both share (**R**, redundancy), "
        "that one of them alone carries (**U1**, **U2**, uniqueness), or that only their "
        "combination carries (**S**, synergy). Each prediction here is split into these parts.",
        "",
        ".st-key-legend",
    ),
    Step(
        "Choose a sample",
        "**Samples** lists them: click a row, or press **J** and **K** for the next and the one "
        "before. Search and Filter find, for instance, those that the model gets wrong.",
        "samples",
        ".st-key-sample_list",
    ),
    Step(
        "Read the gate",
        "The gate is how much the model relied on each part for this one sample. The weights "
        "add up to 100%. It is what the model learned, not a measurement of the data.",
        "samples",
        "[class*='st-key-gate-']",
    ),
    Step(
        "Follow the waterfall",
        "Gate weight times a part's own score is its contribution. The bars add up exactly to the "
        "model's score for a class, in bits: +1 bit doubles the odds.",
        "samples",
        ".st-key-waterfall",
    ),
    Step(
        "Look at all samples at once",
        "On the **Latent map** every sample is a point; near points look alike to the model. "
        "Click one and it opens beside the map. **Gate weights** among the maps shows all samples "
        "between R, U and S.",
        "map",
        ".st-key-map",
    ),
    Step(
        "Compare methods",
        "The **Leaderboard** says which method is more accurate and whether the difference is "
        "significant; every number leads to its samples, and a chip shows which are selected. All "
        "you choose is in the address: copy the link. Any term is in the **Glossary** (key `?`).",
        "compare",
        ".st-key-board",
    ),
    Step(
        "Check what you see",
        "**Trust** asks of this data set whether the decomposition can be believed: five checks, "
        "each with its state, and links to the samples that break it.",
        "trust",
        ".st-key-checks",
    ),
    Step(
        "Play with it",
        "Below **Learn**: logic gates whose R, U1, U2 and S are known exactly (**Exact PID**), six "
        "short lessons, models that are trained while you watch, the paper with its architecture, "
        "and a way to present all this in ten minutes.",
        "gates",
        ".st-key-measures",
    ),
)

OFFER: Final = "**New here?** Eight steps show what R, U1, U2, S are and where to click."
