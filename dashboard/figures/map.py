"""How a latent map looks: its points, and the triangle around gate weights.

It is drawn in the browser (`dashboard.components.map`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from dashboard.figures import theme

#: More points than this overlap: they are drawn smaller.
CROWDED: Final = 1000
#: On scales: nothing, and evidence against the class.
FAINT: Final = "#9AA3B2"
AGAINST: Final = "#997700"
#: Colours of a scale.
STEPS: Final = 33


@dataclass(frozen=True)
class Groups:
    """Points coloured by names: for each its name, colour and symbol, and each point's group.

    ``words`` say of names what they stand for, where they do not say it themselves.
    """

    label: str
    names: Sequence[str]
    colours: Sequence[str]
    symbols: Sequence[str]
    of: NDArray[np.integer]
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scale:
    """Points coloured by a number: steps of a scale, and each point's step.

    ``sizes`` are diameters as shares of the map's; ``low`` and ``high`` stand at its ends.
    """

    label: str
    names: Sequence[str]
    colours: Sequence[str]
    sizes: Sequence[float]
    low: str
    high: str
    of: NDArray[np.integer]


def looks(
    values: NDArray[np.floating] | tuple[NDArray[np.integer], Sequence[str]],
    colour: str,
    label: str,
    order: Sequence[str],
    words: Mapping[str, str] | None = None,
) -> Groups | Scale:
    """What points look like that are coloured so.

    Parameters
    ----------
    values : (N,) numbers of ``gate-R``, ``bits-R`` and so on; of others each point's place (N,)
        among names, and the names.
    label : what the colour is called.
    order : the names in the order of the legend; others follow.
    words : what names stand for.
    """
    if not isinstance(values, tuple):
        return _scale(values.astype(np.float64), colour, label)
    codes, given = values
    found = np.flatnonzero(np.bincount(codes[codes >= 0].astype(np.intp), minlength=len(given)))
    present = [given[place] for place in found.tolist()]
    codes = np.searchsorted(found, codes)
    names = [*(n for n in order if n in present), *sorted(set(present) - set(order))]
    index_of = {n: i for i, n in enumerate(order)}
    shown = [look(n, colour, index_of.get(n, i)) for i, n in enumerate(names)]
    of = np.array([names.index(n) for n in present], dtype=int)[codes]
    return Groups(label, names, [c for c, _ in shown], [s for _, s in shown], of, words or {})


def look(name: str, colour: str, index: int) -> tuple[str, str]:
    """Colour and marker of a group; components and right/wrong have their own."""
    if colour == "correct" and name in theme.RIGHT_WRONG:
        return theme.RIGHT_WRONG[name]
    if colour in ("dominant", "interaction_type") and name in theme.COLOURS:
        return theme.COLOURS[name], theme.SYMBOLS[name]
    return theme.CLASS_COLOURS[index % 10], theme.CLASS_SYMBOLS[(index + index // 10) % 10]


def is_number(colour: str) -> bool:
    """Whether points of this colour lie on a scale."""
    return colour.startswith(("gate-", "bits-"))


def _scale(values: NDArray[np.float64], colour: str, label: str) -> Scale:
    """Weights from 0 to 1, or bits around 0, in the colour of their component."""
    kind, _, component = colour.partition("-")
    tint = theme.COLOURS[component]
    at = np.linspace(0.0, 1.0, STEPS)
    if kind == "gate":
        low, high, form = 0.0, 1.0, "{:.0%}"
        colours = [_between(FAINT, tint, t) for t in at]
        strength = at
    else:
        # A few extreme samples would leave one colour to all others.
        high = max(float(np.quantile(np.abs(values), 0.98)), 0.1) if len(values) else 0.1
        low, form = -high, "{:+.1f}"
        colours = [
            _between(FAINT, AGAINST, 1 - 2 * t) if t < 0.5 else _between(FAINT, tint, 2 * t - 1)
            for t in at
        ]
        strength = np.abs(2 * at - 1)
    of = np.rint(np.clip((values - low) / (high - low), 0.0, 1.0) * (STEPS - 1)).astype(int)
    names = [form.format(low + (high - low) * t) for t in at]
    # Larger where there is more: the scale must not rest on colour alone.
    return Scale(label, names, colours, (0.8 + 0.8 * strength).tolist(), names[0], names[-1], of)


def _between(start: str, end: str, share: float) -> str:
    pairs = zip(_parts(start), _parts(end), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02X}" for a, b in pairs)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def size(count: int) -> float:
    """Diameter of a point in pixels: smaller where there are many."""
    return 8.0 if count <= CROWDED else 6.0 if count <= 6000 else 4.5


# --- the triangle of gate weights ------------------------------------------------------------


#: Where a text stands beside its place.
Beside = Literal["left", "right", "above", "below"]


@dataclass(frozen=True)
class Text:
    """A text at a place of a map, in lines; ``small`` of a scale."""

    text: str
    at: tuple[float, float]
    side: Beside
    small: bool = False


@dataclass(frozen=True)
class Axes:
    """What stands around the points of a map whose places have a meaning: lines and texts, and the
    box (left, bottom, right, top) that is shown at first; all in units of the map."""

    lines: Sequence[Sequence[tuple[float, float]]]
    texts: Sequence[Text]
    box: tuple[float, float, float, float]


#: Shares that have a line of their own.
_SHARES: Final = (0.25, 0.5, 0.75)


def triangle(corners: Mapping[str, tuple[float, float]], words: Mapping[str, str]) -> Axes:
    """The triangle between three corners, with lines of equal weight.

    Parameters
    ----------
    corners : place of each, the two at the lower side first.
    words : what stands at each.
    """
    places = {name: np.array(at) for name, at in corners.items()}
    left, right, top = (_place(at) for at in places.values())
    lines, texts = [[left, right, top, left]], []
    # The shares of a corner stand at the side that leads to it from the one before.
    sides: tuple[Beside, Beside, Beside] = ("left", "below", "right")
    for (name, own), before, side in zip(
        places.items(), [*list(places)[-1:], *list(places)[:-1]], sides, strict=True
    ):
        (other,) = set(places) - {name, before}
        for share in _SHARES:
            start, end = (_place(share * own + (1 - share) * places[n]) for n in (before, other))
            lines.append([start, end])
            texts.append(Text(f"{name} {share:.0%}", start, side, small=True))
    ends: tuple[Beside, Beside, Beside] = ("below", "below", "above")
    for (name, at), end_side in zip(corners.items(), ends, strict=True):
        texts.append(Text(words[name], at, end_side))
    return Axes(lines, texts, (0.0, 0.0, 1.0, top[1]))


def _place(at: NDArray[np.float64]) -> tuple[float, float]:
    return float(at[0]), float(at[1])
