"""Figures of signals over time, to be looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures import theme

_DASHES = ("solid", "dash", "dot", "dashdot")


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
