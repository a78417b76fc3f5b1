"""Latent map: every sample a point; click one and it opens beside the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import components, session, widgets
from dashboard.figures import map as figures
from dashboard.services import maps as service
from dashboard.services import samples as sample_service
from dashboard.services.stock import Checkpoint, Projection, projection, shown, stock, table
from dashboard.text import messages, terms
from dashboard.views import sample_panel
from dashboard.widgets import plain

#: An SVG map makes one page element a point; above this, browsers crawl.
SVG_LIMIT = 3000


def latent_map() -> None:
    """The page."""
    found = widgets.current(stock())
    if found is None:
        return
    placed = projection(found)
    latents = service.latents(found, placed)
    if placed is None or not latents:
        widgets.notice(messages.no_projection(shown(found.folder)))
        return
    able = components.webgl_able()
    left, right = st.columns([7, 5], gap="medium")
    with left:
        latent, colour = _choices(found, latents)
        view = session.view()
        points = service.points(found, placed, latent, colour, view.split, view.definition)
        _map(found, points, latent, colour, able)
        _place(found, points, colour)
        _reading(found, placed, latent)
    with right:
        _panel(found)


def _choices(found: Checkpoint, latents: tuple[str, ...]) -> tuple[str, str]:
    view = session.view()
    colours = service.colours(found)
    names = sample_service.modality_names(found)
    latent = view.latent if view.latent in latents else _first_latent(latents)
    colour = view.colour if view.colour in colours else colours[0]
    st.segmented_control(
        "Latent",
        latents,
        required=True,
        wrap=True,
        format_func=plain,
        help=terms.LATENT,
        **session.bound("latent", "choice_latent", latent),
    )
    st.caption(f"**{plain(latent)}**: {plain(terms.latent(latent, names))}")
    widgets.select("Colour", "colour", colours, colour, terms.COLOURS.__getitem__)
    return latent, colour


def _first_latent(latents: tuple[str, ...]) -> str:
    # The fused or joint description tells most at first sight.
    return next((n for n in ("Z", "F") if n in latents), latents[0])


def _map(
    found: Checkpoint, points: pd.DataFrame, latent: str, colour: str, able: bool | None
) -> None:
    view = session.view()
    if points.empty:
        widgets.notice(messages.nothing_matches())
        return
    renderer = "svg" if able is False else view.renderer
    drawn = service.thinned(points, SVG_LIMIT) if renderer == "svg" else points
    if able is False:
        widgets.notice(messages.no_webgl(len(drawn), len(points)))
    elif len(drawn) < len(points):
        st.caption(f"{len(drawn):,} of {len(points):,} points are drawn, evenly chosen.")
    fig = figures.scatter(drawn, colour, _order(found, colour), renderer)
    alt = f"Map of the latent {latent}, one point a sample, coloured by {terms.COLOURS[colour]}"
    st.plotly_chart(
        fig,
        key="map",
        on_select=_clicked,
        selection_mode="points",
        config=widgets.MAP_CONFIG,
        alt=alt,
    )
    widgets.save_figure("map", alt, found.data)
    st.caption(
        f"{len(drawn):,} samples, each a point of the latent {plain(latent)}, coloured by "
        f"{terms.COLOURS[colour]}. Click a point to open its sample; scroll to zoom, drag to move."
    )


def _order(found: Checkpoint, colour: str) -> tuple[str, ...]:
    if colour in ("dominant", "composition"):
        return sample_service.components(found)
    return ("right", "wrong") if colour == "correct" else sample_service.classes(found)


def _clicked() -> None:
    sample = clicked_id(st.session_state["map"]["selection"]["points"])
    if sample:
        session.change(sample=sample)


def clicked_id(points: Sequence[Mapping[str, Any]]) -> str:
    """Id of the first clicked point; empty for a click beside all points."""
    chosen = points[0].get("customdata") if points else None
    # Plotly wraps a single value in a list, depending on the trace.
    chosen = chosen[0] if isinstance(chosen, list | tuple) and chosen else chosen
    return chosen if isinstance(chosen, str) else ""


def _reading(found: Checkpoint, placed: Projection, latent: str) -> None:
    trust = placed.trustworthiness.get(latent)
    quality = "" if trust is None else f"Trustworthiness **{trust:.2f}** of 1. "
    rows = "" if placed.rows >= placed.of else f"{placed.rows:,} of {placed.of:,} samples placed. "
    st.markdown(
        f"{plain(placed.method.upper())} of {plain(latent)}. {quality}{rows}",
        help=terms.TRUSTWORTHINESS,
    )
    st.caption(terms.PCA if placed.method == "pca" else terms.DISTANCE)
    st.toggle(
        "Draw without WebGL",
        help=f"Slower, for browsers without WebGL; at most {SVG_LIMIT:,} points are drawn.",
        **session.bound(
            "renderer",
            "choice_renderer",
            session.view().renderer == "svg",
            lambda on: "svg" if on else "webgl",
        ),
    )


def _panel(found: Checkpoint) -> None:
    sample = session.view().sample
    if not sample:
        st.info(
            "**Click a point** to see its picture, sound or text here, and what the model relied "
            "on.",
            icon=":material/ads_click:",
        )
        return
    if sample not in table(found).index:
        widgets.notice(messages.unknown_sample(sample, found.data))
        st.button("Clear the selection", on_click=_clear)
        return
    sample_panel.brief(found, sample)


def _place(found: Checkpoint, points: pd.DataFrame, colour: str) -> None:
    """Where the selected sample lies; the big map must not change with the selection."""
    sample = session.view().sample
    if sample not in table(found).index:
        return
    near = service.around(points, sample)
    if near.empty:
        widgets.notice(messages.not_placed(sample))
        return
    st.markdown("**Where it lies**")
    fig = figures.neighbourhood(near, colour, _order(found, colour))
    widgets.chart(fig, "neighbourhood", "The sample, ringed, among its nearest points on the map")
    st.caption(f"The sample (ring) and its {len(near) - 1} nearest points on the map.")


def _clear() -> None:
    session.change(sample="")
