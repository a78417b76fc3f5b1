"""Pieces of page that more than one view uses. Text from data or links is always escaped here."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, ParamSpec

import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitAPIException

from dashboard.components import figure, marks, moving
from dashboard.export import report
from dashboard.figures import theme
from dashboard.figures.bars import Bars, draw, patterns
from dashboard.guard import callback, is_waiting, message_of, waiting
from dashboard.keys import key_of
from dashboard.services import faults
from dashboard.services.sample import samples
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, shown
from dashboard.state import session
from dashboard.state.view import DEFINITIONS, change
from dashboard.text import messages, terms
from dashboard.text.messages import Message

#: What a table shows where there is no number; Streamlit would write "None".
MISSING = "-"
P = ParamSpec("P")
_ADDRESS = re.compile(r"(?:https?|ftp|mailto|www)(?=\\|$)|@", re.IGNORECASE)
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|$:~^&\"'/@=])")


def plain(text: object) -> str:
    """Text that Streamlit's Markdown shows exactly as it is: no HTML, links, icons or formulas."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))
    # Addresses become links even when escaped; an invisible character inside keeps them text.
    return _ADDRESS.sub("\\g<0>\N{WORD JOINER}", escaped)


def notice(message: Message) -> None:
    """A state in words: what is the case, what to do, and the details literally."""
    show = {"info": st.info, "warning": st.warning, "error": st.error}[message.tone]
    icon = {"info": ":material/info:", "warning": ":material/warning:", "error": ":material/error:"}
    with st.container(border=False):
        show(f"**{message.title}**  \n{message.way_on}", icon=icon[message.tone])
        if message.detail:
            st.text(faults.without_paths(message.detail))
        if message.command:
            # Without colours: those of a shell line are too pale to read on white.
            st.code(message.command, language=None)


def caution(words: str) -> None:
    """A small warning with a mark of its own. In a caption its colour would be too pale to read."""
    st.markdown(f":orange[:small[:material/warning: {words}]]")


def badge(component: str) -> str:
    """A component's letter in its colour, as Markdown."""
    return f":{terms.BADGES[component]}-badge[**{component}**]"


def explained(component: str, words: str) -> str:
    """A component's letter and what it stands for, as Markdown; no line ends between the two."""
    return f"{badge(component)}\N{NO-BREAK SPACE}{words}"


def legend(checkpoint: Checkpoint) -> None:
    """One line that says what the letters stand for in this data set."""
    names = terms.component_names([f"**{plain(n)}**" for n in samples.modality_names(checkpoint)])
    parts = [explained(component, words) for component, words in names.items()]
    with st.container(key="legend"):
        st.markdown(" &ensp; ".join(parts), help=terms.COMPONENT)


def chart(
    fig: Any, key: str, alt: str, still: bool = True, about: str | None = None, **more: Any
) -> None:
    """A figure with its text alternative and a way to save it; ``still`` ones have no tool bar.

    ``about`` says of what it is, for who sees the saved figure alone; else it is the data set.
    ``more`` is Streamlit's, such as what a click does.
    """
    config = theme.STILL if still else theme.CONFIG
    with st.container(gap=None):
        st.plotly_chart(fig, key=key, config=config, alt=alt, **more)
        save_figure(key, alt, about)


def bars(drawn: Bars, key: str, alt: str, about: str | None = None) -> None:
    """Rows of bars, as `chart`."""
    stripes = patterns([m.look for m in drawn.marks])
    drawing(stripes + draw(drawn, alt), key, alt, about)


def drawing(svg: str, key: str, alt: str, about: str | None = None) -> None:
    """A figure that comes as SVG text of ours (``dashboard.figures``), as `chart`."""
    _saveable(key, alt, about, svg)


def linked(
    key: str,
    html: str,
    links: Mapping[str, Mapping[str, Any]],
    alt: str,
    pages: Mapping[str, str] | None = None,
) -> None:
    """A picture whose marks lead to samples, as `chart`.

    ``links`` are the view's choices by the name of a mark; other filters are taken away. ``pages``
    are the pages of marks that lead elsewhere; with an empty one the visitor stays, and so do the
    filters.
    """

    def follow(name: str) -> None:
        if page := (pages or {}).get(name, "samples"):
            session.go(page, **links[name])
        else:
            session.change(**links[name])

    with st.container(gap=None):
        marks.marks(key, html, links, follow)
        save_figure(key, alt)


def moving_chart(fig: Any, key: str, alt: str, about: str) -> None:
    """A figure that changes while it is watched, as `chart`; it has no tool bar."""
    with st.container(gap=None):
        moving.draw(fig, key, alt)
        save_figure(key, alt, about)


def save_figure(key: str, alt: str, about: str | None = None) -> None:
    """The control that saves the figure drawn with this key; right below the figure, or in the menu
    of its card."""
    _saveable(key, alt, about)


