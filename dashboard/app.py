"""Entry of the app: `streamlit run dashboard/app.py`; what a visitor sees begins in script.py."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import start

app = st.App(Path(__file__).with_name("script.py"), lifespan=start.ready)
