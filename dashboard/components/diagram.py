"""Boxes and arrows that are clicked, by pointer or by key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import partial

import streamlit as st

from dashboard.components import picked, scripts
from dashboard.figures.architecture import Arrow, Box
from dashboard.guard import callback


def diagram(
    key: str,
    boxes: Sequence[Box],
    arrows: Iterable[Arrow],
    chosen: str,
    label: str,
    on_pick: Callable[[str], None],
) -> None:
    """A drawing of ``boxes``, of which one is chosen.

    Parameters
    ----------
    label : what it shows, for those who do not see it.
    on_pick : called with the id of a box that was clicked; never with another text.
    """
    known = {box.id for box in boxes}
    part = st.components.v2.component(
        "dmil_diagram",
        html='<div class="diagram"></div>',
        css=scripts.text("diagram.css"),
        js=scripts.text("diagram.js"),
    )
    part(
        key=key,
        data={
            "boxes": [asdict(box) for box in boxes],
            "arrows": [asdict(arrow) for arrow in arrows],
            "chosen": chosen,
            "label": label,
        },
        on_picked_change=callback(partial(picked.report, key, known, on_pick)),
    )
