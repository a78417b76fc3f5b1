"""Every quantity of the app by name, with its definition; and the keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from dashboard.text import comparing, gates, terms


@dataclass(frozen=True)
class Word:
    """A name and what it means; of Markdown only bold and code are used."""

    name: str
    text: str

    @property
    def anchor(self) -> str:
        """In a link to this word: ``?word=<anchor>``, or ``#word-<anchor>`` within a page."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def _latents() -> str:
    one = {f"{k}1, {k}2": v.replace("{one}", "that input") for k, v in terms.LATENTS_OF_ONE.items()}
    every = {**terms.LATENTS, **one}
    return " ".join(f"**{name}**: {text}." for name, text in every.items())


_FOUND: Final = {
    "Absent weight": terms.ABSENT,
    "Accuracy": terms.METRIC_WORDS["accuracy"],
    "Agreement": terms.AGREEMENT,
    "Alone, one input": terms.ALONE,
    "AUROC": terms.AUROC,
    "Bits": terms.BITS,
    "BROJA, clusters": terms.CLUSTERS,
    "Calibration error (ECE)": f"{terms.METRIC_WORDS['ece']} Of a gate: {terms.GATE_CALIBRATION}",
    "Colour of the map": terms.COLOUR,
    "Component": terms.COMPONENT,
    "Interaction type": terms.INTERACTION_TYPE,
    "Confusion": terms.CONFUSION,
    "Contribution": terms.CONTRIBUTION,
    "Counted as shared": terms.DEFINITION,
    "Critical difference": terms.RANKS,
    "Distance on the map": terms.DISTANCE,
    "Definitions of redundancy": gates.MEASURE,
    "Dominant component": terms.DOMINANT,
    "Gate": terms.GATE,
    "Distance between two models": comparing.DISTANCE,
    "Gate change": comparing.GATE_CHANGE,
    "Identity": terms.IDENTITY,
    "Interval": terms.INTERVAL,
    "Known about a sample": terms.FLAGS,
    "Latent": f"{terms.LATENT} {_latents()}",
    "Macro F1": terms.METRIC_WORDS["macro_f1"],
    "Mean average precision (mAP)": terms.METRIC_WORDS["map"],
    "Missed indicator": terms.METRIC_WORDS["missed"],
    "Models": " ".join(f"**{name}**: {text}." for name, text in terms.MODELS.items()),
    "Nearest samples": terms.NEAREST,
    "PCA": terms.PCA,
    "Purity": terms.PURITY,
    "Redundancy (R)": terms.PARTS_IN_WORDS["R"],
    "Reference": terms.REFERENCE,
    "Reference of a gate": terms.REFERENCES,
    "Reliability, temperature": terms.RELIABILITY,
    "Score, log odds": terms.SCORE,
    "Seed": terms.SEED,
    "Split": terms.SPLIT,
    "Sure": terms.SURE,
    "Start here": terms.STARTS,
    "World: noise, prior, correlation": f"{gates.MIXTURE} **Noise**: {gates.NOISE} "
    f"**Class prior**: {gates.PRIOR} **Correlation**: {gates.CORRELATION}",
    "Synergy (S)": terms.PARTS_IN_WORDS["S"],
    "Synergy indicator": terms.SYNERGY_INDICATOR,
    "Told by": terms.ESTIMATOR,
    "Slice": terms.SLICE,
    "Training seconds": terms.TRAINING_SECONDS,
    "Trustworthiness": terms.TRUSTWORTHINESS,
    "Unexplained": terms.EXPLAINED,
    "Uniqueness (U1, U2, U3)": terms.PARTS_IN_WORDS["U"],
    "What if: blank, noise, swap": terms.WHAT_IF,
    "What if: place on the map": terms.MOVED,
}

WORDS: Final = tuple(
    Word(name, text) for name, text in sorted(_FOUND.items(), key=lambda w: w[0].lower())
)

KEYS: Final = {
    "J, K": "the next sample, the one before",
    "U": "undo the last change (What if)",
    "Arrows, +, -, 0, Enter": "on the map: move, zoom, show all, open the point in the middle",
    "1, 2, 3, N, B": "in a lesson: answer, next, back",
    "?": "this list",
    "Esc": "close the glossary, end the tour",
    "Tab, Enter": "go from one control to the next, and use it",
}
