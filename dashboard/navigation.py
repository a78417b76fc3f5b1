"""Settings, shared controls, the list of pages; then the page that a visitor is on."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import frame, login, widgets
from dashboard.services.store import catalog
from dashboard.state import session
from dashboard.state.view import OLD_ADDRESSES
from dashboard.views import overview, presenting, worth
from dashboard.views.compare import about, disagreements, leaderboard
from dashboard.views.learn import gates, lessons, live, paper
from dashboard.views.map import latent_map
from dashboard.views.sample import samples, what_if
from dashboard.views.trust import page as trust
from dashboard.views.uploads import your_data

# A file of our own: an icon by name would be fetched from another server.
ICON = Path(__file__).parent / "static" / "icon.svg"


def run() -> None:
    """One run for a visitor: a page that was opened, or a click on it."""
    st.set_page_config(page_title="DMIL Explorer", page_icon=str(ICON), layout="wide")
    st.html(frame.STYLE)
    widgets.guarded(_run, "the frame around the pages")


def _gone() -> None:
    """A page that is never drawn."""


def _run() -> None:
    if not login.admitted():
        return
    session.begin()
    catalog.begin()
    # The default page has no url_path: its own address would open a "page not found" dialog.
    pages = {
        "overview": st.Page(overview.overview, title="Overview", default=True),
        "samples": st.Page(samples.samples, title="Samples", url_path="samples"),
        "what_if": st.Page(what_if.what_if, title="What if", url_path="what-if"),
        "map": st.Page(
            latent_map.latent_map,
            title="Latent map",
            url_path="map",
        ),
        "worth": st.Page(worth.worth, title="Worth", url_path="worth"),
        "trust": st.Page(trust.trust, title="Trust", url_path="trust"),
        "your_data": st.Page(your_data.your_data, title="Your data", url_path="your-data"),
    }
    learn = {
        "lessons": st.Page(lessons.lessons, title="Lessons", url_path="lessons"),
        "gates": st.Page(gates.gates, title="Exact PID", url_path="gates"),
        "live": st.Page(live.live, title="Live training", url_path="live"),
        "paper": st.Page(paper.paper, title="The paper", url_path="paper"),
    }
    compare = {
        "compare": st.Page(leaderboard.leaderboard, title="Leaderboard", url_path="compare"),
        "disagreements": st.Page(
            disagreements.disagreements, title="Disagreements", url_path="disagreements"
        ),
        # Reached from the model's chip and from rows of the leaderboard.
        "about": st.Page(about.about, title="Model", url_path="model", visibility="hidden"),
    }
    # Addresses of earlier versions, which lead on before anything is drawn.
    gone = [
        st.Page(_gone, title="Trust", url_path=old, visibility="hidden") for old in OLD_ADDRESSES
    ]
    # Pages below an empty name stay beside each other; the others are menus behind them.
    groups = {
        "": [*pages.values(), *gone],
        "Compare": list(compare.values()),
        "Learn": list(learn.values()),
    }
    page = st.navigation(groups, position="top")
    pages = {**pages, **compare, **learn}
    session.remember_pages(pages)
    session.follow_old_link(page.url_path)
    if target := session.destination():
        st.switch_page(pages[target])
    st.set_page_config(page_title=f"{page.title} · DMIL Explorer")
    checkpoints = catalog.checkpoint_catalog()
    frame.settle(checkpoints)
    # Pages about no data set of the list: choosing one would do nothing there.
    alone = [pages[name] for name in ("your_data", "lessons", "gates", "live")]
    about_a_set = page not in alone
    slugs = [each.url_path for each in pages.values() if each.url_path]
    frame.large()
    frame.bar(page.title, checkpoints, about_a_set, slugs, page is pages["overview"])
    presenting.bar(next(name for name, each in pages.items() if each is page))
    frame.notes(checkpoints, about_a_set)
    widgets.told()
    widgets.guarded(page.run)
    session.publish()
