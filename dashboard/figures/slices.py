"""A slice beside the rest: means with their intervals."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme

_SIDES = {"rest": ("circle-open", -0.16), "slice": ("circle", 0.16)}


def against_rest(frame: pd.DataFrame, kind: str) -> go.Figure:
    """A row for each name, with the slice's mean (filled) above that of the rest (hollow).

    Parameters
    ----------
    frame : columns name, side (slice, rest), mean, low, high, rows; bounds may be NaN.
    kind : ``gate`` and ``right`` are shares, ``bits`` are bits.
    """
    names = list(dict.fromkeys(frame["name"]))
    fig = theme.figure(70 + 44 * len(names))
    for side, (symbol, shift) in _SIDES.items():
        rows = frame[frame["side"] == side].set_index("name").reindex(names)
        tints = [theme.COLOURS.get(n, theme.NEUTRAL) for n in names]
        low, high = rows["mean"] - rows["low"], rows["high"] - rows["mean"]
        fig.add_scatter(
            x=rows["mean"],
            y=[i + shift for i in range(len(names))],
            mode="markers",
            name=side,
            marker={"symbol": symbol, "size": 11, "color": tints, "line": {"width": 2}},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": high.fillna(0.0),
                "arrayminus": low.fillna(0.0),
                "color": theme.NEUTRAL,
                "thickness": 1.5,
            },
            customdata=rows["rows"],
            hovertemplate=f"{side}: %{{x}} (%{{customdata}} samples)<extra></extra>",
        )
    fig.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=[theme.plain(n) for n in names],
        range=[len(names) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    if kind == "bits":
        fig.update_xaxes(tickformat=".2~f", zeroline=True)
    else:
        fig.update_xaxes(
            tickformat=".0%", tickvals=[0.0, 0.5, 1.0], range=[-0.06, 1.12], zeroline=False
        )
    return fig
