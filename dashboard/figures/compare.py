"""Figures that put the paradigms side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.bars import Bars, Look, Mark, Row, of_model, of_models, over


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
    """For each model two bars with whiskers: its accuracy, and, pale, that of its inputs added up.

    Parameters
    ----------
    frame : columns model, accuracy, emap and share, 0 to 1, the first two with ``_low`` and
        ``_high``.
    model, added : what the two bars are called.
    """
    rows = []
    names = [str(m) for m in frame["model"]]
    for one, look in zip(frame.to_dict("records"), of_models(names), strict=True):
        marks = tuple(
            Mark(float(one[name]), replace(look, pale=pale), text=f"{one[name]:.1%}",
                 interval=(float(one[f"{name}_low"]), float(one[f"{name}_high"])))
            for name, pale in (("accuracy", False), ("emap", True))
        )  # fmt: skip
        rows.append(Row("", str(one["model"]), f"interactions {one['share']:.0%}", marks))
    legend = ((model, Look(theme.NEUTRAL)), (added, Look(theme.NEUTRAL, pale=True)))
    return Bars(tuple(rows), 0.0, 1.0, share=True, legend=legend)


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
    looks = of_models((first, second))
    rows = tuple(
        Row(
            "", f"{cls} (true)" if cls == truth else str(cls), "",
            tuple(Mark(p, look, text=f"{p:.0%}") for p, look in zip(both, looks, strict=True)),
        )
        for cls, *both in frame[["cls", "first", "second"]].itertuples(index=False)
    )  # fmt: skip
    legend = tuple(zip((first, second), looks, strict=True))
    return Bars(rows, 0.0, 1.0, share=True, legend=legend)
