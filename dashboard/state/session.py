"""The one place that holds a visitor's `View`: Streamlit's session state and the URL.

Every widget only reports a change through `change`; every page reads `view()`. The URL is written
once a run, at its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from dashboard.guard import callback
from dashboard.state import view as state
from dashboard.state.slices import Slice, read, write
from dashboard.state.view import Dropped, View

_VIEW, _WRITTEN, _TOUCHED, _DROPPED = "view", "view_written", "view_touched", "view_dropped"
_UNDO, _SLICES, _DESTINATION = "view_undo", "slices", "destination"
_FIELDS = frozenset(field.name for field in fields(View))
#: Changes of a sample that can be taken back, at most.
LONGEST_UNDO = 50
#: Slices of one data set that a visitor can go back to.
MOST_SLICES = 20


def begin() -> None:
    """Take over what the URL says, on a visitor's first run and after the back button.

    A page switch empties the URL's parameters; then the view of the session stays. While a
    callback has just changed the view, the browser may still send the URL from before: it is old.
    """
    memory = st.session_state
    query = st.query_params.to_dict()
    first = _VIEW not in memory
    moved = bool(query) and query != memory.get(_WRITTEN) and not memory.get(_TOUCHED)
    if first or moved:
        memory[_VIEW], memory[_DROPPED] = state.from_query(query)
    memory[_TOUCHED] = False


def view() -> View:
    """What this visitor looks at now."""
    current: View = st.session_state[_VIEW]
    return current


def dropped() -> tuple[Dropped, ...]:
    """What of the link could not be used; empty again after the visitor's next choice."""
    parts: tuple[Dropped, ...] = st.session_state.get(_DROPPED, ())
    return parts


def change(**values: Any) -> None:
    """Change the view as a result of something the visitor did."""
    before = view()
    st.session_state[_VIEW] = state.change(before, **values)
    if before.data == view().data and state.edits_of(before) != state.edits_of(view()):
        st.session_state[_UNDO] = [*st.session_state.get(_UNDO, ())[-LONGEST_UNDO:], before]
    st.session_state[_DROPPED] = ()
    st.session_state[_TOUCHED] = True


def can_undo() -> bool:
    """Whether there is a change of the sample to take back."""
    return bool(_undoable())


def undo() -> None:
    """Take back the last change of the sample."""
    if steps := _undoable():
        last = steps[-1]
        st.session_state[_UNDO] = steps[:-1]
        values = {name: getattr(last, name) for name in state.EDITS}
        st.session_state[_VIEW] = state.change(view(), **values)
        st.session_state[_TOUCHED] = True


def _undoable() -> list[View]:
    steps: list[View] = st.session_state.get(_UNDO, [])
    return [step for step in steps if step.data == view().data]


def as_it_was() -> None:
    """Take back every change of the sample at once; this can be undone too."""
    change(**dict.fromkeys(state.EDITS, ""))


def slices() -> list[str]:
    """Slices this visitor drew on the chosen data set, as text, the latest last."""
    kept: dict[str, list[str]] = st.session_state.get(_SLICES, {})
    return kept.get(view().data, [])


def add_slice(made: Slice) -> None:
    """Look at a slice that was just drawn; it gets a name, and stays within reach."""
    numbers = [s.split()[-1] for s in (read(text).name for text in slices()) if s]
    last = max((int(n) for n in numbers if n.isascii() and n.isdigit()), default=0)
    text = write(replace(made, name=f"slice {last + 1}"))
    _keep([*slices(), text])
    change(slice=text)


def replace_slice(before: str, after: str) -> None:
    """Keep a slice under its new name."""
    _keep([*(s for s in slices() if s not in (before, after)), after])


def _keep(texts: list[str]) -> None:
    kept = st.session_state.get(_SLICES, {})
    st.session_state[_SLICES] = {**kept, view().data: texts[-MOST_SLICES:]}


def clear_filters() -> None:
    """Show every row of the split again."""
    st.session_state[_VIEW] = state.without_filters(view())
    st.session_state[_TOUCHED] = True


def go(page: str, **values: Any) -> None:
    """Look at a page with other choices and no other filters, once this run's callback is done.

    Without a sample among them it is the first of the list.
    """
    clear_filters()
    visit(page, **{"sample": "", **values})


def visit(page: str, **values: Any) -> None:
    """Look at a page with other choices and the same filters, once this run's callback is done."""
    change(**values)
    st.session_state[_DESTINATION] = page


def follow_old_link(address: str) -> None:
    """Look at today's page where a link of an earlier version was opened."""
    if moved := state.moved(address, st.query_params.to_dict()):
        page_, shown = moved
        st.session_state[_VIEW] = state.change(view(), **shown)
        st.session_state[_DESTINATION] = page_


def destination() -> str:
    """The page that a callback asked for; "" for none, and from then on."""
    return str(st.session_state.pop(_DESTINATION, ""))


def start_again() -> None:
    """Forget every choice."""
    st.session_state[_VIEW], st.session_state[_DROPPED] = View(), ()
    st.session_state[_TOUCHED] = True


def settle(settled: View, reasons: tuple[Dropped, ...] = ()) -> None:
    """Fill in choices that the URL left open or that do not exist, without counting as a click."""
    st.session_state[_VIEW] = settled
    st.session_state[_DROPPED] = dropped() + reasons


def publish() -> None:
    """Write the view to the URL, if it changed: at the end of a run, or of a part that runs
    alone."""
    query = state.to_query(view())
    query |= {k: v for k, v in st.query_params.to_dict().items() if k in state.BROWSER}
    if query != st.query_params.to_dict():
        st.query_params.from_dict(query)
    st.session_state[_WRITTEN], st.session_state[_TOUCHED] = query, False


def bound(
    field: str, key: str, value: Any, read: Callable[[Any], Any] | None = None
) -> dict[str, Any]:
    """Arguments that tie a widget to one field of the view.

    The widget is set to ``value`` before it is drawn and reports the visitor's choice through
    `change`, so widget, URL and table can never disagree.
    """

    def report() -> None:
        chosen = st.session_state[key]
        change(**{field: read(chosen) if read else chosen})

    st.session_state[key] = value
    return {"key": key, "on_change": callback(report)}


def field_key(name: str, field: str) -> str:
    """Key of the widget called ``name`` that is tied to a field of the view.

    Raises
    ------
    ValueError
        If the view has no such field: a key must not be made of anything else.
    """
    if field not in _FIELDS:
        raise ValueError(f"expected a field of the view, got {field[:40]!r}")
    return f"{name}_{field}"


def address(slug: str) -> str:
    """The whole address of a page, for files that are opened elsewhere; empty where the browser
    has not told its own."""
    here = urlsplit(st.context.url or "")
    if here.scheme not in ("http", "https"):
        return ""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"{here.scheme}://{here.netloc}/" + "/".join(part for part in (base, slug) if part)


def remember_pages(pages: dict[str, Any]) -> None:
    """Keep this run's pages, so that any page can link to another."""
    st.session_state["pages"] = pages


def page(name: str) -> Any:
    """A page to link to."""
    return st.session_state["pages"][name]
