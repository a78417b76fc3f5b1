"""The help: the glossary, the keys, and the tour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from dashboard.components import scripts
from dashboard.components.served import base
from dashboard.text import glossary, tour


def guide(pages: Sequence[str], offers: bool) -> None:
    """One button for the glossary, the keys and the tour, which the first page offers once.

    ``pages`` are the ends of the pages' addresses, without the first page's, which has none;
    ``offers`` says whether this page is the first.
    """
    part = st.components.v2.component(
        "dmil_help",
        html='<div class="help"></div>',
        css=scripts.text("help/help.css"),
        js=scripts.importing("help/index.js"),
    )
    words = [
        {"anchor": entry.anchor, "name": entry.name, "text": entry.definition}
        for entry in glossary.entries()
    ]
    data: dict[str, Any] = {
        "words": words,
        "keys": [{"key": key, "text": text} for key, text in glossary.KEYS.items()],
        "offer": tour.OFFER,
        "steps": [asdict(step) for step in tour.STEPS],
        "base": base(),
        "slugs": list(pages),
        "offers": offers,
    }
    part(key="help", data=data, width="content")
