"""What a visitor picked in a component of ours."""

from __future__ import annotations

from collections.abc import Callable, Collection

import streamlit as st


def report(key: str, names: Collection[str], on_pick: Callable[[str], None]) -> None:
    """Pass on what the component with this key sent as ``picked``.

    Parameters
    ----------
    names : what may be picked: the browser is not believed.
    on_pick : called with the name of what was picked; never with another text.
    """
    sent = st.session_state[key].get("picked")
    if isinstance(sent, str) and sent in names:
        on_pick(sent)
