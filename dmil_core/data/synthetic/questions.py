"""Yes/no questions in words: about a scene, about its frame, or about general knowledge.

- Scene questions need picture and words: each is a function of what is in the scene.
- Frame questions say nothing by themselves; the frame of the picture is the answer.
- Facts are answered by the words alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from dmil_core.data.synthetic.shape_scenes import COLOURS, SHAPES, SIZES, Scenes

Family = Literal["colour", "form", "size", "pair", "more"]


@dataclass(frozen=True)
class SceneQuestion:
    """Wordings of one question and its answers: (N,) bool for N scenes."""

    family: Family
    wordings: tuple[str, ...]
    answer: Callable[[Scenes], NDArray[np.bool_]]


@dataclass(frozen=True)
class _Noun:
    """A kind of object that can be counted, with its words."""

    family: Family
    one: str
    many: str
    rest: str  # after "more ... than": "small ones", "circles"
    colour: int | None = None
    shape: int | None = None
    size: int | None = None

    def count(self, scenes: Scenes) -> NDArray[np.int64]:
        return scenes.count(self.colour, self.shape, self.size)


FRAME_QUESTIONS: Final = (
    "is the frame white?",
    "is this a white frame?",
    "what does the frame say?",
    "does the frame say yes?",
)

_FLIES: Final = (
    "sparrow",
    "eagle",
    "bee",
    "owl",
    "bat",
    "butterfly",
    "pigeon",
    "plane",
    "kite",
    "wasp",
)
_STAYS: Final = (
    "pig",
    "stone",
    "snail",
    "spoon",
    "worm",
    "cow",
    "carpet",
    "whale",
    "bridge",
    "mole",
)
_EATEN: Final = (
    "apple",
    "bread",
    "cake",
    "carrot",
    "pear",
    "soup",
    "cheese",
    "plum",
    "bean",
    "cookie",
)
_NOT_EATEN: Final = (
    "hammer",
    "brick",
    "lamp",
    "shoe",
    "key",
    "window",
    "clock",
    "chair",
    "coin",
    "rope",
)
_HEAVY: Final = (
    "elephant",
    "truck",
    "ship",
    "train",
    "house",
    "hippo",
    "tractor",
    "church",
    "tank",
    "crane",
)
_LIGHT: Final = (
    "mouse",
    "feather",
    "pen",
    "leaf",
    "button",
    "match",
    "paper",
    "ant",
    "pea",
    "straw",
)


def scene_questions() -> tuple[SceneQuestion, ...]:
    """All questions about a scene, in a fixed order."""
    single = _single_nouns()
    exists = [_exists(n.family, n) for n in (*single, *_double_nouns())]
    return (*exists, *(_more(a, b) for a, b in permutations(single, 2)))


def facts() -> tuple[tuple[str, bool], ...]:
    """Questions that words alone answer, each with its answer; half of them yes."""
    out = [(f"can {_article(w)} fly?", w in _FLIES) for w in _FLIES + _STAYS]
    out += [(f"can you eat {_article(w)}?", w in _EATEN) for w in _EATEN + _NOT_EATEN]
    out += [(f"is {_article(w)} heavier than a man?", w in _HEAVY) for w in _HEAVY + _LIGHT]
    out += [
        ("does a triangle have three sides?", True),
        ("does a square have four corners?", True),
        ("is a wheel round?", True),
        ("does a triangle have seventy sides?", False),
        ("does a square have ninety corners?", False),
        ("is a ladder round?", False),
    ]
    return tuple(out)


def _single_nouns() -> tuple[_Noun, ...]:
    colours = [_adjective("colour", c, colour=i) for i, c in enumerate(COLOURS)]
    forms = [_Noun("form", s, f"{s}s", f"{s}s", shape=i) for i, s in enumerate(SHAPES)]
    sizes = [_adjective("size", z, size=i) for i, z in enumerate(SIZES)]
    return (*colours, *forms, *sizes)


def _adjective(
    family: Family, word: str, colour: int | None = None, size: int | None = None
) -> _Noun:
    many = f"{word} shapes"
    return _Noun(family, f"{word} shape", many, f"{word} ones", colour=colour, size=size)


def _double_nouns() -> tuple[_Noun, ...]:
    coloured = [
        _Noun("pair", f"{c} {s}", f"{c} {s}s", f"{c} {s}s", colour=i, shape=j)
        for i, c in enumerate(COLOURS)
        for j, s in enumerate(SHAPES)
    ]
    sized = [
        _Noun("pair", f"{z} {s}", f"{z} {s}s", f"{z} {s}s", size=i, shape=j)
        for i, z in enumerate(SIZES)
        for j, s in enumerate(SHAPES)
    ]
    return (*coloured, *sized)


def _exists(family: Family, noun: _Noun) -> SceneQuestion:
    wordings = (
        f"is there a {noun.one}?",
        f"can you see a {noun.one}?",
        f"does the picture show a {noun.one}?",
    )
    return SceneQuestion(family, wordings, lambda scenes: noun.count(scenes) > 0)


def _more(a: _Noun, b: _Noun) -> SceneQuestion:
    wordings = (f"are there more {a.many} than {b.rest}?",)
    return SceneQuestion("more", wordings, lambda s: a.count(s) > b.count(s))


def _article(word: str) -> str:
    if word in ("bread", "cake", "soup", "cheese"):
        return word
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
