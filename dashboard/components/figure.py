"""Figures that come as SVG text, and saving any figure on the page: PNG, SVG or HTML."""

from __future__ import annotations

import re
from typing import Any, Literal

import streamlit as st

from dashboard.components import scripts
from dashboard.components.served import address
from dashboard.keys import key_of, name_in


def file_name(text: str) -> str:
    """Text as the name of a file, without its ending: letters, digits and ``._-`` alone."""
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip("-.")[:80] or "dmil"


Form = Literal["below", "menu", "none"]


def save_figure(
    key: str, title: str, alt: str, about: str, drawing: str = "", form: Form = "below"
) -> None:
    """A small control that saves the figure with this key as PNG, SVG or HTML.

    The browser does it, with the figure it has drawn already: the page carries no second copy.
    ``title`` and ``about`` are written above the figure, ``alt`` below it in HTML. A ``drawing``,
    SVG text of ours, is shown above the control and is what it saves; else that is a figure of
    Streamlit's, or a drawing that was shown with the ``form`` "none", without a control. A control
    in a menu has the figure's name beside it.
    """
    part = st.components.v2.component(
        "dmil_figure",
        html=scripts.text("figure/control.html"),
        css=scripts.text("figure/control.css"),
        js=scripts.text("figure/control.js"),
    )
    data: dict[str, Any] = {
        # The same as Streamlit makes of a key for its class.
        "key": re.sub(r"[^a-zA-Z0-9_-]", "-", key.strip()),
        "title": title,
        "alt": alt,
        "about": about,
        "name": file_name(f"{about} {name_in(key)}"),
        "code": address("own", "figure/save.js"),
        "loader": address("own", "plotly.js"),
        "plotly": address("plotly", "plotly.min.js"),
        "drawing": drawing,
        "form": form,
    }
    part(key=key if drawing else key_of("save", key), data=data)
