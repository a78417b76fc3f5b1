"""Methods as rows of a table with pictures: scores, differences, ranks, as HTML whose marks lead
on; see ``dashboard.components.marks``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.figures import theme
from dashboard.figures.bars import Bars, ticks
from dashboard.figures.theme import quoted
from dashboard.words import one_line

#: Letters of a method's name.
_NAME: Final = 24
#: What is left free at the ends of an axis, as a share of it.
_FREE: Final = 0.04
#: Verdict against the reference -> a sign before its words, for the eye.
SIGNS: Final = {"better": "▲", "worse": "▼", "open": "○", "unpaired": "", "reference": ""}

#: A place on an axis, and the ends of its interval.
Interval = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """What stands on an axis: a mark, its interval, and faint dots for what it is the mean of.

    Attributes
    ----------
    value : not a number for none.
    text : its number, as it is read.
    """

    value: float
    text: str
    interval: Interval | None = None
    dots: tuple[float, ...] = ()

    @property
    def ends(self) -> tuple[float, ...]:
        """All places along the axis that it touches."""
        every = (self.value, *(self.interval or ()), *self.dots)
        return tuple(v for v in every if math.isfinite(v))


@dataclass(frozen=True)
class Line:
    """A method.

    Attributes
    ----------
    points : one for each axis of the table.
    verdict : of `SIGNS`; empty where nothing is compared.
    words : the verdict in words.
    links : of the cells with its name, with each number, and of the last one: the name of its mark,
        and what it leads to; empty names for none.
    last : what the last cell says.
    """

    name: str
    points: tuple[Point, ...]
    verdict: str = ""
    words: str = ""
    links: tuple[tuple[str, str], ...] = ()
    last: str = ""


@dataclass(frozen=True)
class Axis:
    """A column with a picture.

    Attributes
    ----------
    unit : ``share`` of 1, or empty for a number; ticks are written accordingly.
    zero : whether 0 is always on it, with a line.
    band : ends of a stretch that is shaded.
    """

    title: str
    unit: str = ""
    zero: bool = False
    band: Interval | None = None


def board(lines: Sequence[Line], axes: Sequence[Axis], titles: tuple[str, str]) -> str:
    """The table.

    Parameters
    ----------
    titles : of the column of verdicts (empty without one) and of the last one.
    """
    scales = [_Scale(axis, [line.points[i] for line in lines]) for i, axis in enumerate(axes)]
    verdict, last = titles
    heads = [f'<th scope="col" colspan="2">{quoted(axis.title)}</th>' for axis in axes]
    heads += [f'<th scope="col">{quoted(t)}</th>' for t in (verdict, last) if t]
    rows = "".join(_row(line, scales, bool(verdict), bool(last)) for line in lines)
    ends = "".join(f'<td class="plot">{scale.ticks()}</td><td></td>' for scale in scales)
    ends += "<td></td>" * (bool(verdict) + bool(last))
    return (
        '<div class="wide"><table class="board"><thead><tr><th scope="col">method</th>'
        f"{''.join(heads)}</tr></thead><tbody>{rows}</tbody>"
        f'<tfoot><tr aria-hidden="true"><td></td>{ends}</tr></tfoot></table></div>'
    )


def _row(line: Line, scales: Sequence[_Scale], verdict: bool, last: bool) -> str:
    links = iter(line.links or (("", ""),) * (len(scales) + 2))
    shown = quoted(one_line(line.name, _NAME))
    name = f"<b>{shown}</b>" if line.name == OURS else shown
    cells = [f'<th scope="row"{_mark(*next(links))}>{name}</th>']
    for scale, point in zip(scales, line.points, strict=True):
        cells.append(f'<td class="plot">{scale.draw(point, line.name)}</td>')
        cells.append(f'<td class="number"{_mark(*next(links))}>{quoted(point.text)}</td>')
    if verdict:
        sign = SIGNS.get(line.verdict, "")
        said = f'<span class="said">{quoted(line.words)}</span>'
        cells.append(f'<td class="verdict"><span aria-hidden="true">{sign}</span> {said}</td>')
    if last:
        cells.append(f'<td class="last"{_mark(*next(links))}>{quoted(line.last)}</td>')
    return f"<tr>{''.join(cells)}</tr>"


OURS: Final = "dmil"


def _mark(name: str, leads_to: str) -> str:
    if not name:
        return ""
    return f' data-mark="{quoted(name)}" title="{quoted(leads_to)}"'


class _Scale:
    """From values of an axis to percent of its width."""

    def __init__(self, axis: Axis, points: Iterable[Point]) -> None:
        ends = [e for point in points for e in point.ends]
        ends += [0.0] if axis.zero else []
        low, high = min(ends, default=0.0), max(ends, default=1.0)
        free = _FREE * ((high - low) or 1.0)
        self.axis, self.low, self.high = axis, low - free, high + free

    def x(self, value: float) -> float:
        at = 100 * (value - self.low) / (self.high - self.low)
        return min(max(at, 0.0), 100.0)

    def draw(self, point: Point, name: str) -> str:
        parts = []
        if self.axis.band is not None:
            left, right = (self.x(v) for v in self.axis.band)
            parts.append(f'<i class="band" style="left:{left:.1f}%;width:{right - left:.1f}%"></i>')
        if self.axis.zero:
            parts.append(f'<i class="zero" style="left:{self.x(0):.1f}%"></i>')
        parts += [f'<i class="seed" style="left:{self.x(v):.1f}%"></i>' for v in point.dots]
        if point.interval is not None and all(map(math.isfinite, point.interval)):
            left, right = (self.x(v) for v in point.interval)
            parts.append(f'<i class="span" style="left:{left:.1f}%;width:{right - left:.1f}%"></i>')
        if math.isfinite(point.value):
            # Colours of models alone tell families apart; the row has the name.
            family = OURS if name.startswith(OURS) and name not in theme.MODEL_COLOURS else name
            colour = theme.MODEL_COLOURS.get(family, theme.NEUTRAL)
            parts.append(
                f'<i class="dot" style="left:{self.x(point.value):.1f}%;background:{colour}"></i>'
            )
        return f'<div class="axis">{"".join(parts)}</div>'

    def ticks(self) -> str:
        marks = ticks(Bars((), self.low, self.high, share=self.axis.unit == "share"), 3)
        shown = "".join(f'<span style="left:{self.x(v):.1f}%">{quoted(t)}</span>' for v, t in marks)
        return f'<div class="axis ticks">{shown}</div>'
