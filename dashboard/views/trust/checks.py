"""The five checks of a data set and model: a verdict, a card each, and the details of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import streamlit as st

from dashboard import widgets
from dashboard.components import marks
from dashboard.figures import evidence as evidence_figures
from dashboard.figures import trust as figures
from dashboard.services import faults
from dashboard.services.sample import information, samples
from dashboard.services.store.catalog import Checkpoint, CheckpointCatalog, DataProblem
from dashboard.services.trust import components, estimators, inputs, interaction_types, seeds
from dashboard.services.trust.estimators import Beside
from dashboard.services.trust.inputs import Blanked, Shown
from dashboard.state import session
from dashboard.state.view import CHECKS
from dashboard.text import trust as text
from dashboard.views.trust import details
from dashboard.widgets import plain

#: What a mark does, by its name.
Actions = dict[str, Callable[[], None]]
#: Set where the visitor asks for the check that runs the model.
_RUN: Final = "run_blank_inputs"


@dataclass(frozen=True)
class Card:
    """A check on the page.

    Attributes
    ----------
    state : ``passes``, ``fails``, ``open`` or, not run yet, ``waiting``.
    picture, below : HTML of ours.
    fails : what fails, in words; for the verdict.
    """

    title: str
    state: str
    sentence: str
    picture: str = ""
    below: str = ""
    fails: str = ""


@dataclass(frozen=True)
class Subject:
    """What is checked: a model on a split, and what its marks do."""

    catalog: CheckpointCatalog
    checkpoint: Checkpoint
    split: str
    definition: str
    actions: Actions

    @property
    def names(self) -> tuple[str, ...]:
        """What the inputs are called."""
        return samples.modality_names(self.checkpoint)

    @property
    def own(self) -> bool:
        """Whether a visitor uploaded the data set, which no command of a terminal reaches."""
        return self.checkpoint.data in self.catalog.own

    def to_samples(self, mark: str, **choices: Any) -> str:
        """Name of a mark that lists the samples of these choices."""
        self.actions[mark] = partial(session.go, "samples", **choices)
        return mark

    def kind(self, by: str, component: str) -> dict[str, str]:
        """The filter of samples of a type."""
        return {"interaction_type" if by == "truth" else "dominant": component}


def checks(catalog: CheckpointCatalog, checkpoint: Checkpoint) -> None:
    """The part of the page about the data set that is open."""
    view = session.view()
    subject = Subject(catalog, checkpoint, view.split, view.definition, {})
    _run_where_asked(subject)
    made = {
        "types": _types(subject),
        "components": _components(subject),
        "inputs": _inputs(subject),
        "estimators": _estimators(subject),
        "seeds": _seeds(subject),
    }
    states = {name: (card.state, card.fails) for name, card in made.items()}
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.markdown(text.verdict(_headline(subject), states), width="stretch")
        menu = st.container(width="content")
    if view.split == "train":
        widgets.caution(
            "A model knows its training samples: choose test samples in the chip above."
        )
    with widgets.save_menu("save_checks", menu):
        _cards(subject, made)
        _details(subject, made)


def _headline(subject: Subject) -> str:
    checkpoint, split = subject.checkpoint, subject.split
    model, which = plain(checkpoint.model), text.WHICH[split]
    if not checkpoint.gated:
        return text.headline_no_gate(model)
    if (truth := interaction_types.by_truth(checkpoint, split)) is not None:
        share = truth.share
        return text.headline_truth(model, which, share.value, share.low, share.high)
    bits = interaction_types.by_bits(checkpoint, split, subject.definition)
    if bits is None:
        return text.headline_gate_only(model)
    return text.headline_bits(model, which, bits.share.value, bits.share.low, bits.share.high)


def _cards(subject: Subject, made: dict[str, Card]) -> None:
    chosen = session.view().check
    drawn = []
    for name, card in made.items():
        subject.actions[name] = partial(session.change, check=name)
        waiting = card.state == "waiting"
        word = text.NOT_RUN if waiting else text.STATES[card.state]
        drawn.append(
            figures.card(
                name, card.title, "open" if waiting else card.state, word, card.sentence,
                card.picture, card.below, name == chosen,
            )
        )  # fmt: skip
    actions = subject.actions
    marks.marks("checks", figures.cards(drawn), actions, lambda name: actions[name]())
    widgets.save_figure("checks", text.CHECKS_FIGURE)


# --- the cards ------------------------------------------------------------------------------


def _types(subject: Subject) -> Card:
    checkpoint, split = subject.checkpoint, subject.split
    if (truth := interaction_types.by_truth(checkpoint, split)) is not None:
        share = truth.share
        links = {
            (str(t), str(c)): subject.to_samples(
                f"types {t} {c}", interaction_type=str(t), dominant=str(c)
            )
            for t in truth.counts.index
            for c in truth.counts.columns
        }
        return Card(
            text.TITLES["types"],
            truth.state,
            text.by_truth(
                truth.agree, truth.total, share.low, share.high, truth.frequent, truth.bound
            ),
            evidence_figures.matrix(truth.counts, links),
            fails=text.fails_truth(share.value),
        )
    bits = interaction_types.by_bits(checkpoint, split, subject.definition)
    if bits is None:
        why = text.NO_BITS if checkpoint.gated else text.NO_GATE
        return Card(text.TITLES["types"], "open", why, below=_show_dmil(subject))
    share = bits.share
    apart = {
        c: subject.to_samples(f"types apart {c}", dominant=c, show="apart") for c, _, _ in bits.rows
    }
    below = ""
    if bits.agree < bits.total:
        mark = subject.to_samples("types apart", show="apart")
        below = figures.link(mark, text.disagreeing(bits.total - bits.agree))
    return Card(
        text.GATE_AND_BITS,
        bits.state,
        text.by_bits(bits.agree, bits.total, share.low, share.high),
        figures.agreements(bits.rows, apart),
        below,
        text.fails_bits(share.value),
    )


def _show_dmil(subject: Subject) -> str:
    """A link to the model with a gate, where another one without is shown."""
    ready = subject.catalog.ready(subject.checkpoint.data, subject.checkpoint.seed)
    if subject.checkpoint.gated or not any(c.model == "dmil" for c in ready):
        return ""
    subject.actions["dmil"] = partial(session.change, model="dmil")
    return figures.link("dmil", text.SHOW_DMIL)


def _components(subject: Subject) -> Card:
    removed = components.removed(subject.checkpoint, subject.split)
    if removed is None:
        return Card(text.TITLES["components"], "open", text.NOT_ADDITIVE, below=_show_dmil(subject))
    links = {
        (str(c), str(k)): subject.to_samples(
            f"components {c} {k}", needs=str(c), **subject.kind(removed.by, str(k))
        )
        for c in removed.accuracy.index
        for k in removed.accuracy.columns
    }
    return Card(
        text.TITLES["components"],
        removed.state,
        text.components(removed.judged, removed.failing, removed.failing_in_bits),
        figures.losses(
            removed.accuracy, links, True, removed.wrong, removed.heads, text.COLUMNS[removed.by]
        ),
        figures.quiet(text.ACCURACY_LOST),
        text.fails_components(removed.failing),
    )


def _run_where_asked(subject: Subject) -> None:
    if not st.session_state.pop(_RUN, False):
        return
    bar = st.progress(0.0, text.RUNNING)
    inputs.run(subject.checkpoint, subject.split, lambda share: bar.progress(share, text.RUNNING))
    bar.empty()


def _ask() -> None:
    st.session_state[_RUN] = True


def _inputs(subject: Subject) -> Card:
    found, title = inputs.known(subject.checkpoint, subject.split), text.TITLES["inputs"]
    if subject.checkpoint.run is None or not subject.checkpoint.run.has_model:
        return Card(title, "open", text.ONLY_PREDICTIONS)
    if found is None:
        subject.actions["run"] = _ask
        return Card(title, "waiting", text.INPUTS_WAITING, figures.button("run", text.RUN))
    if isinstance(found, DataProblem):
        return Card(title, "open", faults.without_paths(found.message))
    contradictions = found.contradictions()
    kinds = tuple(dict.fromkeys(c.type for c in contradictions))
    named = [
        (c.type, text.shown(subject.names, c.shown), c.right, c.enough) for c in contradictions
    ]
    below = ""
    if contradictions:
        first = contradictions[0]
        mark = _of_type(subject, found, first.type, first.shown, "inputs first")
        below = figures.link(mark, text.these(first.type))
    return Card(
        title,
        found.state,
        text.inputs(found.rows, found.types is not None, found.judged(), named),
        _by_inputs(subject, found),
        below,
        text.fails_inputs(kinds),
    )


def _by_inputs(subject: Subject, found: Blanked) -> str:
    everything = found.everything
    broken = {m: int(inputs.breaks(subject.checkpoint, subject.split, m).sum()) for m in everything}
    links = {m: subject.to_samples(f"inputs x{m}", needs=f"x{m}") for m in everything}
    accuracy = {shown: float(right.mean()) for shown, right in found.right.items()}
    return figures.shown_inputs(subject.names, accuracy, found.truth, links, broken)


def _of_type(subject: Subject, found: Blanked, kind: str, shown: Shown, mark: str) -> str:
    """A mark that lists samples of a type: those wrong without the one input that is not shown,
    else those that are right."""
    missing = [m for m in found.everything if m not in shown]
    needs: dict[str, str] = {"needs": f"x{missing[0]}"} if len(missing) == 1 else {"show": "right"}
    return subject.to_samples(mark, **needs, **subject.kind(found.by, kind))


def _estimators(subject: Subject) -> Card:
    title = text.TITLES["estimators"]
    beside = estimators.beside(
        subject.catalog, subject.checkpoint, subject.split, subject.definition
    )
    line = figures.command(f"dmil information --data {subject.checkpoint.data}")
    if beside is None:
        if len(subject.names) != 2:
            return Card(title, "open", text.THREE_INPUTS)
        if subject.own:
            return Card(title, "open", text.NO_ESTIMATOR_OWN)
        return Card(title, "open", text.NO_ESTIMATOR, line)
    parts = [d.part for d in beside.apart]
    below = ""
    if len(beside.compared) < 2:
        sentence = text.ONE_ESTIMATOR_OWN if subject.own else text.ONE_ESTIMATOR
        below = "" if subject.own else line
    else:
        largest = beside.largest
        sentence = text.estimators(
            beside.compared, parts, [d.part for d in beside.unclear], largest.size if largest else 0
        )
    if (short := beside.shortfall) is not None:
        below += figures.warning(text.falls_short(short.estimate, short.model, short.more))
    return Card(
        title,
        beside.state,
        sentence,
        _estimates(subject, beside),
        below,
        text.fails_estimators(parts, beside.shortfall is not None),
    )


def _estimates(subject: Subject, beside: Beside) -> str:
    """Each estimate, the clusters and the true types."""
    links: dict[tuple[str, str], str] = {}
    rows: list[tuple[str, dict[str, float], str]] = []
    for who in dict.fromkeys(beside.frame["who"]):
        values = beside.of(who)
        values.pop("all", None)
        rows.append((who, values, "bits"))
        if who == information.EXACT:
            continue
        by = (
            {"estimator": "data"}
            if who == information.DATA
            else {"estimator": "model", "model": who}
        )
        for part in values:
            links[who, part] = subject.to_samples(
                f"estimators {who} {part}", order=f"bits-{part}", **by
            )
    if beside.clusters is not None:
        count, parts = beside.clusters
        rows.append((text.clusters(count), {p: v for p, v in parts.items() if p != "all"}, "bits"))
    if beside.types:
        rows.append((text.TYPES, dict(beside.types), "share"))
        for part in beside.types:
            links[text.TYPES, part] = subject.to_samples(
                f"estimators types {part}", interaction_type=part
            )
    return figures.estimates(rows, [d.part for d in beside.apart], links)


def _seeds(subject: Subject) -> Card:
    title, checkpoint = text.TITLES["seeds"], subject.checkpoint
    found = seeds.seeds(subject.catalog, checkpoint, subject.split)
    if found is None:
        if checkpoint.run is not None and checkpoint.run.external:
            return Card(title, "open", text.ONE_SEED_EXTERNAL)
        if subject.own:
            return Card(title, "open", text.ONE_SEED_OWN)
        line = f"dmil train --data {checkpoint.data} --paradigm {checkpoint.model} --seed 1"
        return Card(title, "open", text.ONE_SEED, figures.command(line))
    failing = found.failing
    ranges = found.ranges
    widest = max((high - low for low, high in ranges.values()), default=0.0)
    rows = [(name, found.runs[name].to_numpy(dtype=float), name in failing) for name in ranges]
    if found.stored:
        below = "".join(
            figures.link(subject.to_samples(f"seeds {s}", seed=int(s)), text.seed(int(s)))
            for s in found.runs.index
        )
    else:
        subject.actions["seeds all"] = partial(session.go, "compare", part="seeds")
        below = figures.link("seeds all", text.ALL_RUNS)
        if found.other_data:
            below += figures.warning(text.RECORDS_OF_OTHER_DATA)
    return Card(
        title,
        found.state,
        text.seeds(len(found.runs), found.stored, failing, widest),
        figures.seeds(rows),
        below,
        text.fails_seeds(failing),
    )


# --- details --------------------------------------------------------------------------------


def _details(subject: Subject, made: dict[str, Card]) -> None:
    view = session.view()
    st.segmented_control(
        "Details of",
        CHECKS,
        required=True,
        wrap=True,
        format_func=lambda name: made[name].title,
        **session.bound("check", "choice_check", view.check),
    )
    details.SHOWN[view.check](subject.catalog, subject.checkpoint)
