"""The help: the glossary, the keys, and the tour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.components.served import address, base
from dashboard.text import glossary, tour

_CSS = Path(__file__).with_name("help.css").read_text("utf-8")
_SCRIPT = """
export default function ({ parentElement, data }) {
  let gone = false;
  let away = () => {};
  const place = parentElement.querySelector(".help");
  import(new URL(data.code, window.location.origin).href).then(({ mount }) => {
    if (!gone) away = mount(place, data);
  });
  return () => { gone = true; away(); };
}
"""


def guide(pages: Sequence[str]) -> None:
    """The glossary, the keys and the tour, which is offered on a visitor's first visit.

    ``pages`` are the ends of the pages' addresses, without the first page's, which has none.
    """
    part = st.components.v2.component(
        "dmil_help", html='<div class="help"></div>', css=_CSS, js=_SCRIPT
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
        "code": address("own", "help.js"),
    }
    part(key="help", data=data, width="content")
