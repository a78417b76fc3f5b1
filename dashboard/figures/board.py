"""Tables of shaded cells over names that stand as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme

#: Pixels of a row, and of all around the rows.
ROW, AROUND = 25, 84


OURS = "dmil"


def rows(fig: go.Figure, names: Sequence[str]) -> None:
    """The names as rows from top to bottom; our own in bold, others faintly separated."""
    shown = [f"<b>{theme.plain(n)}</b>" if n == OURS else theme.plain(n) for n in names]
    fig.update_yaxes(
        type="category",
        categoryorder="array",
        categoryarray=[theme.plain(n) for n in names],
        range=[len(names) - 0.4, -0.6],
        tickmode="array",
        tickvals=[theme.plain(n) for n in names],
        ticktext=shown,
        showgrid=True,
        griddash="dot",
    )


def interaction_type(frame: pd.DataFrame) -> go.Figure:
    """Accuracy of each model (rows) on each group of samples (columns), shade and number.

    Parameters
    ----------
    frame : columns model, group, accuracy, sd (NaN where there is one seed), seeds; shares.
    """
    models = [str(m) for m in dict.fromkeys(frame["model"])]
    groups = [str(g) for g in dict.fromkeys(frame["group"])]
    wide, spread = (
        frame.pivot(index="model", columns="group", values=c).loc[models, groups].to_numpy(float)
        for c in ("accuracy", "sd")
    )
    texts = [
        [_cell(v, s) for v, s in zip(a, b, strict=True)] for a, b in zip(wide, spread, strict=True)
    ]
    fig = heatmap(wide, models, groups, texts, top=1.0)
    fig.update_layout(height=AROUND - 20 + (ROW + 1) * len(models))
    rows(fig, models)
    fig.update_yaxes(showgrid=False)
    return fig


def _cell(value: float, sd: float) -> str:
    if np.isnan(value):
        return ""
    return f"{100 * value:.1f}" + ("" if np.isnan(sd) else f" ±{100 * sd:.1f}")


def heatmap(
    values: Any, down: Sequence[str], across: Sequence[str], texts: Any, top: float
) -> go.Figure:
    """Shaded cells with their texts, on either ground; ``top`` is the value of full shade."""
    fig = theme.figure(120 + 40 * len(down))
    columns, lines = [theme.plain(c) for c in across], [theme.plain(r) for r in down]
    fig.add_heatmap(
        z=values,
        x=columns,
        y=lines,
        text=texts,
        zmin=0,
        zmax=top,
        xgap=2,
        ygap=2,
        showscale=False,
        colorscale=[[0.0, "rgba(100,143,255,0.06)"], [1.0, "rgba(70,105,215,1)"]],
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
    )
    # Plotly cannot know what is behind a translucent cell, so the text colours are set here.
    row, column = np.nonzero(np.isfinite(values))
    strong = values[row, column] > 0.45 * top
    fig.add_scatter(
        x=np.asarray(columns)[column],
        y=np.asarray(lines)[row],
        mode="text",
        text=[texts[r][c] for r, c in zip(row, column, strict=True)],
        textfont={"size": 11, "color": ["#FFFFFF" if s else theme.NEUTRAL for s in strong]},
        hoverinfo="skip",
    )
    fig.update_xaxes(type="category", side="top", showgrid=False)
    return fig
