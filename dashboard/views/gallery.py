"""The choice of a data set: a chip with its name, and behind it all sets as cards."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import streamlit as st

from dashboard.figures.strip import strip
from dashboard.figures.theme import quoted
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services import gallery as service
from dashboard.services.gallery import SetCard
from dashboard.services.store.catalog import CheckpointCatalog
from dashboard.state import session
from dashboard.text import yours
from dashboard.widgets import plain
from dashboard.words import one_line

_KEY: Final = "choose_data"
#: Letters of a text that stands for an input.
_LETTERS: Final = 40
#: Cards beside each other.
_ACROSS: Final = 3


def chip(catalog: CheckpointCatalog) -> None:
    """The name of the chosen data set; a click shows all, as cards that are made then."""
    chosen = service.title(catalog, session.view().data)
    opened = st.popover(
        plain(chosen), key=_KEY, help="Data set", on_change="rerun", icon=":material/database:"
    )
    if not opened.open:
        return
    with opened, st.container(key="gallery"):
        with st.spinner("Looking at the data sets …"):
            every = service.cards(catalog)
        cells: list[Callable[[], None]] = [*(partial(_card, card) for card in every), _own]
        # A row at a time, so that their order stays where they stand below each other.
        for start in range(0, len(cells), _ACROSS):
            columns = st.columns(_ACROSS, gap="small")
            for column, fill in zip(columns, cells[start : start + _ACROSS], strict=False):
                with column.container(border=True, gap="xsmall", height="stretch"):
                    fill()


def _own() -> None:
    for label, words in (("Your data", yours.CARD), ("Your model", yours.MODEL_CARD)):
        st.page_link(session.page("your_data"), label=label, icon=":material/add:")
        st.caption(words)


def _card(card: SetCard) -> None:
    st.html(_pictures(card))
    st.button(
        plain(card.title), key=key_of("open_set", card.name), type="tertiary",
        on_click=callback(_choose), args=(card.name,), disabled=card.name == session.view().data,
    )  # fmt: skip
    if not card.trained:
        st.caption("No model yet: **Worth** needs none; `dmil train` makes one.")
        return
    facts = [f"{card.rows:,} samples", f"{card.classes} classes", " + ".join(card.inputs)]
    st.caption(plain(", ".join(f for f in facts if f)))
    if card.shares:
        of = "True interaction types" if card.known else "Mean gate weights"
        st.html(strip(card.shares, of))


def _pictures(card: SetCard) -> str:
    """One sample of the set, an input beside the other; texts are escaped."""
    parts = [
        f'<img src="{quoted(content)}" alt="" style="height:3rem;border-radius:.3em"/>'
        if kind == "picture"
        else f'<span style="font-size:.85rem">{quoted(one_line(content, _LETTERS))}</span>'
        for kind, content in card.pictures
    ]
    style = "display:flex;gap:.6rem;align-items:center;min-height:3rem"
    return f'<div style="{style}">{"".join(parts)}</div>'


def _choose(name: str) -> None:
    st.session_state[_KEY] = False
    session.change(data=name)
