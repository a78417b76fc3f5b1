"""Small pictures without Plotly, as SVG text: for pages, and for documents that run no scripts.

Every text is escaped here; lines and letters take the colour of the text around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashboard.figures import theme
from dashboard.figures.theme import quoted

#: Points of a line or bars of a vector, at most; longer ones are thinned evenly.
MOST_POINTS = 2000


def signal(values: NDArray[Any], channels: Sequence[str], alt: str, rate: float = 0.0) -> str:
    """(T, C) values as a line a channel, told apart by colour, dash and name; over seconds, or over
    steps where the rate, in Hz, is not known."""
    width, height = 420, 150
    table = np.nan_to_num(np.asarray(values, dtype=float))
    last = max(len(table) - 1, 0)
    time = f"0 to {last / rate:.3g} seconds" if rate else f"step 0 to {last:,}"
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
            f'<text x="30" y="{top}">{quoted(name)}</text>'
        )
    parts.append(f'<text x="{width}" y="{height + 16}" text-anchor="end">{time}</text>')
    return _svg(width, height + 16 * max(table.shape[1], 1) + 6, alt, "".join(parts))


def vector(values: NDArray[Any], alt: str, height: float = 8.0) -> str:
    """A feature vector as thin bars in their order, 100% wide, ``height`` em high."""
    row = np.nan_to_num(np.asarray(values, dtype=float).ravel())
    count = len(row)
    row = row[:: max(1, -(-len(row) // MOST_POINTS))]
    low, high = min(row.min(initial=0.0), 0.0), max(row.max(initial=0.0), 0.0)
    # One outline around all bars is drawn several times faster than the bars one by one.
    path = "M0,0" + "".join(f"V{v:.4g}h1" for v in row) + "V0z"
    box = f"0 {-high:.4g} {max(len(row), 1)} {(high - low) or 1.0:.4g}"
    inside = (
        f'<svg width="100%" height="{height}em" y=".4em" viewBox="{box}" '
        f'preserveAspectRatio="none"><path transform="scale(1,-1)" d="{path}" '
        f'fill="{theme.CLASS_COLOURS[0]}"/></svg>'
    )
    labels = [
        ("0", "start", f"{count:,} features: {low:.3g} to {high:.3g}"),
    ]
    return _wide(height + 2.0, alt, inside + _below(labels, height + 1.6))


def raster(png: str, across: str, up: str, alt: str, height: float = 10.0) -> str:
    """A picture, as an address, that is stretched to 100% and ``height`` em, and what its axes
    are."""
    inside = (
        f'<image href="{quoted(png)}" width="100%" height="{height}em" preserveAspectRatio="none"/>'
    )
    labels = [("0", "start", f"↑ {up}"), ("100%", "end", f"{across} →")]
    return _wide(height + 1.6, alt, inside + _below(labels, height + 1.15))


def _below(labels: Sequence[tuple[str, str, str]], y: float) -> str:
    return "".join(
        f'<text x="{x}" y="{y:.2f}em" text-anchor="{anchor}">{quoted(words)}</text>'
        for x, anchor, words in labels
    )


def _wide(height: float, alt: str, inside: str) -> str:
    return (
        f'<svg width="100%" style="height:{height:.2f}em" font-size=".875em" role="img" '
        f'aria-label="{quoted(alt)}" fill="currentColor">{inside}</svg>'
    )


def points(values: ArrayLike, marked: Sequence[int], alt: str) -> str:
    """(N, 2) places as faint dots; the marked rows as rings with the letters A, B."""
    width, height = 560, 260
    table = np.nan_to_num(np.asarray(values, dtype=float))
    low, high = table.min(axis=0), table.max(axis=0)
    room = np.array([width - 80, height - 60])
    scale = float(np.min(room / np.maximum(high - low, 1e-12)))
    x, y = (scale * (table - (low + high) / 2)).T
    x, y = width / 2 + x, height / 2 + 10 - y
    kept = slice(None, None, max(1, -(-len(table) // MOST_POINTS)))
    dots = "".join(f"M{a:.1f},{b:.1f}h0" for a, b in zip(x[kept], y[kept], strict=True))
    parts = [
        f'<path d="{dots}" fill="none" stroke="{theme.NEUTRAL}" stroke-opacity=".5" '
        'stroke-width="3" stroke-linecap="round"/>'
    ]
    for index, row in enumerate(marked):
        side = (-1, 1)[index]
        parts.append(
            f'<circle cx="{x[row]:.1f}" cy="{y[row]:.1f}" r="{(7, 4)[index]}" fill="none" '
            f'stroke="currentColor" stroke-width="2"/><path d="M{x[row]:.1f},{y[row]:.1f}l'
            f'{side * 24},-24" stroke="currentColor"/><text x="{x[row] + side * 30:.1f}" '
            f'y="{y[row] - 26:.1f}" text-anchor="middle" font-weight="bold">{"AB"[index]}</text>'
        )
    return _svg(width, height, alt, "".join(parts))


def _svg(width: int, height: int, alt: str, inside: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'aria-label="{quoted(alt)}" fill="currentColor" font-size="13">{inside}</svg>'
    )
