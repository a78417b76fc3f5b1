"""Figures of raw media that are not pictures: sound features, signals, vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures import theme

_DASHES = ("solid", "dash", "dot", "dashdot")


def spectrogram(features: NDArray[Any]) -> go.Figure:
    """Frames x bands as a picture: time to the right, low tones at the bottom."""
    fig = theme.figure(200)
    fig.add_heatmap(
        z=np.asarray(features, dtype=np.float32).T,
        colorscale="Cividis",
        showscale=False,
        hovertemplate="frame %{x}, band %{y}: %{z:.2f}<extra></extra>",
    )
    fig.update_xaxes(title="time (frames)", showgrid=False, zeroline=False)
    fig.update_yaxes(title="pitch (mel bands)", showgrid=False, zeroline=False)
    return fig


def signal(values: NDArray[Any], channels: Sequence[str], rate: float, unit: str) -> go.Figure:
    """One line per channel over seconds, or over steps where the rate is not known."""
    fig = theme.figure(220)
    x = np.arange(len(values)) / rate if rate else np.arange(len(values))
    for i in range(values.shape[1]):
        name = channels[i] if i < len(channels) else f"channel {i + 1}"
        line = {"color": theme.CLASS_COLOURS[i % 10], "dash": _DASHES[i % 4], "width": 1.8}
        fig.add_scatter(x=x, y=values[:, i], name=theme.plain(name), mode="lines", line=line)
    fig.update_layout(showlegend=values.shape[1] > 1, hovermode="x unified")
    fig.update_layout(legend={"yanchor": "bottom", "y": 1.0})
    fig.update_xaxes(title="seconds" if rate else "step")
    fig.update_yaxes(title=theme.plain(unit) or None)
    return fig


def vector(values: NDArray[Any], label: str, height: int = 200) -> go.Figure:
    """A feature vector as an outline of bars in their order: one path is drawn several times
    faster than hundreds of bars."""
    fig = theme.figure(height)
    fig.add_scatter(
        x=np.arange(len(values)),
        y=values,
        mode="lines",
        line={"shape": "hvh", "width": 1, "color": theme.CLASS_COLOURS[0]},
        fill="tozeroy",
        fillcolor=theme.CLASS_COLOURS[0],
        hovertemplate="feature %{x}: %{y:.3f}<extra></extra>",
    )
    fig.update_layout(hovermode="x")
    fig.update_xaxes(title=theme.plain(label) or None)
    return fig
