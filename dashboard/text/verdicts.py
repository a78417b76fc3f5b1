"""Sentences that read a comparison aloud. Names put into them must be escaped before."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Names in a row, the rest counted."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def seeds(fewest: int, most: int, wanted: int) -> str:
    """How complete the seeds are."""
    if fewest >= wanted:
        return counted(fewest, "seed") if fewest == most else f"{fewest} to {most} seeds"
    number = str(fewest) if fewest == most else f"{fewest} to {most}"
    return f"{number} of {wanted} seeds: incomplete"


def leader(
    best: str, value: str, metric: str, over: str, against: str, its: str, better: Sequence[str],
    worse: int, open_: int,
) -> str:  # fmt: skip
    """Who leads, and how many of the others differ significantly from the reference.

    ``its`` is the value of the reference; ``better`` names those that are significantly better.
    """
    first = f"**{best}** has the best {metric}: **{value}** ({over})"
    first += "." if best == against else f"; **{against}** has **{its}**."
    others = len(better) + worse + open_
    if not others:
        return first
    return f"{first} Of {counted(others, 'other')} compared with **{against}**: " + (
        f"{compared(better, worse, open_)}."
    )


def compared(better: Sequence[str], worse: int, open_: int) -> str:
    """How many methods differ significantly from the reference, and which are better."""
    parts = [f"**{len(better)}** significantly better ({listed(better)})"] if better else []
    parts += [f"**{worse}** significantly worse"] if worse else []
    parts += [f"**{open_}** not significantly different"] if open_ else []
    return ", ".join(parts)


def ablations_ahead(against: str, ahead: Sequence[str], significant: bool, of: str = "mean") -> str:
    """Simpler versions of the reference that have the better mean; empty for none."""
    if not ahead:
        return ""
    how = "" if significant else ", none of them significantly"
    return f"Ablations of {against} with a better {of}: {listed(ahead)}{how}."


def ranks(
    best: str, rank: float, methods: int, sets: Sequence[str], against: str, its: float,
) -> str:  # fmt: skip
    """Who ranks best over which data sets."""
    where = f"{counted(len(sets), 'data set')} ({', '.join(sets)})"
    if len(sets) < 2:
        return (
            f"**{best}** is first of {methods} methods on {where}. One data set is no ranking: "
            "another may reverse the order."
        )
    other = "" if best == against else f"; **{against}** has **{its:.1f}**"
    return f"**{best}** has the best mean rank, **{rank:.1f}** of {methods}, over {where}{other}."


def apart(critical: float, sets: int, differ: bool) -> str:
    """What Nemenyi's test says of all pairs."""
    least = f"mean ranks have to differ by {critical:.1f} on {counted(sets, 'data set')}"
    if differ:
        return f"Shaded: not significantly different from the reference (Nemenyi: {least})."
    return f"By Nemenyi's test no two of these methods differ significantly: {least}."


def alike(p: float) -> str:
    """Friedman's test in a sentence."""
    verb = "reject" if p < 0.05 else "do not reject"
    return f"The ranks {verb} that all methods are equal (Friedman's test, p = {p:.2g})."


def order(names: Sequence[str], values: Sequence[str]) -> str:
    """A figure as words: every row with its value, for those who do not see it."""
    return "; ".join(f"{n} {v}" for n, v in zip(names, values, strict=True))
