"""How far a visitor is with the lessons, as a value and as text for links. Nothing here imports
Streamlit.

``redundancy.ab!~xor.c`` says: of `redundancy` the answer a was tried, then b, and the lesson is
done; of `xor` the answer c was tried. Of a lesson with several questions a dot parts the answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

#: The lessons in their order, as links name them.
LESSONS: Final = ("redundancy", "two-eyes", "xor", "competition", "gate", "numbers")
#: Names of the choices of a question.
LETTERS: Final = "abcd"
MOST_QUESTIONS: Final = 3
#: Longest text: every lesson done, every choice of every question tried.
LONGEST: Final = sum(len(n) for n in LESSONS) + len(LESSONS) * (
    2 + MOST_QUESTIONS * (1 + len(LETTERS))
)

_LESSON: Final = re.compile(r"([a-z-]+)((?:\.[a-z]*)*)(!?)")


@dataclass(frozen=True)
class Record:
    """What was said in a lesson: of each question the choices tried, the latest last; and whether
    its end was reached."""

    tried: tuple[str, ...] = ()
    done: bool = False


Progress = Mapping[str, Record]


def tried(progress: Progress, lesson: str, question: int) -> str:
    """The choices tried of a question (from 0), the latest last; empty for none."""
    result = progress.get(lesson, Record()).tried
    return result[question] if question < len(result) else ""


def said(progress: Progress, lesson: str, question: int, letter: str) -> Progress:
    """The progress after one more answer; one that was tried before becomes the latest."""
    record = progress.get(lesson, Record())
    answers = [tried(progress, lesson, q) for q in range(max(len(record.tried), question + 1))]
    answers[question] = answers[question].replace(letter, "") + letter
    return {**progress, lesson: replace(record, tried=tuple(answers))}


def again(progress: Progress, lesson: str) -> Progress:
    """The progress with the answers of a lesson forgotten, for who does it once more."""
    return {**progress, lesson: replace(progress.get(lesson, Record()), tried=())}


def finished(progress: Progress, lesson: str) -> Progress:
    """The progress after the end of a lesson was reached."""
    return {**progress, lesson: replace(progress.get(lesson, Record()), done=True)}


def write(progress: Progress) -> str:
    """Progress as text that a URL can hold unescaped; lessons not begun are left out."""
    texts = []
    for name in LESSONS:
        record = progress.get(name, Record())
        answers = "".join(f".{letters}" for letters in record.tried).rstrip(".")
        if answers or record.done:
            texts.append(f"{name}{answers}{'!' * record.done}")
    return "~".join(texts)


def read(text: str) -> Progress:
    """The progress that `write` wrote.

    Raises
    ------
    ValueError
        If the text is none, saying what was expected.
    """
    if len(text) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    records: dict[str, Record] = {}
    for part in text.split("~") if text else ():
        match = _LESSON.fullmatch(part)
        if not match or match[1] not in LESSONS or match[1] in records:
            raise ValueError("expected lessons with answers, such as xor.ab!")
        answers = tuple(match[2].split(".")[1:])
        if len(answers) > MOST_QUESTIONS or not all(map(_plausible, answers)):
            raise ValueError(f"expected answers from {LETTERS[0]} to {LETTERS[-1]}, each once")
        records[match[1]] = Record(answers, bool(match[3]))
    return records


def _plausible(letters: str) -> bool:
    return set(letters) <= set(LETTERS) and len(set(letters)) == len(letters)
