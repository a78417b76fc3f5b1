"""Samples: find one in the list, see it, and see what the model made of it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import strip
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services import listing
from dashboard.services.sample import information, thumbnails
from dashboard.services.sample import samples as service
from dashboard.services.store.catalog import Checkpoint, checkpoint_catalog, table
from dashboard.state import session, slices
from dashboard.state.view import COMPONENTS, DEFAULT, LONGEST, UP, filters_of
from dashboard.text import messages, terms
from dashboard.views.sample import panel
from dashboard.widgets import plain


def samples() -> None:
    """The page."""
    result = widgets.current(checkpoint_catalog())
    if result is None:
        return
    widgets.alone(partial(_page, result))


def _page(checkpoint: Checkpoint) -> None:
    left, right = st.columns([2, 5], gap="medium")
    with left:
        _filters(checkpoint)
        rows = listing.selected(checkpoint, session.view())
        widgets.start_with_first(rows)
        _list(checkpoint, rows)
    with right:
        _detail(checkpoint, rows)


def _filters(checkpoint: Checkpoint) -> None:
    view = session.view()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            "Search",
            placeholder="Search id or class",
            icon=":material/search:",
            max_chars=LONGEST,
            label_visibility="collapsed",
            **session.bound("search", "choice_search", view.search),
        )
        count = len(filters_of(view)) - bool(view.search)
        with st.popover(f"Filter ({count})" if count else "Filter", icon=":material/tune:"):
            _filter_choices(checkpoint)
    if view.slice:
        st.button(
            f"Only {plain(slices.read(view.slice).name)}: show all again",
            key="leave_slice",
            icon=":material/close:",
            on_click=callback(session.change),
            kwargs={"slice": ""},
        )


def _filter_choices(checkpoint: Checkpoint) -> None:
    view, columns = session.view(), table(checkpoint).columns
    every = {"": "any"}
    classes = ("", *service.classes(checkpoint))
    widgets.select("True class", "truth", classes, view.truth, lambda c: every.get(c, c))
    shows = {"all": "right and wrong", "right": "right only", "wrong": "wrong only"}
    if information.agree(checkpoint, view.definition) is not None:
        shows["apart"] = f"{terms.GATE_AND_BITS} disagree"
    widgets.select("Show", "show", tuple(shows), view.show, shows.__getitem__, help=terms.APART)
    names = {**terms.component_names(service.modality_names(checkpoint)), **every}
    components = ("", *service.components(checkpoint))

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
            "Known about the sample", "flag", flags, view.flag, lambda f: widgets.words(f) or "any"
        )
    _needs(checkpoint, {c: letter(c) for c in components if c})
    _models(checkpoint)


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
    models = ("", *(c.model for c in checkpoint_catalog().ready(checkpoint.data, checkpoint.seed)))
    if len(models) < 3:
        return
    left, right = st.columns(2)
    with left:
        widgets.select("Right is", "right", models, view.right, lambda m: m or "any model",
                       help=terms.MODELS_APART)  # fmt: skip
    with right:
        widgets.select("wrong is", "wrong", models, view.wrong, lambda m: m or "any model")
    counts = listing.answer_counts(checkpoint, view.split)
    widgets.select(
        "Answers of all models",
        "answers",
        ("", *counts),
        view.answers,
        lambda a: f"{terms.ANSWERS[a]} ({counts[a]:,})" if a else "any",
    )


def _order(checkpoint: Checkpoint) -> None:
    """What the list is sorted by; a click on a column's head does the same."""
    view = session.view()
    quantity, up = listing.ordered_by(checkpoint, view.order)
    now = "up" if up else "down"
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    with left:
        widgets.select(
            "Sort by",
            "order",
            ("stored", *listing.quantities(checkpoint)),
            quantity or "stored",
            lambda q: terms.QUANTITIES.get(q, "order of the file"),
            read=lambda q: _in_order(q, q in _NAMES),
            help="A click on the head of a column sorts by it; a second click turns it round.",
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
                    "order", "choice_way", now, lambda way: _in_order(quantity, way == "up")
                ),
            )


