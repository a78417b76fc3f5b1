"""Calibration curves as a drawing whose marks are links; see ``dashboard.components.marks``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import pandas as pd

from dashboard.figures import theme
from dashboard.figures.theme import quoted

#: Pixels of the drawing: its side, and what is left for the numbers at the left and below.
_SIDE, _LEFT, _BELOW, _FREE = 420, 56, 44, 20
#: Radius of the smallest mark, and how much larger that of all samples would be.
_SMALL, _LARGER = 3.5, 9.0
_STROKES: Final = {
    "solid": "", "dash": "7 4", "dot": "2 3", "dashdot": "7 3 2 3", "longdash": "11 4",
    "longdashdot": "11 3 2 3",
}  # fmt: skip


def reliability(curves: Mapping[str, pd.DataFrame], marks: Mapping[tuple[str, int], str]) -> str:
    """How often predictions of a confidence are right: a line for each model.

    Parameters
    ----------
    curves : model to columns confidence, accuracy (0 to 1), rows; indexed by the bin.
    marks : (model, bin) to the name of the link to its samples.
    """
    looks = theme.models(curves)
    lines = [_curve(name, frame, looks[name], marks) for name, frame in curves.items()]
    size = f'viewBox="0 0 {_SIDE} {_SIDE}" style="max-width:{_SIDE}px;width:100%"'
    diagonal = (
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="{theme.NEUTRAL}" '
        'stroke-dasharray="2 4"/>'
    )
    legend = "".join(_key(name, looks[name]) for name in curves)
    return (
        f'<svg class="reliability" {size} role="group" aria-label="Accuracy by confidence">'
        f'{_axes()}{diagonal}{"".join(lines)}</svg><p class="keys">{legend}</p>'
    )


def _x(share: float) -> float:
    return round(_LEFT + share * (_SIDE - _LEFT - _FREE), 1)


def _y(share: float) -> float:
    return round(_SIDE - _BELOW - share * (_SIDE - _BELOW - _FREE), 1)


def _axes() -> str:
    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        for x1, y1, x2, y2 in (
            (_x(tick), _y(0), _x(tick), _y(1)),
            (_x(0), _y(tick), _x(1), _y(tick)),
        ):
            parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{theme.GRID}"/>')
        parts.append(
            f'<text x="{_x(tick)}" y="{_y(0) + 18}" text-anchor="middle">{tick:.0%}</text>'
        )
        parts.append(
            f'<text x="{_x(0) - 6}" y="{_y(tick) + 4}" text-anchor="end">{tick:.0%}</text>'
        )
    middle = _y(0.5)
    parts.append(f'<text x="{_x(0.5)}" y="{_SIDE - 6}" text-anchor="middle">confidence</text>')
    parts.append(
        f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">'
        "accuracy</text>"
    )
    return "".join(parts)


def _curve(
    name: str, frame: pd.DataFrame, look: theme.Line, marks: Mapping[tuple[str, int], str]
) -> str:
    every = max(float(frame["rows"].sum()), 1.0)
    points, shapes = [], []
    columns = (frame[c].tolist() for c in ("confidence", "accuracy", "rows"))
    for number, sure, right, rows in zip(frame.index.tolist(), *columns, strict=True):
        at = _x(float(sure)), _y(float(right))
        points.append(f"{at[0]},{at[1]}")
        radius = _SMALL + _LARGER * math.sqrt(float(rows) / every)
        said = f"{name}: confidence {sure:.0%}, accuracy {right:.0%}, {int(rows):,} samples"
        shapes.append(
            f'<g data-mark="{quoted(marks[name, int(number)])}" aria-label="{quoted(said)}">'
            f"<title>{quoted(said)}</title>{shape(look, *at, radius)}</g>"
        )
    dash = f' stroke-dasharray="{_STROKES[look.dash]}"' if _STROKES[look.dash] else ""
    line = (
        f'<polyline points="{" ".join(points)}" fill="none" stroke="{look.colour}" '
        f'stroke-width="1.5"{dash}/>'
    )
    return line + "".join(shapes)


def _key(name: str, look: theme.Line) -> str:
    drawn = f'<svg width="16" height="16" aria-hidden="true">{shape(look, 8, 8, 6)}</svg>'
    return f"<span>{drawn} {quoted(name)}</span>"


#: Corners of a symbol around its middle, for radius 1.
_CORNERS: Final = {
    "square": [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
    "diamond": [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)],
    "triangle-up": [(0, -1.15), (1.1, 0.85), (-1.1, 0.85)],
    "triangle-down": [(0, 1.15), (1.1, -0.85), (-1.1, -0.85)],
    "pentagon": [(0, -1.1), (1.05, -0.34), (0.65, 0.9), (-0.65, 0.9), (-1.05, -0.34)],
    "hexagon": [(0, -1.1), (0.95, -0.55), (0.95, 0.55), (0, 1.1), (-0.95, 0.55), (-0.95, -0.55)],
    "star": [
        (0, -1.3), (0.32, -0.42), (1.24, -0.4), (0.5, 0.17), (0.76, 1.05), (0, 0.53), (-0.76, 1.05),
        (-0.5, 0.17), (-1.24, -0.4), (-0.32, -0.42),
    ],
    "cross": [
        (-0.35, -1.1), (0.35, -1.1), (0.35, -0.35), (1.1, -0.35), (1.1, 0.35), (0.35, 0.35),
        (0.35, 1.1), (-0.35, 1.1), (-0.35, 0.35), (-1.1, 0.35), (-1.1, -0.35), (-0.35, -0.35),
    ],
    "x": [
        (-1, -0.55), (-0.55, -1), (0, -0.45), (0.55, -1), (1, -0.55), (0.45, 0), (1, 0.55),
        (0.55, 1), (0, 0.45), (-0.55, 1), (-1, 0.55), (-0.45, 0),
    ],
}  # fmt: skip


def shape(look: theme.Line, x: float, y: float, radius: float) -> str:
    """The symbol of a model in SVG, full, or open where its name ends in ``-open``."""
    symbol = look.symbol.removesuffix("-open")
    paint = (
        f'fill="{look.colour}"'
        if symbol == look.symbol
        else f'fill="var(--st-background-color, Canvas)" stroke="{look.colour}" stroke-width="2"'
    )
    if symbol not in _CORNERS:
        return f'<circle cx="{x}" cy="{y}" r="{radius:.1f}" {paint}/>'
    corners = " ".join(f"{x + radius * a:.1f},{y + radius * b:.1f}" for a, b in _CORNERS[symbol])
    return f'<polygon points="{corners}" {paint}/>'
