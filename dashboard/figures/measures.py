"""The four components by several measures, as stacked bars below each other: HTML for
``dashboard.components.marks``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from dashboard.figures.strip import ground, label
from dashboard.figures.theme import quoted

COMPONENTS: Final = ("R", "U1", "U2", "S")
#: Of the axis: what a part has to fill for its letter, and for its letter and its bits.
_LETTER, _BITS = 0.05, 0.14
#: Fewer bits are not drawn.
_LEAST: Final = 0.005


def measures(
    rows: Mapping[str, tuple[str, Sequence[float]]],
    chosen: str,
    total: float,
    mean: tuple[str, str, Sequence[float]] | None = None,
) -> str:
    """A bar for each measure, which is a button; its parts add up to the same total.

    What is below 0 lies to the left of 0, and the other parts then reach beyond the total.

    Parameters
    ----------
    rows : measure -> its name, and R, U1, U2, S in bits.
    chosen : the measure that is marked.
    total : the mutual information of both inputs with the class, in bits.
    mean : name, what it is of, and R, U1, U2, S of a last bar that cannot be chosen.
    """
    every = [values for _, values in rows.values()] + ([mean[2]] if mean else [])
    low = min(0.0, *(sum(v for v in values if v < 0) for values in every))
    high = max(total, *(sum(v for v in values if v > 0) for values in every), _LEAST)
    axis = _Axis(low, high)
    drawn = "".join(
        f'<button type="button" class="measure" data-mark="{quoted(key)}" '
        f'aria-pressed="{str(key == chosen).lower()}" aria-label="{quoted(name)}: '
        f'{in_words(values)}"><span class="name">{quoted(name)}</span>'
        f"{axis.bar(values, total)}</button>"
        for key, (name, values) in rows.items()
    )
    if mean:
        name, of, values = mean
        drawn += (
            f'<div class="measure apart" role="img" aria-label="{quoted(name)}, {quoted(of)}: '
            f'{in_words(values)}"><span class="name">{quoted(name)}<small>{quoted(of)}</small>'
            f"</span>{axis.bar(values, total)}</div>"
        )
    return f'<div role="group" aria-label="Measures of redundancy">{drawn}</div>'


def in_words(values: Sequence[float]) -> str:
    """R, U1, U2 and S in bits."""
    return ", ".join(f"{c} {_bits(v)}" for c, v in zip(COMPONENTS, values, strict=True))


def _bits(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "\N{MINUS SIGN}")


class _Axis:
    """Places in percent of a bar's width."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.span = low, high - low

    def at(self, value: float) -> str:
        return f"{(value - self.low) / self.span:.2%}"

    def bar(self, values: Sequence[float], total: float) -> str:
        right, left, parts = 0.0, 0.0, []
        for component, value in zip(COMPONENTS, values, strict=True):
            if abs(value) < _LEAST:
                continue
            if value > 0:
                start, right = right, right + value
            else:
                start = left = left + value
            parts.append(self._part(component, start, value))
        lines = (
            f'<i style="left:{self.at(0)}"></i><i class="all" style="left:{self.at(total)}"></i>'
        )
        return f'<span class="bar">{"".join(parts)}{lines}</span>'

    def _part(self, component: str, start: float, value: float) -> str:
        share = abs(value) / self.span
        words = (
            "" if share < _LETTER else component if share < _BITS else f"{component} {_bits(value)}"
        )
        inside = f'<span style="{label(component)}">{words}</span>' if words else ""
        style = f"left:{self.at(start)};width:{share:.2%};background:{ground(component)}"
        return f'<span title="{component} {_bits(value)} bits" style="{style}">{inside}</span>'
