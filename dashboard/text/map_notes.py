"""What is said below and on a map: how it was made, how far to read it, and what is selected."""

from __future__ import annotations

from typing import Final

#: How far groups lie apart beyond chance (0 to 1), from which on they count as apart, and below
#: which as mixed.
_APART: Final = 0.7
_MIXED: Final = 0.3

_GROUPS: Final = {
    "class": "classes",
    "dominant": "components",
    "interaction_type": "interaction types",
}
_READ: Final = {
    "umap": "neighbourhoods are meaningful, distances between groups are not",
    "pca": "linear: distances are real, but groups that overlap may be apart in the latent",
}
GATE: Final = (
    "Exact, no projection: each sample lies at its gate weights of R, of all U together, and of S"
)
HINT: Final = "Click a point to open its sample"


def made(method: str, trust: float | None, shown: int, total: int, samples: str) -> str:
    """How a map was made and how far to read it.

    Parameters
    ----------
    method : ``umap`` or ``pca``.
    trust : trustworthiness, 0 to 1; None where it was not measured.
    shown, total : how many samples have a point, of how many.
    samples : which samples, such as ``test``; "" for all.
    """
    measured = "" if trust is None else f", trustworthiness **{trust:.2f}**"
    return f"**{method.upper()}**{measured}, {placed(shown, total, samples)}; {_READ[method]}"


def placed(shown: int, total: int, samples: str) -> str:
    """How many samples have a point."""
    which = f"{samples} samples" if samples else "samples"
    return f"{shown:,} of {total:,} {which} placed"


def separation(colour: str, share: float, chance: float, beyond: float) -> str:
    """Whether groups of a colour lie apart: the share of like neighbours beside chance, and how far
    that is beyond chance (1: only like neighbours)."""
    groups = _GROUPS[colour]
    verdict = "are separated" if beyond >= _APART else "are partly separated"
    if beyond < _MIXED:
        verdict = "are **not** separated"
    return f"{groups} {verdict} here ({share:.0%} of neighbours alike, {chance:.0%} by chance)"


def turned(apart: float) -> str:
    """How a second map was laid over the first, and what remains: a share of the map's width."""
    return (
        "the second map is turned and scaled onto the first, its samples remain "
        f"{apart:.0%} of the width apart (median)"
    )


def selected(count: int, total: int, search: str) -> str:
    """How many of the points are selected, or match what was searched for."""
    if search:
        return f"{count:,} of {total:,} match “{search}”"
    return f"{count:,} of {total:,} selected"


def corner(component: str, words: str, count: int, total: int) -> str:
    """What stands at a corner of the triangle of gate weights: two lines."""
    return f"{component}: {words}\nlargest for {count:,} of {total:,}"


#: What the corners of the triangle stand for.
CORNERS: Final = {
    "R": "shared",
    "U": "one input alone",
    "S": "only in combination",
}
