"""A named part of a latent map, as a value and as text for the URL. Nothing here imports Streamlit.

A slice is what lies inside an outline that a visitor drew. The link holds the outline, not the
samples: it stays short, and a map that was computed again is noticed by its mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: Longest text of a slice in a URL; a full outline of a model with the longest name stays below.
LONGEST: Final = 1200
LONGEST_NAME: Final = 30
MOST_CORNERS: Final = 64
#: Steps along each side of the grid that corners lie on.
STEPS: Final = 4095

_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BETWEEN: Final = "~"


@dataclass(frozen=True)
class Slice:
    """What lies inside an outline on the map of one latent of one model.

    Attributes
    ----------
    name : what the visitor calls it; may be empty.
    model, seed, latent : whose map it was drawn on.
    mark : short hash of that map's coordinates.
    corners : at least three (x, y), whole numbers from 0 to `STEPS`.
    """

    name: str
    model: str
    seed: int
    latent: str
    mark: str
    corners: tuple[tuple[int, int], ...]


def write(drawn: Slice) -> str:
    """A slice as text that a URL can hold unescaped, but for its name."""
    corners = "".join(_two(v) for corner in drawn.corners for v in corner)
    model, seed = _escaped(drawn.model), str(drawn.seed)
    return _BETWEEN.join((tidy(drawn.name), model, seed, drawn.latent, drawn.mark, corners))


def read(text: str) -> Slice:
    """The slice that `write` wrote.

    Raises
    ------
    ValueError
        If the text is none.
    """
    parts = text.split(_BETWEEN)
    if len(text) > LONGEST or len(parts) != 6:
        raise ValueError("expected a slice as the map writes it")
    name, model, seed, latent, mark, digits = parts
    if not (seed.isascii() and seed.isdigit() and len(seed) <= 6):
        raise ValueError("expected a slice of a map with a seed such as 0")
    if name != tidy(name) or not (model and latent and mark):
        raise ValueError("expected a slice with a model, a latent and a mark")
    if len(digits) % 4 or not 3 <= len(digits) // 4 <= MOST_CORNERS:
        raise ValueError(f"expected an outline of 3 to {MOST_CORNERS} corners")
    if any(d not in _DIGITS for d in digits):
        raise ValueError("expected an outline as the map writes it")
    numbers = [_number(digits[i : i + 2]) for i in range(0, len(digits), 2)]
    corners = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    return Slice(name, _unescaped(model), int(seed), latent, mark, corners)


def _escaped(model: str) -> str:
    """A folder's name without the character that stands between the parts."""
    return model.replace("%", "%25").replace(_BETWEEN, "%7E")


def _unescaped(model: str) -> str:
    result = model.replace("%7E", _BETWEEN).replace("%25", "%")
    if _escaped(result) != model or any("\ud800" <= c <= "\udfff" for c in model):
        raise ValueError("expected the name of a model as the map writes it")
    return result


def _two(value: int) -> str:
    return _DIGITS[value >> 6] + _DIGITS[value & 63]


def _number(digits: str) -> int:
    return _DIGITS.index(digits[0]) * 64 + _DIGITS.index(digits[1])


def tidy(name: str) -> str:
    """A name as a slice can have it: printable, on one line, at most `LONGEST_NAME` characters."""
    kept = "".join(c if c.isprintable() and c != _BETWEEN else " " for c in name)
    return " ".join(kept.split())[:LONGEST_NAME].strip()
