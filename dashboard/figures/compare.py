"""Figures that put the ways of learning side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme


def accuracy(scores: pd.DataFrame) -> go.Figure:
    """One point and whisker a model.

    Parameters
    ----------
    scores : columns model, accuracy, low, high; fractions between 0 and 1.
    """
    fig = theme.figure(80 + 44 * len(scores))
    models = [str(m) for m in scores["model"]]
    value = scores["accuracy"].to_numpy(dtype=float)
    low, high = (scores[c].to_numpy(dtype=float) for c in ("low", "high"))
    fig.add_scatter(
        x=value,
        y=models,
        mode="markers",
        marker={"size": 13, "color": [theme.MODEL_COLOURS.get(m, theme.NEUTRAL) for m in models]},
        error_x=_whisker(value, low, high),
        customdata=np.stack([low, high], axis=1),
        hovertemplate="%{y}: %{x:.2%} (%{customdata[0]:.2%} to %{customdata[1]:.2%})"
        "<extra></extra>",
    )
    _values_at(fig, high, models, value)
    fig.update_xaxes(tickformat=".0%", title="accuracy", range=_room(low, high))
    _model_axis(fig, len(models))
    return fig


def _room(low: Any, high: Any) -> list[float]:
    # Text stands right of the whiskers: leave it a fifth of the width.
    span = float(np.nanmax(high) - np.nanmin(low)) or 0.01
    return [float(np.nanmin(low)) - 0.08 * span, float(np.nanmax(high)) + 0.22 * span]


def _values_at(fig: go.Figure, x: Any, y: Sequence[str], values: Any) -> None:
    text = [f"\u2003{v:.1%}" for v in values]
    fig.add_scatter(x=x, y=y, mode="text", text=text, textposition="middle right", hoverinfo="skip")


def _model_axis(fig: go.Figure, models: int) -> None:
    fig.update_yaxes(showgrid=False, type="category", range=[models - 0.5, -0.5])


def _whisker(value: Any, low: Any, high: Any) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": high - value,
        "arrayminus": value - low,
        "color": theme.NEUTRAL,
        "thickness": 2,
        "width": 6,
    }


def _wrapped(name: str) -> str:
    """A group's name in lines short enough to stand upright under its bars."""
    return "<br>".join(theme.plain(line) for line in textwrap.wrap(name, 14))


def by_group(frame: pd.DataFrame, models: Sequence[str]) -> go.Figure:
    """Grouped bars: for each group of samples, the accuracy of every model with its interval.

    Parameters
    ----------
    frame : columns model, group, accuracy, low, high.
    """
    fig = theme.figure(320)
    for model in models:
        rows = frame[frame["model"] == model]
        groups = [_wrapped(str(g)) for g in rows["group"]]
        _grouped(fig, model, groups, rows, "accuracy", ":.1%}")
    fig.update_layout(legend={"y": -0.22})
    fig.update_xaxes(tickangle=0)
    fig.update_yaxes(range=[0, 1.03], tickformat=".0%", title="accuracy")
    return fig


def averages(frame: pd.DataFrame, height: int = 320) -> go.Figure:
    """Grouped bars: what each model's heads make of the inputs on average, in bits.

    Parameters
    ----------
    frame : columns who, part, mean, low, high.
    """
    fig = theme.figure(height)
    for who in dict.fromkeys(frame["who"]):
        rows = frame[frame["who"] == who]
        _grouped(fig, who, list(rows["part"]), rows, "mean", ":+.2f} bits")
    fig.update_layout(legend={"y": -0.16})
    fig.update_yaxes(title="bits", zeroline=True, zerolinewidth=1.5)
    return fig


def clusters(frame: pd.DataFrame) -> go.Figure:
    """Grouped bars: a set as a whole, by how many clusters each input was cut into, in bits.

    Parameters
    ----------
    frame : columns clusters, part, mean, low, high, few. Bars are hatched where rows are too few.
        An interval that leaves the mean outside is drawn up to it.
    """
    fig = theme.figure(320)
    counts = list(dict.fromkeys(frame["clusters"]))
    for place, count in enumerate(counts):
        rows = frame[frame["clusters"] == count]
        rows = rows.assign(
            low=rows[["low", "mean"]].min(axis=1), high=rows[["high", "mean"]].max(axis=1)
        )
        few = bool(rows["few"].iloc[0])
        name = f"{count} clusters" + (", too few rows" if few else "")
        strength = 0.3 + 0.7 * (place + 1) / len(counts)
        marker = {
            "color": theme.MODEL_COLOURS["dmil"],
            "opacity": strength,
            "pattern": theme.pattern("/" if few else ""),
        }
        _bars(fig, name, list(rows["part"]), rows, "mean", ":+.2f} bits", marker)
    fig.update_layout(legend={"y": -0.16})
    fig.update_yaxes(title="bits", zeroline=True, zerolinewidth=1.5)
    return fig


def _grouped(
    fig: go.Figure, who: str, groups: list[str], rows: pd.DataFrame, column: str, form: str
) -> None:
    """One model's bars beside those of others."""
    marker = {
        "color": theme.MODEL_COLOURS.get(who, theme.NEUTRAL),
        "pattern": theme.pattern(theme.MODEL_PATTERNS.get(who, ".")),
    }
    _bars(fig, who, groups, rows, column, form, marker)


def _bars(
    fig: go.Figure, name: str, groups: list[str], rows: pd.DataFrame, column: str, form: str,
    marker: Mapping[str, object],
) -> None:  # fmt: skip
    """Bars with their whiskers, beside others; ``form`` is how y is told."""
    value, low, high = (rows[c].to_numpy(dtype=float) for c in (column, "low", "high"))
    fig.add_bar(
        x=groups,
        y=value,
        name=theme.plain(name),
        marker=marker,
        error_y={**_whisker(value, low, high), "thickness": 1.5, "width": 3},
        hovertemplate="%{x}: %{y" + form + "<extra>" + theme.plain(name) + "</extra>",
    )
    fig.update_layout(barmode="group", showlegend=True, bargap=0.25, bargroupgap=0.08)


def posteriors(frame: pd.DataFrame, first: str, second: str, truth: str) -> go.Figure:
    """Two models' probabilities of the same classes, a pair of bars each; the true one is marked.

    Parameters
    ----------
    frame : columns cls, first, second; probabilities between 0 and 1.
    """
    fig = theme.figure(110 + 46 * len(frame))
    names = [theme.plain(c) + (" (true)" if c == truth else "") for c in frame["cls"]]
    for place, (column, name) in enumerate((("first", first), ("second", second))):
        fig.add_bar(
            x=frame[column],
            y=names,
            orientation="h",
            name=theme.plain(name),
            marker={
                "color": theme.series(place)[0],
                "pattern": theme.pattern("/" if place else ""),
            },
            text=[f"{p:.0%}" for p in frame[column]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra>%{fullData.name}</extra>",
        )
    fig.update_layout(barmode="group", bargap=0.3, bargroupgap=0.08, showlegend=True)
    fig.update_layout(legend={"y": -0.2, "traceorder": "normal"})
    fig.update_xaxes(range=[0, 1.18], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    fig.update_yaxes(type="category", autorange="reversed", showgrid=False)
    return fig


def synergy(frame: pd.DataFrame, ceiling: float) -> go.Figure:
    """Bars of the synergy indicator and the line that none of them can pass.

    Parameters
    ----------
    frame : columns model, indicator, low, high; fractions of all samples.
    ceiling : share of samples that both unimodal models get wrong.
    """
    fig = theme.figure(110 + 44 * len(frame))
    value, high = (frame[c].to_numpy(dtype=float) for c in ("indicator", "high"))
    fig.add_bar(
        x=value,
        y=frame["model"],
        orientation="h",
        marker=theme.component_bar("S"),
        error_x=_whisker(value, frame["low"].to_numpy(dtype=float), high),
        hovertemplate="%{y}: %{x:.2%} of samples<extra></extra>",
    )
    _values_at(fig, high, [str(m) for m in frame["model"]], value)
    fig.add_vline(
        x=ceiling,
        line={"color": theme.NEUTRAL, "width": 2, "dash": "dash"},
        annotation={"text": f"ceiling {ceiling:.1%}", "yanchor": "bottom", "y": 1.0},
        annotation_position="top left",
    )
    fig.update_layout(margin={"t": 28})
    highest = max([ceiling, *high], default=0.0)
    fig.update_xaxes(range=[0, 1.2 * highest or 1.0], tickformat=".0%", title="of all samples")
    _model_axis(fig, len(frame))
    return fig


def confusion(counts: pd.DataFrame) -> go.Figure:
    """Rows = true class, columns = predicted class; shade is the share of the row."""
    values = counts.to_numpy(dtype=float)
    share = values / np.maximum(values.sum(axis=1, keepdims=True), 1)
    names = [theme.plain(c) for c in counts.columns]
    fig = theme.figure(150 + 34 * len(names))
    fig.add_heatmap(
        z=share,
        x=names,
        y=names,
        text=counts.to_numpy(),
        zmin=0,
        zmax=1,
        xgap=2,
        ygap=2,
        showscale=False,
        colorscale=[[0.0, "rgba(100,143,255,0.06)"], [1.0, "rgba(70,105,215,1)"]],
        hovertemplate="true %{y}, predicted %{x}: %{text} (%{z:.0%} of the row)<extra></extra>",
    )
    if len(names) <= 12:
        _cell_texts(fig, values, share, names)
    fig.update_xaxes(title="predicted", type="category", side="bottom", showgrid=False)
    fig.update_yaxes(title="true", type="category", autorange="reversed", showgrid=False)
    return fig


def _cell_texts(fig: go.Figure, counts: Any, share: Any, names: Sequence[str]) -> None:
    # Plotly cannot know what is behind a translucent cell, so the text colours are set here.
    row, column = np.nonzero(counts)
    strong = share[row, column] > 0.45
    fig.add_scatter(
        x=np.asarray(names)[column],
        y=np.asarray(names)[row],
        mode="text",
        text=[f"{int(n)}" for n in counts[row, column]],
        textfont={"color": ["#FFFFFF" if s else theme.NEUTRAL for s in strong]},
        hoverinfo="skip",
    )