def _saveable(key: str, alt: str, about: str | None, drawing: str = "") -> None:
    title = re.split(r"[:;]", alt, maxsplit=1)[0]
    where = session.view().data if about is None else about
    menu = _MENU.get()
    if menu is None:
        figure.save_figure(key, title, alt, where, drawing)
        return
    if drawing:
        figure.save_figure(key, title, alt, where, drawing, "none")
    menu.append(lambda: figure.save_figure(key, title, alt, where, form="menu"))


#: What can be saved of the card that is being drawn; None outside of `save_menu`.
_MENU: ContextVar[list[Callable[[], object]] | None] = ContextVar("menu", default=None)


@contextlib.contextmanager
def save_menu(key: str, place: Any = None) -> Iterator[None]:
    """One menu for all that can be saved of a card: its figures, tables and report.

    Parameters
    ----------
    key : of the menu.
    place : a container for the menu; without one it stands below what is drawn within.
    """
    menu: list[Callable[[], object]] = []
    token = _MENU.set(menu)
    try:
        yield
    finally:
        _MENU.reset(token)
    if menu:
        with (st.container() if place is None else place).popover(
            "Save", icon=":material/download:", key=key, type="tertiary"
        ):
            for draw_item in menu:
                draw_item()


def _in_menu(draw_item: Callable[[], object]) -> None:
    """Draw it in the card's menu; at once where there is none."""
    menu = _MENU.get()
    if menu is None:
        draw_item()
    else:
        menu.append(draw_item)


