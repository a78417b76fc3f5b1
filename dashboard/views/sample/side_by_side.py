"""One sample under two models: answers, gates and waterfalls beside each other, and in words."""

from __future__ import annotations

import streamlit as st

from dashboard import widgets
from dashboard.figures import compare as compare_figures
from dashboard.figures import sample as figures
from dashboard.keys import key_of
from dashboard.services.comparison import chosen
from dashboard.services.comparison import pairs as service
from dashboard.services.sample import samples
from dashboard.services.sample.samples import Decomposition
from dashboard.services.store.catalog import Checkpoint
from dashboard.state import session
from dashboard.text import comparing, terms
from dashboard.views.sample import answer, media_cards
from dashboard.widgets import plain


def side_by_side(first: Checkpoint, second: Checkpoint, sample: str) -> None:
    """The sample, what differs in words, and the parts of each model; both must have it."""
    names = chosen.names((first, second))
    two = {names[chosen.key(checkpoint)]: checkpoint for checkpoint in (first, second)}
    gated = {name: checkpoint for name, checkpoint in two.items() if checkpoint.gated}
    with st.container(border=True):
        _heading(first, sample)
        words = st.container()
        left, right = st.columns([5, 4], gap="large")
        with left:
            _answers(two, sample)
        with right:
            media_cards.row(first, sample, across=2, brief=True, search=True)
        cls, against = "", ""
        if gated:
            st.markdown("**Gate weights and contributions**", help=terms.CONTRIBUTION)
            cls, against = answer.class_choice(next(iter(gated.values())), sample)
            _parts(gated, sample, cls, against)
        for name in two:
            if name not in gated:
                st.caption(comparing.straight(plain(name)))
        with words:
            st.markdown(_in_words(two, sample, cls, against))
        st.page_link(
            session.page("samples"), label="Open in Samples", icon=":material/open_in_full:"
        )


def _heading(checkpoint: Checkpoint, sample: str) -> None:
    row = samples.record(checkpoint, sample)
    st.header(f"Sample {plain(sample)}", anchor=False)
    known = [f"True class **{plain(row['y'])}**", f":gray-badge[{plain(row['split'])} sample]"]
    if row.get("interaction_type") in terms.BADGES:
        known.append(f"true interaction type {widgets.badge(row['interaction_type'])}")
    flags = samples.flags_of(checkpoint, sample)
    known += [f":orange-badge[{plain(widgets.words(f))}]" for f in flags]
    st.markdown(" ".join(known))


def _in_words(two: dict[str, Checkpoint], sample: str, cls: str, against: str) -> str:
    (first, left), (second, right) = two.items()
    rows = [samples.record(result, sample) for result in (left, right)]
    clauses = [
        (plain(name), plain(row["pred"]), float(row["confidence"]), bool(row["correct"]))
        for name, row in zip((first, second), rows, strict=True)
    ]
    sentences = [comparing.answers(clauses[0], clauses[1], service.distance(left, right, sample))]
    gate = service.gate_moved(left, right, sample)
    if gate is not None:
        sentences.append(
            comparing.gates(plain(first), plain(second), gate.component, gate.first, gate.second)
        )
    moved = service.contribution_moved(left, right, sample, cls, against) if cls else None
    if moved is not None:
        numbers = (plain(figures.signed(v)) for v in (moved.first, moved.second))
        sentences.append(
            comparing.contributions(
                plain(first), plain(second), moved.component, _goal(cls, against), *numbers
            )
        )
    return " ".join(sentences)


def _goal(cls: str, against: str) -> str:
    if against:
        return f"log odds of {plain(cls)} over {plain(against)}"
    return f"score of {plain(cls)}"


def _answers(two: dict[str, Checkpoint], sample: str) -> None:
    (first, left), (second, right) = two.items()
    truth = str(samples.record(left, sample)["y"])
    frame = service.posteriors(left, right, sample)
    st.markdown("**Probabilities**")
    spoken = "; ".join(
        f"{c}: {first} {p:.0%}, {second} {q:.0%}" for c, p, q in frame.itertuples(index=False)
    )
    widgets.bars(
        compare_figures.posteriors(frame, first, second, truth),
        "posteriors",
        f"Probabilities of {spoken}",
    )
    if len(samples.classes(left)) > len(frame):
        st.caption("The classes that either model gives half a percent or more, six at most.")


def _parts(gated: dict[str, Checkpoint], sample: str, cls: str, against: str) -> None:
    """Gate and waterfall: a column for each of two models, or beside each other for one."""
    splits = {
        name: samples.decomposition(checkpoint, sample, cls, against)
        for name, checkpoint in gated.items()
    }
    reaches = [figures.reach(s.parts, s.stored) for s in splits.values() if s is not None]
    if not reaches:
        return
    span = (min(low for low, _ in reaches), max(high for _, high in reaches))
    alone = len(gated) == 1
    if alone:
        st.markdown(f"**{plain(next(iter(gated)))}**")
    columns = st.columns(2, gap="large")
    for index, (name, result) in enumerate(gated.items()):
        with columns[index]:
            if not alone:
                st.markdown(f"**{plain(name)}**")
            _gate(result, name, sample, index)
        split = splits[name]
        if split is not None:
            with columns[1 if alone else index]:
                _waterfall(result, name, split, span, _goal(cls, against), index)


def _gate(checkpoint: Checkpoint, name: str, sample: str, index: int) -> None:
    weights = samples.gates(checkpoint, sample)
    st.caption("Gate", help=terms.GATE)
    spoken = ", ".join(
        f"{c} {w:.0%}" for c, w in zip(weights["component"], weights["weight"], strict=True)
    )
    parts = terms.component_names(samples.modality_names(checkpoint))
    fig = figures.gate_bars(weights, parts)
    widgets.bars(fig, key_of("pair_gate", index), f"Gate of {name}: {spoken}")


def _waterfall(
    checkpoint: Checkpoint, name: str, split: Decomposition, span: tuple[float, float], goal: str,
    index: int,
) -> None:  # fmt: skip
    st.caption(f"Contributions to the {goal}")
    spoken = ", ".join(f"{c} {v:+.2f}" for c, v in split.parts.items())
    parts = terms.component_names(samples.modality_names(checkpoint))
    widgets.bars(
        figures.waterfall(split.parts, split.stored, parts, "score", span),
        key_of("pair_waterfall", index),
        f"Contributions in {name}, in bits: {spoken}; score {split.stored:+.2f}",
    )
