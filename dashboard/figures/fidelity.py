"""Figures of the fidelity benchmark: purity and shares of a setting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import board, theme


def purity(lost: pd.DataFrame) -> go.Figure:
    """Points of accuracy lost: rows the component taken away, columns whose samples."""
    values = 100 * lost.to_numpy(dtype=float)
    texts = [["" if np.isnan(v) else f"{v:+.1f}".replace("+0.0", "0") for v in r] for r in values]
    down = [f"without {c}" for c in lost.index]
    across = [f"{c} samples" for c in lost.columns]
    fig = board.heatmap(
        np.maximum(values, 0.0), down, across, texts, top=max(10.0, float(np.nanmax(values)))
    )
    fig.update_yaxes(autorange="reversed", showgrid=False, type="category")
    return fig


def shares(frame: pd.DataFrame) -> go.Figure:
    """Stacked bars: how much of the samples each component stands for, and what nothing explains.

    Parameters
    ----------
    frame : columns who, part, share.
    """
    who = list(dict.fromkeys(frame["who"]))
    fig = theme.figure(110 + 44 * len(who))
    for part in (p for p in (*theme.COLOURS, "unexplained") if p in set(frame["part"])):
        rows = frame[frame["part"] == part].set_index("who")["share"].reindex(who)
        marker = (
            theme.component_bar(part)
            if part in theme.COLOURS
            else {"color": theme.NEUTRAL, "pattern": theme.pattern(".")}
        )
        fig.add_bar(
            x=rows.to_numpy(dtype=float),
            y=[theme.plain(w) for w in who],
            name=part,
            orientation="h",
            marker=marker,
            text=[f"{part[:2]} {v:.0%}" if v >= 0.12 and len(part) < 3 else "" for v in rows],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#FFFFFF", "size": 11},
            hovertemplate="%{y}: " + part + " %{x:.1%}<extra></extra>",
        )
    fig.update_layout(
        barmode="stack", showlegend=True, legend={"y": -0.3, "traceorder": "normal"},
        margin={"r": theme.LAST_TICK},
    )  # fmt: skip
    fig.update_xaxes(range=[0, 1.001], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%")
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig
