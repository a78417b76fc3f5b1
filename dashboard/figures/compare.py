"""Figures that put the paradigms side by side."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.bars import Bars, Look, Mark, Row, of_model, over


def accuracy(scores: pd.DataFrame) -> Bars:
    """One point and whisker a model.

    Parameters
    ----------
    scores : columns model, accuracy, low, high; fractions between 0 and 1.
    """
    rows = []
    for model, value, low, high in scores[["model", "accuracy", "low", "high"]].itertuples(
        index=False
    ):
        dot = Mark(float(value), of_model(str(model)), shape="dot", interval=(low, high))
        rows.append(Row("", str(model), f"{value:.1%}", (dot,)))
    # Not from 0: what counts are the differences, and a point does not lie as a cut bar would.
    ends = [e for row in rows for e in row.marks[0].ends if math.isfinite(e)]
    return Bars(tuple(rows), min(ends, default=0.0), max(ends, default=1.0), share=True)


def interactions(frame: pd.DataFrame, model: str, added: str) -> Bars:
    """For each model two points with their whiskers: its accuracy, and that of its inputs added up.

    Parameters
    ----------
    frame : columns model, accuracy, emap and share, 0 to 1, the first two with ``_low`` and
        ``_high``.
    model, added : what the two points are called.
    """
    looks = Look("#4477DD"), Look(theme.NEUTRAL)
    rows = []
    for one in frame.to_dict("records"):
        marks = tuple(
            Mark(float(one[name]), look, text=f"{one[name]:.1%}", shape="dot",
                 interval=(float(one[f"{name}_low"]), float(one[f"{name}_high"])))
            for name, look in zip(("accuracy", "emap"), looks, strict=True)
        )  # fmt: skip
        rows.append(Row("", str(one["model"]), f"interactions {one['share']:.0%}", marks))
    ends = [e for row in rows for m in row.marks for e in m.ends]
    legend = ((model, looks[0]), (added, looks[1]))
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    return Bars(tuple(rows), low, high, share=True, legend=legend)


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


def averages(frame: pd.DataFrame, names: Mapping[str, str]) -> Bars:
    """For each part a bar for who tells it: what they make of the inputs on average, in bits.

    Parameters
    ----------
    frame : columns who, part, mean, low, high.
    names : component to the words beside its letter.
    """
    rows = []
    for part in dict.fromkeys(frame["part"]):
        marks = tuple(
            Mark(mean, of_model(who), text=f"{mean:+.2f}", interval=(low, high))
            for who, mean, low, high in frame.loc[
                frame["part"] == part, ["who", "mean", "low", "high"]
            ].itertuples(index=False)
        )
        letter, words = (part, names[part]) if part in names else ("", str(part))
        rows.append(Row(letter, words, "", marks))
    legend = tuple((str(who), of_model(str(who))) for who in dict.fromkeys(frame["who"]))
    return Bars(tuple(rows), *over(rows), unit="bits", legend=legend)


def clusters(frame: pd.DataFrame) -> go.Figure:
    """Grouped bars: a set as a whole, by how many clusters each input was cut into, in bits.

    Parameters
    ----------
    frame : columns clusters, part, mean, low, high, few. Bars are hatched where rows are too few.
        An interval that leaves the mean outside is drawn up to it.
    """
    fig = theme.figure(320)
    counts = list(dict.fromkeys(frame["clusters"]))
    for index, count in enumerate(counts):
        rows = frame[frame["clusters"] == count]
        rows = rows.assign(
            low=rows[["low", "mean"]].min(axis=1), high=rows[["high", "mean"]].max(axis=1)
        )
        few = bool(rows["few"].iloc[0])
        name = f"{count} clusters" + (", too few rows" if few else "")
        strength = 0.3 + 0.7 * (index + 1) / len(counts)
        marker = {
            "color": theme.NEUTRAL,
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


def posteriors(frame: pd.DataFrame, first: str, second: str, truth: str) -> Bars:
    """Two models' probabilities of the same classes, a pair of bars each; the true one is marked.

    Parameters
    ----------
    frame : columns cls, first, second; probabilities between 0 and 1.
    """
    looks = [Look(theme.series(index)[0], "/" if index else "") for index in (0, 1)]
    rows = tuple(
        Row(
            "", f"{cls} (true)" if cls == truth else str(cls), "",
            tuple(Mark(p, look, text=f"{p:.0%}") for p, look in zip(both, looks, strict=True)),
        )
        for cls, *both in frame[["cls", "first", "second"]].itertuples(index=False)
    )  # fmt: skip
    legend = tuple(zip((first, second), looks, strict=True))
    return Bars(rows, 0.0, 1.0, share=True, legend=legend)


def synergy(frame: pd.DataFrame, bound: float) -> go.Figure:
    """Bars of the synergy indicator and the line that none of them can pass.

    Parameters
    ----------
    frame : columns model, indicator, low, high; fractions of all samples.
    bound : share of samples that both unimodal models get wrong.
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
    # Beyond the line, which would cross them.
    highest = max([bound, *high], default=0.0)
    _values_at(fig, np.full(len(frame), highest), [str(m) for m in frame["model"]], value)
    fig.add_vline(
        x=bound,
        line={"color": theme.NEUTRAL, "width": 2, "dash": "dash"},
        annotation={"text": f"upper bound {bound:.1%}", "yanchor": "bottom", "y": 1.0},
        annotation_position="top left",
    )
    fig.update_layout(margin={"t": 28})
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
