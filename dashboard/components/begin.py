"""Something that moves begins by itself once it is seen, unless its visitor wants no motion."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard.components import picked, scripts
from dashboard.guard import callback


def begin(key: str, run: str, on_begin: Callable[[str], None]) -> None:
    """Call ``on_begin`` with ``run``, a name of ours, once the page is seen.

    It is not called where the browser is asked for reduced motion, or prints.
    """
    part = st.components.v2.component(
        "dmil_begin", html="<span hidden></span>", js=scripts.text("begin.js")
    )
    part(
        key=key,
        data={"run": run},
        on_picked_change=callback(partial(picked.report, key, (run,), on_begin)),
    )
