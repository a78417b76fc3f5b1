"""What every page shares: the header, the choice of data set, model, seed and split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard.components.guide import guide
from dashboard.components.link import copy_link
from dashboard.services.sample.samples import modality_names
from dashboard.services.store import own_sets
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, table
from dashboard.state import session
from dashboard.state.view import SPLITS, complete, is_digest, named_by
from dashboard.text import terms, yours
from dashboard.widgets import badge, caution, plain, select

_MARKS = {"ready": "", "missing": " (not trained)", "damaged": " (damaged)"}


def settle(catalog: CheckpointCatalog) -> None:
    """Complete the visitor's view with what exists, and remember what had to be replaced."""
    view = session.view()
    known = view.data if view.data in catalog.sets else (catalog.sets or ("",))[0]
    settled, reasons = complete(view, catalog.sets, catalog.models(known), catalog.seeds(known))
    if is_digest(settled.sample):
        chosen = catalog.get(settled.data, settled.model, settled.seed)
        if chosen.status == "ready":
            settled = replace(settled, sample=named_by(settled.sample, table(chosen).index))
    session.settle(settled, reasons)


#: Streamlit leaves a hand's width of space around a page; a figure needs it more. Its grey of the
#: texts in figures has 3.7:1 on white, and no one colour has 4.5:1 on both grounds: they take the
#: page's. White on the accent of the dark theme has 2.6:1, so buttons and chosen values keep that
#: of the light one. Fixed text.
_STYLE = """<style>
.js-plotly-plot :is(.xtick, .ytick) text, .js-plotly-plot :is(.xtitle, .ytitle, .bartext-outside),
.js-plotly-plot text[style*="fill: rgb(122, 131, 148)"] { fill: currentColor !important; }
button[kind="primary"]:not(:disabled), [data-testid="stMultiSelectTagsContainer"] [data-tag] {
  background-color: #3B4CC0; color: #FFFFFF;
}
[data-testid="stMainBlockContainer"] { padding: 4rem 2.5rem 3rem; }
/* Streamlit shows the focus of these by a shade of grey, or not at all. */
:is([data-testid^="stTopNav"], [data-testid="stSidebarNavLink"], [data-testid="stMainMenu"] button,
[data-testid="stPageLink"] a, [data-testid="stElementToolbar"] button):focus-visible,
[data-testid="stDataFrameResizable"]:has(:focus-visible) {
  outline: 2px solid currentColor; outline-offset: -2px;
}
[data-testid="stPageLink"] a:focus-visible { color: inherit; }
[data-testid="stElementToolbar"]:focus-within { opacity: 1 !important; }
/* A line may end beside a block, whatever stands there; a letter stays with what it stands for. */
.st-key-legend .stMarkdownBadge { display: inline !important; }
/* A slanted letter at the end hangs over, and a scroll bar would come. */
.katex-display { padding-right: 4px; }
@media (max-width: 640px) {
  .katex-display > .katex { font-size: 1em !important; }
  [data-testid="stMainBlockContainer"] { padding: 3.5rem 1rem 2rem; }
}
</style>"""


def title(pages: Sequence[str]) -> None:
    """Name of the app, the way to its help, and one sentence on what is seen: there before any
    file is read. ``pages`` are the ends of the pages' addresses."""
    st.html(_STYLE)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.title("DMIL Explorer", anchor=False, width="content")
        guide(pages)
    st.markdown(terms.HEADLINE)


def header(catalog: CheckpointCatalog, one_set: bool = True) -> None:
    """The data set in a line, where a page is about one, and what of the link was dropped."""
    card = _card(catalog)
    if card and one_set:
        title, summary = (plain(card.get(k, "")) for k in ("title", "summary"))
        st.caption(f"Data set **{title}**: {summary}")
    view = session.view()
    if one_set and own_sets.is_quick(catalog.get(view.data, view.model, view.seed)):
        caution(yours.IS_QUICK)
    dropped = session.dropped()
    if dropped:
        parts = [f"- **{plain(d.name)}** = {plain(d.value)}: {plain(d.reason)}" for d in dropped]
        st.warning(
            "Part of this link could not be used and was left out:\n\n" + "\n".join(parts),
            icon=":material/link_off:",
        )


