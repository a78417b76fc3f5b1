"""Latent map: every sample a point; click one and it opens beside the map, outline some and see
how they differ from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.components import map as frontend
from dashboard.components.map import Pane
from dashboard.figures import map as figures
from dashboard.guard import callback
from dashboard.services import faults, listing
from dashboard.services.map import maps as service
from dashboard.services.map import outlines
from dashboard.services.map import slices as slice_service
from dashboard.services.map.maps import Layout, Turn
from dashboard.services.sample import samples as sample_service
from dashboard.services.sample import thumbnails
from dashboard.services.store import visitors
from dashboard.services.store.catalog import (
    Checkpoint,
    DataProblem,
    Projection,
    checkpoint_catalog,
    shown,
    table,
)
from dashboard.state import session, slices
from dashboard.state.slices import Slice
from dashboard.state.view import FILTERS
from dashboard.text import messages, terms
from dashboard.views import job_panel
from dashboard.views.map import slice_panel
from dashboard.views.sample import panel
from dashboard.widgets import plain

HEIGHT, HEIGHT_OF_TWO = 540, 400


@dataclass(frozen=True)
class Map:
    """A map as it is drawn: whose, of which latent, and how it is turned in its pane."""

    checkpoint: Checkpoint
    on: Projection
    layout: Layout
    turn: Turn = service.STRAIGHT
    apart: float = 0.0

    @property
    def title(self) -> str:
        """What stands above it."""
        return f"{self.checkpoint.model}, latent {self.layout.latent}"

    def places(self, ids: pd.Index[str]) -> service.Places:
        """(N, 2) places of samples in the pane, 0 to 1 along its longer side."""
        return self.turn.apply(self.layout.unit[self.layout.ids.get_indexer(ids)])


def latent_map() -> None:
    """The page."""
    result = widgets.current(checkpoint_catalog())
    if result is None:
        return
    on = service.placed(result)
    if isinstance(on, DataProblem):
        widgets.notice(messages.no_map(on.message, shown(result.folder)))
        return
    latents = service.latents(result, on)
    if not latents:
        widgets.notice(messages.no_projection(shown(result.folder)))
        return
    # The chip above the page shows what is selected.
    widgets.alone(partial(_page, result, on, latents), *FILTERS.values())


def _page(checkpoint: Checkpoint, on: Projection, latents: tuple[str, ...]) -> None:
    left, right = st.columns([8, 5], gap="medium")
    with left:
        latent, colour = _choices(checkpoint, latents)
        maps = _maps(checkpoint, on, latent)
        _draw(maps, colour)
        _reading(maps)
        slice_panel.slice_panel(checkpoint)
    with right:
        _panel(checkpoint)


def _choices(checkpoint: Checkpoint, latents: tuple[str, ...]) -> tuple[str, str]:
    view = session.view()
    colours = service.colours(checkpoint)
    names = sample_service.modality_names(checkpoint)
    latent = view.latent if view.latent in latents else service.first(latents)
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
    left, right = st.columns(2)
    with left:
        widgets.select(
            "Colour", "colour", colours, colour, terms.COLOURS.__getitem__, help=terms.COLOUR
        )
    with right:
        others = ("", *service.others(checkpoint, latent))
        widgets.select(
            "Second map",
            "beside",
            others,
            view.beside,
            lambda b: " · ".join(service.split_beside(b)) if b else "none",
            help=terms.BESIDE,
        )
    return latent, colour


def _maps(checkpoint: Checkpoint, on: Projection, latent: str) -> list[Map]:
    """The chosen map, and the second one where there is one."""
    first = Map(checkpoint, on, service.layout(on, latent))
    view = session.view()
    if view.beside not in service.others(checkpoint, latent):
        return [first]
    model, other = service.split_beside(view.beside)
    second = checkpoint_catalog().get(checkpoint.data, model, checkpoint.seed)
    placed = service.placed(second) if second.status == "ready" else None
    if not isinstance(placed, Projection) or not placed.has(other):
        return [first]
    laid = service.beside(first.layout, service.layout(placed, other))
    return [first, Map(second, placed, laid.layout, laid.turn, laid.apart)]


def _draw(maps: Sequence[Map], colour: str) -> None:
    view, first = session.view(), maps[0]
    points = service.points(first.checkpoint, first.layout, colour, view.split, view.definition)
    for other in maps[1:]:
        points = points[points.index.isin(other.layout.ids)]
    if points.empty:
        widgets.notice(messages.nothing_matches())
        return
    ids = points.index
    label = terms.COLOURS[colour]
    order = _order(first.checkpoint, colour)
    look = figures.looks(points["colour"], colour, label, order)
    height = HEIGHT if len(maps) == 1 else HEIGHT_OF_TWO
    panes = [_pane(latent_map, ids, label, len(maps) > 1) for latent_map in maps]
    frontend.draw(
        frontend.pack(ids.tolist(), panes, look, figures.size(len(ids)), height),
        partial(_heard, tuple(maps)),
    )
    widgets.part(frontend.card)(partial(thumbnails.of_sample, first.checkpoint))
    widgets.save_figure("map", " ".join(p.label for p in panes))
    _focus(maps, panes, ids)
    if view.sample in table(first.checkpoint).index and view.sample not in ids:
        st.caption(messages.not_a_point(plain(view.sample)))


def _pane(shown_map: Map, ids: pd.Index[str], label: str, titled: bool) -> Pane:
    checkpoint, latent = shown_map.checkpoint, shown_map.layout.latent
    frame = f"{checkpoint.data}/{checkpoint.model}/{checkpoint.seed}/{latent}"
    # A turned map has other places than the same map alone.
    frame = (
        f"{frame}/{shown_map.layout.mark}/{'' if shown_map.turn is service.STRAIGHT else 'turned'}"
    )
    return Pane(
        shown_map.title if titled else "",
        f"Map of {shown_map.title}: {len(ids):,} samples, each a point, coloured by {label}.",
        frame,
        shown_map.places(ids),
    )


def _focus(maps: Sequence[Map], panes: Sequence[Pane], ids: pd.Index[str]) -> None:
    view = session.view()
    chosen = listing.selection(maps[0].checkpoint, view)
    members, borders = None if chosen is None else ids.isin(chosen), []
    if view.slice:
        drawn = slices.read(view.slice)
        if not isinstance(slice_service.members(view.data, drawn), DataProblem):
            borders = [_outline(shown_map, drawn) for shown_map in maps]
    extra = (
        [_left_out(shown_map, view.sample) for shown_map in maps] if view.sample not in ids else []
    )
    frontend.focus(frontend.frame_of(panes, len(ids)), view.sample, members, borders, extra)


def _outline(shown_map: Map, drawn: Slice) -> list[list[float]] | None:
    """A slice's outline in a pane; only on the map that it was drawn on."""
    whose = (shown_map.checkpoint.model, shown_map.checkpoint.seed, shown_map.layout.latent)
    if whose != (drawn.model, drawn.seed, drawn.latent):
        return None
    return shown_map.turn.apply(outlines.outline(drawn)).tolist()


