"""Latent map: every sample a point; click one and it opens beside the map, outline some and see
how they differ from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import widgets
from dashboard.components import map as frontend
from dashboard.components.map import Pane
from dashboard.figures import map as figures
from dashboard.guard import callback
from dashboard.services import faults, listing
from dashboard.services.map import labels, maps, outlines, separation, ternary
from dashboard.services.map import slices as slice_service
from dashboard.services.map.maps import GATE, STRAIGHT, Layout, Places, Turn
from dashboard.services.sample import samples as sample_service
from dashboard.services.sample import thumbnails
from dashboard.services.store import visitors
from dashboard.services.store.catalog import (
    Checkpoint,
    DataProblem,
    checkpoint_catalog,
    predictions,
    shown,
)
from dashboard.services.store.rows import Rows
from dashboard.state import session, slices
from dashboard.state.slices import Slice
from dashboard.state.view import FILTERS, LONGEST, filters_of
from dashboard.text import map_notes, messages, terms
from dashboard.views import job_panel
from dashboard.views.map import side
from dashboard.widgets import plain

#: The page's own looks: the map fills the window.
STYLE: Final = Path(__file__).parents[2] / "static" / "map.css"
#: Width of the panel beside the map, in pixels.
SIDE: Final = 416
#: Samples that a search found and that have a ring each; more would be one white patch.
MOST_RINGS: Final = 300


@dataclass(frozen=True)
class Map:
    """A map as it is drawn: whose, of which latent, and how it is turned in its pane."""

    checkpoint: Checkpoint
    layout: Layout
    turn: Turn = STRAIGHT
    apart: float | None = None

    @property
    def title(self) -> str:
        """What stands above it."""
        names = sample_service.modality_names(self.checkpoint)
        return f"{self.checkpoint.model}, {terms.latent_name(self.layout.latent, names)}"

    def places(self, rows: Rows) -> Places:
        """(N, 2) places of samples in the pane, 0 to 1 along its longer side."""
        return self.turn.apply(self.layout.unit[self.layout.places_of(rows)])


def latent_map() -> None:
    """The page."""
    st.html(STYLE)
    result = widgets.current(checkpoint_catalog())
    if result is None:
        return
    on = maps.placed(result)
    choices = maps.choices(result, on)
    if isinstance(on, DataProblem):
        widgets.notice(messages.no_map(on.message, shown(result.folder)))
    elif not choices:
        widgets.notice(messages.no_projection(shown(result.folder)))
    if choices:
        # The frame around the page may say what is selected.
        widgets.alone(partial(_page, result, choices), *FILTERS.values())


def _page(checkpoint: Checkpoint, choices: tuple[str, ...]) -> None:
    latent, colour = _controls(checkpoint, choices)
    shown_maps = _maps(checkpoint, latent)
    if isinstance(shown_maps, DataProblem):
        widgets.notice(messages.no_map(shown_maps.message, shown(checkpoint.folder)))
        return
    with st.container(key="map_area", horizontal=True, wrap=False, gap="small"):
        with st.container(key="map_main", gap=None):
            panes, points = _draw(shown_maps, colour)
        if which := side.open_tab(session.view()):
            with st.container(key="map_side", width=SIDE):
                side.side(checkpoint, which)
    _below(shown_maps, colour, points)
    if panes:
        _name(shown_maps, frontend.frame_of(panes, len(points)))


def _controls(checkpoint: Checkpoint, choices: tuple[str, ...]) -> tuple[str, str]:
    """One row: which map, its colour, a second one, and a search."""
    view = session.view()
    colours = maps.colours(checkpoint)
    names = sample_service.modality_names(checkpoint)
    latent = view.latent if view.latent in choices else maps.first(choices)
    colour = view.colour if view.colour in colours else maps.usual_colour(checkpoint, latent)

    def named(chosen: str) -> str:
        model, other = maps.split_beside(chosen)
        return f"{model} · {terms.latent_name(other, names)}" if chosen else "none"

    with st.container(key="map_controls", horizontal=True, wrap=False, gap="small"):
        widgets.select(
            "Map of", "latent", choices, latent, lambda name: terms.latent_name(name, names),
            help=f"**{terms.latent_name(latent, names)}**: {plain(terms.latent(latent, names))}. "
            f"{terms.LATENT} {terms.TERNARY}",
        )  # fmt: skip
        widgets.select(
            "Colour", "colour", colours, colour, terms.COLOURS.__getitem__, help=terms.COLOUR
        )
        others = ("", *maps.others(checkpoint, latent))
        widgets.select("Second map", "beside", others, view.beside, named, help=terms.BESIDE)
        st.text_input(
            "Search",
            placeholder="Id, class or text",
            icon=":material/search:",
            max_chars=LONGEST,
            **session.bound("search", "choice_search", view.search),
        )
    return latent, colour


def _maps(checkpoint: Checkpoint, latent: str) -> list[Map] | DataProblem:
    """The chosen map, and the second one where there is one."""
    where = maps.layout_of(checkpoint, latent)
    if isinstance(where, DataProblem):
        return where
    first = Map(checkpoint, where)
    view = session.view()
    if view.beside not in maps.others(checkpoint, latent):
        return [first]
    model, other = maps.split_beside(view.beside)
    second = checkpoint_catalog().get(checkpoint.data, model, checkpoint.seed)
    if second.status != "ready":
        return [first]
    beside = maps.layout_of(second, other)
    if isinstance(beside, DataProblem):
        return [first]
    if GATE in (latent, other):
        # The triangle stays as it is: its places have a meaning of their own.
        return [first, Map(second, beside)]
    laid = maps.beside(where, beside)
    return [first, Map(second, laid.layout, laid.turn, laid.apart)]


def _draw(shown_maps: Sequence[Map], colour: str) -> tuple[list[Pane], Rows]:
    """The panes, and the samples that have a point in them; none where there is no such."""
    view, first = session.view(), shown_maps[0]
    others = [one.layout for one in shown_maps[1:]]
    points = maps.points(first.checkpoint, first.layout, view.split, others)
    if points.empty:
        widgets.notice(messages.nothing_matches())
        return [], points
    label = terms.COLOURS[colour]
    order = _order(first.checkpoint, colour)
    values = maps.colour_of(first.checkpoint, points, colour, view.definition, view.split)
    look = figures.looks(values, colour, label, order, _words(first.checkpoint, colour))
    panes = [_pane(one, points, label, len(shown_maps) > 1) for one in shown_maps]
    frontend.draw(
        frontend.pack(points.ids[:], panes, look, figures.size(len(points))),
        partial(_heard, tuple(shown_maps)),
    )
    widgets.part(frontend.card)(partial(thumbnails.of_sample, first.checkpoint))
    _focus(shown_maps, panes, points)
    return panes, points


def _pane(shown_map: Map, points: Rows, label: str, titled: bool) -> Pane:
    checkpoint, latent = shown_map.checkpoint, shown_map.layout.latent
    frame = f"{checkpoint.data}/{checkpoint.model}/{checkpoint.seed}/{latent}"
    # A turned map has other places than the same map alone.
    frame = f"{frame}/{shown_map.layout.mark}/{'' if shown_map.turn is STRAIGHT else 'turned'}"
    return Pane(
        shown_map.title if titled else "",
        f"Map of {shown_map.title}: {len(points):,} samples, each a point, coloured by {label}.",
        frame,
        shown_map.places(points),
        _axes(checkpoint, points) if latent == GATE else None,
    )


def _axes(checkpoint: Checkpoint, points: Rows) -> figures.Axes:
    """The triangle of the gate weights; each corner says for how many samples it is the largest."""
    rows = Rows(predictions(checkpoint))
    largest = ternary.largest(rows.take(points.at_in(rows.table)))
    words = {
        name: map_notes.corner(name, map_notes.CORNERS[name], largest[name], len(points))
        for name in ternary.CORNERS
    }
    return figures.triangle(ternary.CORNERS, words)


def _focus(shown_maps: Sequence[Map], panes: Sequence[Pane], points: Rows) -> None:
    """Tell the map what is open and what is selected."""
    view, first = session.view(), shown_maps[0].checkpoint
    members, said, ringed = None, "" if view.sample else map_notes.HINT, False
    borders: list[list[list[float]] | None] = []
    filters = set(filters_of(view))
    if view.slice:
        drawn = slices.read(view.slice)
        if isinstance(slice_service.members(view.data, drawn), DataProblem):
            # It leaves nothing out, so that it dims nothing either; the panel says why.
            filters.discard("slice")
        else:
            borders = [_outline(one, drawn) for one in shown_maps]
    chosen = listing.selection(first, view) if filters else None
    if chosen is not None:
        members = points.inside(chosen)
        count = int(members.sum())
        said = map_notes.selected(count, len(points), view.search)
        ringed = bool(view.search) and count <= MOST_RINGS
    is_point = view.sample in points.ids
    extra = [] if is_point else [_left_out(one, view.sample) for one in shown_maps]
    frame = frontend.frame_of(panes, len(points))
    frontend.focus(frame, view.sample, members, borders, extra, said, ringed)


def _outline(shown_map: Map, drawn: Slice) -> list[list[float]] | None:
    """A slice's outline in a pane; only on the map that it was drawn on."""
    whose = (shown_map.checkpoint.model, shown_map.checkpoint.seed, shown_map.layout.latent)
    if whose != (drawn.model, drawn.seed, drawn.latent):
        return None
    return shown_map.turn.apply(outlines.outline(drawn)).tolist()


def _left_out(shown_map: Map, sample: str) -> list[float] | None:
    """Where a sample lies that has no point: of another split, or not placed with the others."""
    row = predictions(shown_map.checkpoint).row(sample)
    if row is None:
        return None
    if shown_map.layout.places_of(row)[0] >= 0:
        return [float(v) for v in shown_map.places(row)[0]]
    on = maps.placed(shown_map.checkpoint)
    if isinstance(on, DataProblem) or shown_map.layout.latent == GATE:
        return None
    at = maps.place_later(shown_map.checkpoint, on, shown_map.layout, sample)
    if isinstance(at, DataProblem):
        return None
    return shown_map.turn.apply(at)[0].tolist()


def _order(checkpoint: Checkpoint, colour: str) -> tuple[str, ...]:
    if colour in ("dominant", "interaction_type"):
        return sample_service.components(checkpoint)
    return ("right", "wrong") if colour == "correct" else sample_service.classes(checkpoint)


def _words(checkpoint: Checkpoint, colour: str) -> dict[str, str]:
    """What the names of a legend stand for."""
    if colour not in ("dominant", "interaction_type"):
        return {}
    return terms.component_names(sample_service.modality_names(checkpoint))


def _heard(shown_maps: Sequence[Map]) -> None:
    """A point was clicked, or an outline drawn."""
    if sample := frontend.clicked():
        session.change(sample=sample, panel="sample")
    drawn = frontend.outlined()
    if drawn is None or not 0 <= drawn[0] < len(shown_maps):
        return
    shown_map = shown_maps[drawn[0]]
    corners = outlines.corners(shown_map.turn.invert(drawn[1]))
    if corners:
        where, whose = shown_map.layout, shown_map.checkpoint
        session.add_slice(Slice("", whose.model, whose.seed, where.latent, where.mark, corners))
        session.change(panel="slice")


