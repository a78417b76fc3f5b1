"""Words of a text: what is one, which ones a model knows, and how many it reads.

Everything is decided from texts alone, so that reading a file, training and prediction agree on
it. The *tokenizer* says how a text is cut:

- ``words``: runs of letters and digits, and every other sign by itself. Right wherever words stand
  between spaces and a letter is one character.
- ``unicode``: the same, but scripts that are written without spaces (Chinese, Japanese, Thai, Lao,
  Khmer, Burmese and others) are cut into characters, and a mark such as a vowel sign or an accent
  stays with its letter.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.schema import Tokenizer

#: Words of a text that a model reads at most, and that it knows at most.
MAX_WORDS: Final = 256
MAX_VOCABULARY: Final = 5000

_WORD: Final = re.compile(r"\w+|[^\w\s]")
#: Scripts without spaces between words, as ranges of a class of a regular expression.
_UNSPACED: Final = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b"  # signs of Chinese writing
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
    "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001b000-\U0001b16f"  # Japanese syllables
    "\u3100-\u312f\u31a0-\u31bf"  # Bopomofo
    "\u0e01-\u0e4f\u0e80-\u0ecf\u0edc-\u0edf"  # Thai, Lao
    "\u1000-\u103f\u1050-\u109f\ua9e0-\ua9ef\ua9fa-\ua9ff\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17d3\u17d7\u17dc\u17dd"  # Khmer
    "\u1950-\u19cf\u1a20-\u1aaf\uaa80-\uaadf"  # Tai scripts
    "\ua980-\ua9cf\u1b00-\u1b4f"  # Javanese, Balinese
)
_IS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
#: Signs without a shape of their own that join what stands around them.
_JOINERS: Final = "\u200c\u200d"


def tokenizer_of(texts: Iterable[str]) -> Tokenizer:
    """The tokenizer that texts need: ``words`` unless a script or a mark asks for ``unicode``."""
    signs = {sign for text in texts if not text.isascii() for sign in text}
    if any(
        _IS_UNSPACED.match(s) or s in _JOINERS or unicodedata.category(s)[0] == "M" for s in signs
    ):
        return "unicode"
    return "words"


def words_of(text: str, tokenizer: Tokenizer = "words") -> list[str]:
    """Lower-case words and single punctuation marks, in order."""
    if tokenizer == "words":
        return _WORD.findall(text.lower())
    return _unicode_word().findall(unicodedata.normalize("NFC", text.lower()))


def word_pattern(tokenizer: Tokenizer = "words") -> re.Pattern[str]:
    """A regular expression of one word of a text."""
    return _WORD if tokenizer == "words" else _unicode_word()


@lru_cache(maxsize=1)
def _unicode_word() -> re.Pattern[str]:
    """One character of a script without spaces, a run of other letters and digits, or one sign;
    each with the marks behind it."""
    # re knows no categories of Unicode; Python's own table has them.
    marks = "".join(
        chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M"
    )
    mark = f"[{re.escape(marks + _JOINERS)}]"
    letter = rf"[^\W{_UNSPACED}]"
    return re.compile(
        rf"[{_UNSPACED}]{mark}*|{letter}(?:{letter}|{mark})*|[^\w\s]{mark}*", re.DOTALL
    )


def vocabulary_of(texts: NDArray[np.str_], tokenizer: Tokenizer = "words") -> tuple[str, ...]:
    """Words of the texts (N,), most frequent first, ties in alphabetical order."""
    counts = Counter(w for text in texts.tolist() for w in words_of(text, tokenizer))
    ranked = sorted(counts, key=lambda w: (-counts[w], w))
    return tuple(ranked[:MAX_VOCABULARY])