def _left_out(shown_map: Map, sample: str) -> list[float] | None:
    """Where a sample lies that has no point: of another split, or not placed with the others."""
    if sample not in table(shown_map.checkpoint).index:
        return None
    if sample in shown_map.layout.ids:
        return [float(v) for v in shown_map.places(pd.Index([sample]))[0]]
    at = service.place_later(shown_map.checkpoint, shown_map.on, shown_map.layout, sample)
    if isinstance(at, DataProblem):
        return None
    return shown_map.turn.apply(at)[0].tolist()


def _order(checkpoint: Checkpoint, colour: str) -> tuple[str, ...]:
    if colour in ("dominant", "interaction_type"):
        return sample_service.components(checkpoint)
    return ("right", "wrong") if colour == "correct" else sample_service.classes(checkpoint)


def _heard(maps: Sequence[Map]) -> None:
    """A point was clicked, or an outline drawn."""
    if sample := frontend.clicked():
        session.change(sample=sample)
    drawn = frontend.outlined()
    if drawn is None or not 0 <= drawn[0] < len(maps):
        return
    shown_map = maps[drawn[0]]
    corners = outlines.corners(shown_map.turn.invert(drawn[1]))
    if corners:
        where = shown_map.layout
        made = Slice(
            "",
            shown_map.checkpoint.model,
            shown_map.checkpoint.seed,
            where.latent,
            where.mark,
            corners,
        )
        session.add_slice(made)


def _reading(maps: Sequence[Map]) -> None:
    st.caption(
        "Click a point to open its sample; scroll to zoom, drag to move. **Lasso** and **Box** "
        "make a slice. With the keyboard: arrows, + and -, Enter."
    )
    for shown_map in maps:
        on, latent = shown_map.on, shown_map.layout.latent
        trust = on.trustworthiness.get(latent)
        quality = "" if trust is None else f" Trustworthiness **{trust:.2f}** of 1."
        rows = "" if on.rows >= on.of else f" {on.rows:,} of {on.of:,} samples placed."
        whose = f"{plain(shown_map.checkpoint.model)}, " if len(maps) > 1 else ""
        st.markdown(
            f"{whose}{plain(on.method.upper())} of {plain(latent)}.{quality}{rows}",
            help=terms.TRUSTWORTHINESS,
        )
    if len(maps) > 1:
        st.caption(
            "The second map is turned, mirrored and scaled so that its samples lie as near as can "
            f"be to those of the first; they remain {maps[1].apart:.0%} of its width apart "
            "(median)."
        )
    methods = {shown_map.on.method for shown_map in maps}
    st.caption(" ".join(terms.PCA if m == "pca" else terms.DISTANCE for m in sorted(methods)))
    if not service.is_stored(maps[0].checkpoint):
        _fit(maps[0].checkpoint)


def _fit(checkpoint: Checkpoint) -> None:
    """A map that was made on the spot: let a better one be computed, and show how far it is."""
    widgets.notice(messages.only_pca(shown(checkpoint.folder)))
    job = service.fitting(checkpoint)
    if job is None or not job.active:
        if job is not None and job.state != "done":
            widgets.caution(
                f"The last attempt ended: {plain(faults.without_paths(job.message) or job.state)}"
            )
        st.button(
            "Compute a UMAP in the background",
            key="fit_map",
            icon=":material/scatter_plot:",
            on_click=callback(_start_fitting),
            args=(checkpoint,),
        )
        return
    job_panel.show(
        lambda: [j for j in (service.fitting(checkpoint),) if j is not None], visitors.visitor()
    )


def _start_fitting(checkpoint: Checkpoint) -> None:
    service.fit(checkpoint, visitors.hashed(visitors.ensure_token()))


def _panel(checkpoint: Checkpoint) -> None:
    sample = session.view().sample
    if not sample:
        st.info(
            "**Click a point** to see its picture, sound or text here, and what the model relied "
            "on.",
            icon=":material/ads_click:",
        )
        return
    if sample not in table(checkpoint).index:
        widgets.notice(messages.unknown_sample(sample, checkpoint.data))
        st.button("Clear the selection", on_click=callback(_clear))
        return
    panel.brief(checkpoint, sample)


def _clear() -> None:
    session.change(sample="")
