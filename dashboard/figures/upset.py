"""Which models are right about the same samples: bars over a matrix of dots (Lex et al., UpSet,
IEEE TVCG 2014). A click on a column names it by its customdata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme

#: A largest bar more than so many times the second is cut, or the others could not be seen.
_CUT = 3.0


@dataclass(frozen=True)
class Column:
    """One set of models and how many samples it stands for.

    Attributes
    ----------
    name : what a click on it gives; empty where a click means nothing.
    right : for each model whether it is one of the set; None for the rest summed.
    """

    name: str
    right: tuple[bool, ...] | None
    count: int


def upset(
    columns: Sequence[Column], models: Sequence[str], shares: Sequence[float], chosen: str = ""
) -> go.Figure:
    """A bar for each set of models that are right together; below it a dot for each of them.

    Parameters
    ----------
    columns : from left to right.
    models, shares : names of the rows, and how often each is right (0 to 1).
    chosen : name of the column that is marked.
    """
    fig = theme.figure(250 + 30 * len(models))
    top = _top([c.count for c in columns])
    _bars(fig, columns, top, chosen)
    _dots(fig, columns, models)
    for index, column in enumerate(columns):
        if column.name and column.name == chosen:
            fig.add_vrect(
                x0=index - 0.48, x1=index + 0.48, fillcolor=theme.NEUTRAL, opacity=0.22,
                line_width=0, layer="below",
            )  # fmt: skip
    split = 30 * len(models) / (220 + 30 * len(models))
    rows = [f"{theme.plain(m)} {s:.1%}" for m, s in zip(models, shares, strict=True)]
    fig.update_layout(
        barmode="overlay",
        bargap=0.28,
        hovermode="closest",
        xaxis={"visible": False, "fixedrange": True, "range": [-0.6, len(columns) - 0.4]},
        yaxis={
            "domain": [split + 0.02, 1], "range": [0, 1.14 * top], "fixedrange": True,
            "title": "samples", "nticks": 5,
        },
        yaxis2={
            "domain": [0, split], "fixedrange": True, "range": [len(models) - 0.5, -0.5],
            "tickvals": list(range(len(models))), "ticktext": rows, "showgrid": False,
            "zeroline": False, "automargin": True,
        },
    )  # fmt: skip
    return fig


def _top(counts: Sequence[int]) -> float:
    """How high the axis goes; a single tall bar is cut there."""
    first, second = (*sorted(counts, reverse=True), 0, 0)[:2]
    return 1.35 * second if second and first > _CUT * second else float(max(first, 1))


def cut(columns: Sequence[Column]) -> bool:
    """Whether the tallest bar is drawn shorter than it is."""
    counts = [c.count for c in columns]
    return max(counts, default=0) > _top(counts)


def _bars(fig: go.Figure, columns: Sequence[Column], top: float, chosen: str) -> None:
    positions = list(range(len(columns)))
    names = [c.name for c in columns]
    shown = [min(c.count, top) for c in columns]
    texts = [_text(c, top, c.name == chosen and bool(chosen)) for c in columns]
    colours, shapes = zip(*(_look(c) for c in columns), strict=True)
    fig.add_bar(
        x=positions, y=shown, customdata=names, text=texts, textposition="outside",
        cliponaxis=False, textangle=0, constraintext="none",
        marker={"color": colours, "pattern": {**theme.pattern(""), "shape": shapes}},
        unselected={"marker": {"opacity": 1}}, hoverinfo="skip",
    )  # fmt: skip
    # Bars of one sample are too low to be hit: the whole column above them answers a click.
    fig.add_bar(
        x=positions, y=[1.14 * top] * len(columns), customdata=names,
        marker={"color": "rgba(0,0,0,0.002)"}, width=0.96,
        unselected={"marker": {"opacity": 1}}, hovertext=[f"{c.count:,} samples" for c in columns],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _text(column: Column, top: float, marked: bool) -> str:
    number = f"{column.count:,}"
    number = f"{number}<br>cut" if column.count > top else number
    return f"<b>{number}</b>" if marked else number


def _look(column: Column) -> tuple[str, str]:
    if column.right is None:
        return theme.NEUTRAL, "."
    if all(column.right):
        return theme.RIGHT_WRONG["right"][0], ""
    if not any(column.right):
        return theme.RIGHT_WRONG["wrong"][0], "x"
    return theme.NEUTRAL, ""


def _dots(fig: go.Figure, columns: Sequence[Column], models: Sequence[str]) -> None:
    dots: list[tuple[int, int]] = []
    right: list[bool] = []
    for x, column in enumerate(columns):
        members = np.flatnonzero(column.right or ())
        if len(members) > 1:
            fig.add_scatter(
                x=[x, x], y=[members[0], members[-1]], yaxis="y2", mode="lines",
                line={"color": theme.NEUTRAL, "width": 3}, hoverinfo="skip",
            )  # fmt: skip
        dots += [(x, y) for y in range(len(column.right or ()))]
        right += column.right or ()
    fig.add_scatter(
        x=[x for x, _ in dots], y=[y for _, y in dots], yaxis="y2", mode="markers",
        marker={
            "size": [13 if r else 9 for r in right],
            "symbol": ["circle" if r else "circle-open" for r in right],
            "color": theme.NEUTRAL,
            "opacity": [1.0 if r else 0.5 for r in right],
        },
        customdata=[columns[x].name for x, _ in dots],
        unselected={"marker": {"opacity": 1}},
        hovertext=[
            f"{theme.plain(models[y])} {'right' if r else 'wrong'}"
            for (_, y), r in zip(dots, right, strict=True)
        ],
        hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip
    rest = [x for x, column in enumerate(columns) if column.right is None]
    fig.add_scatter(
        x=rest, y=[(len(models) - 1) / 2] * len(rest), yaxis="y2", mode="text", text=["rest"],
        hoverinfo="skip",
    )  # fmt: skip
