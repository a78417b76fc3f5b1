"""What tests read in a Markdown page: sections, code blocks, links, tables."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from dmil_core import cli

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"

#: A training short enough for a test; what it learns does not matter here.
QUICK = 0.02


def page(name: str) -> str:
    """The text of a file, from the repository's root."""
    return (REPOSITORY / name).read_text("utf-8")


def section(text: str, title: str) -> str:
    """Text of a second-level section."""
    match = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"there is no section {title!r}"
    return match[1]


def blocks(text: str, language: str) -> list[str]:
    """Contents of fenced code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def links(text: str) -> list[str]:
    """Targets of links and pictures within the repository, without their anchors."""
    return re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", text)


def first_cells(text: str) -> list[str]:
    """What stands in backticks in the first cell of each row of a page's tables."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def perform(line: str) -> None:
    """Do what a line of a shell example says, quickly."""
    program, command, *rest = shlex.split(line)
    assert Path(program).name == "dmil"
    quick = {"train": ["--epochs-scale", str(QUICK), "--quiet"], "project": ["--method", "pca"]}
    assert cli.main([command, *rest, *quick.get(command, [])]) == 0