def controls(catalog: CheckpointCatalog, one_set: bool = True, why: str = "") -> None:
    """The sidebar; the choices of a data set only where a page is about one, else ``why`` not."""
    with st.sidebar:
        if one_set and catalog.sets:
            _choices(catalog)
        elif not one_set:
            st.caption(why)
            _definitions(None)
        copy_link()


def _choices(catalog: CheckpointCatalog) -> None:
    view = session.view()
    titles = {name: _title(catalog, name) for name in catalog.sets}
    select("Data set", "data", catalog.sets, view.data, titles.__getitem__)
    models = catalog.models(view.data)
    marks = {m: _MARKS[catalog.get(view.data, m, view.seed).status] for m in models}
    select(
        "Model",
        "model",
        models,
        view.model,
        lambda m: m + marks.get(m, ""),
        help="\n\n".join(f"**{m}**: {text}" for m, text in terms.MODELS.items()),
    )
    run = catalog.get(view.data, view.model, view.seed).run
    if run is not None and not run.finished:
        st.caption(":material/warning: The training of this model was stopped early.")
    seeds = catalog.seeds(view.data)
    if len(seeds) > 1:
        select("Seed", "seed", seeds, view.seed, help=terms.SEED)
    select(
        "Samples from", "split", SPLITS, view.split, terms.SPLITS.__getitem__,
        help=terms.SPLIT,
    )  # fmt: skip
    _definitions(catalog.get(view.data, view.model, view.seed))
    _about(_card(catalog))


def _title(catalog: CheckpointCatalog, name: str) -> str:
    mark = "" if catalog.of(name) else " (no model yet)"
    for result in catalog.of(name):
        if result.run is not None:
            title = str(result.run.data_card.get("title") or name)
            if name in catalog.own:
                return f"{title} (yours{', quick' if own_sets.is_quick(result) else ''})"
            return title
    return catalog.titles.get(name, name) + mark


def _definitions(checkpoint: Checkpoint | None) -> None:
    meant = terms.component_names(
        modality_names(checkpoint) if checkpoint else ("input 1", "input 2")
    )
    with st.expander(f"What do {', '.join(meant)} mean?", icon=":material/help:"):
        for letter, words in meant.items():
            st.markdown(f"{badge(letter)} **{terms.NAMES[letter]}**: {plain(words)}")
        definitions = {"Gate": terms.GATE, "Contribution": terms.CONTRIBUTION}
        for name, text in definitions.items():
            st.markdown(f"**{name}** {text}")
        st.markdown("[All words](#word-component)")


def _card(catalog: CheckpointCatalog) -> dict[str, Any]:
    """The data card stored with any checkpoint of the chosen set; empty where there is none."""
    runs = (c.run for c in catalog.of(session.view().data))
    return next((r.data_card for r in runs if r is not None), {})


def _about(card: dict[str, Any]) -> None:
    if not card:
        return
    with st.expander("About this data", icon=":material/database:"):
        st.markdown(plain(card.get("summary", "")))
        for line in card.get("cautions", ()):
            st.markdown(f":material/warning: {plain(line)}")
        if card.get("constructed"):
            st.markdown(":material/construction: Its labels were constructed to show an effect.")
        rows: dict[str, Any] = {
            "Classes": ", ".join(card.get("classes", ())),
            "Splits": card.get("split_rule", ""),
            "Source": card.get("source", ""),
            "Licence": card.get("licence", ""),
        }
        for name, text in rows.items():
            if text:
                st.markdown(f"**{name}** {plain(text)}")
