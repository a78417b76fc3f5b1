"""What a visitor changes of a sample, as short text for links: ``blank``, ``noise:1.5:3``,
``swap:<id>``, ``text:<words>``, ``draw:<strokes>``, ``set:<feature>:<value>,...``; and a gate
turned by hand, ``R:0.5,S:0``. Pure; nothing else knows this spelling.

A stroke is a letter for its ink, a digit for its width, and two digits for each point; a dot stands
between strokes. A digit counts from 0 to 63 on a grid over the picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dmil_core.schema import ALL_COMPONENTS

KINDS: Final = ("none", "blank", "noise", "swap", "text", "draw", "set")
#: Most noise, in standard deviations, and largest factor of a gate.
MOST_NOISE, MOST_FACTOR = 5.0, 3.0
#: Every component there is; U3 is of sets with three inputs.
COMPONENTS: Final[tuple[str, ...]] = ALL_COMPONENTS
#: Cells of the grid of a drawing, along each side.
GRID: Final = 64
INKS: Final = ("light", "dark", "erase")
#: Longest drawing that is kept at all, in characters of its text.
LONGEST_DRAWING: Final = 8000
#: Largest amount that a feature can be set to: that of a number of 32 bits.
LARGEST: Final = 3.4e38
#: Most points of a stroke as it comes from the browser, before it is simplified.
MOST_POINTS: Final = 1000

_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
#: How far a simplified line may lie from what was drawn, in cells of the grid.
_TOLERANCE: Final = 0.8

Point = tuple[int, int]


@dataclass(frozen=True)
class Stroke:
    """One pull of the brush on the grid: coordinates and width from 0 to 63; 63 is the far edge."""

    ink: str
    width: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Change:
    """A change of one input; ``none`` leaves it as it is.

    ``values`` are the places of features, from 0, and what they are set to, in order of the places:
    a number, or the place of a word.
    """

    kind: str = "none"
    severity: float = 1.0
    seed: int = 0
    donor: str = ""
    text: str = ""
    strokes: tuple[Stroke, ...] = ()
    values: tuple[tuple[int, float], ...] = ()


def read_change(code: str) -> Change:
    """Read a change; raises ValueError with what was expected."""
    kind, _, rest = code.partition(":")
    if kind not in KINDS or (kind in ("none", "blank") and rest):
        raise ValueError(f"expected one of {', '.join(KINDS)}")
    if kind == "noise":
        amount, _, seed = rest.partition(":")
        if seed and not (seed.isascii() and seed.isdigit() and len(seed) <= 6):
            raise ValueError("expected noise:1.5:3, an amount and a whole number")
        return Change(kind, severity=_number(amount, MOST_NOISE), seed=int(seed or 0))
    if kind == "swap":
        if not rest:
            raise ValueError("expected swap: and the id of a sample")
        return Change(kind, donor=rest)
    if kind == "draw":
        return Change(kind, strokes=tuple(map(_read_stroke, rest.split("."))) if rest else ())
    if kind == "set":
        return _read_values(rest)
    return Change(kind, text=rest) if kind == "text" else Change(kind)


def _read_values(rest: str) -> Change:
    found: dict[int, float] = {}
    for entry in rest.split(","):
        place, _, value = entry.partition(":")
        if not (place.isascii() and place.isdigit() and len(place) <= 6) or int(place) in found:
            raise ValueError("expected set:3:1.5,7:0, features and their values, each feature once")
        found[int(place)] = _number(value, LARGEST, -LARGEST)
    return Change("set", values=tuple(sorted(found.items())))


def with_value(change: Change, place: int, value: float | None) -> Change:
    """The change with another value of a feature; None leaves the feature as it is in the data."""
    values = {**dict(change.values), place: value}
    kept = tuple(sorted((p, v) for p, v in values.items() if v is not None))
    return Change("set", values=kept) if kept else Change()


def write_change(change: Change) -> str:
    """The same as text; empty where nothing is changed."""
    if change.kind == "none":
        return ""
    if change.kind == "noise":
        return f"noise:{change.severity:g}:{change.seed}"
    rest = {
        "swap": f":{change.donor}",
        "text": f":{change.text}",
        "draw": ":" + ".".join(map(_write_stroke, change.strokes)),
        "set": ":" + ",".join(f"{place}:{_digits(value)}" for place, value in change.values),
    }
    return change.kind + rest.get(change.kind, "")


def is_long(code: str) -> bool:
    """Whether a change, as text, is of a kind that needs room: a drawing, or values."""
    return code.partition(":")[0] in ("draw", "set")


def _digits(value: float) -> str:
    """A number as short as it can be read back."""
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def _read_stroke(code: str) -> Stroke:
    ink = next((name for name in INKS if name[0] == code[:1]), "")
    digits = [_VALUES.get(digit, -1) for digit in code[1:]]
    if not ink or len(digits) < 3 or len(digits) % 2 == 0 or min(digits) < 0:
        raise ValueError("expected strokes, each an ink, a width and points")
    width, *coordinates = digits
    return Stroke(ink, width, tuple(zip(coordinates[::2], coordinates[1::2], strict=True)))


def _write_stroke(stroke: Stroke) -> str:
    coordinates = (value for point in stroke.points for value in point)
    return stroke.ink[0] + "".join(_DIGITS[value] for value in (stroke.width, *coordinates))


def with_stroke(change: Change, ink: object, width: object, points: object) -> Change:
    """The drawing with one more stroke, simplified.

    The stroke comes from a browser, so that anything may be in it: raises ValueError with what was
    expected, also where the drawing would be longer than `LONGEST_DRAWING`.
    """
    if ink not in INKS or not _is_coordinate(width) or not isinstance(points, list) or not points:
        raise ValueError("expected an ink, a width and points")
    if len(points) > MOST_POINTS or not all(_is_point(p) for p in points):
        raise ValueError(f"expected pairs of whole numbers from 0 to {GRID - 1}, not too many")
    stroke = Stroke(str(ink), width, simplified([(x, y) for x, y in points]))  # type: ignore[arg-type]
    longer = Change("draw", strokes=(*change.strokes, stroke))
    if len(write_change(longer)) > LONGEST_DRAWING:
        raise ValueError("the drawing is full")
    return longer


def _is_coordinate(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < GRID


def _is_point(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_coordinate, value))


def simplified(points: Sequence[Point]) -> tuple[Point, ...]:
    """The line with as few of its points as keep it where it is (Ramer, Douglas and Peucker)."""
    keep = {0, len(points) - 1}
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        inner = range(first + 1, last)
        far = max(inner, key=lambda i: _away(points[i], points[first], points[last]), default=None)
        if far is not None and _away(points[far], points[first], points[last]) > _TOLERANCE:
            keep.add(far)
            spans += [(first, far), (far, last)]
    kept = [points[i] for i in sorted(keep)]
    return tuple(p for i, p in enumerate(kept) if i == 0 or p != kept[i - 1])


def _away(point: Point, start: Point, end: Point) -> float:
    """Distance of a point to the line from start to end."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    x, y = point[0] - start[0], point[1] - start[1]
    length = dx * dx + dy * dy
    along = min(1.0, max(0.0, (x * dx + y * dy) / length)) if length else 0.0
    return math.hypot(x - along * dx, y - along * dy)


def read_factors(code: str) -> dict[str, float]:
    """Read the factors of a gate; raises ValueError with what was expected."""
    result = {}
    for entry in code.split(",") if code else ():
        name, _, value = entry.partition(":")
        if name not in COMPONENTS or name in result:
            raise ValueError(f"expected components {', '.join(COMPONENTS)}, each once")
        result[name] = _number(value, MOST_FACTOR)
    return result


def write_factors(factors: Mapping[str, float]) -> str:
    """The same as text; factors of 1 are left out."""
    return ",".join(f"{c}:{factors[c]:g}" for c in COMPONENTS if factors.get(c, 1.0) != 1.0)


def _number(text: str, most: float, least: float = 0.0) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise ValueError(f"expected a number from {least:g} to {most:g}")
    return value + 0.0  # of -0 and 0 the same