def _in_order(quantity: str, up: bool) -> str:
    return quantity + UP if up and quantity != "stored" else quantity


def _sort(column: str, now: tuple[str, bool]) -> bool:
    """The visitor clicked a column's head: sort by it, or the other way round."""
    quantity = now[0] if column == "by" else _QUANTITIES.get(column, "")
    if quantity:
        up = not now[1] if quantity == now[0] else quantity in _NAMES
        session.change(order=_in_order(quantity, up))
    return bool(quantity)


def _list(checkpoint: Checkpoint, rows: pd.DataFrame) -> None:
    view = session.view()
    if rows.empty:
        widgets.notice(messages.nothing_matches())
        st.button("Clear all filters", on_click=callback(session.clear_filters), type="primary")
        return
    _order(checkpoint)
    page = listing.page_of(rows, view)
    part = rows.iloc[(page - 1) * listing.PAGE : page * listing.PAGE]
    quantity, up = listing.ordered_by(checkpoint, view.order)
    small = thumbnails.columns(checkpoint, part["id"].tolist())
    row_height = TALL_ROW if any(column.values for column in small.values()) else ROW_HEIGHT
    shown, config = _columns(checkpoint, part, quantity, small, row_height)
    for name, column in config.items():
        if quantity and _QUANTITIES.get(name, quantity) == quantity and name not in _PICTURES:
            column["label"] = f"{'↑' if up else '↓'} {column['label'] or '✓'}"
    st.dataframe(
        shown,
        hide_index=True,
        placeholder=widgets.MISSING,
        height=min(520, 38 + row_height * len(shown)),
        row_height=row_height,
        **widgets.row_choice(
            key_of("rows", page, view.order),
            part["id"],
            view.sample,
            sort=lambda column: _sort(column, (quantity, up)),
        ),
        column_config=config,
        alt="Samples with their inputs, their true class and the model's answer",
    )
    total = len(service.in_split(table(checkpoint), view.split))
    st.caption(f"{len(rows):,} of {total:,} samples. Click a row to open it, a head to sort.")
    _pager(rows, page)
    widgets.download(rows, f"samples-{checkpoint.data}-{checkpoint.model}")
    chosen = ", ".join(f"{k} = {v}" for k, v in filters_of(view).items())
    widgets.report_of(
        checkpoint,
        list(rows["id"]),
        f"Samples of {checkpoint.data}, {checkpoint.model}",
        "Report of these samples",
        f"{terms.SPLITS[view.split]} samples{f', filtered: {chosen}' if chosen else ''}; "
        f"order: {_order_words(view.order)}.",
    )


def _pager(rows: pd.DataFrame, page: int) -> None:
    """Pages of a long list: so that every row comes with its pictures at once."""
    count = listing.pages(rows)
    if count == 1:
        return
    first, last = (page - 1) * listing.PAGE + 1, min(page * listing.PAGE, len(rows))
    st.number_input(
        f"Page (of {count:,}): rows {first:,} to {last:,}",
        1,
        count,
        **session.bound("page", "choice_page", page, int),
    )


#: Height of a row in pixels: enough for a small picture.
ROW_HEIGHT = 44
#: The same for two values below each other: in lower rows Streamlit wraps no text.
TALL_ROW = 66
#: Column of the list -> what it shows; columns of inputs have none, the last shows any other.
_QUANTITIES = {
    "correct": "correct",
    "id": "id",
    "true": "class",
    "says": "prediction",
    "sure": "confidence",
    "gate": "dominant",
}
_PICTURES = ("x1", "x2", "x3")
#: Quantities that are names, from A to Z at first.
_NAMES = ("id", "class", "prediction", "dominant")
#: Quantities that are shares, shown in percent.
_SHARES = ("unexplained", *(f"gate-{c}" for c in COMPONENTS))


