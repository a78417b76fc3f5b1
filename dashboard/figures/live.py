"""Figures of a live training: what a model decides where, accuracy and gate over the steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb
from plotly.subplots import make_subplots

from dashboard.figures import theme

#: A place where a model is not sure at all, on both grounds.
_UNSURE: Final = "#C9CED8"
#: Below this a model does not say anything: half-way between guessing (0) and being sure (1) it
#: would be right three times in four.
_GUESS: Final = 0.2
_LETTER_COLOUR: Final = "#12151D"


@dataclass(frozen=True)
class Tile:
    """One square of a picture; see ``dmil_core.teaching.plane.Square`` for the places.

    Attributes
    ----------
    title : above it; empty where there is one only.
    surface : (rows of x2, columns of x1) class answered plus how sure, 0 to below 1.
    answers : the same at the symbols themselves.
    """

    title: str
    symbols1: Sequence[str]
    symbols2: Sequence[str]
    at1: Sequence[float]
    at2: Sequence[float]
    truth: Sequence[Sequence[int]]
    points: Sequence[tuple[float, float, int]]
    surface: Sequence[Sequence[float]]
    answers: Sequence[Sequence[float]]


def surfaces(tiles: Sequence[Tile], classes: Sequence[str], key: str, step: int) -> go.Figure:
    """What a model answers where: colour is the class, its depth how sure, the letters the answer
    where the symbols lie (with a cross where that is wrong).

    Parameters
    ----------
    key : the same for the same picture, so that a browser keeps its zoom.
    step : grows with each change.
    """
    across = 1 if len(tiles) == 1 else 2
    down = math.ceil(len(tiles) / across)
    fig = make_subplots(
        rows=down, cols=across, horizontal_spacing=0.1, vertical_spacing=0.19 if down < 3 else 0.1,
        subplot_titles=[theme.plain(t.title) for t in tiles] if across > 1 else None,
    )  # fmt: skip
    scale = _scale(len(classes))
    for index, tile in enumerate(tiles):
        row, col = index // across + 1, index % across + 1
        fig.add_heatmap(
            x=np.asarray(tile.at1), y=np.asarray(tile.at2), z=np.asarray(tile.surface),
            zmin=0, zmax=len(classes), colorscale=scale, showscale=False, hoverinfo="skip",
            row=row, col=col,
        )  # fmt: skip
        _points(fig, tile, row, col)
        _letters(fig, tile, classes, 30 if across == 1 else 22, row, col)
        _symbols(fig, tile, row, col, last=index + across >= len(tiles), first=col == 1)
    fig.update_layout(
        template=theme.TEMPLATE, height=40 + round((330 if across == 1 else 215) * down),
        showlegend=False, uirevision=key, datarevision=step, dragmode=False,
        margin={"t": 26 if across > 1 else 8, "b": 8, "l": 8, "r": 8},
    )  # fmt: skip
    return fig


def _scale(classes: int) -> list[list[Any]]:
    """From unsure to the class's colour, for each class in turn."""
    scale: list[list[Any]] = []
    unsure = hex_to_rgb(_UNSURE)
    for k in range(classes):
        full = hex_to_rgb(theme.CLASS_COLOURS[k % 10])
        for share in (0.0, 1.0):
            mixed = (round(u + share * (f - u)) for u, f in zip(unsure, full, strict=True))
            scale.append([(k + share) / classes, f"rgb({', '.join(map(str, mixed))})"])
    return scale


def _points(fig: go.Figure, tile: Tile, row: int, col: int) -> None:
    """Some validation rows, with their true class as colour and symbol."""
    if not tile.points:
        return
    x, y, k = (np.asarray(v) for v in zip(*tile.points, strict=True))
    fig.add_scatter(
        x=x, y=y, mode="markers", row=row, col=col, hoverinfo="skip",
        marker={
            "size": 5, "symbol": [theme.CLASS_SYMBOLS[i % 10] for i in k],
            "color": [theme.CLASS_COLOURS[i % 10] for i in k],
            "line": {"width": 0.8, "color": "#FFFFFF"},
        },
    )  # fmt: skip


