"""Figures of one sample: its gate, and how the components add up to a logit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme
from dashboard.figures.bars import TOTAL, Bars, Mark, Row, of_models, of_part, over


def gate_bars(weights: pd.DataFrame, names: Mapping[str, str]) -> Bars:
    """A bar for each component's gate weight.

    Parameters
    ----------
    weights : columns component, weight (they sum to 1).
    names : component to the words beside its letter.
    """
    rows = tuple(
        Row(str(c), names.get(str(c), ""), f"{w:.0%}", (Mark(float(w), of_part(str(c))),))
        for c, w in weights[["component", "weight"]].itertuples(index=False)
    )
    return Bars(rows, 0.0, 1.0, share=True)


def reach(parts: Mapping[str, float], total: float) -> tuple[float, float]:
    """From where to where a waterfall's bars go, in bits; 0 is always inside."""
    return over(_falls(_named(parts, {}), total, ""))


def waterfall(
    parts: Mapping[str, float], total: float, names: Mapping[str, str], total_name: str,
    span: tuple[float, float] | None = None,
) -> Bars:  # fmt: skip
    """Signed contributions, each starting where the one before ended, then their sum; in bits.

    ``span`` is the `reach` to draw where several waterfalls are to have one scale.
    """
    rows = _falls(_named(parts, names), total, total_name)
    return Bars(rows, *(span or over(rows)), unit="bits", linked=True)


def effects(mean: float, parts: Mapping[str, float], score: float) -> Bars:
    """A waterfall of effects that have no component: the mean, each effect, and the score, in
    bits."""
    steps = {"mean over other samples": mean, **parts}
    rows = _falls([("", words, value) for words, value in steps.items()], score, "score")
    return Bars(rows, *over(rows), unit="bits", linked=True)


def _named(parts: Mapping[str, float], names: Mapping[str, str]) -> list[tuple[str, str, float]]:
    """Letter, words and value of each component."""
    return [(c, names.get(c, ""), value) for c, value in parts.items()]


def _falls(
    steps: Iterable[tuple[str, str, float]], total: float, total_name: str
) -> tuple[Row, ...]:
    """A row for each step, of a letter, words and a value, that begins where the one before ended;
    then the total."""
    rows, start = [], 0.0
    for letter, words, value in steps:
        mark = Mark(value, of_part(letter), start)
        rows.append(Row(letter, words, signed(value), (mark,)))
        start += value
    return (*rows, Row(total_name, "", signed(total), (Mark(total),)))


def information(
    parts: Mapping[str, float], exact: Mapping[str, float] | None, names: Mapping[str, str]
) -> Bars:
    """A signed bar for each part of what the inputs tell, in bits; a ring where the exact value
    is known."""
    rows = []
    for c, value in parts.items():
        text, marks = signed(value), [Mark(value, of_part(c))]
        if exact is not None:
            text += f" (exact {signed(exact[c])})"
            marks.append(Mark(exact[c], of_part(c), shape="ring"))
        rows.append(Row(c, names.get(c, ""), text, tuple(marks)))
    return Bars(tuple(rows), *over(rows), unit="bits")


def before_after(pairs: pd.DataFrame, names: Mapping[str, str], share: bool) -> Bars:
    """For each component two bars: as it is (pale) and after a change.

    Parameters
    ----------
    pairs : columns component, before, after.
    share : whether values are shares (0 to 1), else bits.
    """
    rows = []
    for component, *values in pairs[["component", "before", "after"]].itertuples(index=False):
        c, (before, after) = str(component), (float(v) for v in values)
        labels = [f"{v:.0%}" if share else signed(v) for v in (before, after)]
        marks = (Mark(before, of_part(c, pale=True)), Mark(after, of_part(c)))
        rows.append(Row(c, names.get(c, ""), " → ".join(labels), marks))
    ends = over(rows, most=1.0 if share else 0.0)
    return Bars(tuple(rows), *ends, share=share, unit="" if share else "bits")


def opinions(rows: Sequence[tuple[str, str, float, bool]], models: Collection[str]) -> Bars:
    """A bar of the confidence of each prediction.

    Parameters
    ----------
    rows : who, what is predicted, its probability (0 to 1; not a number for none), whether right.
    models : who of these are models, which have a colour of their own.
    """
    names = [who for who, *_ in rows if who in models]
    looks = dict(zip(names, of_models(names), strict=True))
    shown = tuple(
        Row(
            "✓" if right else "✗", f"{who}: {says}",
            "-" if math.isnan(share) else f"{share:.0%}",
            (Mark(share, looks.get(who, TOTAL)),),
        )
        for who, says, share, right in rows
    )  # fmt: skip
    return Bars(shown, 0.0, 1.0, share=True)


def signed(value: float) -> str:
    """A number with its sign and two decimals; what rounds to nothing is +0.00."""
    # NumPy rounds halves by another rule.
    return f"{round(float(value), 2) + 0.0:+.2f}"


def reliability(curves: Mapping[str, pd.DataFrame], height: int = 300) -> go.Figure:
    """Accuracy by confidence: a line for each head; on the diagonal each is calibrated.

    Parameters
    ----------
    curves : name of a head to columns confidence, accuracy (0 to 1), rows.
    """
    fig = theme.figure(height)
    fig.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", name="perfectly calibrated", hoverinfo="skip",
        line={"color": theme.NEUTRAL, "dash": "dot", "width": 1},
    )  # fmt: skip
    for index, (name, frame) in enumerate(curves.items()):
        colour, symbol, dash = theme.series(index)
        fig.add_scatter(
            x=frame["confidence"],
            y=frame["accuracy"],
            mode="lines+markers",
            name=theme.plain(name),
            line={"color": colour, "width": 1.5, "dash": dash},
            marker={"symbol": symbol, "size": _sizes(frame["rows"]), "color": colour},
            customdata=frame["rows"],
            hovertemplate="%{x:.0%} confidence, %{y:.0%} accuracy, %{customdata:,} samples<extra>"
            + theme.plain(name)
            + "</extra>",
        )
    fig.update_layout(showlegend=True, legend={"y": -90 / height}, margin={"r": theme.LAST_TICK})
    fig.update_xaxes(
        range=[-0.03, 1.03], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%", title="confidence"
    )
    fig.update_yaxes(range=[-0.03, 1.05], tickformat=".0%", title="accuracy")
    return fig


def _sizes(rows: pd.Series) -> list[float]:
    """Markers whose area goes with the rows they stand for."""
    share = rows / rows.sum() if len(rows) else rows
    return [5.0 + 15.0 * float(s) ** 0.5 for s in share]
