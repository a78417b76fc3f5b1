"""Figures of a live training: what a model predicts where, accuracy over the steps, and how the
gate of each sample comes about."""

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
from dashboard.figures.bars import fill, of_part, patterns
from dashboard.figures.theme import quoted

#: A place where a model has no confidence at all, on both grounds.
_UNSURE: Final = "#C9CED8"
#: Below this a prediction counts as a guess: half-way between uniform (0) and certain (1) it
#: would be right three times in four.
_GUESS: Final = 0.2
_LETTER_COLOUR: Final = "#12151D"
#: Pixels of a square that stands alone, without what is written at its edges.
ONE_TALL: Final = 280
#: Of strips: the width of a drawing, and the height of its texts, in units.
_WIDE, _LINE = 400, 17


COMPONENTS: Final = ("R", "U1", "U2", "S")


@dataclass(frozen=True)
class Tile:
    """One square of a picture; see ``dmil_core.teaching.plane.Square`` for the places.

    Attributes
    ----------
    title : above it; empty where there is one only.
    surface : (rows of x2, columns of x1) predicted class plus its confidence, 0 to below 1.
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
    """What a model predicts where: colour is the class, its depth the confidence, the letters the
    prediction where the symbols lie (with a cross where that is wrong).

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
        template=theme.TEMPLATE, height=40 + round((ONE_TALL if across == 1 else 190) * down),
        showlegend=False, uirevision=key, datarevision=step, dragmode=False,
        margin={"t": 26 if across > 1 else 8, "b": 8, "l": 8, "r": 8},
    )  # fmt: skip
    return fig


def _scale(classes: int) -> list[list[Any]]:
    """From no confidence to the class's colour, for each class in turn."""
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
            confidence = tile.answers[v][u] - answer
            guess = confidence < _GUESS
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
                f": predicts {classes[answer]}, true {classes[true]}, confidence {confidence:.0%}"
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
    _over_steps(fig, "accuracy", 110 + 240 * down, step)
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
    fig.update_xaxes(title="share of the training")
    fig.update_layout(
        template=theme.TEMPLATE, height=height, uirevision="live", datarevision=step,
        dragmode=False, margin={"t": 30, "b": 8, "l": 8, "r": 8},
    )  # fmt: skip


def strips(
    rows: Mapping[str, Sequence[Sequence[float]]], types: Sequence[str], alt: str, tall: int
) -> str:
    """Samples beside each other, each a column of the shares of R, U1, U2 and S, as SVG.

    A column that is not full is grey above, as no component explains the rest; one without shares
    is an outline, as nothing is known of it yet.

    Parameters
    ----------
    rows : words above a strip -> of each sample its shares of 1; () where they are not known.
    types : of each sample its true interaction type, those of one type together; "" for unknown.
    alt : what is seen, in words.
    tall : height of a strip, for a width of 400.
    """
    parts, y = [], 0.0
    for words, shares in rows.items():
        parts.append(f'<text x="0" y="{y + 0.8 * _LINE:.1f}">{quoted(words)}</text>')
        y += _LINE + 2
        parts.append(_strip(shares, y, tall))
        y += tall + _LINE / 3
    parts.append(_blocks(types, y))
    y += 2 * _LINE
    stripes = patterns([of_part(c) for c in COMPONENTS])
    return (
        f'{stripes}<svg viewBox="0 0 {_WIDE} {y:.0f}" width="100%" style="max-width:30rem" '
        f'role="img" aria-label="{quoted(alt)}" fill="currentColor" font-size="14">'
        f"{''.join(parts)}</svg>"
    )


def _strip(shares: Sequence[Sequence[float]], top: float, tall: int) -> str:
    step = _WIDE / max(len(shares), 1)
    grey, areas = [], dict.fromkeys(COMPONENTS, "")
    for i, column in enumerate(shares):
        if not column:
            continue
        x, bottom = i * step, top + tall
        grey.append(f"M{x:.2f},{top:.1f}h{step:.2f}v{tall}h-{step:.2f}z")
        for component, share in zip(COMPONENTS, column, strict=True):
            height = max(share, 0.0) * tall
            if height >= 0.5:
                bottom -= height
                areas[component] += f"M{x:.2f},{bottom:.1f}h{step:.2f}v{height:.1f}h-{step:.2f}z"
    frame = f'<rect x="0" y="{top}" width="{_WIDE}" height="{tall}" '
    drawn = "".join(f'<path d="{d}" {fill(of_part(c))}/>' for c, d in areas.items() if d)
    return (
        f'{frame}fill="none" stroke="{theme.NEUTRAL}" stroke-dasharray="3 3"/>'
        f'<path d="{"".join(grey)}" fill="{theme.GRID}"/>{drawn}'
    )


def _blocks(types: Sequence[str], top: float) -> str:
    """A bracket below the samples of each type, and its letter."""
    step, parts, start = _WIDE / max(len(types), 1), [], 0
    for name, count in ((n, types.count(n)) for n in dict.fromkeys(types) if n):
        start = list(types).index(name)
        left, right = start * step + 1, (start + count) * step - 1
        words = f"{name} samples" if right - left > 80 else name
        parts.append(
            f'<path d="M{left:.1f},{top + 2}v4H{right:.1f}v-4" fill="none" stroke="currentColor"/>'
            f'<text x="{(left + right) / 2:.1f}" y="{top + 1.35 * _LINE:.1f}" '
            f'text-anchor="middle">{quoted(words)}</text>'
        )
    return "".join(parts)
