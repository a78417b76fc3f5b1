"""Rows of a setting whose truth is known, as the generator draws them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dmil_core.errors import ConfigError

#: Rows that are shown, and those among which they are looked for.
SHOWN: Final = 3
_DRAWN: Final = 400
#: Types to show first: with four of them, those that differ most.
_ORDER: Final = ("R", "U1", "S", "U2", "U3")


@dataclass(frozen=True)
class Side:
    """An input of a row before its blocks are mixed.

    Attributes
    ----------
    blocks : (3, block) values of the blocks R, U and S.
    active : the block that carries a code, counted from 0; -1 where none does.
    code : whose code it is: the class, in S a summand of it.
    """

    blocks: NDArray[np.float64]
    active: int
    code: int


@dataclass(frozen=True)
class Row:
    """A row, its interaction type and class, and how many classes there are."""

    type: str
    y: int
    classes: int
    sides: tuple[Side, ...]


def examples(spec: str) -> tuple[Row, ...]:
    """Three rows of a `switch` distribution, of different types where it has several; none of a
    spec that is none."""
    return _examples(spec)


@st.cache_resource(max_entries=32, show_spinner=False)
def _examples(spec: str) -> tuple[Row, ...]:
    from dmil_core.data.synthetic.switch import switch_distribution

    try:
        distribution = switch_distribution(spec)
    except (ConfigError, KeyError):
        return ()
    drawn = distribution.draw(_DRAWN, distribution.seed)
    return tuple(_row(drawn, i, distribution.classes) for i in _chosen(drawn))


def _chosen(drawn: Any) -> list[int]:
    """The first row of each type, then others with a class that is not shown yet."""
    first = [np.flatnonzero(drawn.interaction_type == t) for t in _ORDER]
    rows = [int(found[0]) for found in first if len(found)]
    shown = {(drawn.interaction_type[i], drawn.y[i]) for i in rows}
    for i, key in enumerate(zip(drawn.interaction_type, drawn.y, strict=True)):
        if key not in shown:
            rows.append(i)
            shown.add(key)
    return rows[:SHOWN]


def _row(drawn: Any, i: int, classes: int) -> Row:
    sides = tuple(
        Side(drawn.blocks[m, i], int(drawn.active[m, i]), int(drawn.code[m, i]))
        for m in range(len(drawn.blocks))
    )
    return Row(str(drawn.interaction_type[i]), int(drawn.y[i]), classes, sides)
