"""Figures of many paradigms over seeds and data sets: scores, differences, ranks.

With two dozen methods colour cannot tell them apart: each has its own row and name, and only our
own family stands out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme

#: Pixels of a row, and of all around the rows.
ROW, AROUND = 25, 84

#: Verdict against the reference -> colour, marker. Markers differ without colour.
VERDICTS = {
    "better": ("#4477DD", "triangle-up"),
    "worse": ("#D55E00", "triangle-down"),
    "open": (theme.NEUTRAL, "circle-open"),
    "unpaired": (theme.NEUTRAL, "circle-open"),
    "reference": (theme.NEUTRAL, "diamond"),
}


def scores(table: pd.DataFrame, points: pd.DataFrame, title: str) -> go.Figure:
    """A row per method: every seed as a faint dot, their mean as a mark with its value.

    Parameters
    ----------
    table : columns method, mean; in the order of the rows. Shares, drawn in percent.
    points : columns method, seed, value.
    title : of the axis.
    """
    names = [str(m) for m in table["method"]]
    fig = theme.figure(AROUND + ROW * len(names))
    fig.add_scatter(
        x=100 * points["value"].to_numpy(dtype=float),
        y=[theme.plain(m) for m in points["method"]],
        mode="markers",
        marker={"size": 7, "color": theme.NEUTRAL, "opacity": 0.45},
        customdata=points["seed"].to_numpy(),
        hovertemplate="%{y}, seed %{customdata}: %{x:.2f}<extra></extra>",
    )
    mean = 100 * table["mean"].to_numpy(dtype=float)
    fig.add_scatter(
        x=mean,
        y=[theme.plain(n) for n in names],
        mode="markers",
        marker=_marks(names),
        hovertemplate="%{y}: mean %{x:.2f}<extra></extra>",
    )
    right = points.groupby("method")["value"].max().reindex(table["method"]).to_numpy() * 100
    _texts(fig, right, names, [f"{v:.1f}" for v in mean])
    low, high = np.nanmin(points["value"]) * 100, np.nanmax(points["value"]) * 100
    span = (high - low) or 1.0
    fig.update_xaxes(title=title, range=[low - 0.06 * span, high + 0.2 * span], nticks=6)
    rows(fig, names)
    return fig


OURS = "dmil"


def _marks(names: Sequence[str]) -> dict[str, list[object]]:
    """Markers of methods: a diamond for dmil and its ablations, the largest for dmil itself."""
    return {
        "size": [13 if n == OURS else 10 for n in names],
        "symbol": ["diamond" if n.startswith(OURS) else "circle" for n in names],
        "color": [_family(n) for n in names],
    }


def _family(name: str) -> str:
    return theme.MODEL_COLOURS[OURS] if name.startswith(OURS) else theme.NEUTRAL


def _texts(fig: go.Figure, x: Any, names: Sequence[str], texts: Sequence[str]) -> None:
    fig.add_scatter(
        x=x,
        y=[theme.plain(n) for n in names],
        mode="text",
        text=[f"\u2002{t}" for t in texts],
        textposition="middle right",
        hoverinfo="skip",
    )


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


def differences(table: pd.DataFrame, title: str) -> go.Figure:
    """A row per method or data set: the paired difference with its 95 % interval, and zero.

    Parameters
    ----------
    table : columns method (or any name of a row), difference, low, high, pairs, verdict. Shares,
        drawn in percentage points.
    title : of the axis.
    """
    names = [str(m) for m in table["method"]]
    fig = theme.figure(AROUND + ROW * len(names))
    d, low, high = (100 * table[c].to_numpy(dtype=float) for c in ("difference", "low", "high"))
    fig.add_vline(x=0, line={"color": theme.NEUTRAL, "width": 1.5})
    known = np.isfinite(d)
    for verdict, (colour, symbol) in VERDICTS.items():
        # Each kind is a trace of its own, because error bars of a trace share one colour.
        here = known & (table["verdict"] == verdict).to_numpy()
        if not here.any():
            continue
        fig.add_scatter(
            x=d[here],
            y=[theme.plain(n) for n, h in zip(names, here, strict=True) if h],
            mode="markers",
            marker={
                "size": 11,
                "color": colour,
                "symbol": symbol,
                "line": {"width": 2, "color": colour},
            },
            error_x={
                "type": "data",
                "symmetric": False,
                "array": np.nan_to_num(high - d)[here],
                "arrayminus": np.nan_to_num(d - low)[here],
                "color": colour,
                "thickness": 2,
                "width": 4,
            },
            customdata=np.stack([low, high, table["pairs"].to_numpy(dtype=float)], axis=1)[here],
            hovertemplate="%{y}: %{x:+.2f} points (%{customdata[0]:+.2f} to "
            "%{customdata[1]:+.2f}, %{customdata[2]} pairs)<extra></extra>",
        )
    ends = np.concatenate([d[known], low[np.isfinite(low)], high[np.isfinite(high)], [0.0]])
    span = float(ends.max() - ends.min()) or 1.0
    fig.update_xaxes(
        title=title,
        range=[float(ends.min()) - 0.06 * span, float(ends.max()) + 0.06 * span],
        nticks=6,
    )
    rows(fig, names)
    return fig


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


def ranks(
    average: pd.Series, each: pd.DataFrame, cliques: Sequence[Sequence[str]], critical: float
) -> go.Figure:
    """Critical-difference diagram, turned so that names have room: a row per method, best first.

    Faint dots are the ranks on single data sets. Shaded: not told apart from the best. Each bar
    at the right joins methods that are not told apart from one another.

    Parameters
    ----------
    average : method to average rank, best first.
    each : ranks on each data set, (data sets, methods).
    cliques : groups of neighbouring methods within the critical difference.
    critical : the critical difference; NaN where there are too few data sets.
    """
    names = [str(m) for m in average.index]
    value = average.to_numpy(dtype=float)
    fig = theme.figure(AROUND + 10 + ROW * len(names))
    if np.isfinite(critical):
        fig.add_vrect(
            x0=value[0],
            x1=min(value[0] + critical, len(names) + 0.5),
            fillcolor="rgba(100,143,255,0.14)",
            line_width=0,
            layer="below",
        )
    long = each.melt(ignore_index=False, var_name="method", value_name="rank").reset_index(
        names="data"
    )
    fig.add_scatter(
        x=long["rank"].to_numpy(dtype=float),
        y=[theme.plain(m) for m in long["method"]],
        mode="markers",
        marker={"size": 6, "color": theme.NEUTRAL, "opacity": 0.35},
        customdata=[theme.plain(d) for d in long["data"]],
        hovertemplate="%{y} on %{customdata}: rank %{x}<extra></extra>",
    )
    fig.add_scatter(
        x=value,
        y=[theme.plain(n) for n in names],
        mode="markers",
        marker=_marks(names),
        hovertemplate="%{y}: average rank %{x:.2f}<extra></extra>",
    )
    end = _bars(fig, names, cliques)
    ticks = [n for n in range(1, len(names) + 1) if n == 1 or n % max(1, len(names) // 5) == 0]
    fig.update_xaxes(title="rank (1 is best)", range=[0.4, end], tickvals=ticks)
    rows(fig, names)
    return fig


def _bars(fig: go.Figure, names: Sequence[str], cliques: Sequence[Sequence[str]]) -> float:
    """Upright bars right of the last rank, one a group, each in its own lane; where they end."""
    last, lane = len(names) + 0.5, 0.028 * len(names)
    for number, group in enumerate(cliques, start=1):
        fig.add_scatter(
            x=[last + number * lane] * len(group),
            y=[theme.plain(n) for n in group],
            mode="lines",
            line={"color": theme.NEUTRAL, "width": 4},
            hovertemplate=f"{theme.plain(group[0])} to {theme.plain(group[-1])}: "
            "not told apart<extra></extra>",
        )
    return last + (len(cliques) + 1) * lane
