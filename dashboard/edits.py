"""What a visitor changes of a sample, as short text for links: ``blank``, ``noise:1.5:3``,
``swap:<id>``, ``text:<words>``; and a gate turned by hand, ``R:0.5,S:0``. Pure; nothing else knows
this spelling.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

KINDS: Final = ("none", "blank", "noise", "swap", "text")
#: Most noise, in standard deviations, and largest factor of a gate.
MOST_NOISE, MOST_FACTOR = 5.0, 3.0
#: Every component there is; U3 is of sets with three inputs.
COMPONENTS: Final = ("R", "U1", "U2", "U3", "S")


@dataclass(frozen=True)
class Change:
    """A change of one input; ``none`` leaves it as it is."""

    kind: str = "none"
    severity: float = 1.0
    seed: int = 0
    donor: str = ""
    text: str = ""


def read_change(code: str) -> Change:
    """Read a change; raises ValueError with what was expected."""
    kind, _, rest = code.partition(":")
    if kind not in KINDS or (kind in ("none", "blank") and rest):
        raise ValueError(f"expected one of {', '.join(KINDS)}")
    if kind == "noise":
        amount, _, seed = rest.partition(":")
        if seed and not (seed.isascii() and seed.isdigit() and len(seed) <= 6):
            raise ValueError("expected noise:1.5:3, an amount and a whole number")
        return Change(kind, severity=_number(amount, MOST_NOISE), seed=int(seed or 0))
    if kind == "swap":
        if not rest:
            raise ValueError("expected swap: and the id of a sample")
        return Change(kind, donor=rest)
    return Change(kind, text=rest) if kind == "text" else Change(kind)


def write_change(change: Change) -> str:
    """The same as text; empty where nothing is changed."""
    if change.kind == "none":
        return ""
    if change.kind == "noise":
        return f"noise:{change.severity:g}:{change.seed}"
    rest = {"swap": f":{change.donor}", "text": f":{change.text}"}.get(change.kind, "")
    return change.kind + rest


def read_factors(code: str) -> dict[str, float]:
    """Read the factors of a gate; raises ValueError with what was expected."""
    found = {}
    for entry in code.split(",") if code else ():
        name, _, value = entry.partition(":")
        if name not in COMPONENTS or name in found:
            raise ValueError(f"expected components {', '.join(COMPONENTS)}, each once")
        found[name] = _number(value, MOST_FACTOR)
    return found


def write_factors(factors: Mapping[str, float]) -> str:
    """The same as text; factors of 1 are left out."""
    return ",".join(f"{c}:{factors[c]:g}" for c in COMPONENTS if factors.get(c, 1.0) != 1.0)


def _number(text: str, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0.0 <= value <= most:
        raise ValueError(f"expected a number from 0 to {most:g}")
    return value
