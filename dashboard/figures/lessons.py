"""The pictures of the lessons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme

#: Segments of a bar narrower than this share of the axis carry no text.
_LEAST_WRITTEN: Final = 0.08
_BAR: Final = 58
#: Width of a cell of `cases`, of the distance to the next.
_CELL: Final = 0.86


def alone_and_together(parts: Mapping[str, float], top: float, added: bool = False) -> go.Figure:
    """What x1, x2 and both tell, each bar cut in its parts; ``added``: also x1 and x2 added up.

    Parameters
    ----------
    parts : R, U1, U2, S in bits, none below 0.
    top : end of the axis in bits, the same wherever the control stands.
    """
    rows: dict[str, tuple[str, ...]] = {"x1 alone": ("R", "U1"), "x2 alone": ("R", "U2")}
    if added:
        rows["added up"] = ("R", "U1", "R", "U2")
    rows["both together"] = ("R", "U1", "U2", "S")
    fig = theme.figure(_BAR * len(rows) + 50)
    drawn: dict[str, list[tuple[str, float, float]]] = {c: [] for c in parts}
    for row, components in rows.items():
        end = 0.0
        for c in components:
            drawn[c].append((row, end, max(parts[c], 0.0)))
            end += max(parts[c], 0.0)
        fig.add_annotation(
            x=end, y=row, text=f"<b>{end:.2f}</b>", showarrow=False, xanchor="left", xshift=6,
            font={"color": theme.NEUTRAL, "size": 15},
        )  # fmt: skip
    for c, bars in drawn.items():
        fig.add_bar(
            x=[v for _, _, v in bars],
            base=[start for _, start, _ in bars],
            y=[row for row, _, _ in bars],
            orientation="h",
            name=c,
            marker={**theme.component_bar(c), "line": {"width": 1, "color": "#FFFFFF"}},
            text=[f"<b>{c}</b>" if v > _LEAST_WRITTEN * top else "" for _, _, v in bars],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#FFFFFF", "size": 15},
            hovertemplate="%{y}: " + c + " %{x:.2f} bits<extra></extra>",
        )
    fig.update_layout(barmode="overlay", bargap=0.3)
    fig.update_xaxes(range=[0, 1.25 * top], title="bits", zeroline=True)
    fig.update_yaxes(categoryarray=list(rows)[::-1], categoryorder="array", showgrid=False)
    return fig


#: The picture of a switch and of a lamp, in the units of `lamp`.
_PANEL, _TALL, _LIT = 190, 190, "#F2C230"


def lamp(states: Sequence[tuple[bool, bool, bool]], alt: str) -> str:
    """Two switches and a lamp in each of some states, two beside each other, as SVG text of ours.

    Parameters
    ----------
    states : whether the first switch is up, the second, and whether the lamp is on.
    alt : what is drawn, in words.
    """
    drawn = "".join(
        f'<g transform="translate({i % 2 * _PANEL} {i // 2 * _TALL})">{_state(*state)}</g>'
        for i, state in enumerate(states)
    )
    tall = _TALL * -(-len(states) // 2)
    return (
        f'<svg viewBox="0 0 {2 * _PANEL} {tall}" width="100%" style="max-width:28rem" role="img" '
        f'aria-label="{theme.quoted(alt)}" fill="currentColor" font-size="15" '
        f'text-anchor="middle">{drawn}</svg>'
    )


def _state(first: bool, second: bool, on: bool) -> str:
    middle = _PANEL / 2
    rays = "".join(
        f'<path d="M0,-36 V-46" transform="translate({middle} 52) rotate({angle})" '
        'stroke="currentColor" stroke-width="3" stroke-linecap="round"/>'
        for angle in range(-120, 121, 40)
    )
    bulb = (
        f'<circle cx="{middle}" cy="52" r="28" fill="{_LIT if on else "none"}" '
        'stroke="currentColor" stroke-width="2.5"/>'
        f'<path d="M{middle - 11},82 h22 M{middle - 8},88 h16" stroke="currentColor" '
        'stroke-width="3"/>'
    )
    ink = 'fill="#111"' if on else ""
    word = f'<text x="{middle}" y="57" font-weight="bold" {ink}>{"on" if on else "off"}</text>'
    switches = _switch(48, "x1", first) + _switch(_PANEL - 48, "x2", second)
    return (rays if on else "") + bulb + word + switches


def _switch(x: float, name: str, up: bool) -> str:
    knob = 112 if up else 130
    return (
        f'<path d="M{x},108 V98 H{_PANEL / 2} V90" fill="none" stroke="currentColor" '
        'stroke-opacity=".5" stroke-width="2"/>'
        f'<rect x="{x - 13}" y="108" width="26" height="44" rx="6" fill="none" '
        'stroke="currentColor" stroke-width="2.5"/>'
        f'<rect x="{x - 9}" y="{knob}" width="18" height="18" rx="4"/>'
        f'<text x="{x}" y="172">{name} {"up" if up else "down"}</text>'
    )


def flat(frame: pd.DataFrame) -> go.Figure:
    """The chance of class 1 by each input alone: a column for each input, in as many steps as it
    has values; one that carries nothing is flat.

    Parameters
    ----------
    frame : columns x1, x2 (text), one, two (0 to 1), as in `cases`.
    """
    fig = theme.figure(330)
    ticks: list[tuple[float, str]] = []
    for index, (symbol, chance) in enumerate((("x1", "one"), ("x2", "two"))):
        known = frame.drop_duplicates(symbol).sort_values(symbol)
        at = [index * (len(known) + 0.8) + i for i in range(len(known))]
        values = known[chance].to_numpy(float)
        component = ("U1", "U2")[index]
        fig.add_bar(
            x=at, y=values, width=1.0, marker=theme.component_bar(component),
            text=[f"<b>{v:.0%}</b>" for v in values], textposition="outside", cliponaxis=False,
            textfont={"size": 20, "color": theme.NEUTRAL},
            hovertemplate=f"{symbol} alone: %{{y:.0%}}<extra></extra>",
        )  # fmt: skip
        ticks += [(x, f"{symbol} = {v}") for x, v in zip(at, known[symbol], strict=True)]
    fig.add_hline(y=0.5, line={"color": theme.NEUTRAL, "dash": "dot", "width": 2})
    fig.update_xaxes(
        tickvals=[x for x, _ in ticks], ticktext=[theme.plain(t) for _, t in ticks],
        showgrid=False, zeroline=False, tickfont={"size": 15},
    )  # fmt: skip
    fig.update_yaxes(range=[0, 1], tickformat=".0%", title="chance of y = 1", nticks=6)
    fig.update_layout(bargap=0)
    return fig


def cases(frame: pd.DataFrame) -> go.Figure:
    """How likely class 1 seems in each case, by who looks: a small bar and its number for each.

    Parameters
    ----------
    frame : columns x1, x2 (text), one, two, mean, both (0 to 1).
    """
    who = {"one": "x1 alone", "two": "x2 alone", "mean": "their mean", "both": "both"}
    down = [f"x1={a} x2={b}" for a, b in zip(frame["x1"], frame["x2"], strict=True)]
    rows = list(range(len(down)))
    fig = theme.figure(62 * len(down) + 50)
    colours = (theme.COLOURS["U1"], theme.COLOURS["U2"], theme.NEUTRAL, theme.COLOURS["S"])
    shapes = (theme.PATTERNS["U1"], theme.PATTERNS["U2"], "", theme.PATTERNS["S"])
    for index, (column, name) in enumerate(who.items()):
        values = frame[column].to_numpy(float)
        for width, marker in (
            ([_CELL] * len(rows), {"color": theme.GRID}),
            (_CELL * values, {"color": colours[index], "pattern": theme.pattern(shapes[index])}),
        ):
            fig.add_bar(
                x=width, base=[float(index)] * len(rows), y=rows, width=0.34, orientation="h",
                offset=-0.3, marker=marker, hoverinfo="skip",
            )  # fmt: skip
        fig.add_scatter(
            x=[index + _CELL / 2] * len(rows), y=[r + 0.24 for r in rows], mode="text",
            text=[f"{v:.0%}" for v in values], textfont={"size": 15, "color": theme.NEUTRAL},
            hovertemplate=f"{name}: %{{text}}<extra></extra>",
        )  # fmt: skip
    fig.update_layout(barmode="overlay")
    fig.update_xaxes(
        range=[-0.05, len(who)], side="top", showgrid=False, zeroline=False,
        tickvals=[index + _CELL / 2 for index in range(len(who))], ticktext=list(who.values()),
    )  # fmt: skip
    fig.update_yaxes(
        range=[len(down) - 0.5, -0.5], tickvals=rows, ticktext=down, showgrid=False, zeroline=False
    )
    return fig


def reached(frame: pd.DataFrame) -> go.Figure:
    """How often a model is right on each kind of samples, and an upright line at the best
    possible; columns group, accuracy, best (0 to 1)."""
    groups = [str(g) for g in frame["group"]]
    fig = theme.figure(_BAR * len(groups) + 70)
    fig.add_bar(
        x=frame["accuracy"].to_numpy(float),
        y=groups,
        orientation="h",
        marker={
            "color": [theme.COLOURS[g] for g in groups],
            "pattern": {**theme.pattern(""), "shape": [theme.PATTERNS[g] for g in groups]},
        },
        hovertemplate="%{y}: right %{x:.1%}<extra></extra>",
    )
    fig.add_scatter(
        x=frame["best"].to_numpy(float),
        y=groups,
        mode="markers",
        marker={
            "symbol": "line-ns", "size": 34, "color": theme.NEUTRAL,
            "line": {"width": 4, "color": theme.NEUTRAL},
        },
        hovertemplate="%{y}: best possible %{x:.1%}<extra></extra>",
    )  # fmt: skip
    for g, value, best in zip(groups, frame["accuracy"], frame["best"], strict=True):
        fig.add_annotation(
            x=1.04, y=g, text=f"<b>{value:.1%}</b> of {best:.1%}", showarrow=False, xanchor="left",
            font={"color": theme.NEUTRAL, "size": 14},
        )  # fmt: skip
    fig.update_xaxes(range=[0, 1.55], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%")
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig


def signed(values: Mapping[str, float], reach: tuple[float, float]) -> go.Figure:
    """Bars to either side of 0, in bits; the components in their own look, others in grey.

    ``reach`` is the part of the axis that is always seen.
    """
    names = list(values)
    fig = theme.figure(_BAR * len(names) + 40)
    fig.add_bar(
        x=list(values.values()),
        y=names,
        orientation="h",
        marker={
            "color": [theme.COLOURS.get(n, theme.NEUTRAL) for n in names],
            "pattern": {**theme.pattern(""), "shape": [theme.PATTERNS.get(n, "") for n in names]},
        },
        text=[f"{v:+.2f}" for v in values.values()],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:+.2f} bits<extra></extra>",
    )
    low, high = min(0.0, reach[0], *values.values()), max(0.0, reach[1], *values.values())
    room = 0.2 * (high - low or 1.0)
    fig.update_xaxes(
        range=[low - room if low < 0 else 0.0, high + room], zeroline=True, zerolinewidth=2,
        title="bits",
    )  # fmt: skip
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig


def pair(positions: pd.DataFrame, marked: Sequence[str]) -> go.Figure:
    """A map of all samples, columns x and y by id; the marked ones have the letters A, B."""
    fig = theme.figure(380)
    fig.add_scatter(
        x=positions["x"].to_numpy(float),
        y=positions["y"].to_numpy(float),
        mode="markers",
        marker={"size": 4, "color": theme.NEUTRAL, "opacity": 0.35},
        hoverinfo="skip",
    )
    for index, name in enumerate(marked):
        colour, symbol, _ = theme.series(index)
        x, y = positions.loc[[name], ["x", "y"]].to_numpy(float)[0]
        letter = "AB"[index]
        fig.add_scatter(
            x=[x], y=[y], mode="markers",
            marker={
                "size": (20, 11)[index], "color": colour, "symbol": symbol,
                "line": {"width": 1.5, "color": "#FFFFFF"},
            },
            hovertemplate=f"{letter}: {theme.plain(name)}<extra></extra>",
        )  # fmt: skip
        fig.add_annotation(
            x=x, y=y, text=f"<b>{letter}</b>", ax=(-46, 46)[index],
            ay=-34, arrowcolor=colour, arrowwidth=2, arrowhead=0,
            font={"size": 20, "color": theme.NEUTRAL},
        )  # fmt: skip
    fig.update_xaxes(visible=False)
    fig.update_yaxes(visible=False, scaleanchor="x")
    return fig
