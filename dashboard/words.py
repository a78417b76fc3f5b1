"""Text from data as one line of limited width: names may hold anything, and be of any length."""

from __future__ import annotations

import unicodedata
from typing import Final

#: Characters that turn the direction of everything behind them, and are not seen themselves.
_TURNS: Final = dict.fromkeys(
    (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
_FROM_RIGHT: Final = frozenset({"R", "AL"})
#: Longest text that is looked at: what is cut off anyway need not be measured.
_LOOKED_AT: Final = 1000


def one_line(text: object, room: int = _LOOKED_AT) -> str:
    """The text without line breaks and marks of direction, cut to so many letters.

    A wide letter, as of Chinese, counts as two, and a mark upon another letter as none. What is
    cut ends in an ellipsis.
    """
    raw = str(text)
    words = " ".join(raw[: 4 * _LOOKED_AT].translate(_TURNS).split())
    longer = len(raw) > 4 * _LOOKED_AT
    if not longer and len(words) <= room and words.isascii():
        return words
    width, end = 0, 0
    for place, letter in enumerate(words):
        width += _width(letter)
        if width > room:
            return words[:end].rstrip() + "…"
        # The ellipsis needs a place too, and no mark is parted from its letter.
        if width <= room - 1:
            end = place + 1
    return words + "…" if longer else words


def beside(text: str) -> str:
    """A text to stand among others: where it runs from the right it does so for itself alone."""
    if any(unicodedata.bidirectional(letter) in _FROM_RIGHT for letter in text):
        return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"
    return text


def _width(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1
