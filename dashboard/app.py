"""Entry of the app: `streamlit run dashboard/app.py`; what a visitor sees begins in script.py."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dashboard import health, start
from dashboard.components import served
from dashboard.compression import CompressedFiles
from dashboard.message_rate import MessageRate
from dashboard.services.store import budgets
from dashboard.serving import Serving
from dashboard.visitor_cookie import VisitorCookie

app = st.App(
    Path(__file__).with_name("script.py"),
    lifespan=start.ready,
    routes=[*served.routes(), *health.routes()],
    middleware=[
        Middleware(Serving, budgets.at_once()),
        Middleware(MessageRate),
        Middleware(VisitorCookie),
        Middleware(CompressedFiles),
    ],
)
