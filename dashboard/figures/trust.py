"""The pictures of Trust, as HTML whose marks are links; see ``dashboard.components.marks``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.figures import theme
from dashboard.figures.grid import Bar, Cell, bars, grid
from dashboard.figures.theme import quoted

#: State of a check -> its symbol and its colour; the word stands beside them.
_SYMBOLS: Final = {"passes": "✓", "fails": "✗", "open": "?"}
_COLOURS: Final = {
    "passes": theme.RIGHT_WRONG["right"][0],
    "fails": theme.RIGHT_WRONG["wrong"][0],
    "open": theme.NEUTRAL,
}
#: Which inputs of a sample are shown, counted from 1.
Shown = tuple[int, ...]


_MINUS: Final = "\N{MINUS SIGN}"


def _number(value: float, digits: int) -> str:
    """A number without a sign where it is zero, else with a true minus."""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", _MINUS)


def cards(parts: Sequence[str]) -> str:
    """Cards of checks beside each other, as many as there is room for."""
    return f'<div class="cells">{"".join(parts)}</div>'


def card(
    mark: str, title: str, state: str, word: str, sentence: str, picture: str = "",
    below: str = "", chosen: bool = False,
) -> str:  # fmt: skip
    """A check: its name and state, what was found, a picture and links.

    Parameters
    ----------
    mark : name of the link to its details.
    word : the state in words.
    picture, below : HTML of ours.
    chosen : whether its details are shown.
    """
    colour = _COLOURS[state]
    return (
        f'<section class="cell check" style="border-top-color:{colour}">'
        f'<div class="head{" chosen" if chosen else ""}" data-mark="{quoted(mark)}">'
        f"<strong>{quoted(title)}</strong></div>"
        f'<p class="state"><b style="border-color:{colour}">{_SYMBOLS[state]} {quoted(word)}</b>'
        "</p>"
        f"<p>{quoted(sentence)}</p>{picture}{below}</section>"
    )


def link(mark: str, words: str) -> str:
    """A link in a line of its own."""
    return f'<p class="link"><u data-mark="{quoted(mark)}">{quoted(words)}</u></p>'


def button(mark: str, words: str) -> str:
    """A button that does something on this page."""
    return f'<p><button type="button" data-mark="{quoted(mark)}">{quoted(words)}</button></p>'


def command(line: str) -> str:
    """A line for the terminal."""
    return f"<p><code>{quoted(line)}</code></p>" if line else ""


def warning(words: str) -> str:
    """A warning below a picture, with a mark of its own."""
    return f'<p class="warning"><b>⚠</b> {quoted(words)}</p>'


def quiet(words: str) -> str:
    """Words below a picture."""
    return f'<p class="quiet">{quoted(words)}</p>'


# --- gate and bits --------------------------------------------------------------------------


def agreements(rows: Sequence[tuple[str, int, int]], links: Mapping[str, str]) -> str:
    """Of each component how many samples agree.

    Parameters
    ----------
    rows : component, samples with its gate the largest, how many of them disagree.
    links : component to the name of the link to those that disagree.
    """
    shown = []
    for component, total, apart in rows:
        if not total:
            continue
        share = 1 - apart / total
        words = f"{component}: {apart:,} of {total:,} samples disagree"
        shown.append(
            Bar(
                f"gate {component}", share, f"{share:.0%}", theme.COLOURS[component],
                links[component] if apart else "", words,
            )
        )  # fmt: skip
    return bars(shown, "samples whose largest part in bits is the same")


# --- components taken away ------------------------------------------------------------------


def losses(
    values: pd.DataFrame, links: Mapping[tuple[str, str], str], points: bool,
    counts: pd.DataFrame, heads: Mapping[str, str], corner: str,
) -> str:  # fmt: skip
    """What samples of each type lose: rows the component taken away, columns types.

    Parameters
    ----------
    values : shares from -1 to 1, or bits.
    links : (component, type) to the name of the link to samples that become wrong.
    points : whether values are shares, shown in points.
    counts : how many samples become wrong, arranged as ``values``.
    heads : type to the head of its column.
    corner : what the types are.
    """
    numbers = values.to_numpy(dtype=float)
    top = max(float(np.nanmax(numbers)), 1e-9)
    rows = []
    for component, line, broken in zip(
        values.index, numbers.tolist(), counts.to_numpy(dtype=int).tolist(), strict=True
    ):
        cells = [
            _loss(str(component), str(kind), value, top, links, points, wrong)
            for kind, value, wrong in zip(values.columns, line, broken, strict=True)
        ]
        rows.append((f"without {component}", cells))
    return grid([heads[str(k)] for k in values.columns], rows, corner)


def _loss(
    component: str, kind: str, value: float, top: float,
    links: Mapping[tuple[str, str], str], points: bool, wrong: int,
) -> Cell:  # fmt: skip
    own = component == kind
    return Cell(
        _number(100 * value, 1) if points else _number(value, 2),
        max(value, 0.0) / top,
        theme.COLOURS[component] if own else theme.NEUTRAL,
        links[component, kind] if wrong else "",
        f"{wrong:,} {kind} samples are wrong without {component}",
        own,
    )


# --- inputs taken away ----------------------------------------------------------------------


def shown_inputs(
    names: Sequence[str],
    accuracy: Mapping[Shown, float],
    truth: Mapping[Shown, float],
    links: Mapping[int, str],
    broken: Mapping[int, int],
) -> str:
    """Accuracy and mean probability of the true class by the inputs that are shown, as `by_shown`.

    Parameters
    ----------
    links : number of an input to the name of the link to samples that are wrong without it.
    broken : how many these are.
    """
    everything = tuple(range(1, len(names) + 1))

    def cell(shown: Shown) -> Cell:
        gone = [m for m in everything if m not in shown]
        mark = links[gone[0]] if len(gone) == 1 and broken[gone[0]] else ""
        said = f"{broken[gone[0]]:,} samples are wrong without {names[gone[0] - 1]}" if mark else ""
        small = f"p {truth[shown]:.2f}"
        return Cell(
            f"{accuracy[shown]:.0%}", accuracy[shown], theme.NEUTRAL, mark, said,
            shown == everything, small,
        )  # fmt: skip

    every = [s for n in range(len(names) + 1) for s in combinations(everything, n)]
    return by_shown(names, {shown: cell(shown) for shown in every}, "accuracy")


def by_shown(names: Sequence[str], cells: Mapping[Shown, Cell], head: str = "probability") -> str:
    """Cells by the inputs that are shown.

    Of two inputs a table of two rows and columns, else a row for all, without each, and none.

    Parameters
    ----------
    cells : inputs shown -> a cell.
    head : of the one column, where there is one.
    """
    if len(names) == 2:
        rows = [
            (f"{names[0]} shown", [cells[1, 2], cells[(1,)]]),
            (f"{names[0]} blank", [cells[(2,)], cells[()]]),
        ]
        return grid([f"{names[1]} shown", f"{names[1]} blank"], rows)
    everything = tuple(range(1, len(names) + 1))
    rows = [("all inputs", [cells[everything]])]
    rows += [
        (f"without {name}", [cells[tuple(k for k in everything if k != m)]])
        for m, name in enumerate(names, start=1)
    ]
    return grid([head], [*rows, ("none", [cells[()]])])


def by_type(
    accuracies: Mapping[str, Mapping[Shown, float]],
    counts: Mapping[str, int],
    heads: Sequence[str],
    contradictions: Sequence[tuple[str, Shown]],
    links: Mapping[tuple[str, Shown], str],
) -> str:
    """Accuracy of each type by the inputs that are shown; a cross stands at what contradicts it.

    Parameters
    ----------
    accuracies : type -> inputs shown -> share right.
    counts : type to its number of samples.
    heads : of the inputs shown, in their order.
    links : (type, inputs shown) to the name of a link.
    """
    rows = []
    for kind, right in accuracies.items():
        cells = []
        for shown, value in right.items():
            wrong = (kind, shown) in contradictions
            mark = links.get((kind, shown), "")
            cells.append(
                Cell(
                    f"{'✗ ' if wrong else ''}{value:.0%}", value, theme.COLOURS[kind], mark,
                    f"{kind} samples that are wrong then", wrong,
                )
            )  # fmt: skip
        rows.append((f"{kind} ({counts[kind]:,})", cells))
    return grid(heads, rows)


# --- estimators -----------------------------------------------------------------------------


def estimates(
    rows: Sequence[tuple[str, Mapping[str, float], str]],
    apart: Sequence[str],
    links: Mapping[tuple[str, str], str],
) -> str:
    """Estimates of each part beside each other.

    Parameters
    ----------
    rows : who, part to value, and its unit: ``bits`` or ``share``.
    apart : parts of which estimates disagree; their heads are marked.
    links : (who, part) to the name of a link.
    """
    parts = [p for p in theme.COLOURS if any(p in values for _, values, _ in rows)]
    top = max((v for _, values, unit in rows if unit == "bits" for v in values.values()), default=1)
    body = []
    for who, values, unit in rows:
        cells = []
        for part in parts:
            value = values.get(part)
            if value is None:
                cells.append(Cell("-"))
                continue
            text = f"{value:.0%}" if unit == "share" else _number(value, 2)
            tint = value if unit == "share" else value / max(top, 1e-9)
            mark = links.get((who, part), "")
            said = f"samples in the order of {part} by {who}"
            cells.append(Cell(text, max(tint, 0.0), theme.COLOURS[part], mark, said, part in apart))
        body.append((who, cells))
    return grid([f"≠ {p}" if p in apart else p for p in parts], body, "bits")


# --- seeds ----------------------------------------------------------------------------------


def seeds(rows: Sequence[tuple[str, NDArray[np.float64], bool]]) -> str:
    """A row for each figure, with a dot for each seed from 0 to 100%.

    Parameters
    ----------
    rows : component or another name, the seeds' values, and whether they vary too much.
    """
    body = []
    for name, values, varies in rows:
        colour = theme.COLOURS.get(name, theme.NEUTRAL)
        dots = "".join(
            f'<i style="left:{v:.1%};background:{colour}" title="{v:.1%}"></i>' for v in values
        )
        low, high = float(values.min()), float(values.max())
        span = f"{low:.0%}" if f"{low:.0%}" == f"{high:.0%}" else f"{100 * low:.0f} to {high:.0%}"
        text = f"{'≠ ' if varies else ''}{span}"
        body.append(
            f'<tr><th scope="row">{quoted(name)}</th><td><div class="dots">{dots}</div></td>'
            f'<td class="number wide">{quoted(text)}</td></tr>'
        )
    return f'<table class="right seeds">{"".join(body)}</table>'


# --- known settings -------------------------------------------------------------------------


def examples(
    rows: Sequence[tuple[str, str, Sequence[tuple[NDArray[np.float64], int, str]]]],
) -> str:
    """Rows of a setting, drawn: interaction type, its inputs block by block, and how the class
    follows.

    Parameters
    ----------
    rows : type, what is said of the class, and of each input its blocks (3, size), which of them
        carries a code (-1 for none) and the words below that.
    """
    top = max((float(np.abs(side[0]).max()) for _, _, sides in rows for side in sides), default=1.0)
    drawn = []
    for kind, said, sides in rows:
        colour = theme.COLOURS[kind]
        inputs = "".join(
            f'<div class="side"><span class="quiet">x{m}</span>{_blocks(*side, colour, top)}</div>'
            for m, side in enumerate(sides, start=1)
        )
        badge = f'<span class="letter" style="border-color:{colour}">{kind}</span>'
        drawn.append(
            f'<div class="row"><p>{badge} {quoted(said)}</p><div class="sides">{inputs}</div></div>'
        )
    return f'<div class="examples">{"".join(drawn)}</div>'


def _blocks(blocks: NDArray[np.float64], active: int, words: str, colour: str, top: float) -> str:
    parts = []
    for place, (name, values) in enumerate(zip("RUS", blocks, strict=True)):
        rects = "".join(_bar(i, float(v), top, colour if place == active else theme.NEUTRAL)
                        for i, v in enumerate(values))  # fmt: skip
        below = words if place == active else f"{name}: noise"
        frame = f"border-color:{colour}" if place == active else ""
        parts.append(
            f'<figure style="{frame}"><svg viewBox="0 0 {len(values)} 2" '
            f'preserveAspectRatio="none" aria-hidden="true">{rects}</svg>'
            f"<figcaption>{quoted(below)}</figcaption></figure>"
        )
    return "".join(parts)


def _bar(place: int, value: float, top: float, colour: str) -> str:
    height = abs(value) / top
    y = 1 - height if value > 0 else 1.0
    return (
        f'<rect x="{place + 0.1:.1f}" y="{y:.3f}" width=".8" height="{height:.3f}" '
        f'fill="{colour}"/>'
    )


def settings(
    rows: Sequence[tuple[str, float, float, str]], links: Mapping[str, str], chosen: str
) -> str:
    """A row for each setting: how often the gate is right, with the bound as a line across.

    Parameters
    ----------
    rows : setting, agreement and bound from 0 to 1, and the agreement as a share of the bound in
        words.
    links : setting to the name of the link that chooses it.
    """
    colour = theme.MODEL_COLOURS["dmil"]
    shown = [
        Bar(
            name, agreement, text, colour, links[name],
            f"{name}: right for {agreement:.1%} of the samples, bound {bound:.1%}", bound,
            name == chosen,
        )
        for name, agreement, bound, text in rows
    ]  # fmt: skip
    return f'<div class="settings">{bars(shown)}</div>'
