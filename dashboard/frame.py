"""What stands around every page: its title, the data set and model in force, links and help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard.components.guide import guide
from dashboard.components.link import copy_link
from dashboard.services.sample.samples import rows_in
from dashboard.services.store import own_sets
from dashboard.services.store.catalog import CheckpointCatalog
from dashboard.state import session
from dashboard.state.view import SPLITS, complete, is_digest, named_by
from dashboard.text import terms, yours
from dashboard.views import gallery, selection
from dashboard.widgets import caution, plain, select

#: Looks that Streamlit's own settings do not reach.
STYLE: Final = Path(__file__).parent / "static" / "frame.css"
#: Everything but figures is sized by the font of the root. Plotly gives the names beside an upright
#: axis as much room as their own size needs, so those that are drawn large set that themselves.
_LARGE: Final = """<style>
html { font-size: 18px !important; }
@media (min-width: 900px) { html { font-size: 20px !important; } }
@media (min-width: 1200px) { [data-testid="stHeader"] { padding-right: 30rem !important; } }
.js-plotly-plot :not(.ytick) > text { font-size: 19px !important; }
@media (max-width: 640px) { .js-plotly-plot :not(.ytick) > text { font-size: 14px !important; } }
</style>"""
_MARKS: Final = {"ready": "", "missing": " (not trained)", "damaged": " (damaged)"}


def settle(catalog: CheckpointCatalog) -> None:
    """Complete the visitor's view with what exists, and remember what had to be replaced."""
    view = session.view()
    known = view.data if view.data in catalog.sets else (catalog.sets or ("",))[0]
    settled, reasons = complete(view, catalog.sets, catalog.models(known), catalog.seeds(known))
    if is_digest(settled.sample):
        chosen = catalog.get(settled.data, settled.model, settled.seed)
        if chosen.status == "ready":
            settled = replace(settled, sample=named_by(settled.sample, rows_in(chosen, "all").ids))
    session.settle(settled, reasons)


def bar(
    title: str,
    catalog: CheckpointCatalog,
    about_a_set: bool,
    pages: Sequence[str],
    is_first: bool,
) -> None:
    """The page's title and what it is about, in one bar with the links to all pages.

    Parameters
    ----------
    about_a_set : whether the page shows the data set and the model that are chosen here.
    pages : the ends of the pages' addresses.
    is_first : whether this is the page that a new visitor comes to.
    """
    with st.container(
        key="frame", horizontal=True, horizontal_alignment="distribute",
        vertical_alignment="center", gap="small",
    ):  # fmt: skip
        st.title(title, anchor=False, width="content")
        with st.container(
            horizontal=True, vertical_alignment="center", width="content", gap="xsmall"
        ):
            if about_a_set and catalog.sets:
                selection.chip(catalog)
                gallery.chip(catalog)
                _model(catalog)
            copy_link()
            guide(pages, offers=is_first and not session.view().present)


def large() -> None:
    """Type for a projector, where the link asks for it or somebody presents."""
    view = session.view()
    if view.size or view.present:
        st.html(_LARGE)


def notes(catalog: CheckpointCatalog, about_a_set: bool) -> None:
    """What to know before reading the page: models of a quick training, parts of a link that could
    not be used."""
    view = session.view()
    chosen = catalog.get(view.data, view.model, view.seed)
    if about_a_set and own_sets.is_quick(chosen):
        caution(yours.IS_QUICK)
    if about_a_set and chosen.run is not None and not chosen.run.finished:
        caution("The training of this model was stopped early.")
    dropped = session.dropped()
    if dropped:
        parts = [f"- **{plain(d.name)}** = {plain(d.value)}: {plain(d.reason)}" for d in dropped]
        st.warning(
            "Part of this link could not be used and was left out:\n\n" + "\n".join(parts),
            icon=":material/link_off:",
        )


def _model(catalog: CheckpointCatalog) -> None:
    """The chip of the model, with its seed and the samples that are shown."""
    view = session.view()
    models, seeds = catalog.models(view.data), catalog.seeds(view.data)
    parts = [view.model, *([f"seed {view.seed}"] if len(seeds) > 1 else []), _SHORT[view.split]]
    with st.popover(plain(" · ".join(parts)), help="Model and samples", key="choose_model"):
        marks = {m: _MARKS[catalog.get(view.data, m, view.seed).status] for m in models}
        select(
            "Model", "model", models, view.model, lambda m: m + marks.get(m, ""),
            help="\n\n".join(f"**{m}**: {text}" for m, text in terms.MODELS.items()),
        )  # fmt: skip
        if len(seeds) > 1:
            select("Seed", "seed", seeds, view.seed, help=terms.SEED)
        select(
            "Samples from", "split", SPLITS, view.split, terms.SPLITS.__getitem__,
            help=terms.SPLIT,
        )  # fmt: skip
        st.page_link(session.page("about"), label="About this model", icon=":material/info:")
        st.page_link(session.page("your_data"), label="Your own model", icon=":material/add:")


_SHORT: Final = {"test": "test", "val": "validation", "train": "training", "all": "all samples"}
