"""Overview: the kinds of samples there are, who is right on them, and what the data set is."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import widgets
from dashboard.figures import compare as compare_figures
from dashboard.figures import evidence as figures
from dashboard.figures import sample as sample_figures
from dashboard.figures.theme import quoted
from dashboard.services import evidence as service
from dashboard.services import overview as about_service
from dashboard.services.comparison import models
from dashboard.services.evidence import Evidence, Kind
from dashboard.services.sample import information, samples
from dashboard.services.store.catalog import (
    MODELS,
    Checkpoint,
    CheckpointCatalog,
    checkpoint_catalog,
)
from dashboard.state import session
from dashboard.state.view import listed
from dashboard.text import messages, terms
from dashboard.text import overview as text
from dashboard.views import interactions
from dashboard.widgets import plain

#: The view's choices by the name of a link.
Links = dict[str, dict[str, Any]]


def overview() -> None:
    """The page."""
    catalog = checkpoint_catalog()
    result = widgets.current(catalog)
    if result is None:
        return
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.markdown(terms.HEADLINE, width="stretch")
        menu = st.container(width="content")
    widgets.legend(result)
    with widgets.save_menu("save_overview", menu):
        _pictures(catalog, result)
    _about(result)


def _pictures(catalog: CheckpointCatalog, result: Checkpoint) -> None:
    view = session.view()
    found = service.evidence(catalog, result, view.split, view.definition)
    if found is None:
        widgets.notice(messages.no_kinds(plain(result.model)))
    else:
        _hook(result, found)
        _kinds(result, found)
    if result.gated:
        _gates(result)
    _confidently_wrong(result)
    left, right = st.columns(2, gap="large")
    with left:
        if result.gated or information.has_unimodal_heads(result):
            _how_much(result)
        else:
            interactions.of_one(result)
    with right:
        if not result.gated and information.has_unimodal_heads(result):
            interactions.of_one(result)
        _who_is_right(catalog, result)


# --- the kinds of samples -------------------------------------------------------------------


def _hook(checkpoint: Checkpoint, found: Evidence) -> None:
    """A sample that one input decides, beside one that needs both; nothing where there are none."""
    names = samples.modality_names(checkpoint)
    shown = {kind.component: kind for kind in found.kinds if kind.examples}
    unique = [kind for c, kind in shown.items() if c.startswith("U")]
    if len(names) != 2 or not unique or "S" not in shown:
        return
    one, both = max(unique, key=lambda kind: kind.share), shown["S"]
    unused = _unused(one.component, len(names))
    other, said = names[unused - 1], names[2 - unused]
    first, second = one.examples[-1], both.examples[-1]
    cards = [
        figures.sample(
            "one", first.inputs, first.answer, first.shares, unused,
            text.unique(quoted(said), quoted(other)),
        ),
        figures.sample("both", second.inputs, second.answer, second.shares, words=text.NEEDS_BOTH),
    ]  # fmt: skip
    links: Links = {
        "one": {"sample": first.sample},
        "both": {"sample": second.sample},
        "blank": {"sample": second.sample, "edit1": "blank"},
    }
    sentence = text.hook(found.by, both.right, quoted(checkpoint.model)) + text.BLANK
    drawn = figures.hook(cards, sentence)
    widgets.linked("hook", drawn, links, text.HOOK_FIGURE, {"blank": "what_if"})


def _unused(component: str, inputs: int) -> int:
    """Number of the input that a component does without; 0 where it is not one of two."""
    return 3 - int(component[1]) if inputs == 2 and component.startswith("U") else 0


def _kinds(checkpoint: Checkpoint, found: Evidence) -> None:
    names = samples.modality_names(checkpoint)
    words = terms.component_names(names)
    links: Links = {}
    cells = [
        _kind(kind, words[kind.component], _choice(found.by, kind.component), len(names), links)
        for kind in found.kinds
    ]
    widgets.linked("kinds", figures.cells(cells), links, text.KINDS_FIGURE)
    st.caption(text.KINDS[found.by])


def _kind(kind: Kind, words: str, choice: dict[str, Any], inputs: int, links: Links) -> str:
    """A cell, whose links are added to ``links``."""
    name = kind.component
    links[name] = choice
    cards, right = [], []
    for place, example in enumerate(kind.examples):
        mark = f"{name} sample {place}"
        links[mark] = {"sample": example.sample}
        unused = _unused(name, inputs)
        cards.append(figures.sample(mark, example.inputs, example.answer, example.shares, unused))
    for place, (model, share) in enumerate(kind.right.items()):
        mark = f"{name} wrong {place}"
        links[mark] = {**choice, "wrong": listed([model])}
        right.append((model, share, mark))
    return figures.kind(name, words, kind.share, name, cards, right, text.NO_EXAMPLE)


def _choice(by: str, component: str) -> dict[str, Any]:
    """The view's choices that list the samples of a kind."""
    if by == service.BITS:
        return {"order": f"bits-{component}"}
    return {"interaction_type" if by == service.TRUTH else "dominant": component}


def _gates(checkpoint: Checkpoint) -> None:
    view = session.view()
    gates = service.gates(checkpoint, view.split)
    if gates is None:
        return
    counts = service.truth_by_gate(checkpoint, view.split)
    left, right = (st.container(), None) if counts is None else st.columns([5, 4], gap="large")
    with left:
        st.header(text.GATES, anchor=False, help=terms.GATE)
        links: Links = {c: {"dominant": c} for c in gates.components}
        drawn = figures.gates(gates.components, gates.weights, gates.counts, {c: c for c in links})
        widgets.linked("gates", drawn, links, text.GATES_FIGURE)
        st.page_link(
            session.page("trust"), label="Can I believe this? Five checks",
            icon=":material/verified:",
        )  # fmt: skip
    if right is not None and counts is not None:
        with right:
            _matrix(counts)


def _matrix(counts: pd.DataFrame) -> None:
    """True interaction types against the largest gate."""
    st.header(text.MATRIX, anchor=False, help=terms.INTERACTION_TYPE)
    names = {(t, c): f"{t} {c}" for t in counts.index for c in counts.columns}
    links: Links = {name: {"interaction_type": t, "dominant": c} for (t, c), name in names.items()}
    widgets.linked("matrix", figures.matrix(counts, names), links, text.MATRIX)
    agree = sum(int(counts.loc[c, c]) for c in counts.index)
    st.caption(text.matrix((agree, int(counts.to_numpy().sum()))))


def _confidently_wrong(checkpoint: Checkpoint) -> None:
    """Where the model is sure and wrong: what a reviewer looks for first."""
    view = session.view()
    examples = service.wrong(checkpoint, view.split, view.definition)
    if not examples:
        return
    st.header("Confidently wrong", anchor=False, help=terms.STARTS)
    links: Links = {str(place): {"sample": e.sample} for place, e in enumerate(examples)}
    cards = [
        figures.sample(mark, e.inputs, e.answer, e.shares)
        for mark, e in zip(links, examples, strict=True)
    ]
    widgets.linked("wrong", figures.cells(cards), links, text.WRONG_FIGURE)
    st.caption(
        f"The answer shown is the true class. {plain(checkpoint.model)} predicts another one with "
        "high confidence."
    )


# --- figures over all samples ---------------------------------------------------------------


def _how_much(checkpoint: Checkpoint) -> None:
    view = session.view()
    names = samples.modality_names(checkpoint)
    help_ = terms.BITS if len(names) == 2 else terms.GATE
    st.header("Redundancy, uniqueness and synergy in this data set", anchor=False, help=help_)
    if len(names) != 2 and checkpoint.gated:
        gates = samples.mean_gates(checkpoint, view.split)
        fig = sample_figures.gate_bars(gates, terms.component_names(names))
        widgets.bars(fig, "mean_gates", "Bars of the mean gate weight of each component")
        st.caption(f"What {plain(checkpoint.model)} relies on: the mean weight of its gate.")
        return
    frame = information.averages([checkpoint], view.split, view.definition)
    if len(names) != 2:
        widgets.notice(messages.three_inputs())
        return
    if frame.empty:
        widgets.notice(messages.no_heads(plain(checkpoint.model)))
        return
    widgets.bars(
        compare_figures.averages(frame, terms.component_names(names)), "averages",
        "Bars of the mean information that the inputs carry about the class, in bits",
    )  # fmt: skip
    st.caption(
        f"Bits about the class, mean over {terms.SPLITS[view.split]} samples with 95% intervals: "
        f"estimated by the heads of {plain(checkpoint.model)}, by networks on the data alone, and "
        "the exact value where the distribution of the data is known."
    )
    if (short := information.shortfall(checkpoint)) is not None:
        widgets.notice(messages.data_falls_short(short.estimate, plain(short.model), short.more))


def _who_is_right(catalog: CheckpointCatalog, checkpoint: Checkpoint) -> None:
    view = session.view()
    st.header("Accuracy by model", anchor=False, help=terms.ACCURACY)
    scores = models.scores(catalog, checkpoint.data, view.seed, view.split)
    shown = [s for s in scores if s.model in (*MODELS, checkpoint.model)]
    frame = pd.DataFrame([vars(s) for s in shown or scores])
    widgets.bars(
        compare_figures.accuracy(frame), "accuracy", "Accuracy of each model with its interval"
    )
    st.caption(f"Accuracy, one training each (seed {view.seed}).")
    st.page_link(
        session.page("compare"), label="Is the difference significant? Compare across seeds",
        icon=":material/bar_chart:",
    )  # fmt: skip


# --- the data set ---------------------------------------------------------------------------


def _about(checkpoint: Checkpoint) -> None:
    st.header("About this data set", anchor=False)
    about = about_service.about(checkpoint)
    rows = ", ".join(f"{n:,} {split}" for split, n in about.rows.items() if n)
    st.markdown(f"**{plain(about.title)}**: {plain(about.summary)}")
    st.markdown(f"{plain(rows)} samples of {len(about.classes)} classes.")
    for line in about.cautions:
        st.markdown(f":material/warning: {plain(line)}")
    if about.constructed:
        st.markdown(":material/construction: Its labels were constructed to show an effect.")
    for name, words in (
        ("Classes", ", ".join(about.classes)), ("Splits", about.split_rule),
        ("Source", about.source), ("Licence", about.licence),
    ):  # fmt: skip
        if words:
            st.caption(f"**{name}** {plain(words)}")
