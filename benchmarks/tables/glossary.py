"""The app's glossary as a page, so that app and documentation define each term once."""

from __future__ import annotations

from dashboard.text.glossary import KEYS, entries


def glossary() -> str:
    """Every term with its definition in alphabetical order, then the keys."""
    terms = [
        f"### {entry.name}\n\n{entry.definition}" + (f" In {entry.unit}." if entry.unit else "")
        for entry in entries()
    ]
    keys = [f"| {key} | {effect} |" for key, effect in KEYS.items()]
    table = "\n".join(["| key | effect |", "|---|---|", *keys])
    return "\n\n".join(["## Terms", *terms, "## Keys of the app", table])
