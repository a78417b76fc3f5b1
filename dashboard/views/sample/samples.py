"""Samples: find one in the list, see it, and see what the model made of it."""

from __future__ import annotations

from functools import partial
from typing import Final

import streamlit as st

from dashboard import widgets
from dashboard.components import sample_list
from dashboard.figures import strip
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services import listing
from dashboard.services.sample import information
from dashboard.services.sample import samples as service
from dashboard.services.store.catalog import Checkpoint, checkpoint_catalog, predictions
from dashboard.services.store.rows import Rows
from dashboard.state import session
from dashboard.state.view import (
    DEFAULT,
    FILTERS,
    FIXED_ORDERS,
    LONGEST,
    UP,
    filters_of,
    listed,
    model_word,
    names_in,
    range_of,
    written_range,
)
from dashboard.text import messages, terms
from dashboard.views import selection
from dashboard.views.sample import panel
from dashboard.views.sample import rows as list_rows
from dashboard.widgets import plain

#: Percent between two places of the slider of confidence.
_STEP: Final = 1.0


def samples() -> None:
    """The page."""
    result = widgets.current(checkpoint_catalog())
    if result is None:
        return
    # The chip above the page shows what is selected.
    widgets.alone(partial(_page, result), *FILTERS.values())


def _page(checkpoint: Checkpoint) -> None:
    left, right = st.columns([2, 5], gap="medium")
    with left:
        _filters(checkpoint)
        rows = listing.selected(checkpoint, session.view())
        widgets.start_with_first(rows.ids)
        _list(checkpoint, rows)
    with right:
        _detail(checkpoint, rows)


def _filters(checkpoint: Checkpoint) -> None:
    view = session.view()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Search",
            placeholder="Search id, class or text",
            icon=":material/search:",
            max_chars=LONGEST,
            label_visibility="collapsed",
            **session.bound("search", "choice_search", view.search),
        )
        count = len(filters_of(view)) - bool(view.search)
        with st.popover(f"Filter ({count})" if count else "Filter", icon=":material/tune:"):
            _filter_choices(checkpoint)


def _filter_choices(checkpoint: Checkpoint) -> None:
    view, columns = session.view(), predictions(checkpoint).columns
    every = {"": "any"}
    classes = ("", *service.classes(checkpoint))
    for label, field in (("True class", "truth"), ("Predicted class", "predicted")):
        widgets.select(label, field, classes, getattr(view, field), lambda c: every.get(c, c))
    shows = {"all": "right and wrong", "right": "right only", "wrong": "wrong only"}
    if information.can_agree(checkpoint):
        shows["apart"] = f"{terms.GATE_AND_BITS} disagree"
    widgets.select("Show", "show", tuple(shows), view.show, shows.__getitem__, help=terms.APART)
    names = {**terms.component_names(service.modality_names(checkpoint)), **every}
    components = ("", *service.components(checkpoint))
    _confidence()

    def letter(c: str) -> str:
        return f"{c}: {names[c]}" if c else "any"

    if "dominant" in columns:
        label = "Component with the largest gate"
        widgets.select(label, "dominant", components, view.dominant, letter, help=terms.GATE)
    if "interaction_type" in columns:
        help_ = terms.INTERACTION_TYPE
        widgets.select(
            "True interaction type",
            "interaction_type",
            components,
            view.interaction_type,
            letter,
            help=help_,
        )
    flags = ("", *service.flags(checkpoint))
    if len(flags) > 1:
        widgets.select(
            "Sample attribute", "flag", flags, view.flag, lambda f: widgets.words(f) or "any"
        )
    _needs(checkpoint, {c: letter(c) for c in components if c})
    _models(checkpoint)


def _confidence() -> None:
    """The filter by the confidence of the prediction, in percent."""
    view = session.view()
    low, high = range_of(view.confidence) if view.confidence else (0.0, 1.0)
    st.slider(
        "Confidence", 0.0, 100.0, step=_STEP, format="%.0f%%", help=terms.CONFIDENCE,
        **session.bound("confidence", "choice_confidence", (100 * low, 100 * high), within),
    )  # fmt: skip


def within(ends: tuple[float, float]) -> str:
    """Two ends of a range in percent as the view's choice; the whole range is none, and a range of
    one place is as wide as a step of the slider."""
    low, high = ends
    if high - low >= 100:
        return ""
    if low == high:
        low, high = (low - _STEP, high) if high >= 100 else (low, low + _STEP)
    return written_range(low / 100, high / 100)


def _needs(checkpoint: Checkpoint, components: dict[str, str]) -> None:
    """The filter by what an answer is wrong without."""
    names = service.modality_names(checkpoint)
    inputs = {f"x{m}": f"{name} blank" for m, name in enumerate(names, start=1)}
    words = {"": "any", **(components if checkpoint.gated else {}), **inputs}
    widgets.select(
        "Right, and wrong without", "needs", tuple(words), session.view().needs,
        words.__getitem__, help=terms.NEEDS,
    )  # fmt: skip


