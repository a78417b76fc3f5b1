"""Live training: three methods on one small mixture of logic gates, trained while a class watches;
the page, and the part of it that a lesson shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from dashboard import widgets
from dashboard.components.begin import begin
from dashboard.guard import callback
from dashboard.jobs.live_queue import Busy, Look, live_queue
from dashboard.keys import key_of
from dashboard.services.learn import playground as service
from dashboard.services.learn.playground import Settings
from dashboard.services.store.catalog import DataProblem
from dashboard.state import session
from dashboard.state.view import INPUTS, LENGTHS, PACES, SECONDS, to_query
from dashboard.text import live as text
from dashboard.text import messages
from dashboard.views.learn import live_pictures
from dashboard.widgets import plain

#: While a fragment runs, Streamlit fades what it has not drawn again yet; here it would flicker.
#: Fixed text.
_STYLE: Final = """<style>
.st-key-live_stage [data-stale="true"] { opacity: 1 !important; transition: none !important; }
.st-key-live_stage h2 { font-size: 1.2rem; padding: 0; }
</style>"""
#: Seconds between two looks at what changes by itself, and signs that a visitor is still here.
_FAST, _SLOW = 0.5, 2.0
_KEY: Final = "live_run"
#: Whether the next run that is opened begins at once.
_AT_ONCE: Final = "live_at_once"


@dataclass
class _OpenRun:
    """The run of this visitor: its id, what it is of, and how it was seen last."""

    settings: Settings
    name: str
    look: Look


def live() -> None:
    """The page."""
    chosen = service.settings(session.view())
    _back()
    _presets(chosen)
    if isinstance(chosen, DataProblem):
        widgets.notice(messages.no_mixture(chosen.message))
        st.button(
            "Begin with XOR", on_click=callback(_choose), args=(service.PRESETS[0],), type="primary"
        )
        return
    watch(chosen)


def watch(chosen: Settings, brief: bool = False) -> None:
    """A training of these settings, which begins by itself; ``brief`` in a lesson."""
    st.html(_STYLE)
    current = _open_run(chosen)
    if current is not None:
        _watch(current, brief)


def _back() -> None:
    """The way back to the lesson that led here."""
    view = session.view()
    if view.lesson and not view.present:
        st.page_link(
            session.page("lessons"), label="Back to the lesson", icon=":material/arrow_back:",
            query_params=to_query(view),
        )  # fmt: skip


def _presets(settings: Settings | DataProblem) -> None:
    view = session.view()
    chosen = service.preset_of(view)
    with st.container(horizontal=True, vertical_alignment="center", key="live_presets"):
        for preset in service.PRESETS:
            st.button(
                text.PRESETS[preset.name], key=key_of("live_preset", preset.name),
                on_click=callback(_choose), args=(preset,),
                type="primary" if preset.name == chosen else "secondary",
            )  # fmt: skip
        st.page_link(session.page("gates"), label="Another mixture", icon=":material/memory:")
        with st.popover("Samples, length, seed", icon=":material/tune:"):
            _choices("" if isinstance(settings, DataProblem) else settings.form)
        st.session_state["live_pace"] = view.pace
        st.segmented_control(
            "Speed", PACES, format_func=text.PACES.__getitem__, required=True, key="live_pace",
            on_change=callback(_pace), label_visibility="collapsed", help=text.PACE_HELP,
        )  # fmt: skip
    says = text.PRESET_SAYS.get(chosen) or f"{text.OWN_MIXTURE} {plain(view.mixture)}"
    st.markdown(says)


def _choose(preset: Any) -> None:
    session.change(**preset.choice)


def _choices(form: str) -> None:
    """What can be changed besides the gate mixture; ``form`` is what each input is now."""
    view = session.view()
    widgets.select(
        "Each input is", "inputs", INPUTS, form or INPUTS[0], text.INPUTS.__getitem__,
        help=text.INPUTS_HELP,
    )  # fmt: skip
    widgets.select(
        "x2 is", "second", SECONDS, view.second, text.SECONDS.__getitem__,
        help=text.SECOND_HELP,
    )  # fmt: skip
    widgets.select(
        "The training is", "length", LENGTHS, view.length, text.LENGTHS.__getitem__,
        help=text.LENGTH_HELP,
    )  # fmt: skip
    st.number_input(
        "Seed", 0, 999_999, step=1, help=text.DRAW_HELP,
        **session.bound("draw", "live_draw", view.draw),
    )  # fmt: skip


def _open_run(chosen: Settings) -> _OpenRun | None:
    """This visitor's run of these settings, opened now if there is none; None after saying why
    there cannot be one."""
    current: _OpenRun | None = st.session_state.get(_KEY)
    queue = live_queue()
    if current is not None and current.settings != chosen:
        queue.leave(current.name)
        current = None
    if current is not None:
        look = queue.look(current.name)
        if look is not None:
            current.look = look
            return current
        if current.look.state == "done":
            return current
        st.caption(text.ENDED)
    try:
        name = queue.open(chosen)
    except Busy as error:
        widgets.notice(messages.busy(str(error)))
        st.button("Try again", icon=":material/refresh:")
        return None
    queue.pace(name, session.view().pace)
    if st.session_state.pop(_AT_ONCE, False):
        queue.go(name)
    look = queue.look(name)
    assert look is not None
    st.session_state[_KEY] = _OpenRun(chosen, name, look)
    made: _OpenRun = st.session_state[_KEY]
    return made


def _watch(current: _OpenRun, brief: bool) -> None:
    busy = current.look.busy

    def stage() -> None:
        look = live_queue().look(current.name)
        gone = look is None and current.look.state != "done"
        if gone or st.session_state.get(_KEY) is not current:
            st.rerun()
        current.look = look or current.look
        if current.look.busy != busy:
            # Another pace of looking belongs to the other state.
            st.rerun()
        with st.container(key="live_stage"):
            _controls(current, brief)
            live_pictures.show(current.look, current.settings, brief)

    def here() -> None:
        # A sign that this visitor still looks, also while nothing changes.
        if live_queue().look(current.name) is None and current.look.state != "done":
            st.rerun()

    widgets.part(stage, _FAST if busy else None)()
    if not busy:
        widgets.part(here, _SLOW)()


def _controls(current: _OpenRun, brief: bool) -> None:
    look, name = current.look, current.name
    over = look.state in ("done", "failed")
    with st.container(horizontal=True, vertical_alignment="center", key="live_controls"):
        if look.state in ("running", "waiting"):
            st.button(
                "Pause", key="live_pause", icon=":material/pause:", type="primary", shortcut="P",
                on_click=callback(_pause), args=(name,),
            )  # fmt: skip
        elif over:
            st.button(
                "Again", key="live_again", icon=":material/replay:", type="primary", shortcut="P",
                on_click=callback(_again), args=(name,),
            )  # fmt: skip
        else:
            st.button(
                "Go on" if look.state == "paused" else "Start", key="live_start", shortcut="P",
                icon=":material/play_arrow:", type="primary", on_click=callback(_go), args=(name,),
            )  # fmt: skip
        if not brief:
            st.button(
                "Step", key="live_step", icon=":material/skip_next:", help=text.STEP_HELP,
                disabled=over or look.busy, shortcut="N",
                on_click=callback(_step), args=(name, look.steps + 1),
            )  # fmt: skip
            st.button(
                "Reset", key="live_reset", icon=":material/restart_alt:", on_click=callback(_reset),
                args=(name,), disabled=over,
            )  # fmt: skip
        status = text.waiting(look.ahead) if look.state == "waiting" else text.STATES[look.state]
        of = max(look.of, 1)
        done = 1.0 if look.state == "done" else look.steps / of
        st.progress(done, text=f"**{status}** · step {look.steps} of {of} · {look.seconds:.0f} s")
    if look.state in ("opening", "ready") and not session.view().paused:
        begin(key_of("live_begin", name), name, live_queue().go)
    if look.state == "failed":
        widgets.notice(messages.live_failed(look.problem))


def _pace() -> None:
    session.change(pace=st.session_state["live_pace"])
    current: _OpenRun | None = st.session_state.get(_KEY)
    if current is not None:
        live_queue().pace(current.name, session.view().pace)


def _go(name: str) -> None:
    session.change(paused="")
    live_queue().go(name)


def _step(name: str, until: int) -> None:
    live_queue().go(name, until)


def _pause(name: str) -> None:
    session.change(paused="yes")
    live_queue().pause(name)


def _reset(name: str) -> None:
    """A run that waits for its Start."""
    session.change(paused="yes")
    _forget(name)


def _again(name: str) -> None:
    """The same training once more, at once."""
    session.change(paused="")
    _forget(name)
    st.session_state[_AT_ONCE] = True


def _forget(name: str) -> None:
    live_queue().leave(name)
    st.session_state.pop(_KEY, None)
