"""Training curves: several models over each other, the stages of one of them marked."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.figures import theme


@dataclass(frozen=True)
class Band:
    """A stage: its title, its epochs counted through the training, and its best epoch."""

    title: str
    first: int
    last: int
    best: int


def curves(
    epochs: Mapping[str, pd.DataFrame], bands: Mapping[str, Sequence[Band]],
    shown: Mapping[str, str], marked: str,
) -> go.Figure:  # fmt: skip
    """A panel for each quantity over the epochs of all stages, a line for each model.

    Parameters
    ----------
    epochs : model to columns step and those of ``shown``.
    bands : model to its stages: a line is broken between them; each best epoch has a ring.
    shown : column to the title of its panel, from top to bottom.
    marked : the model whose stages are shaded and named.
    """
    fig = make_subplots(rows=len(shown), cols=1, shared_xaxes=True, vertical_spacing=0.07)
    fig.update_layout(
        template=theme.TEMPLATE, height=130 + 215 * len(shown), showlegend=True,
        legend={"y": -0.36 / len(shown)},
    )  # fmt: skip
    looks = theme.models(epochs)
    for row, (column, title) in enumerate(shown.items(), start=1):
        for name, frame in epochs.items():
            _line(fig, row, looks[name], name, frame, column, bands[name])
        fig.update_yaxes(title=title, row=row, col=1, **_scale(column, list(epochs.values())))
    whole = max((len(frame) for frame in epochs.values()), default=1)
    for number, band in enumerate(bands.get(marked, ())):
        _shade(fig, number, band, len(shown), whole)
    fig.update_xaxes(title="epoch, counted through all stages", row=len(shown), col=1)
    fig.update_layout(margin={"t": 52})
    return fig


def _scale(column: str, frames: Sequence[pd.DataFrame]) -> dict[str, Any]:
    """How the axis of a quantity is cut: shares in percent, losses above 0 that change much by
    powers of ten."""
    if column.endswith("accuracy"):
        return {"tickformat": ".0%", "nticks": 6}
    values = pd.concat([frame[column] for frame in frames])
    low, high = float(values.min()), float(values.max())
    if low <= 0 or high < 4 * low:
        return {"nticks": 6}
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    # Over many decades only their powers: more numbers would run into each other.
    steps = (1, 2, 5) if len(decades) < 4 else (1,)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}


def _line(
    fig: go.Figure, row: int, look: theme.Line, name: str, frame: pd.DataFrame, column: str,
    bands: Sequence[Band],
) -> None:  # fmt: skip
    x: list[float | None] = []
    y: list[float | None] = []
    for band in bands:
        rows = frame[frame["step"].between(band.first, band.last)]
        # A gap at the end of a stage: its losses are not those of the next one.
        x += [*rows["step"].tolist(), None]
        y += [*rows[column].tolist(), None]
    label = theme.plain(name)
    fig.add_scatter(
        x=x, y=y, mode="lines", name=label, legendgroup=name, showlegend=row == 1,
        line={"color": look.colour, "dash": look.dash, "width": 2}, row=row, col=1,
        hovertemplate="epoch %{x}: %{y:.4~g}<extra>" + label + "</extra>",
    )  # fmt: skip
    best = frame[frame["step"].isin([band.best for band in bands])]
    fig.add_scatter(
        x=best["step"], y=best[column], mode="markers", legendgroup=name, showlegend=False,
        marker={
            "symbol": look.symbol.removesuffix("-open") + "-open", "size": 11,
            "color": look.colour, "line.width": 2.5,
        },
        customdata=[band.title for band in bands], row=row, col=1,
        hovertemplate="best epoch of %{customdata}: %{y:.4~g}<extra>" + label + "</extra>",
    )  # fmt: skip


def _shade(fig: go.Figure, number: int, band: Band, rows: int, whole: int) -> None:
    """One stage of the marked model: every second is shaded, and its name stands above.

    ``whole`` is how many epochs the axis has.
    """
    start, end = band.first - 0.5, band.last + 0.5
    for row in range(1, rows + 1):
        if number % 2:
            fig.add_vrect(
                x0=start, x1=end, fillcolor=theme.NEUTRAL, opacity=0.12, line_width=0,
                layer="below", row=row, col=1,
            )  # fmt: skip
        if number:
            fig.add_vline(
                x=start, line={"color": theme.NEUTRAL, "width": 1, "dash": "dot"}, row=row, col=1
            )
    # So many letters fit above the stage's share of a narrow screen, in at most three lines.
    room = int(66 * (end - start) / whole)
    lines = textwrap.wrap(band.title, max(6, room), break_long_words=False, break_on_hyphens=False)
    if max(map(len, lines)) > room:
        lines = [band.title.partition(" ")[0]]  # its number, whose name is in the table
    fig.add_annotation(
        x=(start + end) / 2, y=1, xref="x", yref="paper", yanchor="bottom", yshift=3,
        showarrow=False, text="<br>".join(theme.plain(line) for line in lines[:3]),
        font={"size": 10, "color": theme.NEUTRAL},
    )  # fmt: skip