def _columns(
    checkpoint: Checkpoint,
    rows: pd.DataFrame,
    quantity: str,
    small: dict[int, thumbnails.Column],
    height: int,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The list and how its columns look; the quantity it is ordered by is one of them."""
    columns = st.column_config
    numbers: dict[str, Any] = {"correct": ["✓" if c else "✗" for c in rows["correct"]]}
    config: dict[str, Any] = {
        "correct": columns.TextColumn("", width=30, help="✓ right, ✗ wrong"),
    }
    for m, name in enumerate(service.modality_names(checkpoint), start=1):
        if m in small:
            numbers[f"x{m}"] = small[m].cells
            config[f"x{m}"] = (
                columns.TextColumn(name, width=165, help=terms.IN_A_LIST)
                if small[m].values
                else columns.TextColumn(name, width=120)
                if small[m].text
                else columns.ImageColumn(name, width=54)
            )
    if weights := service.gates_of(rows):
        numbers["parts"] = [strip.picture(shares, height) for shares in weights]
        config["parts"] = columns.ImageColumn("gate weights", width=94, help=terms.GATE)
    shown = pd.DataFrame(numbers, index=rows.index)
    shown["id"], shown["true"], shown["says"] = rows["id"], rows["y"], rows["pred"]
    shown["sure"] = 100 * rows["confidence"]
    config |= {
        "id": columns.TextColumn("id", width=95 if any(c.values for c in small.values()) else 75),
        "true": columns.TextColumn("true", width=60),
        "says": columns.TextColumn("says", width=60, help=f"Answer of {plain(checkpoint.model)}"),
        "sure": columns.NumberColumn(
            "sure", width=54, format="%.0f %%", help="Probability of the answer"
        ),
    }
    if "dominant" in rows.columns:
        shown["gate"] = rows["dominant"]
        config["gate"] = columns.TextColumn(
            "gate", width=46, help="Component with the largest gate weight"
        )
    if quantity and quantity not in _QUANTITIES.values():
        values = listing.values(checkpoint, rows, quantity, session.view())
        share = quantity in _SHARES
        shown["by"] = 100 * values if share else values
        config["by"] = columns.NumberColumn(
            _short(quantity),
            width=76,
            format="%.0f %%" if share else "%+.2f",
            help=terms.QUANTITIES[quantity] + ("" if share else ", in bits"),
        )
        # Beside the marks, where it is seen without scrolling.
        shown.insert(1, "by", shown.pop("by"))
    return shown, config


def _short(quantity: str) -> str:
    kind, _, component = quantity.partition("-")
    words = {"contribution": f"adds {component}", "bits": f"bits {component.lower()}"}
    return words.get(kind, f"{kind} {component}".strip())


def _order_words(order: str) -> str:
    if order == DEFAULT.order:
        return "as stored"
    quantity, up = order.removesuffix(UP), order.endswith(UP)
    return f"{_short(quantity)}, {'smallest' if up else 'largest'} first"


def _detail(checkpoint: Checkpoint, rows: pd.DataFrame) -> None:
    view = session.view()
    if not view.sample:
        return
    before, after, position = service.neighbours_in(rows, view.sample)
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        widgets.stepper(before, after, position, len(rows))
        st.page_link(session.page("what_if"), label="What if …", icon=":material/edit:")
    if view.sample not in table(checkpoint).index:
        widgets.notice(messages.unknown_sample(view.sample, view.data))
        if not rows.empty:
            first = str(rows["id"].iloc[0])
            st.button(
                f"Open the first sample, {plain(first)}", on_click=callback(_open), args=(first,)
            )
        return
    panel.full(checkpoint, view.sample)
    title = f"Sample {view.sample} of {checkpoint.data}, {checkpoint.model}"
    widgets.report_of(checkpoint, [view.sample], title, "Report of this sample")


def _open(sample: str) -> None:
    session.change(sample=sample)
