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
    best: str, value: str, metric: str, over: str, against: str, better: int, worse: int, open_: int
) -> str:
    """Who leads, and how many of the others are really apart from the reference."""
    first = f"**{best}** has the best {metric}: **{value}** ({over})."
    others = better + worse + open_
    if not others:
        return first
    parts = [f"**{n}** {what}" for n, what in ((worse, "worse"), (better, "better")) if n]
    if open_:
        parts.append(f"**{open_}** not significantly different")
    return f"{first} Of {counted(others, 'other')} compared with **{against}**: {', '.join(parts)}."


def ranks(
    best: str, rank: float, methods: int, sets: Sequence[str], critical: float, tied: int
) -> str:
    """What a rank diagram means, and over which data sets."""
    where = f"{counted(len(sets), 'data set')} ({', '.join(sets)})"
    if len(sets) < 2:
        return (
            f"**{best}** is first of {methods} methods on {where}. One data set ranks nothing: "
            "another one may turn the order round."
        )
    first = f"**{best}** has the best average rank, **{rank:.1f}** of {methods}, over {where}."
    apart = (
        f"Average ranks less than **{critical:.1f}** apart do not differ significantly on "
        f"{len(sets)} data sets: {counted(tied, 'method')} are not shown to be below the best."
    )
    few = (
        " With so few data sets for so many methods this test sees only large differences; "
        "that it finds none does not mean there is none."
        if critical > methods / 3
        else ""
    )
    return f"{first} {apart}{few}"


def alike(p: float) -> str:
    """Friedman's test in a sentence."""
    if p < 0.05:
        return f"That all methods are alike can be ruled out (Friedman's test, p = {p:.2g})."
    return f"That all methods are alike cannot be ruled out (Friedman's test, p = {p:.2g})."


def order(names: Sequence[str], values: Sequence[str]) -> str:
    """A figure as words: every row with its value, for those who do not see it."""
    return "; ".join(f"{n} {v}" for n, v in zip(names, values, strict=True))


def fidelity(lowest: float, settings: int, states: Sequence[str] = ()) -> str:
    """The fidelity benchmark in two sentences; the second one on its targets, where judged."""
    counts = [(states.count(state), state) for state in ("met", "missed", "open")]
    parts = ", ".join(f"**{n} {state}**" for n, state in counts if n)
    return (
        f"In {counted(settings, 'setting')} of a generated distribution, where the truth is known, "
        f"dmil's gate finds the interaction type at least **{lowest:.1%}** as often as the "
        "generator's exact posterior." + (f" Of {len(states)} targets: {parts}." if states else "")
    )