def _letters(
    fig: go.Figure, tile: Tile, classes: Sequence[str], size: int, row: int, col: int
) -> None:
    """The answer at every pair of symbols that occurs, ``?`` where it is a guess."""
    x, y, text, edge, tooltips = [], [], [], [], []
    for v, line in enumerate(tile.truth):
        for u, true in enumerate(line):
            answer = int(tile.answers[v][u])
            sure = tile.answers[v][u] - answer
            guess = sure < _GUESS
            right = answer == true
            if true < 0:  # never occurs: there is no right or wrong
                continue
            x.append(u)
            y.append(v)
            mark = "?" if guess else theme.plain(classes[answer]) + ("" if right else " ✗")
            text.append(f"<b>{mark}</b>")
            edge.append("#FFFFFF" if right or guess else _LETTER_COLOUR)
            tooltip = f"x1 = {tile.symbols1[u]}, x2 = {tile.symbols2[v]}"
            tooltip += (
                f": answers {classes[answer]}, true {classes[true]}, {sure:.0%} of the way sure"
            )
            tooltips.append(theme.plain(tooltip))
    disc = {"size": size, "color": "rgba(255,255,255,0.88)", "line": {"width": 2, "color": edge}}
    fig.add_scatter(
        x=x, y=y, mode="markers+text", text=text, row=row, col=col, hovertext=tooltips,
        hovertemplate="%{hovertext}<extra></extra>", marker=disc,
        textfont={"size": size / 2, "color": _LETTER_COLOUR},
    )  # fmt: skip


