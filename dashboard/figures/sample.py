"""Figures of one sample: its gate, and how the components add up to a logit."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme


def gate_bars(weights: pd.DataFrame, names: Mapping[str, str]) -> go.Figure:
    """A horizontal bar for each component's gate weight.

    Parameters
    ----------
    weights : columns component, weight (they sum to 1).
    names : component to the words beside its letter.
    """
    components = [str(c) for c in weights["component"]]
    fig = theme.figure(_height(42, len(components)))
    fig.add_bar(
        x=weights["weight"].to_numpy(),
        y=[_label(c, names) for c in components],
        orientation="h",
        marker={
            "color": [theme.COLOURS[c] for c in components],
            "pattern": _patterns(components),
        },
        text=[f"{w:.0%}" for w in weights["weight"]],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    fig.update_xaxes(range=[0, 1.22], tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1])
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig


def reach(parts: Mapping[str, float], total: float) -> tuple[float, float]:
    """From where to where a waterfall's bars go, in bits; 0 is always inside."""
    ends, end = [0.0, total], 0.0
    for value in parts.values():
        end += value
        ends.append(end)
    return min(ends), max(ends)


def waterfall(
    parts: Mapping[str, float], total: float, names: Mapping[str, str], total_name: str,
    span: tuple[float, float] | None = None,
) -> go.Figure:  # fmt: skip
    """Signed contributions, each starting where the one before ended, then their sum; in bits.

    ``span`` is the `reach` to draw where several waterfalls are to have one scale.
    """
    components = list(parts)
    fig = theme.figure(_height(46, len(components) + 1))
    values = list(parts.values())
    starts = [sum(values[:i]) for i in range(len(values))]
    labels = [_label(c, names) for c in components]
    fig.add_bar(
        x=[*values, total],
        base=[*starts, 0.0],
        y=[*labels, f"<b>{theme.plain(total_name)}</b>"],
        orientation="h",
        marker={
            "color": [*(theme.COLOURS[c] for c in components), theme.NEUTRAL],
            "pattern": _patterns(components, extra=1),
        },
        text=[f"{v:+.2f}" for v in [*values, total]],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text} bits<extra></extra>",
    )
    _connect(fig, [s + v for s, v in zip(starts, values, strict=True)])
    low, high = span or reach(parts, total)
    room = 0.26 * (high - low or 1.0)
    fig.update_xaxes(
        range=[low - room, high + room], zeroline=True, zerolinewidth=1.5, title="bits"
    )
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig


def information(
    parts: Mapping[str, float], exact: Mapping[str, float] | None, names: Mapping[str, str]
) -> go.Figure:
    """A signed bar for each part of what the inputs tell, in bits; a ring where the exact value
    is known. The numbers stand in a column of their own, or rings would hide them."""
    components = list(parts)
    fig = theme.figure(_height(46, len(components)))
    labels = [_label(c, names) for c in components]
    fig.add_bar(
        x=list(parts.values()),
        y=labels,
        orientation="h",
        marker={
            "color": [theme.COLOURS[c] for c in components],
            "pattern": _patterns(components),
        },
        hovertemplate="%{y}: %{x:+.2f} bits<extra></extra>",
    )
    ends = [0.0, *parts.values()]
    if exact is not None:
        ends += [exact[c] for c in components]
        fig.add_scatter(
            x=[exact[c] for c in components],
            y=labels,
            mode="markers",
            marker={"symbol": "circle-open", "size": 13, "color": theme.NEUTRAL, "line.width": 3},
            hovertemplate="exact: %{x:+.2f} bits<extra></extra>",
        )
    for c, label in zip(components, labels, strict=True):
        known = "" if exact is None else f" (exact {signed(exact[c])})"
        fig.add_annotation(
            x=1, xref="paper", xanchor="right", y=label, showarrow=False,
            text=f"{signed(parts[c])}{known}", font={"color": theme.NEUTRAL},
        )  # fmt: skip
    span = max(ends) - min(ends) or 1.0
    right = 0.4 if exact is None else 1.0
    fig.update_xaxes(
        range=[min(ends) - 0.06 * span, max(ends) + right * span],
        zeroline=True,
        zerolinewidth=1.5,
        title="bits",
    )
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig


