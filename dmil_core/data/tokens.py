"""What counts as a word in a text modality."""

from __future__ import annotations

import re
from typing import Final

WORD: Final = re.compile(r"\w+|[^\w\s]")


def words_of(text: str) -> list[str]:
    """Lower-case words and single punctuation marks, in order."""
    return WORD.findall(text.lower())
