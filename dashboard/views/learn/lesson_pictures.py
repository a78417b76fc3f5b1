"""The pictures of the lessons, by the names that the lessons call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import streamlit as st

from dashboard import widgets
from dashboard.figures import lessons as figures
from dashboard.guard import callback
from dashboard.keys import key_of
from dashboard.services.learn import gates, playground
from dashboard.services.learn import lessons as service
from dashboard.services.learn.lessons import Apart
from dashboard.services.sample import media
from dashboard.services.store.catalog import Checkpoint, DataProblem
from dashboard.state import session
from dashboard.state.view import MEASURES, to_query
from dashboard.text import gates as gates_text
from dashboard.text import lesson_sentences as says
from dashboard.text import lessons as text
from dashboard.text import messages, terms
from dashboard.views.learn import live
from dashboard.views.sample import answer, media_cards
from dashboard.widgets import badge, plain

_LETTERS: Final = {
    "R": "shared by both",
    "U1": "x1 only",
    "U2": "x2 only",
    "S": "only in combination",
}


def draw(name: str) -> None:
    """Draw a picture of a lesson."""
    PICTURES[name]()


def _chart(fig: Any, key: str, alt: str, about: str) -> None:
    if session.view().size:
        fig.update_yaxes(tickfont={"size": 16})
    widgets.chart(fig, key, alt, about=about)


# --- gate mixtures
# -----------------------------------------------------------------------------------


def _mixture(name: str, control: bool) -> str:
    """The spec that is shown, and its slider, where there is one."""
    if not control:
        return service.at(name, "")
    spec = service.at(name, session.view().mixture)
    dial = service.DIALS[name]()
    st.select_slider(
        text.DIALS[name],
        list(dial),
        format_func=dial.__getitem__,
        **session.bound("mixture", key_of("dial", name), spec),
    )
    with st.container(horizontal=True, horizontal_alignment="distribute", key=key_of("ends", name)):
        for words in text.ENDS[name]:
            st.caption(words, width="content")
    return spec


def _parts_of(spec: str) -> dict[str, float]:
    return dict(zip(gates_text.COMPONENTS, gates.numbers(spec).parts["broja"], strict=True))


def _legend(parts: Mapping[str, float]) -> None:
    # No caption, which would fade the letters.
    st.markdown(f":small[{' '.join(f'{badge(c)} {_LETTERS[c]} &ensp;' for c in parts)}]")


def _alike(control: bool) -> None:
    spec = _mixture("alike", control)
    result, parts = gates.numbers(spec), _parts_of(spec)
    sentence = says.alike(result.i1, result.i2, result.i12)
    _chart(figures.alone_and_together(parts, 1.0), "alike", f"Bars: {sentence}", spec)
    st.markdown(sentence)
    _legend(parts)


def _eyes(control: bool) -> None:
    spec = _mixture("eyes", control)
    result, parts = gates.numbers(spec), _parts_of(spec)
    sentence = says.eyes(result.i1, result.i2, result.i12)
    fig = figures.alone_and_together(parts, 2.0, added=True)
    _chart(fig, "eyes", f"Bars: {sentence}", spec)
    st.markdown(sentence)
    _legend(parts)


def _switches() -> None:
    spec = _mixture("switches", True)
    frame = service.cases(spec)
    st.markdown("**Chance of y = 1, by observer**")
    described = "; ".join(
        f"x1={x1} x2={x2}: {by_x1:.0%} by x1, {by_x2:.0%} by x2, mean {mean:.0%}, both {both:.0%}"
        for x1, x2, _, by_x1, by_x2, mean, both in frame.itertuples(index=False)
    )
    _chart(figures.cases(frame), "switches", f"Chance of y = 1 by observer: {described}", spec)
    st.markdown(says.switches(service.right(frame, "mean"), service.right(frame, "both")))


def _lamp() -> None:
    frame = service.cases(service.at("switches", ""))
    states = [
        (x1 == "1", x2 == "1", both > 0.5)
        for x1, x2, both in frame[["x1", "x2", "both"]].itertuples(index=False)
    ]
    words = ("down", "up")
    alt = "Two switches, one lamp: " + "; ".join(
        f"x1 {words[a]}, x2 {words[b]}: lamp {'on' if on else 'off'}" for a, b, on in states
    )
    widgets.drawing(figures.lamp(states, alt), "lamp", alt, service.at("switches", ""))


def _flat() -> None:
    spec = service.at("switches", "")
    frame = service.cases(spec)
    by = {
        symbol: frame.drop_duplicates(symbol).sort_values(symbol)[[symbol, chance]]
        for symbol, chance in (("x1", "one"), ("x2", "two"))
    }
    described = ", ".join(
        f"{symbol} = {value}: {chance:.0%}"
        for symbol, rows in by.items()
        for value, chance in rows.itertuples(index=False)
    )
    st.markdown("**Chance of y = 1 by one input alone**")
    _chart(figures.flat(frame), "flat", f"Chance of y = 1 by one input alone: {described}", spec)
    one, two = (rows.iloc[:, 1].tolist() for rows in by.values())
    st.markdown(says.flat(one, two, service.right(frame, "mean")))


def _live() -> None:
    live.watch(playground.of_preset("xor"), brief=True)
    preset = playground.preset("xor")
    st.page_link(
        session.page("live"), label=text.OWN_PAGE, icon=":material/open_in_full:",
        query_params=to_query(replace(session.view(), **preset.choice)),
    )  # fmt: skip


# --- a record -----------------------------------------------------------------------------------


def _competition(control: bool) -> None:
    result = service.record()
    if result is None or isinstance(result, DataProblem):
        widgets.notice(messages.no_lesson_record())
        return
    view = session.view()
    settings = {"even": service.EVEN, "weak": service.WEAK}
    setting, who = service.WEAK, service.LEARNERS[0]
    if control:
        setting = view.setting if view.setting in settings.values() else service.WEAK
        who = view.method if view.method in service.LEARNERS else who
        names = {name: text.SETTINGS[key] for key, name in settings.items()}
        st.segmented_control(
            "x2 is", list(names), format_func=names.__getitem__, required=True,
            **session.bound("setting", "lesson_setting", setting),
        )  # fmt: skip
        st.segmented_control(
            "The model is", list(service.LEARNERS), format_func=text.LEARNERS.__getitem__,
            required=True, wrap=True, **session.bound("method", "lesson_method", who),
        )  # fmt: skip
    frame = service.reached(result, setting, who)
    rows = "; ".join(
        f"{g} {a:.1%}, best possible {b:.1%}" for g, a, b in frame.itertuples(index=False)
    )
    st.markdown(f"**Accuracy of {who}**, and the best possible (upright line)")
    alt = f"Accuracy of {who} by interaction type: {rows}"
    _chart(figures.reached(frame), "competition", alt, setting)
    easy, hard = ("R", "U1"), ("U2", "S")
    st.markdown(says.competition(who, service.behind(frame, easy), service.behind(frame, hard)))
    if control:
        every = {w: service.behind(service.reached(result, setting, w), hard)
                 for w in service.LEARNERS}  # fmt: skip
        st.caption(says.compared(every))
    _legend(dict.fromkeys(frame["group"], 0.0))


# --- a sample -----------------------------------------------------------------------------------


def _sample() -> tuple[Checkpoint, Mapping[str, str]] | None:
    """The model and its samples by what was corrupted; None after saying why there are none."""
    result = service.digits()
    if not widgets.guard(result):
        return None
    kinds = service.corrupted(result)
    if isinstance(kinds, DataProblem):
        widgets.notice(messages.no_lesson_samples(kinds.message))
        return None
    return result, kinds


def _media() -> None:
    if chosen := _sample():
        result, kinds = chosen
        media_cards.row(result, kinds["picture"], across=2, brief=True)


def _gate(control: bool) -> None:
    chosen = _sample()
    if chosen is None:
        return
    result, kinds = chosen
    sample = kinds["picture"]
    if control:
        sample = _chosen(result, kinds)
        names = {kinds[kind]: text.CORRUPTED[kind] for kind in service.KINDS}
        st.session_state["lesson_sample"] = sample
        st.segmented_control(
            "Corrupted is", list(names), format_func=names.__getitem__, required=True,
            key="lesson_sample", on_change=callback(partial(_choose_sample, result)),
        )  # fmt: skip
        media_cards.row(result, sample, across=2, brief=True)
    left, right = st.columns(2, gap="large")
    with left:
        answer.gate(result, sample)
    with right:
        answer.waterfall(result, sample)
    st.caption(f"Sample {plain(sample)} of the set {plain(result.data)}.")


def _chosen(checkpoint: Checkpoint, kinds: Mapping[str, str]) -> str:
    view = session.view()
    known = view.data == checkpoint.data and view.sample in kinds.values()
    return view.sample if known else kinds["picture"]


def _choose_sample(checkpoint: Checkpoint) -> None:
    session.change(**_look_at(checkpoint, str(st.session_state["lesson_sample"])))


def _look_at(checkpoint: Checkpoint, sample: str) -> dict[str, Any]:
    """What of the view other pages show a sample with."""
    who = {"data": checkpoint.data, "model": checkpoint.model, "seed": checkpoint.seed}
    return {**who, "split": "test", "sample": sample, "cls": "", "against": ""}


def sample_choice() -> dict[str, Any]:
    """What of the view shows the sample of the lesson on gates; nothing where there is none."""
    result = service.digits()
    kinds = service.corrupted(result)
    if isinstance(kinds, DataProblem):
        return {}
    return _look_at(result, _chosen(result, kinds))


def pair_choice() -> dict[str, Any]:
    """What of the view shows the points of the lesson on numbers; nothing where there are none."""
    result = service.mapped()
    near = service.apart(result) if result else DataProblem("")
    if result is None or isinstance(near, DataProblem):
        return {}
    return {**_look_at(result, near.one), "split": "all", "latent": service.LATENT}


# --- numbers that lie -----------------------------------------------------------------------------


def _case() -> None:
    values = dict(zip(("x1", "x2", "both"), service.in_case(), strict=True))
    named = {f"{x} = {service.CASE[x]}": values[x] for x in ("x1", "x2")}
    sentence = says.case({**named, "The pair": values["both"]})
    fig = figures.signed(values, (-1.0, 1.0))
    _chart(fig, "case", f"Bits about y = {service.CASE['y']}: {sentence}", service.AND)
    st.markdown(sentence)


def _definitions() -> None:
    result, chosen = gates.numbers(service.AND), session.view().measure
    widgets.select(
        "Definition", "measure", MEASURES, chosen, gates_text.MEASURES.__getitem__, width=260
    )
    st.caption(f"It calls shared: {plain(gates.meaning(chosen))}.")
    parts = dict(zip(gates_text.COMPONENTS, result.parts[chosen], strict=True))
    every = [v for values in result.parts.values() for v in values]
    alt = ", ".join(f"{c} {gates_text.bits(v)}" for c, v in parts.items())
    reach = (min(every), max(every))
    _chart(figures.signed(parts, reach), "definitions", f"Bits of each part: {alt}", service.AND)
    st.markdown(says.definitions(result.parts, chosen))
    _legend(parts)


def _pair(explained: bool) -> None:
    result = service.mapped()
    near: Apart | DataProblem = (
        DataProblem("No model with a map is there.") if result is None else service.apart(result)
    )
    if result is None or isinstance(near, DataProblem):
        widgets.notice(messages.no_lesson_samples(getattr(near, "message", "")))
        return
    if not explained:
        alt = f"Map of {len(near.places):,} samples: A and B are beside each other"
        _chart(figures.pair(near.places, (near.one, near.other)), "pair", alt, result.data)
        st.caption(f"Map of {plain(result.data)}, as the model {plain(result.model)} sees it.")
        return
    st.markdown(says.pair(near.nearer, len(near.places) - 1))
    columns = st.columns(2)
    for letter, sample, column in zip("AB", (near.one, near.other), columns, strict=True):
        with column:
            st.markdown(f"**{letter}**: {plain(sample)}")
            sides = media.sides(result, sample)
            if not isinstance(sides, DataProblem):
                media_cards.cards(sides, key_of("pair", letter), across=1, brief=True)
    st.caption(f"The model's own numbers: {plain(terms.latent(service.LATENT, ()))}.")


PICTURES: Final[Mapping[str, Callable[[], None]]] = {
    "alike": partial(_alike, False),
    "alike-play": partial(_alike, True),
    "eyes": partial(_eyes, False),
    "eyes-play": partial(_eyes, True),
    "lamp": _lamp,
    "flat": _flat,
    "switches-play": _switches,
    "live": _live,
    "competition": partial(_competition, False),
    "competition-play": partial(_competition, True),
    "media": _media,
    "gate": partial(_gate, False),
    "gate-play": partial(_gate, True),
    "case": _case,
    "definitions-play": _definitions,
    "pair": partial(_pair, False),
    "pair-told": partial(_pair, True),
}
