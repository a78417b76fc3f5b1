"""The controls of the page Gates: which gates, how often, noise, prior, correlation, the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from dashboard.services.learn import worlds as service
from dashboard.services.learn.worlds import World
from dashboard.state import session
from dashboard.text import worlds as text
from dashboard.widgets import plain

_TEXT, _DRAFT = "world_text", "world_draft"


def gate_choice(world: World) -> None:
    """A gate, several, or a table, by one click."""
    chosen = _build(world)
    st.segmented_control(
        "The class y is made of x1 and x2 by",
        list(text.GATES),
        format_func=text.GATES.__getitem__,
        required=True,
        **_reports("world_gate", chosen, lambda name: _choose(world, name)),
    )
    said = {"mix": text.MIX, "table": text.TABLE}
    words = said.get(chosen) or f"**{text.GATES[chosen]}**: y is {service.SAYS[chosen]}."
    st.caption(words)


def controls(world: World) -> None:
    """Everything else that makes the world."""
    chosen = _build(world)
    if chosen == "mix":
        _weights(world)
    elif chosen == "table":
        _table(world)
    st.slider(
        "Noise", 0.0, 1.0, step=0.05, help=text.NOISE,
        **_reports("world_noise", world.noise, lambda v: _change(world, noise=v)),
    )  # fmt: skip
    if not world.table:
        st.slider(
            "Correlation of x1 and x2", -1.0, 1.0, step=0.05, help=text.CORRELATION,
            disabled=list(world.gates) == ["rdn"],
            **_reports("world_tied", world.correlation, lambda v: _change(world, correlation=v)),
        )  # fmt: skip
    _prior(world)
    st.button(
        "Start again", key="world_reset", icon=":material/restart_alt:", on_click=reset,
        help="XOR, nothing else. The browser's back button takes back one step.",
    )  # fmt: skip


def reset() -> None:
    """XOR again."""
    session.change(world="", build="")


def _reports(key: str, value: Any, act: Callable[[Any], None]) -> dict[str, Any]:
    """Arguments that set a widget to a value and hand what is chosen to ``act``."""
    st.session_state[key] = value
    return {"key": key, "on_change": lambda: act(st.session_state[key])}


def _build(world: World) -> str:
    """What the world is built from: a gate's name, mix or table."""
    if world.table:
        return "table"
    if world.mixed or session.view().build == "mix":
        return "mix"
    return next(iter(world.gates))


def _choose(world: World, name: str) -> None:
    if name == "mix":
        _change(world, build="mix", gates=dict(service.FIRST_MIX), table=())
    elif name == "table":
        _typed(world, service.text_of(world))
    else:
        _change(world, gates={name: 1.0}, table=())


def _change(world: World, build: str = "", **values: Any) -> None:
    made, lost = service.changed(world, **values)
    # The sliders of shares stay, though all but one are at 0.
    _show(made, lost, build or ("" if "gates" in values else session.view().build))


def _show(made: World, lost: str, build: str = "") -> None:
    session.change(world=made.spec, build=build)
    if lost:
        st.toast(lost, icon=":material/info:")


def _weights(world: World) -> None:
    often, now = service.shares(world), service.weights(world)
    st.markdown("How often each gate is on", help=text.WEIGHT)
    # Columns anew for each two, so that they keep their order where there is room for one only.
    columns: Sequence[Any] = ()
    for place, (name, weight) in enumerate(now.items()):
        columns = columns if place % 2 else st.columns(2)
        share = f": {often[name]:.0%}" if name in often else ""
        columns[place % 2].slider(
            f"{text.GATES[name]}{share}", 0.0, 1.0, step=0.05,
            **_reports(f"world_weight_{name}", weight, partial(_weigh, world, name)),
        )  # fmt: skip


def _weigh(world: World, name: str, weight: float) -> None:
    made = {**service.weights(world), name: weight}
    if any(made.values()):
        _change(world, build="mix", gates=made)
    else:
        st.toast(text.ONE_LEFT, icon=":material/info:")


def _table(world: World) -> None:
    draft = _draft(world)
    st.session_state[_TEXT] = draft.text if draft else service.text_of(world)
    st.text_area(
        "Truth table", key=_TEXT, height=220, help=text.TABLE_HELP, max_chars=8000,
        on_change=lambda: _typed(world, st.session_state[_TEXT]),
    )  # fmt: skip
    st.caption(text.TABLE_ROWS)
    if draft and draft.faults:
        lines = [f"- {f'**Row {row}** ' if row else ''}{plain(why)}." for row, why in draft.faults]
        st.error(text.NO_TABLE + "\n\n" + "\n".join(lines), icon=":material/error:")


@dataclass(frozen=True)
class _Draft:
    """What was typed, with its faults, while the world is this one: after the browser's back button
    it is another."""

    text: str
    spec: str
    faults: Sequence[tuple[int, str]] = ()


def _draft(world: World) -> _Draft | None:
    kept: _Draft | None = st.session_state.get(_DRAFT)
    return kept if kept and kept.spec == world.spec else None


def _typed(world: World, typed: str) -> None:
    made, lost, faults = service.typed(world, typed)
    st.session_state[_DRAFT] = _Draft(typed, made.spec, faults)
    if not faults:
        _show(made, lost)


def _prior(world: World) -> None:
    names, now, able = service.class_names(world), service.prior_of(world), service.possible(world)
    if sum(able) < 2:
        return
    # Of two classes one number says it all.
    several = len(names) > 2
    place = st.expander("How often each class occurs") if several else st.container()
    for k in range(len(names)) if several else (1,):
        place.slider(
            f"Class {plain(names[k])}: how often", 0.0, 1.0, step=0.05, format="percent",
            help=text.PRIOR, disabled=not able[k],
            **_reports(f"world_prior_{k}", round(now[k], 4), partial(_tilt, world, k)),
        )  # fmt: skip
    if world.prior:
        place.button(
            "As it comes out", key="world_prior_none", type="tertiary", icon=":material/undo:",
            on_click=lambda: _change(world, prior=()),
        )  # fmt: skip


def _tilt(world: World, place: int, chance: float) -> None:
    _change(world, prior=service.tilted(world, place, chance))