def _models(checkpoint: Checkpoint) -> None:
    """Filters by what several models say."""
    view = session.view()
    ready = checkpoint_catalog().ready(checkpoint.data, checkpoint.seed)
    if len(ready) < 2:
        return
    words = [model_word(c.model, c.seed, view.seed) for c in ready]
    every = {"": "any model", **{listed([word]): word for word in words}}
    for column, label, field in zip(
        st.columns(2), ("Correct in", "Wrong in"), ("right", "wrong"), strict=True
    ):
        now = getattr(view, field)
        options = {**every, now: every.get(now, ", ".join(names_in(now)))}
        with column:
            widgets.select(
                label, field, tuple(options), now, options.__getitem__, help=terms.MODELS_APART
            )
    counts = listing.answer_counts(checkpoint, view.split)
    widgets.select(
        "Answers of all models",
        "answers",
        ("", *counts),
        view.answers,
        lambda a: f"{terms.ANSWERS[a]} ({counts[a]:,})" if a else "any",
    )


def _order(checkpoint: Checkpoint) -> None:
    """What the list is sorted by."""
    view = session.view()
    quantity, up = listing.ordered_by(checkpoint, view.order)
    fixed = view.order if view.order in FIXED_ORDERS else DEFAULT.order
    left = right = st.container()
    if quantity:
        left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        widgets.select(
            "Sort by",
            "order",
            (*FIXED_ORDERS, *listing.quantities(checkpoint)),
            quantity or fixed,
            lambda q: terms.QUANTITIES.get(q) or terms.fixed_orders(checkpoint.gated)[q],
            read=lambda q: _in_order(q, q in _NAMES),
        )
    if quantity:
        with right:
            st.segmented_control(
                "Direction",
                tuple(terms.WAYS),
                required=True,
                format_func=lambda way: terms.WAYS[way].split()[0],
                help="; ".join(terms.WAYS.values()),
                **session.bound(
                    "order",
                    "choice_way",
                    "up" if up else "down",
                    lambda way: _in_order(quantity, way == "up"),
                ),
            )


#: Quantities that are names, from A to Z at first.
_NAMES = ("id", "class", "prediction", "dominant")


def _in_order(quantity: str, up: bool) -> str:
    return quantity + UP if up and quantity not in FIXED_ORDERS else quantity


def _list(checkpoint: Checkpoint, rows: Rows) -> None:
    view = session.view()
    if rows.empty:
        widgets.notice(messages.nothing_matches())
        st.button("Clear all filters", on_click=callback(session.clear_filters), type="primary")
        return
    _order(checkpoint)
    page = listing.page_of(rows, view)
    first = (page - 1) * listing.PAGE
    shown, height = list_rows.rows(checkpoint, rows.take(slice(first, first + listing.PAGE)), view)
    sample_list.sample_list(
        "sample_list",
        shown,
        rows.ids,
        key_of("list", checkpoint.stamp, view.split, view.order, str(filters_of(view)), len(rows)),
        first,
        rows.position_of(view.sample),
        height,
        {c: strip.ground(c) for c in service.components(checkpoint)},
        _open,
        _scroll,
    )
    total = len(service.rows_in(checkpoint, view.split))
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        chosen = selection.in_words(view)
        which = f": {plain(chosen)}" if chosen else ""
        st.caption(f"{len(rows):,} of {total:,} samples{which}", width="content")
        with widgets.save_menu("save_list"):
            widgets.download(rows.frame, f"samples-{checkpoint.data}-{checkpoint.model}")
            _report(checkpoint, rows)


def _report(checkpoint: Checkpoint, rows: Rows) -> None:
    view = session.view()
    chosen = selection.in_words(view)
    widgets.report_of(
        checkpoint,
        rows.ids,
        f"Samples of {checkpoint.data}, {checkpoint.model}",
        "Report of these samples",
        f"{terms.SPLITS[view.split]} samples{f', {chosen}' if chosen else ''}; "
        f"order: {_order_words(checkpoint, view.order)}.",
    )


def _scroll(position: int) -> None:
    """A row that was not sent yet came into sight."""
    session.change(page=position // listing.PAGE + 1)


def _order_words(checkpoint: Checkpoint, order: str) -> str:
    quantity, up = listing.ordered_by(checkpoint, order)
    if not quantity:
        fixed = order if order in FIXED_ORDERS else DEFAULT.order
        return terms.fixed_orders(checkpoint.gated)[fixed]
    return f"{list_rows.short(quantity)}, {'smallest' if up else 'largest'} first"


def _detail(checkpoint: Checkpoint, rows: Rows) -> None:
    view = session.view()
    if not view.sample:
        return
    before, after, position = service.neighbours_in(rows, view.sample)
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        widgets.stepper(before, after, position, len(rows))
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            menu = st.container(width="content")
            st.page_link(session.page("what_if"), label="What if …", icon=":material/edit:")
    if predictions(checkpoint).find(view.sample) is None:
        widgets.notice(messages.unknown_sample(view.sample, view.data))
        if not rows.empty:
            first = rows.ids[0]
            st.button(
                f"Open the first sample, {plain(first)}", on_click=callback(_open), args=(first,)
            )
        return
    with widgets.save_menu("save_sample", menu):
        panel.full(checkpoint, view.sample)
        title = f"Sample {view.sample} of {checkpoint.data}, {checkpoint.model}"
        widgets.report_of(checkpoint, [view.sample], title, "Report of this sample")


def _open(sample: str) -> None:
    session.change(sample=sample)
