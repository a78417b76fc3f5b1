"""Which parts of the inputs of a sample act together: a heat map over the first input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.figures import theme
from dashboard.figures.bars import Bars, Mark, Row, over
from dashboard.figures.sample import signed

#: From against the class through nothing to for it: orange, clear, blue.
_SCALE = [[0.0, "rgba(213,94,0,0.85)"], [0.5, "rgba(127,127,127,0)"], [1.0, "rgba(0,90,255,0.85)"]]


def cells(values: NDArray[np.float64], names: Sequence[str], picture: str) -> go.Figure:
    """A cell for each part of a picture or a sound, over the picture where there is one.

    Parameters
    ----------
    values : (H, W) bits.
    names : (H W) of the cells, row by row.
    picture : a data address, "" for none.
    """
    down, across = values.shape
    most = float(np.abs(values).max()) or 1.0
    fig = theme.figure(360)
    if picture:
        fig.add_layout_image(
            source=picture, x=-0.5, y=-0.5, sizex=across, sizey=down, xref="x", yref="y",
            xanchor="left", yanchor="top", sizing="stretch", layer="below",
        )  # fmt: skip
    fig.add_heatmap(
        z=values, zmin=-most, zmax=most, colorscale=_SCALE, xgap=1, ygap=1,
        customdata=np.asarray(names, dtype=object).reshape(down, across),
        hovertemplate="%{customdata}: %{z:+.2f} bits<extra></extra>",
        colorbar={"title": "bits", "thickness": 12},
    )  # fmt: skip
    row, column = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    marker: dict[str, Any] = {"symbol": "square-open", "size": 22, "color": theme.NEUTRAL}
    fig.add_scatter(
        x=[int(column)], y=[int(row)], mode="markers", marker={**marker, "line": {"width": 3}},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    fig.update_xaxes(visible=False, range=[-0.5, across - 0.5], constrain="domain")
    fig.update_yaxes(visible=False, range=[down - 0.5, -0.5], scaleanchor="x")
    return fig


def parts(values: NDArray[np.float64], names: Sequence[str], most: int = 12) -> Bars:
    """A bar in bits for each part (P,), the strongest ones in their order."""
    chosen = sorted(np.argsort(-np.abs(values), kind="stable")[:most].tolist())
    rows = tuple(Row("", names[i], signed(values[i]), (Mark(float(values[i])),)) for i in chosen)
    return Bars(rows, *over(rows), unit="bits")
