"""Settings, shared controls, the list of pages; then the page that a visitor is on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import login, sidebar, widgets
from dashboard.services.store import catalog
from dashboard.state import session
from dashboard.views import fidelity, overview, worth
from dashboard.views.compare import compare
from dashboard.views.learn import gates, lessons, live, paper
from dashboard.views.map import latent_map
from dashboard.views.sample import samples, what_if
from dashboard.views.uploads import your_data

# A file of our own: an icon by name would be fetched from another server.
ICON = Path(__file__).parent / "static" / "icon.svg"


def run() -> None:
    """One run for a visitor: a page that was opened, or a click on it."""
    st.set_page_config(page_title="DMIL Explorer", page_icon=str(ICON), layout="wide")
    widgets.guarded(_run, "the frame around the pages")


def _run() -> None:
    if not login.admitted():
        return
    session.begin()
    catalog.begin()
    # The default page has no url_path: its own address would open a "page not found" dialog.
    pages = {
        "overview": st.Page(
            overview.overview, title="Overview", icon=":material/home:", default=True
        ),
        "samples": st.Page(
            samples.samples, title="Samples", icon=":material/list_alt:", url_path="samples"
        ),
        "what_if": st.Page(
            what_if.what_if, title="What if", icon=":material/edit:", url_path="what-if"
        ),
        "map": st.Page(
            latent_map.latent_map,
            title="Latent map",
            icon=":material/scatter_plot:",
            url_path="map",
        ),
        "compare": st.Page(
            compare.compare, title="Compare", icon=":material/bar_chart:", url_path="compare"
        ),
        "worth": st.Page(
            worth.worth, title="Worth", icon=":material/price_check:", url_path="worth"
        ),
        "fidelity": st.Page(
            fidelity.fidelity, title="Fidelity", icon=":material/verified:", url_path="fidelity"
        ),
        "your_data": st.Page(
            your_data.your_data, title="Your data", icon=":material/upload:", url_path="your-data"
        ),
    }
    learn = {
        "lessons": st.Page(
            lessons.lessons, title="Lessons", icon=":material/school:", url_path="lessons"
        ),
        "gates": st.Page(gates.gates, title="Gates", icon=":material/memory:", url_path="gates"),
        "live": st.Page(
            live.live, title="Live training", icon=":material/play_circle:", url_path="live"
        ),
        "paper": st.Page(
            paper.paper, title="The paper", icon=":material/schema:", url_path="paper"
        ),
    }
    # Pages below an empty name stay beside each other; those to learn with are a menu behind them.
    page = st.navigation({"": list(pages.values()), "Learn": list(learn.values())}, position="top")
    pages |= learn
    session.remember_pages(pages)
    sidebar.title([page.url_path for page in pages.values() if page.url_path])
    checkpoints = catalog.checkpoint_catalog()
    sidebar.settle(checkpoints)
    # Pages about no set of the list, and why: the choices of one would do nothing there.
    why = {
        pages["fidelity"]: "This page is about generated data of its own; nothing is to be chosen "
        "here.",
        pages["your_data"]: "Trained sets of yours join the list of data sets here, on the other "
        "pages, for this browser only.",
        pages["lessons"]: "A lesson chooses its own data and model; nothing is to be chosen here.",
        pages[
            "gates"
        ]: "This page is about gate mixtures that you build; no data set or model takes part.",
        pages[
            "live"
        ]: "This page trains models of its own, on a gate mixture that you choose; nothing is to "
        "be chosen here.",
    }.get(page, "")
    sidebar.header(checkpoints, not why)
    sidebar.controls(checkpoints, not why, why)
    widgets.told()
    widgets.guarded(page.run)
    session.publish()
