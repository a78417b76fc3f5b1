"""What Overview says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: What decides of which kind a sample is -> what is said below the kinds.
KINDS: Final = {
    "truth": "Shares of samples by their true interaction type, which is known for this data set. "
    "A click opens the samples; one on a model, those of them that it gets wrong.",
    "gate": "Shares of samples by the component with the largest gate weight, which is what the "
    "model relies on. A click opens the samples; one on a model, those that it gets wrong.",
    "bits": "Shares of samples by the largest part of the information by the model's heads, in "
    "bits. A click opens the samples, the most so first.",
}
NO_EXAMPLE: Final = "No sample is clearly of this kind."
NEEDS_BOTH: Final = '<p class="quiet"><b>Synergy</b>: neither input alone predicts it</p>'
GATES: Final = "Every sample, by its gate"
#: Names of figures, for who sees them alone.
HOOK_FIGURE: Final = "A sample that one input decides, and one that needs both"
KINDS_FIGURE: Final = "Samples by kind: share, examples, accuracy of each model"
GATES_FIGURE: Final = "Gate weights of every sample"
WRONG_FIGURE: Final = "Samples that the model predicts wrong with high confidence"
MATRIX: Final = "True interaction type and largest gate"


def unique(said: str, other: str) -> str:
    """What is said of a sample that one input decides; both names are escaped already."""
    return f'<p class="quiet"><b>Unique to {said}</b>: {other} adds nothing</p>'


#: The mark of a link that blanks an input of the sample with synergy.
BLANK: Final = '<br/><u data-mark="blank">Blank an input and watch</u>'
#: Which samples a share of the synergy is about, by what decides of which kind a sample is.
_WITH_SYNERGY: Final = {
    "truth": "the samples with synergy",
    "gate": "the samples that {model}'s gate gives to synergy",
    "bits": "the samples whose largest part is synergy",
}


def hook(by: str, right: Mapping[str, float], model: str) -> str:
    """Who answers the samples of synergy right; HTML, ``model`` is escaped already."""
    which = _WITH_SYNERGY[by].format(model=model)
    if {"ensemble", "dmil"} <= set(right):
        return (
            f"Two models of one input each, averaged, are right on <b>{right['ensemble']:.0%}</b> "
            f"of {which}; dmil on <b>{right['dmil']:.0%}</b>."
        )
    return " ".join(f"{m} is right on <b>{share:.0%}</b> of {which}." for m, share in right.items())


def matrix(counts: tuple[int, int]) -> str:
    """How often the largest gate is that of the true type."""
    agree, total = counts
    return (
        f"The largest gate is that of the true interaction type for **{agree:,} of {total:,}** "
        "samples. Counts off the diagonal are errors of the decomposition; each opens its samples."
    )
