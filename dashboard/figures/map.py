"""The latent map: one point a sample.

The figure depends only on what is drawn, never on what is selected: Streamlit takes a changed
figure for a new one and forgets zoom and selection.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme

Renderer = Literal["webgl", "svg"]

#: More points than this overlap: they are drawn smaller, and the groups in so many turns.
CROWDED = 1000
LAYERS = 4
#: On scales: nothing, and evidence against the class.
FAINT = "#9AA3B2"
AGAINST = "#997700"


def scatter(
    points: pd.DataFrame, colour: str, order: Sequence[str], renderer: str, height: int = 560
) -> go.Figure:
    """Points coloured by names (one trace each, with its own marker) or by a number.

    Parameters
    ----------
    points : columns id, x, y, colour.
    colour : what ``colour`` holds; ``gate-R``, ``bits-R`` and so on are numbers, all others names.
    order : the names in the order of the legend.
    renderer : ``webgl``, or ``svg`` for browsers without it.
    """
    fig = theme.figure(height)
    if is_number(colour):
        _numbers(fig, points, colour, renderer)
    else:
        _groups(fig, points, colour, order, renderer)
        fig.update_layout(showlegend=True, legend={"itemsizing": "constant", "y": -0.01})
    _bare_axes(fig)
    fig.update_layout(clickmode="event+select", dragmode="pan", hovermode="closest")
    return fig


def _groups(
    fig: go.Figure, points: pd.DataFrame, colour: str, order: Sequence[str], renderer: str
) -> None:
    # A group drawn last would hide the others where they overlap: all are drawn in turns.
    turns = LAYERS if len(points) > CROWDED else 1
    names = _present(points, order)
    for turn in range(turns):
        for place, name in enumerate(names):
            rows = points[points["colour"] == name].iloc[turn::turns]
            if len(rows) or not turn:
                _group(fig, rows, name, colour, place, renderer, len(points), first=not turn)


def _present(points: pd.DataFrame, order: Sequence[str]) -> list[str]:
    there = set(points["colour"].astype(str))
    return [*(n for n in order if n in there), *sorted(there - set(order))]


def _group(
    fig: go.Figure,
    rows: pd.DataFrame,
    name: str,
    colour: str,
    place: int,
    renderer: str,
    count: int,
    first: bool = True,
) -> None:
    tint, symbol = look(name, colour, place)
    marker = {"color": tint, "symbol": symbol, "size": size(count)}
    _add(fig, rows, renderer, theme.plain(name), marker)
    fig.data[-1].update(legendgroup=str(place), showlegend=first)


def size(count: int) -> float:
    """Diameter of a point in pixels: smaller where there are many."""
    return 7.0 if count <= CROWDED else 5.0 if count <= 6000 else 4.0


def look(name: str, colour: str, place: int) -> tuple[str, str]:
    """Colour and marker of a group; components and right/wrong have their own."""
    if colour == "correct" and name in theme.RIGHT_WRONG:
        return theme.RIGHT_WRONG[name]
    if colour in ("dominant", "composition") and name in theme.COLOURS:
        return theme.COLOURS[name], theme.SYMBOLS[name]
    return theme.CLASS_COLOURS[place % 10], theme.CLASS_SYMBOLS[(place + place // 10) % 10]


def is_number(colour: str) -> bool:
    """Whether points of this colour lie on a scale."""
    return colour.startswith(("gate-", "bits-"))


def _numbers(fig: go.Figure, rows: pd.DataFrame, colour: str, renderer: str) -> None:
    """Weights from 0 to 1, or bits around 0, in the colour of their component."""
    kind, _, component = colour.partition("-")
    values = rows["colour"].to_numpy(dtype=np.float32)
    tint, name = theme.COLOURS[component], f"weight of {component}"
    low, high, scale, ticks = 0.0, 1.0, [[0.0, FAINT], [1.0, tint]], ".0%"
    if kind == "bits":
        # A few extreme samples would leave one colour to all others.
        high = max(float(np.quantile(np.abs(values), 0.98)), 0.1) if len(values) else 0.1
        low, name, ticks = -high, f"bits of {component}", "+.1f"
        scale = [[0.0, AGAINST], [0.5, FAINT], [1.0, tint]]
    marker = {
        "color": values,
        "cmin": low,
        "cmax": high,
        "colorscale": scale,
        # Larger where there is more: the scale must not rest on colour alone.
        "size": 5.0 + 5.0 * np.minimum(np.abs(values) / high, 1.0),
        # Plotly would ring points of several sizes in white, which hides small ones on black.
        "line": {"width": 0},
        "colorbar": {
            "title": {"text": name, "side": "top"},
            "orientation": "h",
            "thickness": 10,
            "len": 0.6,
            "x": 0,
            "xanchor": "left",
            "y": -0.02,
            "yanchor": "top",
            "tickformat": ticks,
        },
    }
    _add(fig, rows, renderer, name, marker)


def _add(
    fig: go.Figure, rows: pd.DataFrame, renderer: str, name: str, marker: dict[str, Any]
) -> None:
    ids = rows["id"].astype(str).to_numpy()
    kind = go.Scattergl if renderer == "webgl" else go.Scatter
    fig.add_trace(
        kind(
            x=rows["x"].to_numpy(dtype=np.float32),
            y=rows["y"].to_numpy(dtype=np.float32),
            customdata=ids,
            name=name,
            mode="markers",
            marker={"opacity": 0.75, **marker},
            selected={"marker": {"opacity": 1.0, "size": 16}},
            unselected={"marker": {"opacity": 0.45}},
            **_hover(ids, name),
        )
    )


def _hover(ids: Any, name: str) -> dict[str, Any]:
    if any("<" in i or "&" in i for i in ids):
        text = [theme.plain(i) for i in ids]
        return {"text": text, "hovertemplate": f"%{{text}}<br>{name}<extra></extra>"}
    return {"hovertemplate": f"%{{customdata}}<br>{name}<extra></extra>"}


def _bare_axes(fig: go.Figure) -> None:
    # Map coordinates have no unit: ticks would invite reading distances off them.
    fig.update_xaxes(showticklabels=False, zeroline=False, showgrid=False)
    fig.update_yaxes(showticklabels=False, zeroline=False, showgrid=False, scaleanchor="x")


def neighbourhood(around: pd.DataFrame, colour: str, order: Sequence[str]) -> go.Figure:
    """A sample (first row, ringed) among its nearest points on the map."""
    fig = theme.figure(210)
    here, others = around.iloc[:1], around.iloc[1:]
    if is_number(colour):
        _numbers(fig, others, colour, "svg")
        fig.update_traces(marker={"showscale": False})
    else:
        places = {n: i for i, n in enumerate(order)}
        for name in _present(others, order):
            rows = others[others["colour"] == name]
            _group(fig, rows, name, colour, places.get(name, 0), "svg", len(others))
    ring = {"size": 18, "color": "rgba(0,0,0,0)", "line": {"color": theme.NEUTRAL, "width": 3}}
    fig.add_scatter(x=here["x"], y=here["y"], mode="markers", marker=ring, hoverinfo="skip")
    dot = {"size": 7, "color": theme.NEUTRAL}
    fig.add_scatter(x=here["x"], y=here["y"], mode="markers", marker=dot, hoverinfo="skip")
    _bare_axes(fig)
    return fig
