"""Which cells are missing: empty ones, and those with a word that means so.

A word that can mean something else is missing only where the column does not use it as a word:
``-`` beside ``+``, or ``None`` as the name of a class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Cells that are missing in every column, in lower case and without blanks around them.
ALWAYS: Final = (
    "", "na", "n/a", "n.a.", "n.a", "nan", "-nan", "#n/a", "#na", "#n/a n/a", "<na>", "null", "nat",
    "#null!", "#value!", "#div/0!", "#ref!", "#num!", "#name?", "#n/d", "\\n", "(null)", "<null>",
    "[null]", "(na)", "(n/a)", "[na]", "(nan)", "(blank)", "(empty)", "(missing)", "<missing>",
)  # fmt: skip
#: Missing too, but a word of its own where the column needs it; see `is_missing`.
MOSTLY: Final = (
    "-", "--", "---", "?", "??", ".", "..", "\u2013", "\u2014", "\u2212", "...", "\u2026",
)  # fmt: skip
#: Missing among numbers; among words they are words.
AMONG_NUMBERS: Final = (
    "none", "missing", "unknown", "nil", "n/d", "nd", "n.d.", "not available", "not applicable",
    "not recorded", "not measured", "unk", "nr", "n/r", "n.r.", "k.a.", "k. a.", "s/d", "sin dato",
    "*", "\u043d/\u0434", "\u7121", "\u65e0", "\u672a\u77e5", "\u4e0d\u8be6", "\u4e0d\u660e",
    "\u306a\u3057", "\uc5c6\uc74c",
)  # fmt: skip

#: The most usual of these as they are written, to find them without changing any cell.
AS_WRITTEN: Final = (
    "", "NA", "N/A", "NaN", "nan", "null", "NULL", "na", "n/a", "<NA>", "#N/A", "?", "-", "None",
)  # fmt: skip


def is_missing(words: pa.Array, numbers: bool = False) -> NDArray[np.bool_]:
    """(U,) which of these different cells are missing.

    Where fewer than two words would be left and the missing ones are at least two different words,
    all but the empty ones count as words: a column of ``nan`` and ``None``, or of ``+`` and ``-``,
    says something.

    Parameters
    ----------
    words : (U,) text, every spelling once.
    numbers : whether the column is of numbers; then there is no such exception.
    """
    plain = pc.utf8_lower(pc.utf8_trim_whitespace(words))
    known = (*ALWAYS, *MOSTLY, *AMONG_NUMBERS) if numbers else (*ALWAYS, *MOSTLY)
    missing = _among(plain, known)
    if numbers or not missing.any():
        return missing
    if _among(plain, ("+",)).any():
        missing &= ~_among(plain, ("-", "\u2013", "\u2014", "\u2212"))
    left = set(plain.filter(pa.array(~missing)).to_pylist())
    taken = {w for w in plain.filter(pa.array(missing)).to_pylist() if w}
    if len(left) < 2 and len(left | taken) >= 2 and len(words) <= len(known):
        return _among(plain, ("",))
    return missing


def _among(words: pa.Array, known: tuple[str, ...]) -> NDArray[np.bool_]:
    found: NDArray[Any] = pc.is_in(words, value_set=pa.array(known, words.type)).to_numpy(
        zero_copy_only=False
    )
    return found.astype(bool)
