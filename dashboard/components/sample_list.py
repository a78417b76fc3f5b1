"""The list of samples in the browser: as long as it is, a page of its rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Literal

import streamlit as st

from dashboard.components import picked, scripts
from dashboard.guard import callback

Kind = Literal["picture", "text", "values", "missing"]


@dataclass(frozen=True)
class Row:
    """What one row shows.

    Attributes
    ----------
    inputs : for each input what it is, and a text, or the data URI of a picture. ``values`` are
        lines of a name and a value each.
    parts : components and their gate weights; none for a model without a gate.
    line : what stands below the inputs.
    answer : the prediction and its confidence.
    """

    id: str
    correct: bool
    inputs: tuple[tuple[Kind, str], ...]
    parts: tuple[tuple[str, float], ...]
    line: str
    answer: str


def sample_list(
    key: str,
    rows: Sequence[Row],
    ids: Collection[str],
    of: str,
    first: int,
    chosen: int | None,
    height: int,
    grounds: Mapping[str, str],
    on_pick: Callable[[str], None],
    on_want: Callable[[int], None],
) -> None:
    """Show the list.

    Parameters
    ----------
    rows : those of one page, of which the first is row ``first`` of the list, from 0.
    ids : of all rows of the list: the browser is not believed.
    of : tells this list from one with other rows or in another order, which is shown from its
        start; the browser keeps the rows it was sent of the same list.
    chosen : position of the sample that is open; it is scrolled to when it changes.
    height : of a row, in pixels.
    grounds : CSS background by component.
    on_pick : called with the id of the row that was opened.
    on_want : called with the position of a row that came into sight and was not sent yet.
    """
    part = st.components.v2.component(
        "dmil_list",
        html='<div class="list"></div>',
        css=scripts.text("list/list.css"),
        js=scripts.importing("list/index.js"),
    )

    def wanted() -> None:
        position = st.session_state[key].get("wanted")
        if isinstance(position, int) and 0 <= position < len(ids):
            on_want(position)

    data = {
        "list": of,
        "total": len(ids),
        "first": first,
        "height": height,
        "chosen": -1 if chosen is None else chosen,
        "label": "Samples: arrow keys move, Enter opens",
        "grounds": dict(grounds),
        "rows": [asdict(row) for row in rows],
    }
    part(
        key=key,
        data=data,
        on_picked_change=callback(partial(picked.report, key, ids, on_pick)),
        on_wanted_change=callback(wanted),
    )
