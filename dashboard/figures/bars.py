"""Rows of bars as SVG text: what a model or the inputs say of a sample, part by part.

The pages show these and so do reports, which run no scripts. Heights are in em and widths in
percent, so a drawing fills the place it is given and grows with the letters around it, and a
browser draws it several times faster than a chart of Plotly. Every text is escaped here; lines and
letters take the colour of the text around them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from dashboard.figures import theme
from dashboard.figures.theme import quoted
from dashboard.words import one_line

#: In em: a row's words, one bar alone and one of several, what is between bars and between rows.
_WORDS, _BAR, _THIN, _GAP, _ROW = 1.5, 1.05, 0.8, 0.15, 0.55
#: In percent: what is left free at the edges, or half a ring would be cut off; and what the bars
#: leave to the numbers behind them.
_EDGE, _NUMBERS = 1.5, 16.0
#: A rim of the ground's colour, so that the lines between bars do not run through words.
_HALO: Final = (
    ' style="stroke:var(--st-background-color, Canvas);stroke-width:4px;paint-order:stroke"'
)
#: Letters of a line on a phone: what is longer is cut, or would run into the number beside it.
_LINE = 40
#: Letters of a row's words that are seen in any case.
_FEWEST = 12

_STROKES: Final = {
    "/": "M-2,2 l4,-4 M0,8 l8,-8 M6,10 l4,-4",
    "\\": "M-2,6 l4,4 M0,0 l8,8 M6,-2 l4,4",
    "-": "M0,4 h8",
    ".": "M3,4 h2",
}


@dataclass(frozen=True)
class Look:
    """How a bar is drawn, told apart by more than its colour."""

    colour: str
    pattern: str = ""
    pale: bool = False

    @property
    def id(self) -> str:
        """A name for its pattern, the same wherever it is drawn."""
        return f"look-{self.colour[1:]}-{''.join(f'{ord(p):x}' for p in self.pattern)}"


TOTAL: Final = Look(theme.NEUTRAL)


def of_part(component: str, pale: bool = False) -> Look:
    """The look of a component, or of a total where it is none."""
    if component not in theme.COLOURS:
        return TOTAL
    return Look(theme.COLOURS[component], theme.PATTERNS[component], pale)


def of_model(name: str) -> Look:
    """The look of a paradigm."""
    return of_models([name])[0]


def of_models(names: Sequence[str]) -> tuple[Look, ...]:
    """The looks of several models in one figure; see `theme.models`."""
    return tuple(Look(line.colour, line.pattern) for line in theme.models(names).values())


@dataclass(frozen=True)
class Mark:
    """One thing in a row.

    Attributes
    ----------
    value : a bar's length, counted from ``start``; where a dot or a ring stands.
    text : a number behind it, where the row has several marks.
    interval : ends of a whisker, None for none.
    """

    value: float
    look: Look = TOTAL
    start: float = 0.0
    text: str = ""
    shape: Literal["bar", "dot", "ring"] = "bar"
    interval: tuple[float, float] | None = None

    @property
    def ends(self) -> tuple[float, ...]:
        """All places along the axis that it touches."""
        begin = (self.start,) if self.shape == "bar" else ()
        result = (self.start + self.value, *begin, *(self.interval or ()))
        return tuple(float(e) for e in result if math.isfinite(e))


@dataclass(frozen=True)
class Row:
    """A letter and the words beside it, a number at the other side, and the marks below them.

    Rings stand on the bar before them.
    """

    letter: str
    words: str
    text: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Bars:
    """Rows over one axis.

    Attributes
    ----------
    low, high : the ends of the axis.
    share : whether values are shares of 1, else they are in ``unit``.
    linked : whether a dotted line leads from the end of each bar to the next row, as each begins
        where the one before ended.
    legend : name and look of the marks in a row, where there are several.
    """

    rows: tuple[Row, ...]
    low: float
    high: float
    share: bool = False
    unit: str = ""
    linked: bool = False
    legend: tuple[tuple[str, Look], ...] = ()

    @property
    def marks(self) -> list[Mark]:
        """The marks of all rows, from above."""
        return [m for row in self.rows for m in row.marks]


def over(rows: Sequence[Row], least: float = 0.0, most: float = 0.0) -> tuple[float, float]:
    """From where to where these rows go; ``least`` and ``most`` are always inside."""
    ends = [least, most, *(e for row in rows for m in row.marks for e in m.ends)]
    return min(ends), max(ends)


def patterns(looks: Iterable[Look]) -> str:
    """The stripes of these looks: once in a document, before its drawings."""
    result = "".join(
        f'<pattern id="{look.id}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<rect width="8" height="8" fill="{look.colour}"/><path d="{_strokes(look.pattern)}" '
        'stroke="#fff" stroke-opacity=".55" stroke-width="1.5"/></pattern>'
        for look in {look.id: look for look in looks if look.pattern}.values()
    )
    return f'<svg width="0" height="0" aria-hidden="true"><defs>{result}</defs></svg>'


def _strokes(pattern: str) -> str:
    return " ".join(_STROKES["/\\"[i]] for i in (0, 1)) if pattern == "x" else _STROKES[pattern]


def draw(bars: Bars, alt: str) -> str:
    """The drawing, 100% wide; ``alt`` says what it shows to those who cannot see it.

    `patterns` of its looks have to be in the same document.
    """
    pen = _Pen(bars)
    parts = [pen.row(row) for row in bars.rows]
    lines = [pen.links(), *parts, pen.axis(), pen.legend()]
    return (
        f'<svg class="bars" width="100%" style="height:{pen.y:.2f}em;'
        'font-variant-numeric:tabular-nums" font-size=".875em" '
        f'role="img" aria-label="{quoted(alt)}" fill="currentColor">{"".join(lines)}</svg>'
    )


class _Pen:
    """Writes one drawing from above; ``y`` is how far it has come, in em."""

    def __init__(self, bars: Bars) -> None:
        self.bars = bars
        self.y = 0.0
        self.ends: list[tuple[float, float, float]] = []
        several = any(m.text for m in bars.marks)
        self.ticks = ticks(bars)
        self.width = 100 - 2 * _EDGE - (_NUMBERS if several else 0.0)

    def x(self, value: float) -> float:
        span = (self.bars.high - self.bars.low) or 1.0
        return _EDGE + self.width * (value - self.bars.low) / span

    def row(self, row: Row) -> str:
        letter = f'<tspan font-weight="bold">{quoted(row.letter)}</tspan>' if row.letter else ""
        room = max(_LINE - len(row.letter) - len(row.text), _FEWEST)
        cut = one_line(row.words, room)
        name = " ".join(w for w in (letter, quoted(cut)) if w)
        name += f"<title>{quoted(row.words)}</title>" if cut != row.words else ""
        at = f'y="{self.y + 1.05:.2f}em"{_HALO if self.bars.linked else ""}'
        parts = [f'<text x="0" {at}>{name}</text>']
        if row.text:
            parts.append(f'<text x="100%" {at} text-anchor="end">{quoted(row.text)}</text>')
        self.y += _WORDS
        several = sum(m.shape != "ring" for m in row.marks)
        height = _THIN if several > 1 else _BAR
        top = self.y
        parts.append(self.grid(top - 0.15, top + several * (height + _GAP)))
        for mark in row.marks:
            if mark.shape != "ring":
                top, self.y = self.y, self.y + height + _GAP
            parts.append(self.mark(mark, top, height))
        for mark in row.marks[-1:]:
            self.ends.append((self.x(mark.start + mark.value), top, top + height))
        self.y += _ROW - _GAP
        return "".join(parts)

    def mark(self, mark: Mark, top: float, height: float) -> str:
        if not math.isfinite(mark.start + mark.value):
            return ""
        y, end = top + height / 2, self.x(mark.start + mark.value)
        whisker = self.whisker(mark.interval, y) if mark.interval else ""
        if mark.shape == "bar":
            left, right = sorted((self.x(mark.start), end))
            drawn = (
                f'<rect x="{left:.2f}%" y="{top:.2f}em" width="{max(right - left, 0.3):.2f}%" '
                f'height="{height}em" {fill(mark.look)}/>{whisker}'
            )
        elif mark.shape == "dot":
            at = f'cx="{end:.2f}%" cy="{y:.2f}em" r=".45em"'
            drawn = f'{whisker}<circle {at} fill="{mark.look.colour}"/>'
        else:
            at = f'cx="{end:.2f}%" cy="{y:.2f}em" r=".5em"'
            drawn = f'<circle {at} fill="none" stroke="currentColor" stroke-width="2.5"/>'
        group = f"<g><title>{quoted(self.tooltip(mark))}</title>{drawn}</g>"
        if not mark.text:
            return group
        number = f'<text x="100%" y="{y + 0.33:.2f}em" text-anchor="end">{quoted(mark.text)}</text>'
        return group + number

    def tooltip(self, mark: Mark) -> str:
        """Shown to a pointer that rests on a mark: more digits, and its interval."""
        values = [mark.value, *(mark.interval or ())]
        texts = [f"{v:.2%}" if self.bars.share else f"{v:+.3f}" for v in values]
        text = f"{texts[0]} {self.bars.unit}".strip()
        return f"{text} ({texts[1]} to {texts[2]})" if mark.interval else text

    def whisker(self, interval: tuple[float, float], y: float) -> str:
        if not all(map(math.isfinite, interval)):
            return ""
        left, right = (self.x(v) for v in interval)
        return "".join(
            f'<line x1="{a:.2f}%" x2="{b:.2f}%" y1="{y - cap:.2f}em" y2="{y + cap:.2f}em" '
            'stroke="currentColor" stroke-width="1.5"/>'
            for a, b, cap in ((left, right, 0.0), (left, left, 0.3), (right, right, 0.3))
        )

    def links(self) -> str:
        """From the end of each bar down to the next."""
        if not self.bars.linked:
            return ""
        return "".join(
            f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{bottom:.2f}em" y2="{below:.2f}em" '
            'stroke="currentColor" stroke-opacity=".6" stroke-dasharray="2 3"/>'
            for (x, _, bottom), (_, below, _) in pairwise(self.ends)
        )

    def grid(self, top: float, bottom: float) -> str:
        """The lines of the axis behind the bars of a row; words stay free of them."""
        return "".join(
            f'<line x1="{self.x(value):.2f}%" x2="{self.x(value):.2f}%" y1="{top:.2f}em" '
            f'y2="{bottom:.2f}em" stroke="{theme.GRID if value else theme.NEUTRAL}"/>'
            for value, _ in self.ticks
        )

    def axis(self) -> str:
        """What stands below the lines of the grid."""
        y, self.y = self.y, self.y + 1.3
        anchors = {True: "start", False: "end"}
        parts = []
        for value, text in self.ticks:
            x = self.x(value)
            anchor = "middle" if 8 < x < 92 else anchors[x < 50]
            parts.append(
                f'<text x="{x:.2f}%" y="{y + 0.95:.2f}em" text-anchor="{anchor}">{quoted(text)}'
                "</text>"
            )
        return "".join(parts)

    def legend(self) -> str:
        """As many names beside each other as fit a narrow place."""
        parts, x = [], 0.0
        if self.bars.legend:
            self.y += 0.4
        for index, (name, look) in enumerate(self.bars.legend):
            if index and x / 0.55 + len(name) > _LINE:
                x, self.y = 0.0, self.y + 1.4
            parts.append(
                f'<rect x="{x:.2f}em" y="{self.y + 0.2:.2f}em" width="1em" height=".8em" '
                f'{fill(look)}/><text x="{x + 1.3:.2f}em" y="{self.y + 0.95:.2f}em">'
                f"{quoted(name)}</text>"
            )
            x += 2.6 + 0.55 * len(name)
        if self.bars.legend:
            self.y += 1.4
        return "".join(parts)


def fill(look: Look) -> str:
    """The attributes that fill a shape with a look."""
    paint = f"url(#{look.id})" if look.pattern else look.colour
    return f'fill="{paint}"' + (' opacity=".4"' if look.pale else "")


def ticks(bars: Bars, most: int = 4) -> list[tuple[float, str]]:
    """Round values within the axis, at most ``most`` and one more, with what is written there."""
    span = bars.high - bars.low
    if not span > 0 or not math.isfinite(span):
        return [(bars.low, _number(bars.low, 0, bars))]
    rough = span / most
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(f * scale for f in (1, 2, 2.5, 5, 10) if f * scale >= rough * (1 - 1e-9))
    first, last = math.ceil(bars.low / step - 1e-9), math.floor(bars.high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9) + (step == 2.5 * scale))
    result = [(i * step, _number(i * step, decimals, bars)) for i in range(first, last + 1)]
    if result and bars.unit:
        result[-1] = (result[-1][0], f"{result[-1][1]} {bars.unit}")
    return result


def _number(value: float, decimals: int, bars: Bars) -> str:
    if bars.share:
        return f"{value:.{max(0, decimals - 2)}%}"
    return f"{value + 0.0:.{decimals}f}"
