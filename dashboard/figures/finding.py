"""The evidence of a finding: accuracy of each input alone and of both, and the parts in bits."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.figures.bars import Bars, Look, Mark, Row, draw, of_model, of_part, over, patterns
from dashboard.figures.theme import quoted

#: Name, value, low, high.
Measured = tuple[str, float, float, float]
_GAP = 0.6
_TITLE = 1.7
_LETTERS = 0.875


def accuracy(alone: Sequence[Measured], models: Sequence[Measured], chance: float) -> Bars:
    """A bar for each input alone and each model of all of them; shares between 0 and 1.

    Parameters
    ----------
    chance : accuracy of always answering the most frequent class; a ring on each bar.
    """
    rows = [_share(f"{name} alone", (value, low, high), of_part(f"U{m}"), chance)
            for m, (name, value, low, high) in enumerate(alone, start=1)]  # fmt: skip
    rows += [
        _share(f"all inputs: {name}", (value, low, high), of_model(name), chance)
        for name, value, low, high in models
    ]
    return Bars(tuple(rows), 0.0, 1.0, share=True)


def _share(words: str, numbers: tuple[float, float, float], look: Look, chance: float) -> Row:
    value, low, high = numbers
    bar = Mark(value, look, interval=(low, high))
    return Row("", words, f"{value:.1%}", (bar, Mark(chance, shape="ring")))


def bits(alone: Sequence[Measured], parts: Sequence[tuple[str, str, float, float, float]]) -> Bars:
    """What each input alone and both tell, then R, U1, U2 and S, in bits.

    Parameters
    ----------
    parts : letter, words, value, low, high.
    """
    rows = [_bit("", name, value, low, high) for name, value, low, high in alone]
    rows += [_bit(*part) for part in parts]
    low, high = over(rows)
    return Bars(tuple(rows), low, high, unit="bits")


def _bit(letter: str, words: str, value: float, low: float, high: float) -> Row:
    mark = Mark(value, of_part(letter), interval=(low, high))
    return Row(letter, words, f"{value:.2f}", (mark,))


def together(drawings: Sequence[tuple[str, Bars]], alt: str) -> str:
    """Several rows of bars, each below its title, as one drawing."""
    parts, y = [], 0.0
    looks = [m.look for _, bars in drawings for m in bars.marks]
    for title, bars in drawings:
        inner = draw(bars, title)
        # Letters in it are smaller than around it, and its height is counted in them.
        height = _LETTERS * float(inner.partition("height:")[2].partition("em")[0])
        parts.append(
            f'<text x="0" y="{y + 1.1:.2f}em" font-weight="bold">{quoted(title)}</text>'
            f'<svg x="0" y="{y + _TITLE:.2f}em" width="100%" height="{height:.2f}em">{inner}</svg>'
        )
        y += _TITLE + height + _GAP
    return (
        patterns(looks) + f'<svg class="bars" width="100%" style="height:{y:.2f}em;'
        'font-variant-numeric:tabular-nums" role="img" '
        f'aria-label="{quoted(alt)}" fill="currentColor">{"".join(parts)}</svg>'
    )
