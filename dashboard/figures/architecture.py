"""The architecture as boxes and arrows, and Theorem 1 in bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures import theme

#: Pixels of the drawing: of a box, and from one to the next.
WIDTH, HEIGHT, ACROSS, DOWN, EDGE = 128, 46, 168, 62, 6
#: Column of the components.
_COMPONENTS = 3


@dataclass(frozen=True)
class Box:
    """A part: its sign, words below it, where it lies in pixels, and its component's colour."""

    id: str
    sign: str
    words: str
    x: float
    y: float
    width: float = WIDTH
    height: float = HEIGHT
    colour: str = ""


@dataclass(frozen=True)
class Arrow:
    """What flows from one part into another.

    Attributes
    ----------
    start, end : ids of the two.
    through : height in pixels at which it passes the components between them; None where it has
        none to pass.
    """

    start: str
    end: str
    through: float | None = None


def parts(modalities: int) -> list[str]:
    """Ids of the parts of so many inputs, in the order in which they are read."""
    numbers = range(1, modalities + 1)
    of_each = [f"{kind}{m}" for kind in "xzmn" for m in numbers]
    return [*of_each, "r", *(f"u{m}" for m in numbers), "s", "heads", "gate", "answer"]


def boxes(modalities: int, names: Mapping[str, str]) -> list[Box]:
    """The parts of a model of so many inputs, from left to right; ``names`` are words by id."""
    numbers = [str(m) for m in range(1, modalities + 1)]
    split = [f"{kind}{m}" for kind in "mn" for m in numbers]
    uniques = [f"u{m}" for m in numbers]
    result = [uniques[0], "r", *uniques[1:], "s"]
    rows = len(split) + 1
    inner = [
        _spread(["x" + m for m in numbers], 0, rows),
        _spread(["z" + m for m in numbers], 1, rows),
    ]
    placed = {k: at for part in inner for k, at in part.items()}
    placed |= {k: (2, row) for row, k in enumerate(split)}
    placed |= {k: (_COMPONENTS, row) for row, k in enumerate(result)}
    made = [
        Box(k, _sign(k), names.get(k, ""), _left(column), _top(row), colour=_colour(k))
        for k, (column, row) in placed.items()
    ]
    tall = _top(len(result) - 1) + HEIGHT - EDGE
    made.append(Box("heads", "heads", names.get("heads", ""), _left(4), EDGE, height=tall))
    made.append(Box("gate", "gate", names.get("gate", ""), _left(4), _top(rows - 1)))
    made.append(Box("answer", "answer", names.get("answer", ""), _left(5), _top((rows - 1) / 2)))
    return made


def arrows(modalities: int, unimodal_terms: bool) -> list[Arrow]:
    """What flows from which part into which; with ``unimodal_terms``, M of every input goes into
    the heads as well.

    What passes the components does so between two rows: M below its own, N above the gate's.
    """
    numbers = range(1, modalities + 1)
    pairs: list[tuple[str, str]] = []
    for m in numbers:
        pairs += [(f"x{m}", f"z{m}"), (f"z{m}", f"m{m}"), (f"z{m}", f"n{m}")]
        pairs += [(f"m{m}", "r"), (f"m{m}", f"u{m}"), (f"n{m}", "s")]
    every = ["r", *(f"u{m}" for m in numbers), "s"]
    pairs += [*((c, "heads") for c in every), ("heads", "answer"), ("gate", "answer")]
    past = [Arrow(f"n{m}", "gate", _above(2 * modalities)) for m in numbers]
    past += [Arrow(f"m{m}", "heads", _above(m)) for m in numbers if unimodal_terms]
    return [*(Arrow(*pair) for pair in pairs), *past]


def _spread(ids: Sequence[str], column: int, rows: int) -> dict[str, tuple[int, float]]:
    """So few boxes over the whole height."""
    step = (rows - 1) / len(ids)
    return {k: (column, step * (i + 0.5) - 0.5) for i, k in enumerate(ids)}


def _left(column: int) -> float:
    return EDGE + ACROSS * column


def _top(row: float) -> float:
    return EDGE + DOWN * row


def _above(row: int) -> float:
    """Middle of the gap above a row."""
    return _top(row) - (DOWN - HEIGHT) / 2


def _sign(part: str) -> str:
    return part.upper() if part[0] in "mnrus" else part


def _colour(part: str) -> str:
    return theme.COLOURS.get(part.upper(), "")


def theorem(frame: pd.DataFrame, names: Mapping[str, str]) -> go.Figure:
    """The information of each model about the class, and the bound of Theorem 1; bits.

    Parameters
    ----------
    frame : columns who, information, bound.
    names : who to words; a paradigm is called by its own name.
    """
    who = [str(w) for w in frame["who"]]
    labels = [theme.plain(names.get(w, w)) for w in who]
    fig = theme.figure(70 + 44 * len(who))
    fig.add_bar(
        x=frame["information"].to_numpy(float),
        y=labels,
        orientation="h",
        name="I(Z;Y): information about the class",
        marker={
            "color": [theme.MODEL_COLOURS.get(w, theme.NEUTRAL) for w in who],
            "pattern": {
                **theme.pattern(""),
                "shape": [theme.MODEL_PATTERNS.get(w, ".") for w in who],
            },
        },
        hovertemplate="%{y}: %{x:.2f} bits<extra></extra>",
    )
    fig.add_scatter(
        x=frame["bound"].to_numpy(float),
        y=labels,
        mode="markers",
        name="the bound",
        marker={"symbol": "diamond-open", "size": 13, "color": theme.NEUTRAL, "line.width": 3},
        hovertemplate="%{y}: at least %{x:.2f} bits<extra></extra>",
    )
    fig.update_layout(showlegend=True, legend={"y": 1.0, "yanchor": "bottom"})
    fig.update_xaxes(title="bits", rangemode="tozero")
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig
