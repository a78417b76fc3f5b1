"""Scripts that browsers fetch when they need them: our own, and Plotly's."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import plotly
import streamlit as st
from streamlit.components.v1 import declare_component

_FOLDERS: Final = {
    "own": Path(__file__).parent,
    "plotly": Path(plotly.__file__).parent / "package_data",
}


def serve() -> None:
    """Let the server hand out our own scripts and Plotly's, which lies in its Python package."""
    for name, folder in _FOLDERS.items():
        declare_component(name, path=folder)


@cache
def address(folder: str, file: str) -> str:
    """Where the server hands out a file; another one after an update, as browsers keep them."""
    path = _FOLDERS[folder] / file
    return f"{base()}/component/{__name__}.{folder}/{file}?{path.stat().st_mtime_ns}"


def base() -> str:
    """The folder of the app in its address, without a slash at the end."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""
