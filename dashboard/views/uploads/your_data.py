"""Your data: a set of the visitor's own, from the upload to a trained model on every page."""

from __future__ import annotations

import streamlit as st

from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.store import own_sets, visitors
from dashboard.services.store.own_sets import OwnSet
from dashboard.state import session
from dashboard.text import yours as text
from dashboard.views import job_panel
from dashboard.views.uploads import finding, upload
from dashboard.widgets import plain


def your_data() -> None:
    """The page."""
    if visitors.refuses_cookies():
        st.warning(text.NO_COOKIES, icon=":material/cookie_off:")
    visitor = visitors.visitor()
    listed = own_sets.own_sets(visitor)
    if listed:
        st.header("Your sets", anchor=False)
        for own_set in listed:
            _set(own_set)
    st.header("Add a set" if listed else "Your own data", anchor=False)
    st.markdown(text.INTRO)
    st.caption(text.privacy(own_sets.KEPT_DAYS))
    upload.upload()


def _set(own_set: OwnSet) -> None:
    with st.container(border=True, key=key_of("own", own_set.name)):
        names = ", ".join(plain(m.name) for m in own_set.card.modalities)
        rows = sum(own_set.card.counts.values())
        st.markdown(f"**{plain(own_set.card.title)}**")
        st.caption(
            f"{rows:,} samples of {len(own_set.card.classes)} classes; {names}. "
            f"{own_set.mib:.1f} MiB."
        )
        if own_set.trained:
            finding.finding(own_set)
            with st.container(horizontal=True):
                _links(own_set)
        job_panel.show(lambda: own_sets.trainings(own_set), own_set.visitor)
        with st.container(horizontal=True):
            job = own_sets.training(own_set)
            if job is None or job.state == "done":
                st.button(
                    "Train again, fully" if own_set.trained else "Train",
                    key=key_of("train", own_set.name), icon=":material/play_arrow:",
                    on_click=callback(_start), args=(own_set,),
                    help=text.AGAIN if own_set.trained else None,
                )  # fmt: skip
            if own_set.trained:
                st.download_button(
                    "Download models and table", lambda: own_sets.packed(own_set),
                    f"{own_set.name}.zip", "application/zip", key=key_of("zip", own_set.name),
                    on_click="ignore", icon=":material/download:",
                )  # fmt: skip
            st.button(
                "Delete", key=key_of("delete", own_set.name), icon=":material/delete:",
                on_click=callback(_ask), args=(own_set.name,),
            )  # fmt: skip
        if st.session_state.get("delete_asked") == own_set.name:
            _confirm(own_set)


def _links(own_set: OwnSet) -> None:
    """The other pages, on this set."""
    model = "dmil" if "dmil" in own_set.trained else own_set.trained[0]
    query = {"data": own_set.name, "model": model, "seed": "0"}
    for page, label, icon in (
        ("overview", "Overview", "home"), ("samples", "Samples", "list_alt"),
        ("what_if", "What if", "edit"), ("map", "Latent map", "scatter_plot"),
        ("compare", "Leaderboard", "bar_chart"), ("worth", "Worth", "price_check"),
    ):  # fmt: skip
        st.page_link(session.page(page), label=label, icon=f":material/{icon}:", query_params=query)


def _ask(name: str) -> None:
    st.session_state["delete_asked"] = name


def _confirm(own_set: OwnSet) -> None:
    st.warning(text.DELETE, icon=":material/warning:")
    with st.container(horizontal=True):
        st.button(
            f"Delete {plain(own_set.card.title)}", key="delete_yes", type="primary",
            on_click=callback(_delete), args=(own_set,),
        )  # fmt: skip
        st.button("Keep it", key="delete_no", on_click=callback(_ask), args=("",))


def _delete(own_set: OwnSet) -> None:
    _ask("")
    own_sets.delete(own_set.visitor, own_set.name)
    if session.view().data == own_set.name:
        session.change(data="")


def _start(own_set: OwnSet) -> None:
    """Queue a full training."""
    own_sets.train(own_set, "full")
