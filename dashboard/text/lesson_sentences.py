"""Sentences of the lessons that read computed numbers aloud, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.text import gates
from dashboard.text.gates import bits


def alike(i1: float, i2: float, i12: float) -> str:
    """What is lost when an input is covered."""
    return (
        f"Together they carry **{bits(i12)} bits**. Cover x2, and {_lost(i12 - i1)} lost. Cover "
        f"x1, and {_lost(i12 - i2)} lost."
    )


def _lost(value: float) -> str:
    return f"{bits(value)} bits are" if value >= gates.LEAST else "nothing is"


def eyes(i1: float, i2: float, i12: float) -> str:
    """Both eyes beside their sum."""
    return (
        f"One eye carries {bits(i1)} bits. Added up, two would be {bits(i1 + i2)}. Both together "
        f"carry **{bits(i12)}**."
    )


def switches(mean: float, both: float) -> str:
    """Accuracy of an ensemble, and of a model of both inputs."""
    return (
        f"The averaged **ensemble** is right {mean:.0%} of the time. A model of **both** inputs is "
        f"right {both:.0%} of the time."
    )


def flat(one: Sequence[float], two: Sequence[float], mean: float) -> str:
    """What each input alone makes of y, where it makes nothing of it; else as the numbers are."""
    low, high = min(*one, *two), max(*one, *two)
    right = f"The averaged **ensemble** is right {mean:.0%} of the time."
    if high - low < 0.005:
        return (
            f"Whatever one switch shows, the lamp is on in **{low:.0%}** of the cases. Both "
            f"columns are flat. {right}"
        )
    return f"By one switch alone, the lamp is on in {low:.0%} to {high:.0%} of the cases. {right}"


def competition(name: str, easy: float, hard: float) -> str:
    """How far a paradigm stays behind the best, where x1 is enough and where not."""
    return (
        f"**{name}** stays {_points(easy)} behind the best where x1 is enough (R, U1). Where x2 is "
        f"needed (U2, S), it stays **{_points(hard)}** behind."
    )


def compared(hard: Mapping[str, float]) -> str:
    """The same of all, where x2 is needed."""
    parts = ", ".join(f"{name} {_points(value)}" for name, value in hard.items())
    return f"Behind the best on U2 and S: {parts}."


def _points(share: float) -> str:
    # What rounds to nothing has no sign.
    return f"{round(100 * share, 1) + 0.0:.1f} points"


def case(values: Mapping[str, float]) -> str:
    """Bits of one case, by input."""
    return " ".join(f"{name} carries **{bits(value)}** bits." for name, value in values.items())


def definitions(parts: Mapping[str, Sequence[float]], measure: str) -> str:
    """R by every definition, and what is below zero in the chosen one."""
    shared = ", ".join(f"{gates.MEASURES[name]} {bits(v[0])}" for name, v in parts.items())
    below = [c for c, v in zip(gates.COMPONENTS, parts[measure], strict=True) if v <= -0.005]
    text = f"R by each definition: {shared}."
    if below:
        verb = "is" if len(below) == 1 else "are"
        text += f" By **{gates.MEASURES[measure]}**, {' and '.join(below)} {verb} less than 0."
    return text


def pair(nearer: int, count: int) -> str:
    """How near two neighbours on the map are for the model."""
    return (
        f"On the map, no other point is as near to A as B. In the model's own numbers, "
        f"**{nearer:,}** of {count:,} others are nearer."
    )
