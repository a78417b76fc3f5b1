"""The app's glossary as a page, so that app and documentation define each term once."""

from __future__ import annotations

from dashboard.text.glossary import KEYS, WORDS


def glossary() -> str:
    """Every term with its definition in alphabetical order, then the keys."""
    terms = [f"### {w.name}\n\n{w.text}" for w in WORDS]
    keys = [f"| {key} | {effect} |" for key, effect in KEYS.items()]
    table = "\n".join(["| key | effect |", "|---|---|", *keys])
    return "\n\n".join(["## Terms", *terms, "## Keys of the app", table])
