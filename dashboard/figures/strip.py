"""Shares of R, U1, U2 (, U3) and S as one strip, as HTML: in cards, in lists, in reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dashboard.figures import theme
from dashboard.figures.theme import quoted

#: A part that is narrower than this share has no letter inside.
_ROOM: Final = 0.2
#: Components whose colour is dark enough for white letters; the others take black ones.
_DARK: Final = ("U1", "U2")
#: The stripes of `theme.PATTERNS`, by the angle of their lines.
_ANGLES: Final = {"": (), "/": (135,), "\\": (45,), "-": (0,), "x": (135, 45)}


def strip(shares: Mapping[str, float], of: str, height: float = 0.7) -> str:
    """Parts beside each other in the order of the components, 100% wide.

    Parameters
    ----------
    shares : component to a share; they are drawn as parts of their sum.
    of : what the shares are of, for those who cannot see them, such as "Gate weights".
    height : in em. From 1.2 on letters and shares stand inside parts that have room for them.

    Returns
    -------
    HTML; empty where all shares are 0.
    """
    total = sum(max(v, 0.0) for v in shares.values())
    if not total > 0:
        return ""
    parts = {c: max(v, 0.0) / total for c, v in shares.items()}
    drawn = "".join(_part(c, share, height) for c, share in parts.items())
    alt = f"{of}: " + ", ".join(f"{c} {share:.0%}" for c, share in parts.items())
    style = f"display:flex;height:{height}em;border-radius:.3em;overflow:hidden"
    return f'<div role="img" aria-label="{quoted(alt)}" style="{style}">{drawn}</div>'


def ground(component: str) -> str:
    """CSS background of a component's part: its colour under its stripes."""
    stripes = "".join(
        f"repeating-linear-gradient({angle}deg,rgba(255,255,255,.5) 0 1.5px,transparent 1.5px 6px),"
        for angle in _ANGLES[theme.PATTERNS[component]]
    )
    return stripes + theme.COLOURS[component]


def label(component: str) -> str:
    """The style of letters inside a part: on a ground without stripes, or they would run through
    the letters."""
    ink = "#FFFFFF" if component in _DARK else "#111111"
    colour = theme.COLOURS[component]
    return f"background:{colour};color:{ink};font-weight:600;padding:0 .3em;white-space:nowrap"


def _part(component: str, share: float, height: float) -> str:
    style = f"width:{share:.2%};background:{ground(component)};"
    title = f'title="{component} {share:.2%}"'
    if height < 1.2 or share < _ROOM:
        return f'<span {title} style="{style}"></span>'
    style += "display:flex;align-items:center;justify-content:center"
    return (
        f'<span {title} style="{style}"><span style="{label(component)}">'
        f"{component} {share:.0%}</span></span>"
    )
