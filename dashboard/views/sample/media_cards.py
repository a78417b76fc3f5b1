"""The modalities of a sample as cards: pictures, sounds, signals, text, numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import widgets
from dashboard.figures import features as feature_figures
from dashboard.figures import media as figures
from dashboard.figures import svg
from dashboard.keys import key_of
from dashboard.services.sample import features, media
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dashboard.text import messages, terms
from dashboard.widgets import plain


def row(
    checkpoint: Checkpoint, sample: str, across: int = 3, brief: bool = False, search: bool = False
) -> None:
    """A sample's modalities, at most ``across`` beside each other (one on a narrow screen);
    ``brief`` and ``search`` as in `cards`."""
    sides = media.sides(checkpoint, sample)
    if isinstance(sides, DataProblem):
        st.info(plain(sides.message), icon=":material/hide_image:")
        return
    cards(sides, key_of("sample", sample), across, brief, search)


def cards(
    sides: Sequence[media.Side], key: str, across: int = 3, brief: bool = False,
    search: bool = False,
) -> None:  # fmt: skip
    """Modalities beside each other, a card each; ``key`` tells several rows of cards apart.

    ``brief`` leaves out their descriptions and what the model sees instead of the media, and shows
    few features; with ``search`` any other can be found.
    """
    slots: list[Any] = []
    while len(slots) < len(sides):
        slots += st.columns(min(across, len(sides)))
    for index, (column, side) in enumerate(zip(slots, sides, strict=False)):
        with column.container(border=True, height="stretch"):
            st.markdown(f"**{plain(side.name)}** :gray-badge[input {index + 1}]")
            if brief:
                _one(side.media, side.name, key_of("side", key, index), features.FEW, search)
                continue
            of(side, key_of("side", key, index))
            st.caption(plain(side.description))


def of(side: media.Side, key: str) -> None:
    """One modality: what it looks, sounds or reads like."""
    _one(side.media, side.name, key)
    if side.numbers is not None:
        _numbers(side.numbers, side.name, key)


def picture_of(side: media.Side, key: str) -> None:
    """What its numbers were computed from, where there is something to see or hear."""
    if not isinstance(side.media, media.Numbers):
        _one(side.media, side.name, key)


def _one(
    item: media.Media, name: str, key: str, most: int = features.MOST, search: bool = True
) -> None:
    if isinstance(item, media.Picture):
        height, width = item.size
        # With a width of its own it would be sent small, and be blurred when it is enlarged.
        with st.container(width=item.shown_width):
            st.image(
                item.png,
                caption=f"{width} x {height} pixels",
                alt=f"{name} of this sample",
                width="stretch",
            )
    elif isinstance(item, media.Sound):
        _sound(item, name, key)
    elif isinstance(item, media.Heard):
        _spectrogram(item.features, key)
    elif isinstance(item, media.Signal):
        fig = figures.signal(item.values, item.channels, item.rate, item.unit)
        widgets.chart(
            fig, key_of("signal", key), f"{name}: {len(item.channels)} channels over time"
        )
    elif isinstance(item, media.Words):
        with st.container(border=True):
            st.text(item.text)
    elif isinstance(item, media.Numbers):
        _features(item, name, key, most, search)
    else:
        st.info(plain(item.reason), icon=":material/hide_image:")


def _numbers(item: media.Numbers, name: str, key: str) -> None:
    with st.expander(f"What the model sees: {len(item.values):,} numbers"):
        _features(item, name, key_of("seen", key), features.FEW, folded=False)


def _features(
    item: media.Numbers, name: str, key: str, most: int = features.MOST, searched: bool = True,
    folded: bool = True,
) -> None:  # fmt: skip
    """The features with their values; of more than ``most`` those that tell most, and any that is
    searched for. Of many without names the list is ``folded`` below their drawing."""
    every = features.speaking(item.features)
    whole = not every or (len(every) > most and not item.named)
    if whole:
        alt = f"{name}: {len(item.values)} features in their order"
        drawn = svg.vector(item.values, alt, height=4.0 if every else 8.0)
        widgets.drawing(drawn, key_of("vector", key), alt)
    if not every:
        return
    with st.expander("Features and values") if whole and folded else contextlib.nullcontext():
        _listed(every, name, key, most, searched)


def _listed(
    every: Sequence[features.FeatureRow], name: str, key: str, most: int, searched: bool
) -> None:
    search = find_feature(len(every), key) if len(every) > most and searched else ""
    rows = features.chosen(every, most, search)
    table(rows, name, key)
    st.caption(
        messages.features_shown(len(rows), features.matching(every, search), len(every), search),
        help=terms.Z_SCORE,
    )


def table(rows: Sequence[features.FeatureRow], name: str, key: str) -> None:
    """Features of the input called ``name`` with their values, and where these lie."""
    if rows:
        alt = f"{name}: features by name, with their values"
        widgets.drawing(feature_figures.table(rows, alt), key_of("features", key), alt)


def find_feature(count: int, key: str) -> str:
    """A field to search a long table; what is typed there."""
    return st.text_input(
        "Find a feature",
        key=key_of("find", key),
        placeholder=f"Search {count:,} features",
        icon=":material/search:",
        max_chars=100,
        label_visibility="collapsed",
    )


def _sound(item: media.Sound, name: str, key: str) -> None:
    st.audio(item.wave, sample_rate=item.rate, alt=f"Sound clip: {name}")
    if item.features is not None:
        _spectrogram(item.features, key)


def _spectrogram(features: Any, key: str) -> None:
    alt = "Log-mel spectrogram: loudness (bright) of each pitch over time"
    picture = svg.raster(media.spectrogram(features), "time", "pitch", alt)
    widgets.drawing(picture, key_of("mel", key), alt)
    st.caption("What the model hears: loudness (bright) of each pitch over time.")
