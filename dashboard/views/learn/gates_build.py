"""The controls of the page Exact PID: logic gates and their shares, noise, prior, correlation, the
truth table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st

from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.learn import gates as service
from dashboard.services.learn.gates import GateMixture
from dashboard.state import session
from dashboard.text import gates as text
from dashboard.widgets import plain

_TEXT, _DRAFT = "gates_text", "mixture_draft"


def gate_choice(mixture: GateMixture) -> None:
    """A logic gate, several, or a table, by one click."""
    chosen = _build(mixture)
    st.segmented_control(
        "Logic gate",
        list(text.GATES),
        format_func=text.GATES.__getitem__,
        required=True,
        **_reports("mixture_gate", chosen, lambda name: _choose(mixture, name)),
    )
    captions = {"mix": text.MIX, "table": text.TABLE}
    words = captions.get(chosen) or f"**{text.GATES[chosen]}**: y is {service.SAYS[chosen]}."
    st.caption(words)


def controls(mixture: GateMixture) -> None:
    """Everything else that makes the gate mixture."""
    chosen = _build(mixture)
    if chosen == "mix":
        _weights(mixture)
    elif chosen == "table":
        _table(mixture)
    st.slider(
        "Noise", 0.0, 1.0, step=0.05, help=text.NOISE,
        **_reports("mixture_noise", mixture.noise, lambda v: _change(mixture, noise=v)),
    )  # fmt: skip
    if not mixture.table:
        st.slider(
            "Correlation of x1 and x2", -1.0, 1.0, step=0.05, help=text.CORRELATION,
            disabled=list(mixture.gates) == ["rdn"],
            **_reports(
                "mixture_tied", mixture.correlation, lambda v: _change(mixture, correlation=v)
            ),
        )  # fmt: skip
    _prior(mixture)
    st.button(
        "Start again", key="mixture_reset", icon=":material/restart_alt:", on_click=callback(reset),
        help="XOR, nothing else. The browser's back button takes back one step.",
    )  # fmt: skip


def reset() -> None:
    """XOR again."""
    session.change(mixture="", build="")


def _reports(key: str, value: Any, act: Callable[[Any], None]) -> dict[str, Any]:
    """Arguments that set a widget to a value and hand what is chosen to ``act``."""

    def report() -> None:
        act(st.session_state[key])

    st.session_state[key] = value
    return {"key": key, "on_change": callback(report)}


def _build(mixture: GateMixture) -> str:
    """What the gate mixture is built from: a gate's name, mix or table."""
    if mixture.table:
        return "table"
    if mixture.mixed or session.view().build == "mix":
        return "mix"
    return next(iter(mixture.gates))


def _choose(mixture: GateMixture, name: str) -> None:
    if name == "mix":
        _change(mixture, build="mix", gates=dict(service.FIRST_MIX), table=())
    elif name == "table":
        _typed(mixture, service.text_of(mixture))
    else:
        _change(mixture, gates={name: 1.0}, table=())


def _change(mixture: GateMixture, build: str = "", **values: Any) -> None:
    made, lost = service.changed(mixture, **values)
    # The sliders of shares stay, though all but one are at 0.
    _show(made, lost, build or ("" if "gates" in values else session.view().build))


def _show(made: GateMixture, lost: str, build: str = "") -> None:
    session.change(mixture=made.spec, build=build)
    if lost:
        st.toast(lost, icon=":material/info:")


def _weights(mixture: GateMixture) -> None:
    often, now = service.shares(mixture), service.weights(mixture)
    st.markdown("Share of each logic gate", help=text.WEIGHT)
    # Columns anew for each two, so that they keep their order where there is room for one only.
    columns: Sequence[Any] = ()
    for index, (name, weight) in enumerate(now.items()):
        columns = columns if index % 2 else st.columns(2)
        share = f": {often[name]:.0%}" if name in often else ""
        columns[index % 2].slider(
            f"{text.GATES[name]}{share}", 0.0, 1.0, step=0.05,
            **_reports(key_of("mixture_weight", name), weight, partial(_weigh, mixture, name)),
        )  # fmt: skip


def _weigh(mixture: GateMixture, name: str, weight: float) -> None:
    made = {**service.weights(mixture), name: weight}
    if any(made.values()):
        _change(mixture, build="mix", gates=made)
    else:
        st.toast(text.ONE_LEFT, icon=":material/info:")


def _table(mixture: GateMixture) -> None:
    draft = _draft(mixture)
    st.session_state[_TEXT] = draft.text if draft else service.text_of(mixture)
    st.text_area(
        "Truth table", key=_TEXT, height=220, help=text.TABLE_HELP, max_chars=8000,
        on_change=callback(partial(_from_field, mixture)),
    )  # fmt: skip
    st.caption(text.TABLE_ROWS)
    if draft and draft.faults:
        lines = [f"- {f'**Row {row}** ' if row else ''}{plain(why)}." for row, why in draft.faults]
        st.error(text.NO_TABLE + "\n\n" + "\n".join(lines), icon=":material/error:")


@dataclass(frozen=True)
class _Draft:
    """What was typed, with its faults, while the gate mixture is this one: after the browser's
    back button it is another."""

    text: str
    spec: str
    faults: Sequence[tuple[int, str]] = ()


def _draft(mixture: GateMixture) -> _Draft | None:
    kept: _Draft | None = st.session_state.get(_DRAFT)
    return kept if kept and kept.spec == mixture.spec else None


def _from_field(mixture: GateMixture) -> None:
    _typed(mixture, st.session_state[_TEXT])


def _typed(mixture: GateMixture, typed: str) -> None:
    made, lost, faults = service.typed(mixture, typed)
    st.session_state[_DRAFT] = _Draft(typed, made.spec, faults)
    if not faults:
        _show(made, lost)


def _prior(mixture: GateMixture) -> None:
    names, now, able = (
        service.class_names(mixture),
        service.prior_of(mixture),
        service.possible(mixture),
    )
    if sum(able) < 2:
        return
    # Of two classes one number says it all.
    several = len(names) > 2
    area = st.expander("Class prior") if several else st.container()
    for k in range(len(names)) if several else (1,):
        area.slider(
            f"P(class {plain(names[k])})", 0.0, 1.0, step=0.05, format="percent",
            help=text.PRIOR, disabled=not able[k],
            **_reports(key_of("mixture_prior", k), round(now[k], 4), partial(_tilt, mixture, k)),
        )  # fmt: skip
    if mixture.prior:
        area.button(
            "Back to its own", key="mixture_prior_none", type="tertiary", icon=":material/undo:",
            on_click=callback(partial(_change, mixture, prior=())),
        )  # fmt: skip


def _tilt(mixture: GateMixture, index: int, chance: float) -> None:
    _change(mixture, prior=service.tilted(mixture, index, chance))
