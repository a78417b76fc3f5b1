"""Figures of what an input is worth: who should get it, and for which classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.bars import Bars, Look, Mark, Row, over

#: Policy -> colour and dash: told apart in black and white as well.
_LINES: Final = {
    "oracle": (theme.NEUTRAL, "dot"),
    "predicted": ("#0E8FB0", "dash"),
    "entropy": ("#4477DD", "solid"),
    "random": (theme.NEUTRAL, "dash"),
}
_WORTH: Final = Look("#4477DD")


def acquisition(
    curve: pd.DataFrame, names: Mapping[str, str], point: tuple[float, float] | None,
    height: int = 380,
) -> go.Figure:  # fmt: skip
    """Accuracy against the share of rows that get an input, a line for each policy.

    Parameters
    ----------
    curve : columns share and ``accuracy_<policy>``, from 0 to 1.
    names : policy -> what it is called.
    point : share and accuracy of an operating point, None for none.
    """
    fig = theme.figure(height)
    for policy, (colour, dash) in _LINES.items():
        fig.add_scatter(
            x=curve["share"], y=curve[f"accuracy_{policy}"], mode="lines",
            name=names[policy], line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"%{{x:.0%}} of the samples: %{{y:.1%}}<extra>{names[policy]}</extra>",
        )  # fmt: skip
    if point is not None:
        fig.add_scatter(
            x=[point[0]], y=[point[1]], mode="markers", name="best at this price",
            marker={"symbol": "diamond", "size": 13, "color": "#D55E00"},
            hovertemplate="%{x:.0%} of the samples: %{y:.1%}<extra>best at this price</extra>",
        )  # fmt: skip
    fig.update_xaxes(title="samples that get the input", tickformat=".0%", range=[-0.02, 1.02])
    fig.update_yaxes(title="accuracy", tickformat=".0%", nticks=6)
    fig.update_layout(
        legend={"orientation": "h", "y": -0.28}, showlegend=True, margin={"r": theme.LAST_TICK}
    )
    return fig


def by_part(parts: Sequence[tuple[str, int, float, float, float]]) -> Bars:
    """A bar in bits for each part of the rows, with its interval.

    Parameters
    ----------
    parts : name, rows, value, low, high.
    """
    rows = tuple(
        Row("", f"{name} ({count:,} samples)", f"{value:+.2f}",
            (Mark(value, _WORTH, interval=(low, high)),))
        for name, count, value, low, high in parts
    )  # fmt: skip
    return Bars(rows, *over(rows), unit="bits")
