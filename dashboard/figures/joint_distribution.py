"""The joint distribution of two inputs and a class, as squares."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme

#: Bars of a class, beside its colour and name.
CLASS_PATTERNS: Final = ("", "/", "x", "\\", "-", "+", "|", ".")
#: Panels beside each other.
ACROSS: Final = 4
#: Side of the largest square, of the distance to the next: its number stands between them.
_ROOM: Final = 0.74
#: Of a class in a square less than this high its name is not written.
_LEAST_WRITTEN: Final = 0.12
#: Between two panels, in squares.
_GAP: Final = 0.7


def joint(frame: pd.DataFrame, names: list[str]) -> go.Figure:
    """A square for each pair of inputs, its area p(x1, x2), filled with p(y | x1, x2).

    Parameters
    ----------
    frame : columns panel, x1, x2, y (text), p, row and column in the panel.
    names : the classes, in order.
    """
    panels = list(dict.fromkeys(frame["panel"]))
    rows, columns = int(frame["row"].max()) + 1, int(frame["column"].max()) + 1
    placed = _placed(frame, panels, rows, columns)
    across, down = min(ACROSS, len(panels)), math.ceil(len(panels) / ACROSS)
    fig = theme.figure(round(80 + down * max(220, 90 * rows)))
    for k, name in enumerate(names):
        of_class = placed[placed["y"] == name]
        fig.add_bar(
            x=of_class["x"].to_numpy(float),
            y=of_class["height"].to_numpy(float),
            base=of_class["base"].to_numpy(float),
            width=of_class["side"].to_numpy(float),
            name=f"class {theme.plain(name)}",
            marker={
                "color": theme.CLASS_COLOURS[k % len(theme.CLASS_COLOURS)],
                "pattern": theme.pattern(CLASS_PATTERNS[k % len(CLASS_PATTERNS)]),
                "line": {"width": 0},
            },
            text=[theme.plain(t) for t in _labels(of_class)],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#FFFFFF", "size": 15},
            customdata=of_class[["x1", "x2", "share", "pair"]].map(_hovered).to_numpy(),
            hovertemplate="x1 = %{customdata[0]}, x2 = %{customdata[1]}: %{customdata[3]} of cases"
            "<br>class " + theme.plain(name) + ": %{customdata[2]} of these<extra></extra>",
        )
    _pairs(fig, placed)
    _axes(fig, frame, panels, rows, columns)
    fig.update_layout(
        barmode="overlay", showlegend=True, bargap=0, uniformtext={"minsize": 9, "mode": "hide"},
        legend={"y": 1.0, "yanchor": "bottom", "traceorder": "normal"},
    )  # fmt: skip
    fig.update_xaxes(range=[-0.55, across * (columns + _GAP) - _GAP - 0.45])
    fig.update_yaxes(range=[-(down * (rows + _GAP) - _GAP - 0.45), 0.95 if panels[1:] else 0.65])
    return fig


def _placed(frame: pd.DataFrame, panels: list[str], rows: int, columns: int) -> pd.DataFrame:
    """Where each class of each pair lies: x, base, height, side; pair and share are its chances."""
    result = frame.copy()
    panel = result["panel"].map(panels.index)
    result["x"] = result["column"] + (panel % ACROSS) * (columns + _GAP)
    result["middle"] = -(result["row"] + (panel // ACROSS) * (rows + _GAP))
    pair = result.groupby(["panel", "row", "column"], sort=False)["p"]
    result["pair"] = pair.transform("sum")
    result["share"] = result["p"] / result["pair"]
    result["side"] = _ROOM * (result["pair"] / result["pair"].max()) ** 0.5
    result["height"] = result["side"] * result["share"]
    below = pair.cumsum() - result["p"]
    result["base"] = result["middle"] - result["side"] / 2 + result["side"] * below / result["pair"]
    return result


def _labels(rows: pd.DataFrame) -> list[str]:
    return [
        str(y) if share * side > _LEAST_WRITTEN else ""
        for y, share, side in rows[["y", "share", "side"]].itertuples(index=False)
    ]


def _hovered(value: object) -> str:
    return f"{value:.1%}" if isinstance(value, float) else theme.plain(value)


def _pairs(fig: go.Figure, placed: pd.DataFrame) -> None:
    """How frequent each pair is, above its square."""
    pairs = placed.drop_duplicates(["panel", "row", "column"])
    fig.add_scatter(
        x=pairs["x"].to_numpy(float),
        y=(pairs["middle"] + pairs["side"] / 2).to_numpy(float),
        mode="text",
        text=[f"{p:.0%}" if p >= 0.01 else theme.plain("<1%") for p in pairs["pair"]],
        textposition="top center",
        textfont={"size": 12, "color": theme.NEUTRAL},
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
    )


def _axes(fig: go.Figure, frame: pd.DataFrame, panels: list[str], rows: int, columns: int) -> None:
    """Symbols of x1 at the left and of x2 below, and what a panel stands for above it."""
    across = range(min(ACROSS, len(panels)))
    symbols: dict[str, dict[int, str]] = {
        axis: dict(frame[[at, axis]].drop_duplicates().itertuples(index=False))
        for axis, at in (("x1", "row"), ("x2", "column"))
    }
    x = [
        (c + p * (columns + _GAP), symbols["x2"].get(c, "")) for p in across for c in range(columns)
    ]
    bands = range(math.ceil(len(panels) / ACROSS))
    y = [(-(r + b * (rows + _GAP)), symbols["x1"].get(r, "")) for b in bands for r in range(rows)]
    look = {"showgrid": False, "zeroline": False, "fixedrange": True}
    fig.update_xaxes(
        tickvals=[at for at, _ in x], ticktext=[theme.plain(s) for _, s in x],
        title=f"{'bit of ' * (len(panels) > 1)}x2", **look,
    )  # fmt: skip
    fig.update_yaxes(
        tickvals=[at for at, _ in y], ticktext=[theme.plain(s) for _, s in y],
        title=f"{'bit of ' * (len(panels) > 1)}x1", **look,
    )  # fmt: skip
    for index, name in enumerate(panels if len(panels) > 1 else ()):
        fig.add_annotation(
            x=(index % ACROSS) * (columns + _GAP) + (columns - 1) / 2,
            y=-(index // ACROSS) * (rows + _GAP) + 0.8,
            text=f"<b>{theme.plain(name)}</b>", showarrow=False, font={"size": 13},
        )  # fmt: skip
