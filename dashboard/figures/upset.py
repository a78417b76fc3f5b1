"""Which models are right about the same samples: a row for each group (an UpSet plot, lying on its
side), as HTML whose rows are links; see ``dashboard.components.marks``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dashboard.figures import theme
from dashboard.figures.theme import quoted
from dashboard.words import one_line

#: Letters of a model's name above its column.
_NAME: Final = 18


@dataclass(frozen=True)
class Group:
    """Samples that exactly these models have right.

    Attributes
    ----------
    mark : name of the link to them.
    right : for each model whether it is one of them.
    said : the same in words.
    """

    mark: str
    right: tuple[bool, ...]
    count: int
    said: str


def upset(
    groups: Sequence[Group], rest: Sequence[Group], shares: Mapping[str, float],
    more: str, chosen: str = "",
) -> str:  # fmt: skip
    """A row for each group: a dot for each model, and a bar with the number of its samples.

    Bars begin at 0 and none is cut.

    Parameters
    ----------
    groups : from above.
    rest : smaller groups, shown when ``more`` is opened.
    shares : model to the share of samples it has right.
    chosen : mark of the row that is in force.
    """
    most = max((g.count for g in (*groups, *rest)), default=1)
    looks = theme.models(shares)
    head = "".join(
        f'<th scope="col" title="{quoted(name)}"><i class="dot" style="background:'
        f'{looks[name].colour}"></i> {quoted(one_line(name, _NAME))}<br>{share:.1%}</th>'
        for name, share in shares.items()
    )
    above = f'<thead><tr>{head}<th scope="col" class="count">samples</th></tr></thead>'
    body = "".join(_row(g, most, looks, g.mark == chosen) for g in groups)
    table = f'<table class="upset">{above}<tbody>{body}</tbody></table>'
    if not rest:
        return table
    below = "".join(_row(g, most, looks, g.mark == chosen) for g in rest)
    return (
        f"{table}<details><summary>{quoted(more)}</summary>"
        f'<table class="upset"><tbody>{below}</tbody></table></details>'
    )


def agreeing(groups: Sequence[tuple[str, int, str]], rows: int) -> str:
    """The samples that all models have right, and those that none has, as text.

    Parameters
    ----------
    groups : (words, number of samples, name of the link to them).
    rows : samples in all.
    """
    cells = "".join(
        f'<div class="head" data-mark="{quoted(mark)}"><strong>{quoted(words)}</strong>'
        f'<span class="share">{count:,}</span><span class="quiet">{count / rows:.1%}</span></div>'
        for words, count, mark in groups
    )
    return f'<div class="agreeing">{cells}</div>'


def _row(group: Group, most: int, looks: Mapping[str, theme.Line], marked: bool) -> str:
    dots = "".join(
        f'<td class="{"is" if right else "not"}"><i style="color:{look.colour}">'
        f"{'●' if right else '○'}</i></td>"
        for right, look in zip(group.right, looks.values(), strict=True)
    )
    said = quoted(f"{group.said}: {group.count:,} samples")
    bar = f'<span style="width:{0.8 * group.count / most:.2%};background:{theme.NEUTRAL}"></span>'
    state = ' aria-current="true"' if marked else ""
    return (
        f'<tr data-mark="{quoted(group.mark)}" aria-label="{said}" title="{said}"{state}>{dots}'
        f'<td class="count"><div class="bar">{bar}<b>{group.count:,}</b></div></td></tr>'
    )
