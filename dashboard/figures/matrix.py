"""Tables of shaded cells, as HTML whose cells are links; see ``dashboard.components.marks``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.figures import theme
from dashboard.figures.theme import quoted
from dashboard.words import one_line

#: Letters of a name at the side, and above a column.
_SIDE, _HEAD = 24, 10
#: Shade of an empty and of a full cell, in percent.
_LEAST, _MOST = 6, 46


@dataclass(frozen=True)
class Cell:
    """A cell.

    Attributes
    ----------
    share : 0 to 1, for its shade; not drawn where it has no text.
    said : what it is, for those who do not see rows and columns.
    mark : name of its link; empty for none.
    """

    text: str
    share: float
    said: str
    mark: str = ""


def matrix(
    cells: Sequence[Sequence[Cell]], down: Sequence[str], across: Sequence[str], corner: str = "",
    letters: int = _HEAD,
) -> str:  # fmt: skip
    """Rows of cells.

    Parameters
    ----------
    down, across : names of the rows and of the columns.
    corner : what rows and columns are.
    letters : of a name above a column, at most.
    """
    head = "".join(
        f'<th scope="col" title="{quoted(name)}">{quoted(one_line(name, letters))}</th>'
        for name in across
    )
    rows = "".join(
        f'<tr><th scope="row" title="{quoted(name)}">{quoted(one_line(name, _SIDE))}</th>'
        f"{''.join(map(_cell, row))}</tr>"
        for name, row in zip(down, cells, strict=True)
    )
    return (
        f'<div class="wide"><table class="matrix"><thead><tr><td class="quiet">{quoted(corner)}'
        f"</td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


COLOUR: Final = "#4669D7"


def _cell(cell: Cell) -> str:
    if not cell.text:
        return '<td class="quiet">·</td>'
    tint = round(_LEAST + (_MOST - _LEAST) * min(max(cell.share, 0.0), 1.0))
    ground = f"background:color-mix(in srgb, {COLOUR} {tint}%, transparent)"
    mark = f' data-mark="{quoted(cell.mark)}"' if cell.mark else ""
    said = quoted(cell.said)
    label = f' aria-label="{said}"' if cell.mark else ""
    return f'<td{mark}{label} title="{said}" style="{ground}">{quoted(cell.text)}</td>'


def accuracies(
    head: str, count: str, mark: str, rows: Sequence[tuple[str, float, tuple[float, float], str]],
    most: float = 1.0,
) -> str:  # fmt: skip
    """A group of samples: its name, how many there are, and the accuracy of each model on it.

    Parameters
    ----------
    head, count : name of the group and how many samples it has.
    mark : name of the link to all of them.
    rows : (model, accuracy, its interval, name of the link to its errors).
    most : accuracy of a full bar.
    """
    body = "".join(_bar(*row, most) for row in rows)
    link = f' data-mark="{quoted(mark)}"' if mark else ""
    return (
        f'<section class="cell"><div class="head"{link}><strong>{quoted(one_line(head, 60))}'
        f'</strong><span class="quiet">{quoted(count)}</span></div>'
        f'<table class="right">{body}</table></section>'
    )


def _bar(model: str, share: float, interval: tuple[float, float], mark: str, most: float) -> str:
    colour = theme.models([model])[model].colour
    low, high = interval
    link = f' data-mark="{quoted(mark)}"' if mark else ""
    said, whisker = f"{model} {share:.1%}", ""
    if low == low:
        said += f" ({low:.1%} to {high:.1%})"
        left, right = (min(v / most, 1.0) for v in interval)
        whisker = f'<i class="span" style="left:{left:.1%};width:{right - left:.1%}"></i>'
    return (
        f'<tr{link} aria-label="{quoted(said)}" title="{quoted(said)}">'
        f'<th scope="row">{quoted(one_line(model, _SIDE))}</th><td><div class="track">'
        f'<span style="width:{share / most:.1%};background:{colour}"></span>{whisker}</div></td>'
        f'<td class="number">{share:.1%}</td></tr>'
    )
