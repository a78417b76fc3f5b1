"""What was found in a visitor's set: a paragraph, its evidence, and what to keep in mind."""

from __future__ import annotations

import streamlit as st

from dashboard import widgets
from dashboard.export import finding as export
from dashboard.keys import key_of
from dashboard.services.finding.gather import numbers
from dashboard.services.finding.numbers import Numbers
from dashboard.services.finding.sentences import Finding
from dashboard.services.finding.sentences import finding as finding_of
from dashboard.services.store import own_sets
from dashboard.services.store.own_sets import OwnSet
from dashboard.text import yours as text
from dashboard.widgets import plain

#: Pixels of the evidence at most; longer bars say no more.
_WIDTH = 760


def finding(own_set: OwnSet) -> None:
    """The finding so far; says when there will be one."""
    found = numbers(own_set)
    if found is None:
        st.caption(text.NO_FINDING)
        return
    said = finding_of(found)
    st.subheader(text.FINDING, anchor=False)
    if found.quick:
        widgets.caution(text.IS_QUICK)
    job = own_sets.training(own_set)
    if job is not None and job.active:
        st.caption(text.UNFINISHED)
    with st.container(key=key_of("finding", own_set.name)):
        st.markdown(plain(said.paragraph))
    title = f"{own_set.card.title}: evidence"
    with st.container(width=_WIDTH):
        widgets.drawing(
            export.evidence(found, title), key_of("evidence", own_set.name), title, own_set.name
        )
        st.caption(text.RING)
    _below(said)
    _report(own_set, found, said)


def _below(said: Finding) -> None:
    if said.caveats:
        st.markdown(f"**{text.KEEP_IN_MIND}**")
        st.markdown("\n".join(f"- {plain(c)}" for c in said.caveats))
    with st.expander(text.COVERS, icon=":material/straighten:"):
        st.markdown("\n".join(f"- {plain(c)}" for c in said.covers))


def _report(own_set: OwnSet, found: Numbers, said: Finding) -> None:
    st.download_button(
        "Download the finding as a report", lambda: export.of_finding(own_set, found, said),
        f"{own_set.name}-finding.html", "text/html", key=key_of("finding_report", own_set.name),
        on_click="ignore", icon=":material/description:",
    )  # fmt: skip
