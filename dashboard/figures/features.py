"""The numbers of a sample as a table: name, value, and where it lies among the training rows.

A bar leads from the mean of the training rows to the value, to the left or to the right, in their
standard deviations: the side tells what the colour tells as well. Drawn as in `bars`: 100% wide,
heights in em. Every text is escaped and cut here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Protocol

from dashboard.figures import theme
from dashboard.figures.theme import quoted
from dashboard.words import beside, one_line

#: How many standard deviations the bars go to either side; further ones end in an arrow.
REACH: Final = 3.0
#: Above and below the mean.
ABOVE, BELOW = theme.CLASS_COLOURS[0], theme.CLASS_COLOURS[1]

#: In em: a row's words, its bar, and what is between rows.
_WORDS, _BAR, _GAP = 1.6, 0.55, 0.75
#: In percent: where the bars begin and end; the rest is for the number behind them.
_LEFT, _RIGHT = 2.0, 76.0
#: Letters of a line in a narrow place, those of a name that are seen in any case, and of a value.
_LINE, _FEWEST, _VALUE = 38, 12, 22
#: Letters of a name in words for those who cannot see the drawing.
_SPOKEN: Final = 60


class Line(Protocol):
    """A row of the table.

    Attributes
    ----------
    name, text : of the feature and its value, however long.
    z : standard deviations from the mean of the training rows; NaN where there is no such.
    share : of the training rows that have the same word; NaN for a number.
    usual : what is known of the training rows, in words; "" for nothing.
    was, was_z : the value before a change; "" where there was none.
    """

    @property
    def name(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def z(self) -> float: ...
    @property
    def share(self) -> float: ...
    @property
    def usual(self) -> str: ...
    @property
    def was(self) -> str: ...
    @property
    def was_z(self) -> float: ...


def table(rows: Sequence[Line], alt: str) -> str:
    """The drawing; ``alt`` is what it is, before all that it says in words."""
    y, parts = 0.0, []
    for row in rows:
        parts.append(_row(row, y))
        y += _height(row)
    if any(_has_bar(row) for row in rows):
        parts.append(_axis(y))
        y += 1.3
    return _svg("".join(parts), y, f"{alt}: {spoken(rows)}")


def _svg(inside: str, height: float, alt: str) -> str:
    return (
        f'<svg class="features" width="100%" style="height:{height:.2f}em;'
        'font-variant-numeric:tabular-nums" font-size=".875em" role="img" '
        f'aria-label="{quoted(alt)}" fill="currentColor">{inside}</svg>'
    )


def spoken(rows: Sequence[Line]) -> str:
    """All that the rows say, in words."""
    return "; ".join(_sentence(row) for row in rows)


def in_deviations(z: float) -> str:
    """A distance from the mean as it stands behind a bar: ``z +1.2``."""
    if math.isinf(z):
        return "z beyond all" if z > 0 else "z below all"
    return f"z {z + 0.0:+.1f}" if abs(z) < 1000 else f"z {z:+.0e}"


def _sentence(row: Line) -> str:
    name, text, was = (beside(one_line(t, _SPOKEN)) for t in (row.name, row.text, row.was))
    parts = [f"{name} {was} changed to {text}" if was else f"{name} {text}"]
    if math.isinf(row.z):
        parts.append("the training rows all have another value")
    elif not math.isnan(row.z):
        side = "above" if row.z >= 0 else "below"
        parts.append(f"{abs(row.z):.1f} standard deviations {side} the mean of the training rows")
    if not math.isnan(row.share):
        parts.append(f"as {row.share:.0%} of the training rows")
    return ", ".join(parts)


def _height(row: Line) -> float:
    below = _has_bar(row) or not math.isnan(row.share)
    return _WORDS + (_BAR if below else 0.0) + _GAP


def _has_bar(row: Line) -> bool:
    return not math.isnan(row.z)


def _row(row: Line, y: float) -> str:
    value = one_line(row.text, _VALUE)
    if row.was:
        value = f"{one_line(row.was, _VALUE // 2)} → {one_line(row.text, _VALUE // 2)}"
    name = one_line(row.name, max(_LINE - len(value), _FEWEST))
    at = f'y="{y + 1.05:.2f}em"'
    tip = " ".join(beside(one_line(part)) for part in (row.name, row.text))
    tip += f"; training rows {one_line(row.usual, _SPOKEN)}" if row.usual else ""
    inside = _bar(row, y + _WORDS) if _has_bar(row) else _share(row, y + _WORDS - 0.3)
    return (
        f"<g><title>{quoted(tip)}</title>"
        f'<text x="0" {at}>{quoted(name)}</text>'
        f'<text x="100%" {at} text-anchor="end" font-weight="bold">{quoted(value)}</text>'
        f"{inside}</g>"
    )


def _x(z: float) -> float:
    """Where a distance stands, in percent; at the end where it is further."""
    within = min(max(z, -REACH), REACH)
    return _LEFT + (_RIGHT - _LEFT) * (within + REACH) / (2 * REACH)


def _bar(row: Line, top: float) -> str:
    middle, zero, end = top + _BAR / 2, _x(0.0), _x(row.z)
    ticks = "".join(
        f'<line x1="{_x(z):.2f}%" x2="{_x(z):.2f}%" y1="{top - 0.1:.2f}em" '
        f'y2="{top + _BAR + 0.1:.2f}em" stroke="{theme.GRID if z else theme.NEUTRAL}"/>'
        for z in range(-int(REACH), int(REACH) + 1)
    )
    line = (
        f'<line x1="{_LEFT}%" x2="{_RIGHT}%" y1="{middle:.2f}em" y2="{middle:.2f}em" '
        f'stroke="{theme.GRID}"/>'
    )
    left, right = sorted((zero, end))
    bar = (
        f'<rect x="{left:.2f}%" y="{top:.2f}em" width="{max(right - left, 0.6):.2f}%" '
        f'height="{_BAR}em" fill="{ABOVE if row.z >= 0 else BELOW}"/>'
    )
    number = (
        f'<text x="100%" y="{middle + 0.32:.2f}em" text-anchor="end">'
        f"{quoted(in_deviations(row.z))}</text>"
    )
    return ticks + line + bar + _arrow(row.z, end, middle) + _ring(row, middle) + number


def _arrow(z: float, end: float, middle: float) -> str:
    """What says that a bar goes on beyond the end."""
    if abs(z) <= REACH:
        return ""
    way = 1 if z > 0 else -1
    return (
        f'<svg x="{end:.2f}%" y="{middle:.2f}em" overflow="visible" width="1" height="1">'
        f'<path d="M0,-7 L{way * 7},0 L0,7 z" fill="{ABOVE if z > 0 else BELOW}"/></svg>'
    )


def _ring(row: Line, middle: float) -> str:
    """Where the value was before."""
    if not row.was or not math.isfinite(row.was_z):
        return ""
    return (
        f'<circle cx="{_x(row.was_z):.2f}%" cy="{middle:.2f}em" r=".4em" fill="none" '
        'stroke="currentColor" stroke-width="2"/>'
    )


def _share(row: Line, top: float) -> str:
    """How many training rows have the same word, in words."""
    if math.isnan(row.share):
        return ""
    return (
        f'<text x="100%" y="{top + 0.95:.2f}em" text-anchor="end">'
        f"{row.share:.0%} of training rows</text>"
    )


def _axis(y: float) -> str:
    """What stands below the bars."""
    reach = f"{REACH:.0f}"
    ends = ((-REACH, "start", f"-{reach}"), (0.0, "middle", "mean"), (REACH, "end", f"+{reach}"))
    return "".join(
        f'<text x="{_x(z):.2f}%" y="{y + 0.6:.2f}em" text-anchor="{anchor}">{words}</text>'
        for z, anchor, words in ends
    )