def _name(shown_maps: Sequence[Map], frame: str) -> None:
    """Name the clusters, once the map is drawn: a first map need not wait for it."""
    split = session.view().split
    named = [
        [_turned(label, one.turn) for label in labels.labels(one.checkpoint, one.layout, split)]
        for one in shown_maps
    ]
    frontend.name(frame, named)


def _turned(label: labels.Label, turn: Turn) -> tuple[str, float, float, float]:
    """A name with the middle and the edges of its cluster in a pane."""
    middle, top, bottom = label.at
    ends = turn.apply([[middle, top], [middle, bottom]])
    return label.text, float(ends[:, 0].mean()), float(ends[:, 1].max()), float(ends[:, 1].min())


# --- below the map --------------------------------------------------------------------------


def _below(shown_maps: Sequence[Map], colour: str, points: Rows) -> None:
    """One line: how far to read the map; the panel, where it is closed; the figure as a file."""
    view, checkpoint = session.view(), shown_maps[0].checkpoint
    with st.container(key="map_below", horizontal=True, gap="small", vertical_alignment="center"):
        with st.container(gap=None):
            _reading(shown_maps, colour, points)
        side.opener(view)
        if len(points):
            titles = " and ".join(one.title for one in shown_maps)
            with st.container(width="content"):
                widgets.save_figure("map", f"Map of {titles}: {len(points):,} samples")
    if predictions(checkpoint).find(view.sample) is not None and view.sample not in points.ids:
        st.caption(messages.not_a_point(plain(view.sample)))
    if any(one.layout.latent != GATE for one in shown_maps) and not maps.is_stored(checkpoint):
        _fit(checkpoint)


def _reading(shown_maps: Sequence[Map], colour: str, points: Rows) -> None:
    total = len(sample_service.rows_in(shown_maps[0].checkpoint, session.view().split))
    for one in shown_maps:
        whose = f"{plain(one.title)}: " if len(shown_maps) > 1 else ""
        parts, help_ = [_made(one, len(points), total)], terms.TERNARY
        if one.layout.latent != GATE:
            help_ = f"{terms.TRUSTWORTHINESS} {terms.DISTANCE} {terms.SEPARATION}"
            known = separation.of_groups(one.checkpoint, one.layout, colour, session.view().split)
            if known is not None:
                parts.append(
                    map_notes.separation(colour, known.share, known.chance, known.beyond_chance)
                )
        if one.apart is not None:
            parts.append(map_notes.turned(one.apart))
        st.caption(f"{whose}{'; '.join(parts)}.", help=help_)


def _made(shown_map: Map, count: int, total: int) -> str:
    split = session.view().split
    samples = "" if split == "all" else terms.SPLITS[split].split()[0]
    on, latent = maps.placed(shown_map.checkpoint), shown_map.layout.latent
    if isinstance(on, DataProblem) or latent == GATE:
        return f"{map_notes.GATE}; {map_notes.placed(count, total, samples)}"
    method = "pca" if on.method == "pca" else "umap"
    return map_notes.made(method, on.trustworthiness.get(latent), count, total, samples)


def _fit(checkpoint: Checkpoint) -> None:
    """A map that was made on the spot: let a better one be computed, and show how far it is."""
    widgets.notice(messages.only_pca(shown(checkpoint.folder)))
    job = maps.fitting(checkpoint)
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
        lambda: [j for j in (maps.fitting(checkpoint),) if j is not None], visitors.visitor()
    )


def _start_fitting(checkpoint: Checkpoint) -> None:
    maps.fit(checkpoint, visitors.hashed(visitors.ensure_token()))
