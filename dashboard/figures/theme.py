"""One look for every figure: colours, letters, patterns, and a template for light and dark.

The components' colours keep a contrast of 3:1 or better on white and on #0e1117 and stay apart for
colour-blind readers; each component also has a letter, a bar pattern and a marker of its own.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

#: U3 is of sets with three inputs.
COLOURS: Final = {
    "R": "#648FFF",
    "U1": "#117733",
    "U2": "#AA3377",
    "U3": "#B49000",
    "S": "#EE6677",
}
PATTERNS: Final = {"R": "", "U1": "/", "U2": "\\", "U3": "-", "S": "x"}
SYMBOLS: Final = {"R": "circle", "U1": "square", "U2": "diamond", "U3": "triangle-up", "S": "x"}

#: Lines and totals that must be seen on both grounds. A text of this colour takes the page's own
#: instead (`static/frame.css` knows it by this value).
NEUTRAL: Final = "#7A8394"
GRID: Final = "rgba(122, 131, 148, 0.25)"

#: Classes of a data set: at least 3:1 on both grounds; beyond ten they repeat with other markers.
CLASS_COLOURS: Final = (
    "#4477DD",
    "#D55E00",
    "#118855",
    "#B0479B",
    "#997700",
    "#0E8FB0",
    "#E0507A",
    "#7A68D8",
    "#7D8A2E",
    "#A2674A",
)
CLASS_SYMBOLS: Final = (
    "circle",
    "square",
    "diamond",
    "cross",
    "x",
    "triangle-up",
    "triangle-down",
    "star",
    "pentagon",
    "hexagon",
)
#: Lines of several models in one figure, beside colour and marker.
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
RIGHT_WRONG: Final = {"right": ("#4477DD", "circle"), "wrong": ("#D55E00", "x")}

#: Paradigms, in figures that compare them, and networks that only measure the data.
MODEL_COLOURS: Final = {
    "joint": "#8A94A6",
    "ensemble": "#B58A3C",
    "dmil": "#5B6BE0",
    "dmil-paper": "#B56BD0",
    "data alone": "#2A9384",
    "exact": NEUTRAL,
    "upper bound": NEUTRAL,
}
MODEL_PATTERNS: Final = {
    "joint": "",
    "ensemble": "/",
    "dmil": "x",
    "dmil-paper": "\\",
    "data alone": "-",
    "exact": ".",
}

MODEL_SYMBOLS: Final = {
    "joint": "circle",
    "ensemble": "square",
    "dmil": "diamond",
    "dmil-paper": "triangle-up",
    "data alone": "cross",
    "exact": "x",
}
#: Models without a colour of their own, in the order in which a figure has them.
OTHER_MODELS: Final = ("#C0562F", "#7C8A2E", "#4F7FA0", "#9B6A8F", "#8A6A4F", "#3F8F6B")
OTHER_SYMBOLS: Final = ("triangle-down", "star", "pentagon", "hexagon", "x", "cross")

TEMPLATE: Final = go.layout.Template(
    layout={
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "colorway": list(CLASS_COLOURS),
        "xaxis": {"gridcolor": GRID, "zerolinecolor": NEUTRAL, "automargin": True},
        "yaxis": {"gridcolor": GRID, "zerolinecolor": NEUTRAL, "automargin": True},
        "legend": {"orientation": "h", "yanchor": "top", "y": -0.08, "x": 0, "xanchor": "left"},
        "bargap": 0.35,
    }
)

#: Passed to every chart: no logo, and no button that sends the figure to a server.
CONFIG: Final = {
    "displaylogo": False,
    "showSendToCloud": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["autoScale2d"],
}
STILL: Final = {**CONFIG, "displayModeBar": False}


#: Pixels at the right for the half of "100%" beyond the last tick; without, Plotly hides it.
LAST_TICK: Final = 24


def figure(height: int) -> go.Figure:
    """An empty figure in the shared template, ``height`` pixels high."""
    return go.Figure(layout={"template": TEMPLATE, "height": height, "showlegend": False})


def series(index: int) -> tuple[str, str, str]:
    """Colour, marker and dash of the line in this place of several, counted from 0."""
    colour, symbol = CLASS_COLOURS[index % 10], CLASS_SYMBOLS[index % 10]
    return colour, symbol, DASHES[index % len(DASHES)]


@dataclass(frozen=True)
class Line:
    """How a model looks where several stand in one figure."""

    colour: str
    symbol: str
    dash: str
    pattern: str


def models(names: Iterable[str]) -> dict[str, Line]:
    """The look of each model of a figure, by its name there.

    A model has its own colour and symbol on every page. A further seed of it, as in
    ``"joint, seed 1"``, has its colour, and an open symbol and a dash of its own.
    """
    result: dict[str, Line] = {}
    seen: list[str] = []
    others: list[str] = []
    for place, name in enumerate(names):
        model = name.partition(", seed ")[0]
        if model not in MODEL_COLOURS and model not in others:
            others.append(model)
        index = others.index(model) % len(OTHER_MODELS) if model in others else 0
        colour = MODEL_COLOURS.get(model, OTHER_MODELS[index])
        symbol = MODEL_SYMBOLS.get(model, OTHER_SYMBOLS[index])
        again = seen.count(model)
        seen.append(model)
        shape = MODEL_PATTERNS.get(model, ".")
        result[name] = Line(
            colour,
            f"{symbol}-open" if again else symbol,
            DASHES[place % len(DASHES)],
            ("-" if shape != "-" else "/") if again else shape,
        )
    return result


def pattern(shape: str) -> dict[str, object]:
    """Stripes over a bar's colour, so that bars differ in grey too."""
    return {
        "shape": shape,
        "fillmode": "overlay",
        "fgcolor": "rgba(255,255,255,0.55)",
        "size": 7,
        "solidity": 0.25,
    }


def component_bar(component: str) -> dict[str, object]:
    """Marker of a bar that stands for a component."""
    return {"color": COLOURS[component], "pattern": pattern(PATTERNS[component])}


def plain(text: object) -> str:
    """Text from data or a link, safe inside a figure: Plotly reads a little HTML in its texts."""
    return html.escape(_visible(text), quote=False)


def quoted(text: object) -> str:
    """Text safe inside SVG, also within the quotes of an attribute."""
    return html.escape(_visible(text))


#: Characters that XML cannot hold, so that a saved figure with one of them could not be opened.
_NOT_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "�")


def _visible(text: object) -> str:
    return str(text).translate(_NOT_XML)
