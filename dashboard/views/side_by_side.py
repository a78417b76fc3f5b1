"""One sample under two models: answers, gates and waterfalls beside each other, and in words."""

from __future__ import annotations

import streamlit as st

from dashboard import session, widgets
from dashboard.figures import compare as compare_figures
from dashboard.figures import sample as figures
from dashboard.services import chosen, samples
from dashboard.services import pairs as service
from dashboard.services.samples import Decomposition
from dashboard.services.stock import Checkpoint
from dashboard.text import comparing, terms
from dashboard.views import sample_panel
from dashboard.widgets import plain


def side_by_side(first: Checkpoint, second: Checkpoint, sample: str) -> None:
    """The sample, what differs in words, and a column for each model; both must have it."""
    names = chosen.names((first, second))
    two = {names[chosen.key(one)]: one for one in (first, second)}
    gated = [one for one in (first, second) if one.gated]
    with st.container(border=True):
        _heading(first, sample)
        if gated:
            cls, against = sample_panel.class_choice(gated[0], sample)
        else:
            cls, against = "", ""
        st.markdown(_in_words(two, sample, cls, against))
        left, right = st.columns([5, 4], gap="large")
        with left:
            _answers(two, sample)
        with right:
            widgets.media_row(first, sample, across=2)
        if gated:
            _columns(two, sample, cls, against)
        st.page_link(
            session.page("samples"), label="Open in Samples", icon=":material/open_in_full:"
        )


def _heading(found: Checkpoint, sample: str) -> None:
    row = samples.record(found, sample)
    st.subheader(f"Sample {plain(sample)}", anchor=False)
    known = [f"True class **{plain(row['y'])}**", f":gray-badge[{plain(row['split'])} sample]"]
    if row.get("composition") in terms.BADGES:
        known.append(f"true composition {widgets.badge(row['composition'])}")
    flags = samples.flags_of(found, sample)
    known += [f":orange-badge[{plain(widgets.words(f))}]" for f in flags]
    st.markdown(" ".join(known))


def _in_words(two: dict[str, Checkpoint], sample: str, cls: str, against: str) -> str:
    (first, one), (second, other) = two.items()
    rows = [samples.record(found, sample) for found in (one, other)]
    said = [(plain(row["pred"]), float(row["confidence"])) for row in rows]
    sentences = [
        comparing.answers(
            plain(first), plain(second), said[0], said[1], service.distance(one, other, sample)
        )
    ]
    gate = service.gate_moved(one, other, sample)
    if gate is not None:
        sentences.append(
            comparing.gates(plain(first), plain(second), gate.component, gate.first, gate.second)
        )
    moved = service.contribution_moved(one, other, sample, cls, against) if cls else None
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
    (first, one), (second, other) = two.items()
    truth = str(samples.record(one, sample)["y"])
    frame = service.posteriors(one, other, sample)
    st.markdown("**Probabilities**")
    spoken = "; ".join(
        f"{c}: {first} {p:.0%}, {second} {q:.0%}" for c, p, q in frame.itertuples(index=False)
    )
    widgets.chart(
        compare_figures.posteriors(frame, first, second, truth),
        "posteriors",
        f"Probabilities of {spoken}",
    )
    if len(samples.classes(one)) > len(frame):
        st.caption(f"The {len(frame)} classes that either model finds most probable.")


def _columns(two: dict[str, Checkpoint], sample: str, cls: str, against: str) -> None:
    """Gate and waterfall of each model, on one scale."""
    splits = {name: samples.decomposition(one, sample, cls, against) for name, one in two.items()}
    reaches = [figures.reach(s.parts, s.stored) for s in splits.values() if s is not None]
    span = (min(low for low, _ in reaches), max(high for _, high in reaches)) if reaches else None
    for place, (column, (name, found)) in enumerate(
        zip(st.columns(2, gap="large"), two.items(), strict=True)
    ):
        with column:
            _model(found, name, sample, splits[name], span, _goal(cls, against), place)


def _model(
    found: Checkpoint, name: str, sample: str, split: Decomposition | None,
    span: tuple[float, float] | None, goal: str, place: int,
) -> None:  # fmt: skip
    row = samples.record(found, sample)
    mark = ":green-badge[:material/check: right]"
    if not bool(row["correct"]):
        mark = ":red-badge[:material/close: wrong]"
    st.markdown(
        f"**{plain(name)}** says **{plain(row['pred'])}** ({row['confidence']:.0%} sure) {mark}"
    )
    if not found.gated or split is None:
        st.info(
            f"{plain(name)} goes from the inputs straight to a score: no parts, no gate.",
            icon=":material/horizontal_rule:",
        )
        return
    parts = terms.component_names(samples.modality_names(found))
    weights = samples.gates(found, sample)
    st.caption("Gate", help=terms.GATE)
    spoken = ", ".join(
        f"{c} {w:.0%}" for c, w in zip(weights["component"], weights["weight"], strict=True)
    )
    widgets.chart(
        figures.gate_bars(weights, parts), f"pair_gate_{place}", f"Gate of {name}: {spoken}"
    )
    st.caption(f"What adds up to the {goal}", help=terms.CONTRIBUTION)
    spoken = ", ".join(f"{c} {v:+.2f}" for c, v in split.parts.items())
    widgets.chart(
        figures.waterfall(split.parts, split.stored, parts, "score", span),
        f"pair_waterfall_{place}",
        f"Contributions in {name}, in bits: {spoken}; score {split.stored:+.2f}",
    )
