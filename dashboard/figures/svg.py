"""Small pictures without Plotly, as SVG text for documents that run no scripts.

Every text is escaped here; lines and letters take the colour of the text around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dashboard.figures import theme

#: Pixels: of a bar, the labels before and the numbers behind the bars, of the whole.
ROW, LABEL, NUMBER, WIDTH = 26, 170, 60, 560
#: Points of a line or bars of a vector, at most; longer ones are thinned evenly.
MOST_POINTS = 2000

_STROKES: Final = {
    "/": "M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4",
    "\\": "M-2,6 l4,4 M0,0 l8,8 M6,-2 l4,4",
}
_STROKES_OF: Final = {**_STROKES, "-": "M0,4 h8", "x": " ".join(_STROKES.values()), "": ""}


@dataclass(frozen=True)
class Bar:
    """A bar from ``start`` to ``start + value``; without a component it is a total."""

    label: str
    value: float
    text: str
    component: str = ""
    start: float = 0.0


def patterns() -> str:
    """The components' stripes: once in a document, before its bars."""
    found = [
        f'<pattern id="part-{c}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{theme.COLOURS[c]}"/>'
        f'<path d="{_STROKES_OF[shape]}" stroke="#fff" stroke-opacity=".55" stroke-width="1.5"/>'
        "</pattern>"
        for c, shape in theme.PATTERNS.items()
    ]
    return f'<svg width="0" height="0" aria-hidden="true"><defs>{"".join(found)}</defs></svg>'


def bars(rows: Sequence[Bar], alt: str) -> str:
    """Horizontal bars with a label before and a number behind each; 0 is a line."""
    ends = [0.0, *(r.start for r in rows), *(r.start + r.value for r in rows)]
    low, high = min(ends), max(ends)
    # Numbers of bars to the left of 0 stand before them.
    first = LABEL + (NUMBER if any(r.value < 0 for r in rows) else 0)
    widest = max((len(r.text) for r in rows), default=0)
    scale = (WIDTH - first - max(NUMBER, 7 * widest)) / ((high - low) or 1.0)

    def at(value: float) -> float:
        return first + (value - low) * scale

    height = ROW * len(rows) + 4
    parts = [f'<path d="M{at(0):.1f},0 V{height}" stroke="{theme.NEUTRAL}"/>']
    for i, row in enumerate(rows):
        y = ROW * i + 4
        left, right = sorted((at(row.start), at(row.start + row.value)))
        fill = f"url(#part-{row.component})" if row.component else theme.NEUTRAL
        before = row.value < 0
        edge, anchor = (left - 5, "end") if before else (right + 5, "start")
        parts.append(
            f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{_text(row.label)}</text>'
            f'<rect x="{left:.1f}" y="{y}" width="{max(right - left, 0.5):.1f}" '
            f'height="{ROW - 7}" fill="{fill}"/>'
            f'<text x="{edge:.1f}" y="{y + 14}" text-anchor="{anchor}">{_text(row.text)}</text>'
        )
    return _svg(WIDTH, height, alt, "".join(parts))


def signal(values: NDArray[Any], channels: Sequence[str], alt: str) -> str:
    """(T, C) values as a line a channel, told apart by colour, dash and name."""
    width, height = 420, 150
    table = np.nan_to_num(np.asarray(values, dtype=float))
    table = table[:: max(1, -(-len(table) // MOST_POINTS))]
    low, span = table.min(initial=0.0), np.ptp(table) or 1.0
    x = np.linspace(0, width, len(table))
    parts = []
    for c in range(table.shape[1]):
        y = 4 + (height - 8) * (1 - (table[:, c] - low) / span)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
        colour, dash = theme.CLASS_COLOURS[c % 10], ("", "6 3", "2 3", "8 3 2 3")[c % 4]
        name = channels[c] if c < len(channels) else f"channel {c + 1}"
        top = height + 16 * (c + 1)
        look = f'fill="none" stroke="{colour}" stroke-width="1.5" stroke-dasharray="{dash}"'
        parts.append(
            f'<polyline {look} points="{points}"/><path {look} d="M0,{top - 4} h24"/>'
            f'<text x="30" y="{top}">{_text(name)}</text>'
        )
    return _svg(width, height + 16 * table.shape[1] + 6, alt, "".join(parts))


def vector(values: NDArray[Any], alt: str) -> str:
    """A feature vector as thin bars in their order."""
    width, height = 420, 90
    row = np.nan_to_num(np.asarray(values, dtype=float).ravel())
    row = row[:: max(1, -(-len(row) // MOST_POINTS))]
    low, high = min(row.min(initial=0.0), 0.0), max(row.max(initial=0.0), 0.0)
    scale, step = height / ((high - low) or 1.0), width / max(len(row), 1)
    zero = high * scale
    path = "".join(
        f"M{step * (i + 0.5):.1f},{zero:.1f}V{zero - v * scale:.1f}" for i, v in enumerate(row)
    )
    line = f'<path d="{path}" stroke="{theme.CLASS_COLOURS[0]}" stroke-width="{0.8 * step:.2f}"/>'
    return _svg(width, height, alt, line)


def points(values: NDArray[Any], marked: Sequence[int], alt: str) -> str:
    """(N, 2) places as faint dots; the marked rows as rings with the letters A, B."""
    width, height = 560, 260
    table = np.nan_to_num(np.asarray(values, dtype=float))
    low, span = table.min(axis=0), np.ptp(table, axis=0).max() or 1.0
    scale = (height - 40) / span
    x, y = (20 + scale * (table - low)).T
    y = height - y
    dots = "".join(f"M{a:.1f},{b:.1f}h0" for a, b in zip(x, y, strict=True))
    parts = [
        f'<path d="{dots}" fill="none" stroke="{theme.NEUTRAL}" stroke-opacity=".5" '
        'stroke-width="3" stroke-linecap="round"/>'
    ]
    for place, row in enumerate(marked):
        side = (-1, 1)[place]
        parts.append(
            f'<circle cx="{x[row]:.1f}" cy="{y[row]:.1f}" r="{(7, 4)[place]}" fill="none" '
            f'stroke="currentColor" stroke-width="2"/><path d="M{x[row]:.1f},{y[row]:.1f}l'
            f'{side * 24},-24" stroke="currentColor"/><text x="{x[row] + side * 30:.1f}" '
            f'y="{y[row] - 26:.1f}" text-anchor="middle" font-weight="bold">{"AB"[place]}</text>'
        )
    return _svg(width, height, alt, "".join(parts))


def _svg(width: int, height: int, alt: str, inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'aria-label="{_text(alt)}" fill="currentColor" font-size="13">{inside}</svg>'
    )


def _text(text: str) -> str:
    return theme.plain(text).replace('"', "&quot;")