def _symbols(fig: go.Figure, tile: Tile, row: int, col: int, last: bool, first: bool) -> None:
    named = {1: tile.symbols1, 2: tile.symbols2}
    for m, update, edge, at in (
        (1, fig.update_xaxes, last, tile.at1),
        (2, fig.update_yaxes, first, tile.at2),
    ):
        update(
            tickvals=list(range(len(named[m]))), ticktext=[theme.plain(s) for s in named[m]],
            title={"text": f"input x{m}" if edge else "", "standoff": 4}, showgrid=False,
            zeroline=False, range=[at[0], at[-1]], fixedrange=True, row=row, col=col,
        )  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A quantity of one learner or component over the steps: shares 0 to 1."""

    name: str
    colour: str
    dash: str
    symbol: str
    x: Sequence[float]
    y: Sequence[float]


def accuracies(
    panels: Mapping[str, Sequence[Line]], chance: Mapping[str, float], step: int
) -> go.Figure:
    """Accuracy of every learner by interaction type, over the way it has gone.

    Parameters
    ----------
    panels : title, of one line or two -> the lines in it.
    chance : title -> what a constant answer gets right.
    """
    titles = [theme.plain(t).replace("\n", "<br>") for t in panels]
    across = min(2, len(titles))
    down = math.ceil(len(titles) / across)
    fig = make_subplots(
        rows=down, cols=across, subplot_titles=titles,
        shared_yaxes=True, horizontal_spacing=0.06, vertical_spacing=0.25,
    )  # fmt: skip
    fig.update_annotations(font_size=14)  # two titles fit beside each other on a phone
    for index, title in enumerate(panels):
        row, col = index // across + 1, index % across + 1
        for line in panels[title]:
            _line(fig, line, row, col, named=index == 0)
        fig.add_hline(
            y=chance[title], line={"color": theme.NEUTRAL, "dash": "dot", "width": 1.5},
            annotation_text=f"chance {chance[title]:.0%}", annotation_position="bottom right",
            annotation_font={"color": theme.NEUTRAL, "size": 12}, row=row, col=col,
        )  # fmt: skip
    _over_steps(fig, "right", 110 + 240 * down, step)
    fig.update_layout(margin_t=48)
    fig.update_layout(showlegend=True, legend={"y": -0.16 / down, "font": {"size": 14}})
    return fig


def _line(fig: go.Figure, line: Line, row: int, col: int, named: bool) -> None:
    fig.add_scatter(
        x=np.asarray(line.x), y=np.asarray(line.y), mode="lines+markers", name=line.name,
        legendgroup=line.name, showlegend=named, row=row, col=col,
        line={"color": line.colour, "dash": line.dash, "width": 3},
        marker={"symbol": line.symbol, "size": 7},
        hovertemplate="after %{x:.0%}: %{y:.1%}<extra>" + theme.plain(line.name) + "</extra>",
    )  # fmt: skip


def _over_steps(fig: go.Figure, what: str, height: int, step: int) -> None:
    fig.update_xaxes(range=[-0.02, 1.02], tickformat=".0%", nticks=5, fixedrange=True)
    fig.update_yaxes(range=[-0.03, 1.05], tickformat=".0%", nticks=6, fixedrange=True)
    fig.update_yaxes(title=what, col=1)
    fig.update_layout(
        template=theme.TEMPLATE, height=height, uirevision="live", datarevision=step,
        dragmode=False, margin={"t": 30, "b": 8, "l": 8, "r": 8},
    )  # fmt: skip


def drift(lines: Sequence[Line], step: int) -> go.Figure:
    """Mean gate weight of each interaction type's own component, over the way gone: it should rise
    to all of the weight, where a line is drawn."""
    fig = make_subplots(rows=1, cols=1)
    for line in lines:
        _line(fig, line, 1, 1, named=True)
    fig.add_hline(
        y=1.0, line={"color": theme.NEUTRAL, "dash": "dot", "width": 1.5},
        annotation_text="the truth: all of it", annotation_position="bottom left",
        annotation_font={"color": theme.NEUTRAL, "size": 12},
    )  # fmt: skip
    _over_steps(fig, "weight of its own part", 300, step)
    fig.update_layout(showlegend=True, legend={"y": -0.16, "font": {"size": 14}})
    return fig


def gates(rows: Mapping[str, Sequence[float]], truth: Mapping[str, str], step: int) -> go.Figure:
    """The gate now: a bar for each group of samples, divided by component; a diamond marks where
    the bar of the true component would reach if it had all the weight.

    Parameters
    ----------
    rows : group -> mean weight of R, U1, U2, S.
    truth : group -> its true component, where it has one.
    """
    names = list(rows)[::-1]
    fig = theme.figure(70 + 46 * len(names))
    for i, component in enumerate(("R", "U1", "U2", "S")):
        weights = [rows[name][i] for name in names]
        fig.add_bar(
            y=names, x=weights, orientation="h", name=component,
            marker=theme.component_bar(component),
            text=[f"<b>{component}</b> {w:.0%}" if w > 0.15 else "" for w in weights],
            textposition="inside", insidetextanchor="middle", textangle=0,
            textfont={"color": "#FFFFFF", "size": 14},
            hovertemplate="%{y}: " + component + " %{x:.1%}<extra></extra>",
        )  # fmt: skip
    marked = [n for n in names if truth.get(n)]
    fig.add_scatter(
        x=[1.04] * len(marked), y=marked, mode="markers+text", hoverinfo="skip", cliponaxis=False,
        text=[f"<b>{truth[n]}</b>" for n in marked], textposition="middle right",
        textfont={"size": 15},
        marker={
            "color": [theme.COLOURS[truth[n]] for n in marked], "size": 13,
            "symbol": [theme.SYMBOLS[truth[n]] for n in marked],
        },
    )  # fmt: skip
    fig.update_xaxes(range=[0, 1.18], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%",
                     fixedrange=True)  # fmt: skip
    fig.update_yaxes(fixedrange=True, tickfont={"size": 14})
    fig.update_layout(
        barmode="stack",
        uirevision="live",
        datarevision=step,
        dragmode=False,
        bargap=0.25,
        uniformtext={"minsize": 9, "mode": "hide"},
    )
    return fig
