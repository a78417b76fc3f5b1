"""The pictures of Overview, as HTML whose marks are links; see ``dashboard.components.marks``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.figures import grid, theme
from dashboard.figures.strip import strip
from dashboard.figures.theme import quoted
from dashboard.words import one_line

#: Letters of a text that stands for an input, and of an answer.
_TEXT: Final = 60
_ANSWER: Final = 30


def letter(component: str) -> str:
    """A component's letter in a frame of its colour; the letter has the page's."""
    colour = theme.COLOURS[component]
    return f'<span class="letter" style="border-color:{colour}">{component}</span>'


def sample(
    mark: str,
    inputs: Mapping[int, tuple[str, str]],
    answer: str,
    shares: Mapping[str, float],
    unused: int = 0,
    words: str = "",
) -> str:
    """A sample as a small card.

    Parameters
    ----------
    mark : name of the link.
    inputs : (``text`` or ``picture``, text or address) by modality number.
    shares : its gate weights, empty for none.
    unused : number of an input that is drawn pale; 0 for none.
    words : HTML below its texts.
    """
    pictures, texts = [], []
    for number, (kind, content) in inputs.items():
        pale = ' class="unused"' if number == unused else ""
        if kind == "picture":
            pictures.append(f'<img{pale} src="{quoted(content)}" alt=""/>')
        else:
            texts.append(f"<span{pale}>{quoted(one_line(content, _TEXT))}</span>")
    said = f"{' · '.join(texts)} → " if texts else ""
    bar = strip(shares, "Gate weights") if shares else ""
    shown = f'<span class="inputs">{"".join(pictures)}</span>' if pictures else ""
    return (
        f'<div class="sample" data-mark="{quoted(mark)}">{shown}<div class="words">'
        f"<p>{said}<b>{quoted(one_line(answer, _ANSWER))}</b></p>{words}{bar}</div></div>"
    )


def kind(
    component: str,
    name: str,
    share: float,
    mark: str,
    cards: Sequence[str],
    right: Sequence[tuple[str, float, str]],
    nothing: str,
) -> str:
    """A cell of the gallery: a component, how much there is, examples, and who is right.

    Parameters
    ----------
    mark : name of the link to all its samples.
    cards : examples, as `sample`.
    right : (model, share right, name of the link to its errors).
    nothing : what is said where there is no example.
    """
    head = (
        f'<div class="head" data-mark="{quoted(mark)}">{letter(component)}'
        f'<strong>{quoted(name)}</strong><span class="share">{quoted(_percent(share))}</span></div>'
    )
    body = "".join(cards) or f'<p class="quiet">{quoted(nothing)}</p>'
    rows = "".join(_accuracy(*row) for row in right)
    table = f'<table class="right"><caption class="quiet">accuracy on these</caption>{rows}</table>'
    return f'<section class="cell">{head}{body}{table if rows else ""}</section>'


def _percent(share: float) -> str:
    return "<1%" if 0 < share < 0.005 else f"{share:.0%}"


def _accuracy(model: str, share: float, mark: str) -> str:
    colour = theme.models([model])[model].colour
    said = f"{model} {share:.0%}"
    return grid.bar(grid.Bar(model, share, f"{share:.0%}", colour, mark, said))


def cells(parts: Sequence[str]) -> str:
    """Cells or samples beside each other, as many as there is room for."""
    return f'<div class="cells">{"".join(parts)}</div>'


def hook(cards: Sequence[str], sentence: str) -> str:
    """Two samples and what they show; ``sentence`` is HTML of ours."""
    return f'<div class="hook">{"".join(cards)}<p>{sentence}</p></div>'


def gates(
    components: Sequence[str],
    weights: NDArray[np.float64],
    counts: Mapping[str, int],
    links: Mapping[str, str],
) -> str:
    """All samples of a split beside each other, each a column of its gate weights.

    Parameters
    ----------
    weights : (columns, components), sorted by the largest weight.
    counts : component to the number of samples in which it is the largest.
    links : component to the name of the link to these samples.
    """
    edges = np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights, axis=1)], axis=1)
    areas = "".join(
        f'<path d="{_area(edges[:, k], edges[:, k + 1])}" fill="{theme.COLOURS[c]}"/>'
        for k, c in enumerate(components)
    )
    total = sum(counts.values())
    stretches = "".join(
        f'<span class="stretch" data-mark="{quoted(links[c])}" style="width:{n / total:.3%}" '
        f'title="{n:,} samples, mostly {c}" aria-label="{n:,} samples, mostly {c}"></span>'
        for c, n in counts.items()
        if n
    )
    alt = "Gate weights of all samples: " + ", ".join(
        f"{n:,} mostly {c}" for c, n in counts.items()
    )
    return (
        f'<div class="gates"><svg viewBox="0 0 {len(weights)} 1" preserveAspectRatio="none" '
        f'role="img" aria-label="{quoted(alt)}">{areas}</svg>'
        f'<div class="stretches">{stretches}</div></div>{_below(counts, total)}'
    )


def _area(low: NDArray[np.float64], high: NDArray[np.float64]) -> str:
    """Steps along ``high`` and back along ``low``, from above."""
    there = "".join(f"V{1 - v:.3f}h1" for v in high)
    back = "".join(f"V{1 - v:.3f}h-1" for v in low[::-1])
    return f"M0,1{there}{back}z"


def _below(counts: Mapping[str, int], total: int) -> str:
    """Letters below their stretches; what is too narrow for one has none."""
    starts = [0, *accumulate(counts.values())]
    words = "".join(
        f'<span style="position:absolute;left:{start / total:.2%};white-space:nowrap">'
        f"<b>{c}</b> {n:,}</span>"
        for (c, n), start in zip(counts.items(), starts, strict=False)
        if n / total > 0.08
    )
    return f'<div style="position:relative;height:1.5rem">{words}</div>'


def matrix(counts: pd.DataFrame, links: Mapping[tuple[str, str], str]) -> str:
    """Truth by gate: rows are true interaction types, columns the largest gate.

    Parameters
    ----------
    links : (type, component) to the name of the link to these samples; none for none.
    """
    names, table = [str(c) for c in counts.columns], counts.to_numpy(dtype=int).tolist()
    rows = [
        (
            f"is {truth}",
            [_count(str(truth), c, n, sum(row), links) for c, n in zip(names, row, strict=True)],
        )
        for truth, row in zip(counts.index, table, strict=True)
        if sum(row)
    ]
    return grid.grid([f"gate {c}" for c in names], rows)


def _count(
    truth: str, component: str, count: int, of: int, links: Mapping[tuple[str, str], str]
) -> grid.Cell:
    if not count:
        return grid.Cell("0")
    agrees = truth == component
    colour = theme.COLOURS[component] if agrees else theme.NEUTRAL
    said = f"{count:,} samples: {truth}, largest gate {component}"
    mark = links[truth, component]
    return grid.Cell(f"{count:,}", count / of, colour, mark, said, agrees)
