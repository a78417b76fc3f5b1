"""The words of the app are the field's: none of its earlier private words is left."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import dashboard
import dmil_core

APP, CORE = Path(dashboard.__file__).parent, Path(dmil_core.__file__).parent
DOCS = APP.parent / "docs"

#: A word that is not used -> what is said instead.
BANNED = {
    r"\btold\b": "estimated by, carried by",
    r"\btells? (?:of|about|the class|more|all|nothing|nearly)\b": "carries information about",
    r"\b(?:inputs?|heads?|models?|what) (?:say|tell)s?\b": "predicts, carries",
    r"\bsays (?:\w+ )?\(": "predicts",
    r"\b(?:sure|surest)\b": "confident, confidence",
    r"\bspoilt\b": "corrupted",
    r"\blaws?\b": "distribution",
    r"\bworlds?\b": "distribution",
    r"\bhanded on\b|\bkept on for\b": "selected",
    r"\bways? of learning\b": "method",
    r"\bright how often\b|\bhow often (?:it is )?right\b|\bwho is right\b": "accuracy",
    r"\bby heart\b": "memorised",
    r"\bnothing explains\b": "unexplained",
    r"\bcannot be told\b": "not significantly different",
    r"\bcompositions?\b": "interaction type",
    r"\btoo sure\b|\bnot sure enough\b": "overconfident, underconfident",
}
#: Sentences in which such a word is plain English, or a name.
ALLOWED = (
    "Make sure",
    "make sure",
    # Codecs.
    "A-law",
    "mu-law",
    # Findings of a record of benchmarks.real_sets, as the app wrote them then.
    "is shown to tell more about",
)


def shown(file: Path) -> Iterator[str]:
    """Texts of a module that are not documentation: with a blank between words."""
    tree = ast.parse(file.read_text("utf-8"))
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and id(node) not in documentation and " " in text.strip():
            yield text


def faults(text: str) -> list[str]:
    plain = re.sub("|".join(map(re.escape, ALLOWED)), "", text)
    return [
        f"{match[0]!r} (better: {better}) in {' '.join(text.split())[:90]!r}"
        for pattern, better in BANNED.items()
        if (match := re.search(pattern, plain, re.IGNORECASE))
    ]


@pytest.mark.parametrize("room", ["text", "views", "figures", "export", "services", "."])
def test_the_app_has_none_of_the_private_words(room: str) -> None:
    files = sorted((APP / room).glob("*.py") if room == "." else (APP / room).rglob("*.py"))
    found = [f"{file.relative_to(APP)}: {fault}" for file in files for t in shown(file)
             for fault in faults(t)]  # fmt: skip
    assert not found, "\n".join(found)


def test_reports_the_command_line_and_the_documentation_have_none_either() -> None:
    found = []
    for file in (*sorted((APP / "text").glob("*.jinja")), *sorted(DOCS.glob("*.md"))):
        # Names in code, such as options of earlier versions, stay what they are.
        text = re.sub(r"`[^`]*`|```.*?```", "", file.read_text("utf-8"), flags=re.DOTALL)
        found += [f"{file.name}: {fault}" for line in text.splitlines() for fault in faults(line)]
    for file in sorted((CORE / "cli").glob("*.py")):
        found += [f"{file.name}: {fault}" for text in shown(file) for fault in faults(text)]
    assert not found, "\n".join(found)


def test_the_search_finds_what_it_is_for() -> None:
    for text in ("What the inputs tell", "92 % sure", "a spoilt picture", "Who is right how often"):
        assert faults(text), text
    for text in ("Make sure that the file exists", "It says nothing of the kind", "predicts four"):
        assert not faults(text), text
