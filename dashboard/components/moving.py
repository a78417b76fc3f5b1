"""A figure that changes while people watch it.

Streamlit takes a chart with other numbers for another chart and builds it anew, which flickers;
this one is told the new figure and moves on from the old one.
"""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from dashboard.components import scripts
from dashboard.components.served import address
from dashboard.figures import theme


def draw(fig: go.Figure, key: str, alt: str) -> None:
    """The figure, as it is now; ``alt`` says what it shows to those who cannot see it."""
    # Not in a shadow tree: whoever saves the figure looks for it in the page.
    part = st.components.v2.component(
        "dmil_moving",
        html='<div class="moving"></div>',
        js=scripts.text("moving.js"),
        isolate_styles=False,
    )
    data = {
        "figure": fig.to_json(),
        "config": theme.STILL,
        "alt": alt,
        "height": fig.layout.height,
        "loader": address("own", "plotly.js"),
        "plotly": address("plotly", "plotly.min.js"),
    }
    part(key=key, data=data, height=fig.layout.height)