def before_after(pairs: pd.DataFrame, names: Mapping[str, str], share: bool) -> go.Figure:
    """For each component two bars: as it is (pale) and after a change.

    Parameters
    ----------
    pairs : columns component, before, after.
    share : whether values are shares (0 to 1), else bits.
    """
    components = [str(c) for c in pairs["component"]]
    fig = theme.figure(_height(58, len(components)))
    labels = [_label(c, names) for c in components]
    for column, opacity in (("before", 0.4), ("after", 1.0)):
        values = pairs[column].to_numpy(dtype=float)
        fig.add_bar(
            x=values,
            y=labels,
            orientation="h",
            name={"before": "as it is", "after": "changed"}[column],
            marker={
                "color": [theme.COLOURS[c] for c in components],
                "opacity": opacity,
                "pattern": _patterns(components),
            },
            text=[f"{v:.0%}" if share else signed(v) for v in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra>%{fullData.name}</extra>",
        )
    both = pairs[["before", "after"]].to_numpy(dtype=float)
    low, high = min(0.0, both.min(initial=0.0)), max(0.0, both.max(initial=0.0))
    room = 0.25 * (high - low or 1.0)
    span = [0, 1.22] if share else [low - (room if low < 0 else 0.0), high + room]
    fig.update_layout(barmode="group", bargap=0.25, bargroupgap=0.08)
    fig.update_xaxes(range=span, zeroline=True, zerolinewidth=1.5)
    fig.update_xaxes(tickformat=".0%" if share else None, title=None if share else "bits")
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig


def signed(value: float) -> str:
    """A number with its sign and two decimals; what rounds to nothing is +0.00."""
    # NumPy rounds halves by another rule.
    return f"{round(float(value), 2) + 0.0:+.2f}"


def _height(bar: int, bars: int) -> int:
    """Height of a figure with so many horizontal bars, and room for its axis."""
    return bar * (bars + 1)


def _connect(fig: go.Figure, ends: list[float]) -> None:
    for row, end in enumerate(ends):
        fig.add_shape(
            type="line",
            x0=end,
            x1=end,
            y0=row - 0.33,
            y1=row + 1.33,
            line={"color": theme.NEUTRAL, "width": 1, "dash": "dot"},
        )


def _label(component: str, names: Mapping[str, str]) -> str:
    name = names.get(component, "")
    # A long name goes below its letter and is cut, or the bars would have no room left.
    short = name if len(name) <= 22 else name[:21] + "…"
    gap = "<br>" if len(name) > 14 else " "
    return f"<b>{component}</b>{gap}{theme.plain(short)}".strip()


def _patterns(components: list[str], extra: int = 0) -> dict[str, object]:
    shapes = [theme.PATTERNS[c] for c in components] + [""] * extra
    return {**theme.pattern(""), "shape": shapes}


def reliability(curves: Mapping[str, pd.DataFrame], height: int = 300) -> go.Figure:
    """How often answers of a confidence are right: a line for each head; on the diagonal each is
    as sure as it should be.

    Parameters
    ----------
    curves : name of a head to columns confidence, accuracy (0 to 1), rows.
    """
    fig = theme.figure(height)
    fig.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="as sure as it should be", hoverinfo="skip",
        line={"color": theme.NEUTRAL, "dash": "dot", "width": 1},
    )  # fmt: skip
    for place, (name, frame) in enumerate(curves.items()):
        colour, symbol, dash = theme.series(place)
        fig.add_scatter(
            x=frame["confidence"],
            y=frame["accuracy"],
            mode="lines+markers",
            name=theme.plain(name),
            line={"color": colour, "width": 1.5, "dash": dash},
            marker={"symbol": symbol, "size": _sizes(frame["rows"]), "color": colour},
            customdata=frame["rows"],
            hovertemplate="%{x:.0%} sure, %{y:.0%} right, %{customdata:,} samples<extra>"
            + theme.plain(name)
            + "</extra>",
        )
    fig.update_layout(showlegend=True, legend={"y": -90 / height})
    fig.update_xaxes(range=[-0.03, 1.03], tickformat=".0%", title="how sure")
    fig.update_yaxes(range=[-0.03, 1.05], tickformat=".0%", title="how often right")
    return fig


def _sizes(rows: pd.Series) -> list[float]:
    """Markers whose area goes with the rows they stand for."""
    share = rows / rows.sum() if len(rows) else rows
    return [5.0 + 15.0 * float(s) ** 0.5 for s in share]