def stepper(before: str | None, after: str | None, position: int | None, count: int) -> None:
    """Previous and next sample of the list; the keys K and J do the same."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Previous",
            key="previous",
            icon=":material/chevron_left:",
            shortcut="K",
            disabled=before is None,
            on_click=callback(_open),
            args=(before,),
        )
        st.button(
            "Next",
            key="next",
            icon=":material/chevron_right:",
            icon_position="right",
            shortcut="J",
            disabled=after is None,
            on_click=callback(_open),
            args=(after,),
        )
        where = (
            f"{position + 1:,} of {count:,}"
            if position is not None
            else f"not in this list of {count:,}"
        )
        st.caption(where, width="content")


def _open(sample: str | None) -> None:
    session.change(sample=sample or "")


def start_with_first(ids: Sequence[str]) -> None:
    """Without a choice show the first sample of the list: an empty panel explains nothing."""
    if not session.view().sample and len(ids):
        session.settle(change(session.view(), sample=ids[0]))


def guard(checkpoint: Checkpoint) -> bool:
    """Say what is wrong with a checkpoint that cannot be shown; True where it can."""
    if checkpoint.status == "missing":
        folder = shown(checkpoint.folder)
        notice(messages.no_checkpoint(checkpoint.data, checkpoint.model, checkpoint.seed, folder))
    elif checkpoint.status == "damaged":
        notice(messages.damaged(shown(checkpoint.folder), checkpoint.problem))
    return checkpoint.status == "ready"


def select(
    label: str,
    field: str,
    options: Sequence[Any],
    value: Any,
    show: Callable[[Any], str] = str,
    read: Callable[[Any], Any] | None = None,
    **more: Any,
) -> None:
    """A select box tied to one field of the view; a value that is no option counts as the first.

    ``read`` makes what the field holds of the option that was chosen.
    """
    chosen = value if value in options else options[0]
    bound = session.bound(field, session.field_key("choice", field), chosen, read)
    st.selectbox(label, options, format_func=show, **bound, **more)


def definition() -> None:
    """The choice of what counts as shared."""
    select(
        "Counted as shared", "definition", DEFINITIONS, session.view().definition,
        terms.DEFINITIONS.__getitem__, help=terms.DEFINITION,
    )  # fmt: skip


def words(name: str) -> str:
    """A name from a file as words: ``image_corrupt`` reads "image corrupt"."""
    return name.replace("_", " ")


def current(catalog: CheckpointCatalog) -> Checkpoint | None:
    """The chosen checkpoint; None after saying why it cannot be shown and what to do."""
    view = session.view()
    if not catalog.checkpoints:
        notice(messages.no_checkpoints(shown(catalog.root)))
        return None
    if not catalog.of(view.data):
        notice(messages.no_checkpoint_for_set(view.data))
        st.page_link(
            session.page("worth"), label=messages.WITHOUT_MODEL, icon=":material/price_check:"
        )
        return None
    chosen = catalog.get(view.data, view.model, view.seed)
    if guard(chosen):
        return chosen
    others = [c.model for c in catalog.ready(view.data, view.seed)]
    with st.container(horizontal=True):
        for model in others:
            st.button(
                f"Show {plain(model)}",
                key=key_of("use", model),
                on_click=callback(use_model),
                args=(model,),
            )
    return None


def use_model(model: str) -> None:
    """Look at the same sample with another model."""
    session.change(model=model)


def row_choice(
    key: str,
    names: Iterable[str],
    chosen: str,
    field: str = "sample",
) -> dict[str, Any]:
    """Arguments that make a table's rows clickable and mark the row of the view's choice.

    ``names`` are what the rows stand for, ``field`` where the view keeps the chosen one. The
    browser sorts what it has; a click still means the row that is seen.
    """
    ids = names.tolist() if isinstance(names, pd.Series) else list(names)
    rows = [ids.index(chosen)] if chosen in ids else []
    st.session_state[key] = {"selection": {"rows": rows, "columns": [], "cells": []}}

    def picked() -> None:
        result = st.session_state[key]["selection"]
        now = [row for row, _ in result["cells"]] or list(result["rows"])
        if now and now[0] < len(ids):
            session.change(**{field: str(ids[now[0]])})

    # Cells too, or only the small box left of a row would be clickable.
    modes = ["single-row", "single-cell"]
    return {"key": key, "selection_mode": modes, "on_select": callback(picked)}


def download(frame: pd.DataFrame | Callable[[], pd.DataFrame], name: str) -> None:
    """Save a table as it is behind the page, as CSV or Parquet: every column, full precision.

    The file is written when it is asked for, and so is a table that is given as a function. Values
    are never changed, so that both files say the same: a spreadsheet should import texts that begin
    with = as text.
    """

    def table() -> pd.DataFrame:
        return frame() if callable(frame) else frame

    writers: dict[str, tuple[str, Callable[[], bytes]]] = {
        "CSV": ("text/csv", lambda: table().to_csv(index=False).encode("utf-8")),
        "Parquet": ("application/vnd.apache.parquet", lambda: table().to_parquet(index=False)),
    }
    in_menu = _MENU.get() is not None
    _in_menu(lambda: _tables(name, writers, in_menu))


def _tables(
    name: str, writers: Mapping[str, tuple[str, Callable[[], bytes]]], names_it: bool
) -> None:
    file = figure.file_name(name)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if names_it:
            st.markdown(f"Table: {plain(name)}", width="stretch")
        for kind, (mime, write) in writers.items():
            st.download_button(
                kind if names_it else f"Table as {kind}",
                write,
                f"{file}.{kind.lower()}",
                mime,
                key=key_of("table", kind, name),
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
            )


def report_of(
    checkpoint: Checkpoint, ids: Sequence[str], title: str, label: str, note: str = ""
) -> None:
    """A button that saves a report of samples as one HTML file; it is written when asked for."""
    address, definition = session.address("samples"), session.view().definition

    def write() -> bytes:
        return report.of_samples(
            checkpoint, ids, title, note=note, address=address, definition=definition
        )

    _in_menu(
        lambda: st.download_button(
            label,
            write,
            f"{figure.file_name(title)}.html",
            "text/html",
            key=key_of("report", label),
            on_click="ignore",
            type="tertiary",
            icon=":material/description:",
            help=messages.report_bounds(report.MOST, report.MOST_ROWS),
        )
    )


_TARGETS = {
    "met": ":material/check_circle: **Met**",
    "missed": ":material/cancel: **Missed**",
    "open": ":material/pending: **Open**",
}


def targets(items: Sequence[Any]) -> None:
    """Targets, each with its figure and what does not hold."""
    for target in items:
        st.markdown(f"{_TARGETS[target.state]}: {plain(target.claim)}")
        failing = [plain(f) for f in target.failing if f != target.figure]
        less = f"  \nFailing: {'; '.join(failing)}." if failing else ""
        st.caption(f"Measured: {plain(target.figure)}.{less}")


def guarded(run: Callable[[], None], where: str = "a page") -> None:
    """Run a page or a part of one; a fault becomes words and a way on, its trace goes to the log.

    ``where`` says in the log what failed.
    """
    try:
        run()
    except Exception as error:
        notice(message_of(error, where, messages.fault()))
        # Several parts may fail in one run; one way on is enough.
        with contextlib.suppress(StreamlitAPIException):
            st.button(
                "Start again", key="start_again", type="primary",
                on_click=callback(session.start_again),
            )  # fmt: skip


def told() -> None:
    """The messages of callbacks that failed, above the page."""
    for message in waiting():
        notice(message)


def part(run: Callable[P, None], run_every: float | None = None) -> Callable[P, None]:
    """A part of a page that runs alone, as Streamlit's fragments do, inside the guard.

    ``run_every`` is in seconds; by default it runs again only after what a visitor does in it.
    """

    @st.fragment(run_every=run_every)
    @functools.wraps(run)
    def guarded_part(*args: P.args, **kwargs: P.kwargs) -> None:
        if is_waiting():
            st.rerun()  # a callback of this part failed, and its message belongs above the page
        guarded(functools.partial(run, *args, **kwargs), "a part of a page")

    return guarded_part


def alone(run: Callable[[], None], *fields: str) -> None:
    """Run a part of a page that answers fast: what a visitor does in it runs this part again and
    not the page around it, unless something that the page around it shows is changed: the data
    set, the model, or one of the ``fields`` of the view."""
    around = _around(fields)

    def inside() -> None:
        if _around(fields) != around:
            st.rerun()
        guarded(run, "a part of a page")
        session.publish()

    part(inside)()


def _around(fields: tuple[str, ...]) -> list[Any]:
    names = ("data", "model", "seed", "split", *fields)
    return [session.dropped(), *(getattr(session.view(), name) for name in names)]
