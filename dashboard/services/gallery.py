"""The data sets to choose from, each at a glance."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from dashboard.services.sample import samples, thumbnails
from dashboard.services.sample.samples import rows_in
from dashboard.services.store import own_sets
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, log
from dmil_core import schema
from dmil_core.errors import DmilError


@dataclass(frozen=True)
class SetCard:
    """A data set, as a card says it.

    Attributes
    ----------
    rows : number of samples, of all splits.
    shares : component to its share of the test samples, empty where nothing decomposes the set.
    known : whether these are the true interaction types; else mean gate weights of ``dmil``.
    pictures : what stands for each input of one sample: (``text`` or ``picture``, text or address).
    """

    name: str
    title: str
    trained: bool
    rows: int = 0
    classes: int = 0
    inputs: tuple[str, ...] = ()
    shares: dict[str, float] = field(default_factory=dict)
    known: bool = False
    pictures: tuple[tuple[str, str], ...] = ()


def title(catalog: CheckpointCatalog, name: str) -> str:
    """What a data set is called, and whether it is the visitor's own."""
    chosen = _of(catalog, name) if catalog.of(name) else None
    if chosen is None or chosen.run is None:
        return catalog.titles.get(name, name)
    words = str(chosen.run.data_card.get("title") or name)
    if name in catalog.own:
        return f"{words} (yours{', quick' if own_sets.is_quick(chosen) else ''})"
    return words


def cards(catalog: CheckpointCatalog) -> list[SetCard]:
    """All data sets: those with models, then those without."""
    return [card(catalog, name) for name in catalog.sets]


def card(catalog: CheckpointCatalog, name: str) -> SetCard:
    """One of them."""
    if not catalog.of(name):
        return SetCard(name, title(catalog, name), trained=False)
    chosen = _of(catalog, name)
    about = chosen.run.data_card if chosen.run else {}
    shares, known = _shares(str(chosen.folder), chosen.stamp, chosen)
    return SetCard(
        name=name,
        title=title(catalog, name),
        trained=True,
        rows=sum(int(n) for n in dict(about.get("counts") or {}).values()),
        classes=len(chosen.run.classes) if chosen.run else 0,
        inputs=tuple(str(m.get("name", "")) for m in about.get("modalities", ())),
        shares=shares,
        known=known,
        pictures=_pictures(chosen.run.data_source, chosen.run.data_digest) if chosen.run else (),
    )


def _of(catalog: CheckpointCatalog, name: str) -> Checkpoint:
    """The checkpoint that speaks for a set: that of dmil, where there is one."""
    every = catalog.of(name)
    ready = [c for c in every if c.status == "ready"]
    return next((c for c in ready if c.model == "dmil"), (ready or list(every))[0])


@st.cache_resource(max_entries=64, show_spinner=False)
def _shares(folder: str, key: str, _checkpoint: Checkpoint) -> tuple[dict[str, float], bool]:
    if _checkpoint.status != "ready":
        return {}, False
    try:
        test = rows_in(_checkpoint, "test")
        if schema.INTERACTION_TYPE in test.columns:
            types = test.words(schema.INTERACTION_TYPE)
            if types.complete:
                counts = types.counts()
                every = [c for c in schema.ALL_COMPONENTS if c in counts]
                return {c: counts[c] / len(test) for c in every}, True
        weights = samples.mean_gates(_checkpoint, "test")
    except DmilError:
        return {}, False
    return dict(zip(weights["component"], weights["weight"].astype(float), strict=True)), False


@st.cache_resource(max_entries=64, show_spinner=False)
def _pictures(source: str, digest: str) -> tuple[tuple[str, str], ...]:
    """Of the first test sample; the data set is read for it and not kept."""
    from dmil_core.data.catalog import load_dataset

    try:
        data: Any = load_dataset(source, purpose="predict")
    except DmilError:
        log.warning("no picture of the data set %s, which cannot be read", source)
        return ()
    if data.digest != digest or not len(data.rows("test")):
        return ()
    return tuple(thumbnails.of_row(data, int(data.rows("test")[0]), with_values=False))
