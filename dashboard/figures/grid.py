"""Tables as pictures: tinted cells and bars, as HTML whose marks are links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.figures import theme
from dashboard.figures.theme import quoted


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text : what stands in it.
    tint : how strongly it is coloured, from 0 to 1.
    colour : of the tint.
    mark : name of its link; empty for none.
    said : what a screen reader says of the link.
    bold : whether it is one that matters.
    small : a second line.
    """

    text: str
    tint: float = 0.0
    colour: str = theme.NEUTRAL
    mark: str = ""
    said: str = ""
    bold: bool = False
    small: str = ""


def grid(heads: Sequence[str], rows: Sequence[tuple[str, Sequence[Cell]]], corner: str = "") -> str:
    """A table of cells below their heads; each row begins with its name. ``corner`` says what the
    heads are."""
    head = "".join(f'<th scope="col">{_together(h)}</th>' for h in heads)
    body = "".join(
        f'<tr><th scope="row">{_together(name)}</th>{"".join(map(_cell, cells))}</tr>'
        for name, cells in rows
    )
    return (
        f'<table class="matrix"><thead><tr><td>{quoted(corner)}</td>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def _together(head: str) -> str:
    """A head; a component's letter stays beside the word before it."""
    words, _, last = head.rpartition(" ")
    gap = "\N{NO-BREAK SPACE}" if words and len(last) < 3 else " "
    return quoted(f"{words}{gap}{last}" if words else head)


def _cell(cell: Cell) -> str:
    link = f' data-mark="{quoted(cell.mark)}" aria-label="{quoted(cell.said)}"' if cell.mark else ""
    style = "font-weight:700;" if cell.bold else ""
    if cell.tint > 0:
        percent = round(8 + 40 * min(cell.tint, 1.0))
        style += f"background:color-mix(in srgb, {cell.colour} {percent}%, transparent)"
    quiet = "" if cell.tint > 0 or cell.bold or cell.mark else ' class="quiet"'
    below = f'<br/><span class="below">{quoted(cell.small)}</span>' if cell.small else ""
    return f'<td{quiet}{link} style="{style}">{quoted(cell.text)}{below}</td>'


@dataclass(frozen=True)
class Bar:
    """A row with a bar.

    Attributes
    ----------
    share : its length, from 0 to 1.
    text : its value in words.
    mark, said : name of its link, and what a screen reader says of it; empty for none.
    tick : where a line stands across it, from 0 to 1; None for none.
    """

    name: str
    share: float
    text: str
    colour: str = theme.NEUTRAL
    mark: str = ""
    said: str = ""
    tick: float | None = None
    chosen: bool = False


def bars(rows: Sequence[Bar], caption: str = "") -> str:
    """Bars below each other, from 0 to 1."""
    above = f'<caption class="quiet">{quoted(caption)}</caption>' if caption else ""
    return f'<table class="right">{above}{"".join(map(bar, rows))}</table>'


def bar(row: Bar) -> str:
    """A row of a table of bars."""
    link = f' data-mark="{quoted(row.mark)}" aria-label="{quoted(row.said)}"' if row.mark else ""
    chosen = ' class="chosen"' if row.chosen else ""
    tick = "" if row.tick is None else f'<i style="left:{min(row.tick, 1.0):.1%}"></i>'
    return (
        f'<tr{chosen}{link}><th scope="row">{quoted(row.name)}</th><td><div class="track">'
        f'<span style="width:{min(max(row.share, 0.0), 1.0):.1%};background:{row.colour}"></span>'
        f'{tick}</div></td><td class="number">{quoted(row.text)}</td></tr>'
    )
