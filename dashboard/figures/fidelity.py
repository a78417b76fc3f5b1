"""Figures of the fidelity benchmark: is the decomposition the real one?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import board, theme


def agreement(table: pd.DataFrame, runs: pd.DataFrame) -> go.Figure:
    """A row per setting: how often the gate finds the interaction type, and exact references.

    Parameters
    ----------
    table : columns setting, reference, generator, agreement, paper_agreement; shares.
    runs : columns setting, who, agreement: every run of dmil and dmil-paper.
    """
    names = [str(s) for s in table["setting"]]
    shown = [theme.plain(n) for n in names]
    fig = theme.figure(board.AROUND + 30 + 27 * len(names))
    ours = runs[runs["who"] == "dmil"]
    fig.add_scatter(
        x=100 * ours["agreement"].to_numpy(dtype=float),
        y=[theme.plain(s) for s in ours["setting"]],
        mode="markers",
        marker={"size": 6, "color": theme.MODEL_COLOURS["dmil"], "opacity": 0.35},
        hovertemplate="%{y}: %{x:.1f} % in one run<extra></extra>",
        showlegend=False,
    )
    kinds = {
        "information reference": ("reference", theme.NEUTRAL, "line-ns-open", 17),
        "generator bound": ("generator", theme.NEUTRAL, "x-thin-open", 8),
        "dmil-paper": ("paper_agreement", theme.MODEL_COLOURS["dmil-paper"], "square-open", 10),
        "dmil": ("agreement", theme.MODEL_COLOURS["dmil"], "diamond", 12),
    }
    for name, (column, colour, symbol, size) in kinds.items():
        fig.add_scatter(
            x=100 * table[column].to_numpy(dtype=float),
            y=shown,
            name=name,
            mode="markers",
            marker={
                "size": size,
                "color": colour,
                "symbol": symbol,
                "line": {"width": 2.5, "color": colour},
            },
            hovertemplate="%{y}: %{x:.1f} %<extra>" + name + "</extra>",
        )
    fig.update_layout(showlegend=True, legend={"y": 1.0, "yanchor": "bottom"})
    fig.update_xaxes(title="the gate is right, % of samples", range=[-3, 104])
    board.rows(fig, names)
    return fig


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
