"""What the rows of a finished set say: inputs that say nothing, and copies between splits.

``dmil_core.data.validate`` looks for what is wrong with a file; here is what is suspicious in a set
that can be used. Nothing is an error, and everything has its share of rows. An input that is the
same everywhere, a sound that is silent, or a text whose words are all new cannot tell classes
apart, and a model that is trained on it says so nowhere.

Shapes: N rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.card import Card, Modality
from dmil_core.data.tokens import MAX_WORDS, tokenizer_of, vocabulary_of, words_of
from dmil_core.data.validate import Arrays, Issue

#: An input that is equal in more than this share of the rows hardly tells them apart.
_MOST_EQUAL: Final = 0.9
#: A set in which more than this share of the words outside training is new, or of the texts
#: consists of new words, is one that training says little about.
_MOST_UNKNOWN_WORDS: Final = 0.5
_MOST_UNKNOWN_TEXTS: Final = 0.1
#: How a sample of a kind is called in which nothing is to be seen or heard.
_BLANK: Final = {
    "image": ("blank", "Look at these rows: a picture of one colour shows nothing."),
    "audio": ("silent", "Listen to these rows: a silent sound cannot be classified."),
    "sequence": ("constant over time", "Check these rows: their signal never changes."),
}


def check_content(arrays: Arrays, card: Card) -> tuple[Issue, ...]:
    """Notes on what the inputs hold and on rows that two splits share; of severity warning.

    Parameters
    ----------
    arrays : by name, without an error and with ``split``.
    card : which names and describes the inputs.
    """
    inputs = [arrays[f"x{m}"] for m in range(1, len(card.modalities) + 1)]
    train = np.flatnonzero(arrays["split"] == "train")
    issues: list[Issue] = []
    keys = [_keys(x) for x in inputs]
    for m, (x, modality, key) in enumerate(zip(inputs, card.modalities, keys, strict=True), 1):
        name = _called(m, modality)
        blank = [] if modality.kind in ("text", "vector") else _blank(x, modality.kind)
        if blank:
            issues.append(_blanks(name, modality.kind, blank, len(x)))
        if len(blank) > _MOST_EQUAL * len(x):
            continue
        if issue := _equal(name, key):
            issues.append(issue)
        elif modality.kind == "text":
            issues += _texts(name, x, arrays["split"], train)
        elif modality.kind == "vector":
            issues += _constants(name, x[train], _number_names(modality, x.shape[1]))
    issues += _copies(keys, arrays["split"], train)
    return tuple(issues)


def _called(m: int, modality: Modality) -> str:
    """An input as people know it: its number, and its name where it has one."""
    own = modality.name not in (f"x{m}", f"input {m}")
    return f"input {m} ({modality.name[:40]})" if own else f"input {m}"


def _share(part: int, whole: int) -> str:
    """A share as a percentage; never 0 or 100 where it is not all or nothing."""
    percent = 100 * part / whole
    if part in (0, whole) or 1 <= percent <= 99:
        return f"{percent:.0f} %"
    return f"{min(max(percent, 0.1), 99.9):.1f} %"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _keys(x: NDArray[Any]) -> list[Any]:
    """One value for each row (N,), the same for rows that are equal."""
    if x.dtype.kind == "U":
        return [text.strip() for text in x.tolist()]
    # Of rows only a hash is kept; 0.0 and -0.0 are equal and have other bytes.
    zero = x.dtype.type(0)
    return [hash((row + zero if x.dtype.kind == "f" else row).tobytes()) for row in x]


def _equal(name: str, keys: list[Any]) -> Issue | None:
    ((common, count),) = Counter(keys).most_common(1)
    if count <= _MOST_EQUAL * len(keys):
        return None
    rows = () if count == len(keys) else tuple(i for i, key in enumerate(keys) if key != common)
    what = "the same in every row" if not rows else f"the same in {_share(count, len(keys))}"
    what += "" if not rows else f" of the rows, all but {_rows(len(rows))}"
    return _note(f"{name} is {what}", "It can hardly tell classes apart: choose another one.", rows)


def _texts(
    name: str, x: NDArray[Any], split: NDArray[Any], train: NDArray[np.int64]
) -> Iterator[Issue]:
    tokenizer = tokenizer_of(x[train].tolist())
    words = [words_of(text, tokenizer) for text in x.tolist()]
    if long := [i for i, w in enumerate(words) if len(w) > MAX_WORDS]:
        longest = max(len(words[i]) for i in long)
        yield _note(
            f"{name} has over {MAX_WORDS} words in {_rows(len(long))} "
            f"({_share(len(long), len(x))}), up to {longest:,}: what follows is not read",
            "Put what tells the classes apart first, or cut these texts yourself.",
            long,
        )
    known = set(vocabulary_of(x[train], tokenizer))
    containing = Counter(w for i in train.tolist() for w in set(words[i]))
    everywhere = {w for w, count in containing.items() if count > _MOST_EQUAL * len(train)}
    others = np.flatnonzero(split != "train").tolist()
    met = [[w in known for w in words[i] if w not in everywhere] for i in others]
    total = sum(map(len, met))
    new_words = total - sum(map(sum, met))
    new_texts = [i for i, w in zip(others, met, strict=True) if w and not any(w)]
    if total and new_words > _MOST_UNKNOWN_WORDS * total:
        yield _note(
            f"{name}: {_share(new_words, total)} of the words of val and test are in no training "
            f"row, in {_rows(len(new_texts))} all of them (words of nearly every row left out)",
            "A model cannot learn such words. Texts of a few words that recur, or more rows, "
            "help; a file name or an id is no text.",
            new_texts,
        )
    elif len(new_texts) > _MOST_UNKNOWN_TEXTS * len(others):
        yield _note(
            f"{name} has only words that are in no training row in {_rows(len(new_texts))} of val "
            f"and test ({_share(len(new_texts), len(others))}; words of nearly every row left out)",
            "A model cannot tell these rows apart by it.",
            new_texts,
        )


def _number_names(modality: Modality, numbers: int) -> list[str]:
    """What each number of a vector is called: by its column where the card names them."""
    names = [
        f"{c.name[:40]!r} is {c.categories[i]!r}"[:60] if c.one_hot else repr(c.name[:40])
        for c in modality.columns
        for i in range(c.width)
    ]
    return names or [f"number {i + 1}" for i in range(numbers)]


def _constants(name: str, x: NDArray[Any], names: Sequence[str]) -> Iterator[Issue]:
    """Numbers that are the same in all training rows; ``names`` has what each is called."""
    if not len(x):
        return
    constant = np.flatnonzero((x == x[0]).all(axis=0))
    if count := len(constant):
        which = ", ".join(names[i] for i in constant[:5]) + (", …" if count > 5 else "")
        yield _note(
            f"{name}: {count:,} of its {x.shape[1]:,} numbers ({_share(count, x.shape[1])}) "
            f"{'is' if count == 1 else 'are'} the same in all training rows ({which})",
            "They say nothing, and can be left out.",
        )


def _blank(x: NDArray[Any], kind: str) -> list[int]:
    """Rows of pictures of one colour, sounds without a change, signals that stand still."""
    axes = (1,) if kind == "sequence" else tuple(range(1, min(x.ndim, 3)))
    still = (x.max(axis=axes) == x.min(axis=axes)).reshape(len(x), -1).all(axis=1)
    rows: list[int] = np.flatnonzero(still).tolist()
    return rows


def _blanks(name: str, kind: str, rows: list[int], of: int) -> Issue:
    what, to_do = _BLANK[kind]
    return _note(f"{name} is {what} in {_rows(len(rows))} ({_share(len(rows), of)})", to_do, rows)


def _copies(
    keys: list[list[Any]], split: NDArray[Any], train: NDArray[np.int64]
) -> Iterator[Issue]:
    """Test rows whose inputs are all those of a training row."""
    together = list(zip(*keys, strict=True))
    seen = {together[i] for i in train.tolist()}
    test = np.flatnonzero(split == "test").tolist()
    if rows := [i for i in test if together[i] in seen]:
        yield _note(
            f"{len(rows):,} of {len(test):,} test rows ({_share(len(rows), len(test))}) have the "
            "same inputs as a training row",
            "The accuracy on them shows what was memorised. Give copies the same 'group', so that "
            "they are in one split, or drop them.",
            rows,
        )


def _note(title: str, what_to_do: str, rows: Iterable[int] = ()) -> Issue:
    return Issue(title, tuple(rows), "warning", what_to_do)
